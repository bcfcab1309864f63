from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.model.terms import OrderTerms

class ArmedOrder:
    """One kind of order, encoded and hashed ahead: what a latency-sensitive strategy keeps at hand.

    Made by `phemex.arm`.
    """

    @property
    def terms(self) -> OrderTerms: ...
    def __init__(self, entry: OrderEntry, terms: OrderTerms, clock: Clock) -> None: ...
    def fire(self, price_ticks: int, qty_lots: int, stop_px_ticks: int = 0) -> int:
        """Send one order now: its handle (> 0), or the negative DenyReason.

        When it returns a handle the bytes have been handed to the kernel; if the kernel took only a part the rest
        follows by itself. `price_ticks` is ignored by market orders; `stop_px_ticks` is the trigger price of
        conditional ones.
        """
