from decimal import Decimal

from tidings.model.enums import OrdStatus, Side
from tidings.model.execution_report import ExecutionReport
from tidings.model.terms import OrderTerms

class Order:
    """One order as we know it: asked-for terms, state, quantities in lots, prices in ticks, stamps in monotonic ns.

    Owned by the engine's table, changed only by reports. While it works, `cum_qty_lots + leaves_qty_lots ==
    order_qty_lots`; when it is done `leaves_qty_lots` is 0; `cum_qty_lots` never shrinks. `traded_qty_lots` less than
    `cum_qty_lots` means that some executions have not been seen (yet).
    """

    price_ticks: int
    order_qty_lots: int
    stop_px_ticks: int
    display_qty_lots: int
    take_profit_ticks: int
    stop_loss_ticks: int
    take_profit_px_ticks: int
    stop_loss_px_ticks: int
    peg_offset_ticks: int

    @property
    def handle(self) -> int:
        """The counter inside the ClOrdID; 0: a draft that was never submitted."""
    @property
    def cl_ord_id(self) -> str: ...
    @property
    def order_id(self) -> str:
        """The venue's id, "" until it is told."""
    @property
    def terms(self) -> OrderTerms: ...
    @property
    def symbol(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def status(self) -> int: ...
    @property
    def ord_status(self) -> OrdStatus:
        """Where it stands in FIX's words, PENDING_CANCEL and PENDING_REPLACE included."""
    @property
    def is_done(self) -> bool:
        """Filled, cancelled, rejected, expired, unsent or denied."""
    @property
    def is_acked(self) -> bool: ...
    @property
    def is_cancel_pending(self) -> bool: ...
    @property
    def is_amend_pending(self) -> bool: ...
    @property
    def amend_price_ticks(self) -> int:
        """Price asked for by the amend in flight; 0: as is."""
    @property
    def amend_qty_lots(self) -> int:
        """Total quantity asked for by the amend in flight; 0: as is."""
    @property
    def amend_trigger_ticks(self) -> tuple[int, int, int, int]:
        """Stop price, take profit, stop loss and trailing distance asked for by the amend in flight; 0: as is."""
    @property
    def amend_asked_ns(self) -> int:
        """When the newest amend was asked for."""
    @property
    def cancel_asked_ns(self) -> int:
        """When the newest cancel was asked for."""
    @property
    def cum_qty_lots(self) -> int: ...
    @property
    def leaves_qty_lots(self) -> int: ...
    @property
    def traded_qty_lots(self) -> int: ...
    @property
    def venue_time_ns(self) -> int:
        """The venue's time of the newest report that told price or quantity; 0: none."""
    @property
    def trade_count(self) -> int: ...
    @property
    def reject_code(self) -> int: ...
    @property
    def avg_px(self) -> Decimal | None:
        """Average price of the executions seen; None before the first. Inverse contracts average by value."""
    @property
    def decided_ns(self) -> int: ...
    @property
    def encoded_ns(self) -> int: ...
    @property
    def written_ns(self) -> int: ...
    @property
    def replied_ns(self) -> int: ...
    @property
    def streamed_ns(self) -> int: ...

def make_order(
    terms: OrderTerms,
    *,
    handle: int = ...,
    cl_ord_id: str = ...,
    price_ticks: int = ...,
    order_qty_lots: int = ...,
    stop_px_ticks: int = ...,
    take_profit_ticks: int = ...,
    stop_loss_ticks: int = ...,
    take_profit_px_ticks: int = ...,
    stop_loss_px_ticks: int = ...,
    peg_offset_ticks: int = ...,
    display_qty_lots: int = ...,
    order_id: str = ...,
) -> Order:
    """An order outside any table, e.g. one found at the venue. Raises ValueError for a ClOrdID over 40 characters."""

def apply_report(order: Order, report: ExecutionReport) -> int:
    """Take in one report; ReportEffect flags of what it changed (0: nothing). For the cold side and tests."""
