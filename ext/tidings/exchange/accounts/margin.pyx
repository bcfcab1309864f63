"""The venue's margin arithmetic for contracts, in integers.

With taker fee t and initial margin m = 1/|leverage| (derived from samples of phemex docs 2026 and captures 2024):
a position costs value × (m + t(1 ∓ m)), that is margin and the fee to close it at the bankruptcy price; an open order
costs value × (m + t(2 ∓ m)), one more fee. The sign is minus for a long linear or short inverse, whose value falls
towards bankruptcy, plus for the others. Costs round up.
"""

from functools import lru_cache

from tidings.exchange.catalogue import ONE_ER
from tidings.exchange.markets.matching import BUY

RATES_KEPT = 1_000  # asked for several times per order, of a few instruments and leverages


@lru_cache(maxsize=RATES_KEPT)
def initial_margin_er(instrument, leverage_er):
    """1/|leverage| at scale 8, truncated; leverage 0 is cross at the maximum."""
    size_er = abs(leverage_er) or instrument.max_leverage * ONE_ER
    return ONE_ER * ONE_ER // size_er


@lru_cache(maxsize=RATES_KEPT)
def value_to_cost_er(instrument, side, leverage_er):
    """What an open order on `side` costs per unit of value, at scale 8, rounded up."""
    margin_er = initial_margin_er(instrument, leverage_er)
    drift_er = 2 * ONE_ER + _sign(instrument, side) * margin_er
    return -(-(margin_er * ONE_ER + instrument.taker_fee_er * drift_er) // ONE_ER)


cpdef order_cost(instrument, side, leverage_er, value):
    """The margin that open orders worth `value` on `side` need."""
    return -(-value * value_to_cost_er(instrument, side, leverage_er) // ONE_ER)


cpdef position_cost(instrument, side, leverage_er, value):
    """The margin that a position entered at `value` on `side` needs."""
    return -(-value * _position_rate(instrument, side, leverage_er) // (ONE_ER * ONE_ER))


@lru_cache(maxsize=RATES_KEPT)
def _position_rate(instrument, side, leverage_er):
    """What a position on `side` costs per unit of value, at scale 16."""
    margin_er = initial_margin_er(instrument, leverage_er)
    return margin_er * ONE_ER + instrument.taker_fee_er * (ONE_ER + _sign(instrument, side) * margin_er)


cpdef unrealised_pnl(instrument, net_qty, value, mark_price):
    """What closing `net_qty` (signed), entered at `value`, at the mark price would bring, before fees."""
    gain = instrument.value(abs(net_qty), mark_price) - value
    return gain if (net_qty > 0) != instrument.is_inverse else -gain


cpdef tuple bankruptcy(instrument, net_qty, value, margin):
    """Where a position backed by `margin` is worth nothing: (price, fee to close there). (0, 0) without a position."""
    if net_qty == 0:
        return 0, 0
    size, falls = abs(net_qty), (net_qty > 0) != instrument.is_inverse
    fee_er = instrument.taker_fee_er
    sign = -1 if falls else 1
    end_value = (value + sign * margin) * ONE_ER // (ONE_ER + sign * fee_er)
    price = instrument.average_price(size, end_value) if end_value > 0 else 0
    price = instrument.round_price(price, up=net_qty > 0)
    if price > instrument.max_price or (instrument.is_inverse and end_value <= 0):
        price = instrument.max_price
    return price, instrument.fee(end_value if end_value > 0 else instrument.value(size, price), fee_er)


cpdef liquidation_price(
    instrument, net_qty, entry_price, bankrupt_price, maint_margin_er
):
    """Where the maintenance margin is used up: the bankruptcy price, moved towards the entry by the margin rate."""
    if net_qty == 0 or bankrupt_price in (instrument.tick_size, instrument.max_price):
        return bankrupt_price
    step = entry_price * maint_margin_er // ONE_ER
    return instrument.round_price(bankrupt_price + (step if net_qty > 0 else -step), up=net_qty > 0)


def is_past(net_qty, price, mark_price):
    """Whether the mark price has reached `price`, a liquidation price, on the losing side of the position."""
    return net_qty != 0 and (mark_price - price) * (1 if net_qty > 0 else -1) <= 0


cdef _sign(instrument, side):
    return 1 if (side == BUY) == instrument.is_inverse else -1
