"""The venue's margin arithmetic for contracts, in integers.

With taker fee t and initial margin m = 1/|leverage| (derived from samples of phemex docs 2026 and captures 2024):
a position costs value × (m + t(1 ∓ m)), that is margin and the fee to close it at the bankruptcy price; an open order
costs value × (m + t(2 ∓ m)), one more fee. The sign is minus for a long linear or short inverse, whose value falls
towards bankruptcy, plus for the others. Costs round up.
"""

from typing import Final

from tidings.exchange.catalogue import Instrument

RATES_KEPT: Final = 1_000

def initial_margin_er(instrument: Instrument, leverage_er: int) -> int:
    """1/|leverage| at scale 8, truncated; leverage 0 is cross at the maximum."""

def value_to_cost_er(instrument: Instrument, side: int, leverage_er: int) -> int:
    """What an open order on `side` costs per unit of value, at scale 8, rounded up."""

def order_cost(instrument: Instrument, side: int, leverage_er: int, value: int) -> int:
    """The margin that open orders worth `value` on `side` need."""

def position_cost(instrument: Instrument, side: int, leverage_er: int, value: int) -> int:
    """The margin that a position entered at `value` on `side` needs."""

def unrealised_pnl(instrument: Instrument, net_qty: int, value: int, mark_price: int) -> int:
    """What closing `net_qty` (signed), entered at `value`, at the mark price would bring, before fees."""

def bankruptcy(instrument: Instrument, net_qty: int, value: int, margin: int) -> tuple[int, int]:
    """Where a position backed by `margin` is worth nothing: (price, fee to close there). (0, 0) without a position."""

def liquidation_price(
    instrument: Instrument, net_qty: int, entry_price: int, bankrupt_price: int, maint_margin_er: int
) -> int:
    """Where the maintenance margin is used up: the bankruptcy price, moved towards the entry by the margin rate."""

def is_past(net_qty: int, price: int, mark_price: int) -> bool:
    """Whether the mark price has reached `price`, a liquidation price, on the losing side of the position."""
