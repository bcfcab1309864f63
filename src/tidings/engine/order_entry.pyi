"""The order path: decisions go down through here, reports come up through here."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, final

from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.ports import OrderGateway, OrderListener
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy
from tidings.journal.order_journal import OrderJournal
from tidings.metrics.stages import Stages
from tidings.model.enums import DenyReason
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order
from tidings.model.terms import OrderTerms

class OrderTap(Protocol):
    """Who is told what passes through an order path; what it raises goes to `on_error`.

    `reason`: the DenyReason, 0 when it went out, -1 when the gateway raised.
    """

    def submitted(self, order: Order, reason: int, now_ns: int) -> None: ...
    def amended(
        self, order: Order, price_ticks: int, qty_lots: int, trigger_ticks: tuple[int, int, int, int], reason: int,
        now_ns: int,
    ) -> None:
        """`trigger_ticks`: stop price, take profit, stop loss and trailing distance asked for; 0: as is."""
    def cancelled(self, order: Order, reason: int, now_ns: int) -> None: ...
    def cancelled_many(self, orders: list[Order], reason: int, now_ns: int) -> None: ...
    def adopted(self, order: Order, numbers: dict[str, int], history: Sequence[object], now_ns: int) -> None:
        """Of an earlier session; before anything is heard of it."""
    def reported(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """Before the order applies it; an execution may be one that was seen before."""

@final
class OrderEntry(OrderListener):
    """The order path of one account.

    Requests answer with a handle or 0, or with the negative of a DenyReason: then nothing was written. Everything the
    venue says comes later, by callback.
    """

    def __init__(
        self,
        orders: OrderTable,
        risk: Risk,
        stages: Stages,
        executions: ExecIDSet,
        journal: OrderJournal | None = None,
    ) -> None:
        """`journal`: takes every intent before its bytes leave; None: none is kept."""
    @property
    def orders(self) -> OrderTable: ...
    @property
    def risk(self) -> Risk: ...
    @property
    def journal(self) -> OrderJournal: ...
    @property
    def stages(self) -> Stages: ...
    @property
    def submitted_count(self) -> int: ...
    @property
    def denied_count(self) -> int:
        """New orders refused here."""
    def denials(self) -> dict[DenyReason, int]:
        """The same by reason; those that were never met are left out."""
    @property
    def ack_count(self) -> int: ...
    @property
    def fill_count(self) -> int: ...
    @property
    def reject_count(self) -> int:
        """Orders and requests to change them that the venue refused."""
    @property
    def cancel_count(self) -> int: ...
    @property
    def amend_count(self) -> int: ...
    @property
    def unknown_count(self) -> int:
        """Requests that ended without a clean answer, ever; `orders.unknown_count` tells the orders that still are."""
    @property
    def unsent_count(self) -> int: ...
    @property
    def duplicate_count(self) -> int:
        """Executions told again."""
    @property
    def foreign_count(self) -> int:
        """Reports about orders that are not of this session."""
    @property
    def revived_count(self) -> int:
        """Alarm: orders written off that the venue works."""
    @property
    def overfill_count(self) -> int:
        """Alarm: reports by which more was filled than ordered."""
    @property
    def callback_error_count(self) -> int:
        """Exceptions that callbacks raised. Without `on_error` they go to `sys.unraisablehook`."""
    def plug(
        self,
        gateway: OrderGateway,
        *,
        on_execution: Callable[[Order, ExecutionReport], Any] | None = None,
        on_foreign: Callable[[ExecutionReport], Any] | None = None,
        on_error: Callable[[BaseException, Callable[..., Any]], Any] | None = None,
    ) -> None:
        """Connect the venue below, and who keeps positions, foreign orders and errors of callbacks beside."""
    def watch_by(self, heartbeat: HeartbeatPage | None) -> None:
        """Mark every order there before it leaves, and deny new ones once its watchdog has taken over; None: nobody."""
    def tap_by(self, tap: OrderTap | None, *, is_replay: bool = ...) -> None:
        """Let `tap` know of every call and every report, just as they are; None: nobody.

        `is_replay`: the limits deny nothing, because the gateway knows what became of each request.
        """
    def listen(self, strategy: Strategy | None) -> None:
        """Let a strategy hear order events; None: nobody."""
    def draft_order(self, terms: OrderTerms) -> Order | None:
        """A blank order to fill in and submit at once; None: the table is full of open orders."""
    def submit_order(self, order: Order, now_ns: int) -> int:
        """Submit the newest draft: its handle, or the negative DenyReason; then its status is DENIED.

        Raises UsageError for an order that is not the newest draft of this engine's table.
        """
    def amend_order(self, order: Order, price_ticks: int, qty_lots: int, now_ns: int) -> int:
        """Ask for a new price and total quantity (0: as is): 0, or the negative DenyReason."""
    def amend_triggers(
        self, order: Order, price_ticks: int, qty_lots: int, now_ns: int, *, stop_px_ticks: int = ...,
        take_profit_ticks: int = ..., stop_loss_ticks: int = ..., peg_offset_ticks: int = ...,
    ) -> int:
        """The same, with new prices that trigger it or what is attached, or a new trailing distance (0: as is)."""
    def cancel_order(self, order: Order, now_ns: int) -> int:
        """Ask to cancel: 0, or the negative DenyReason."""
    def cancel_orders(self, orders: list[Order], now_ns: int) -> int:
        """One request for orders of one instrument and position side: 0, or the negative DenyReason.

        Orders that are done are left out. Raises UsageError for a mixture.
        """
    def find_owner(self, report: ExecutionReport) -> Order | None:
        """The order a report speaks of; None: it is not ours."""
    def take_report(self, report: ExecutionReport, now_ns: int) -> None:
        """Hand up a report made on the cold side (reconciliation)."""
    def tell_late(self, effect: int, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """Tell the strategy what `attach` heard before there was one: the report becomes a reconciled one."""
    def attach(self, order: Order, listener: Callable[[int, Order, ExecutionReport], Any] | None) -> None:
        """Let `listener(effect, order, report)` hear what happens to one order; None detaches."""
