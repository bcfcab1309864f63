"""Pre-trade checks, in a fixed order, before anything reaches the wire."""

from collections.abc import Iterable
from typing import final

from tidings.model.instrument import Instrument
from tidings.model.order import Order

@final
class Risk:
    """The limits of one engine; all have a value, there is no "unlimited".

    `max_notional_e4`: value of one order, in 0.0001 of its quote currency. `collar_bp`: how far beyond the last known
    price an order may be priced, in 0.01 %. `max_open`: orders not done, unknown ones included. The largest quantity
    per order starts at the venue's own limit.
    """

    is_halted: bool
    """No new orders, and no amends but those that only shrink. Cancels go on."""

    def __init__(
        self, instruments: Iterable[Instrument], *, max_notional_e4: int, collar_bp: int = 2000, max_open: int = 200
    ) -> None: ...
    @property
    def max_notional_e4(self) -> int: ...
    @property
    def collar_bp(self) -> int: ...
    @property
    def max_open(self) -> int: ...
    def limit_qty(self, instrument: Instrument, max_qty_lots: int) -> None:
        """Set the largest order of an instrument, in lots; 0: only the notional limit binds."""
    def set_reference_price(self, instrument: Instrument, price_ticks: int, now_ns: int) -> None:
        """Tell the last known price. Prices that are not positive are ignored."""
    def reference_price(self, instrument: Instrument) -> int:
        """The last known price in ticks; 0: none, which denies every order that needs one."""
    def check(self, order: Order, open_count: int = 0) -> int:
        """The DenyReason a new order would get, 0 if it may go: for tests and dry runs."""
