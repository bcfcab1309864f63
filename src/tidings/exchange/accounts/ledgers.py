"""Where money is kept: what each product line's accounts have in common, and the house's own books.

An order knows its ledger. The ledger sets money aside for it (`reserve`), books its fills (`settle`), and describes
itself on reports and updates; `order_life` need not know whether margin or wallets are behind it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import AccountUpdate, OrderReport


@dataclass(slots=True)
class Fill:
    """One side of a trade."""

    price: int
    qty: int
    value: int
    is_maker: bool
    sequence: int
    now_ns: int

    def fee_rate_er(self, instrument: Instrument) -> int:
        """Maker or taker rate."""
        return instrument.maker_fee_er if self.is_maker else instrument.taker_fee_er


@dataclass(slots=True)
class Settlement:
    """What a fill did to its ledger."""

    fee: int
    fee_currency: str
    closed_size: int = 0
    closed_pnl: int = 0


class Ledger(Protocol):
    """An account that orders are paid from."""

    @property
    def line(self) -> Line:
        """The product line it serves."""

    @property
    def user_id(self) -> int:
        """Whose it is."""

    def reserve(self, order: Order, qty: int, price: int) -> int:
        """Set aside what `order` needs for `qty` at `price`, instead of what it had; 0, or a code and no change."""

    def release(self, order: Order) -> None:
        """Free what is set aside for `order`."""

    def settle(self, order: Order, fill: Fill) -> Settlement:
        """Book `fill` and keep aside what the rest of `order` needs."""

    def stamp(self, report: OrderReport, order: Order) -> None:
        """Fill in the balances and the position as they stand now."""

    def update(self, reports: list[OrderReport], symbols: Sequence[str], sequence: int, now_ns: int) -> AccountUpdate:
        """An update with `reports` and the state of all that `symbols` touch."""


class HouseLedger:
    """The other side of every balance: fees collected, and what the background flow bought and sold.

    It makes conservation checkable: users' money, fees, funding, the insurance fund and the flow's cash add up to the
    money handed out at the start.
    """

    def __init__(self) -> None:
        self.fees: defaultdict[tuple[Line, str], int] = defaultdict(int)
        self.funding: defaultdict[tuple[Line, str], int] = defaultdict(int)  # what the users paid, all together
        self.cash: defaultdict[tuple[Line, str], int] = defaultdict(int)
        self.insurance: defaultdict[tuple[Line, str], int] = defaultdict(int)  # the fund; below zero if it had to
        self.net_qty: defaultdict[str, int] = defaultdict(int)

    def collect(self, line: Line, currency: str, fee: int) -> None:
        """Take a fee."""
        self.fees[line, currency] += fee

    def insure(self, line: Line, currency: str, gain: int) -> None:
        """Have the insurance fund take a gain of liquidations, or pay for a loss."""
        self.insurance[line, currency] += gain

    def trade(self, instrument: Instrument, side: int, qty: int, value: int) -> None:
        """Book the flow's side of a trade."""
        line = instrument.line
        self.net_qty[instrument.symbol] += side * qty
        if line is Line.SPOT:
            self.cash[line, instrument.base_currency] += side * qty
        self.cash[line, instrument.settle_currency] += side * value if instrument.is_inverse else -side * value
