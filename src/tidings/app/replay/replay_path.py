"""The order path of a replay: requests meet the verdicts that were recorded, calls are compared with those then.

The gateway is asked before a call is over, the tap is told after it: the one looks at the next recorded call, the other
takes it off. A call that was not recorded is denied, and so is every one behind it: there is no venue here that could
say what would have become of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from tidings.engine.adoption import set_stamps
from tidings.engine.order_table import OrderTable
from tidings.errors import TidingsError
from tidings.model.enums import DenyReason, RequestKind
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order
from tidings.recorder.order_events import (
    RAISED,
    AmendCall,
    Call,
    CancelCall,
    CancelManyCall,
    NewCall,
    draft_of,
)  # fmt: skip

log = logging.getLogger("tidings.replay")

NO_VENUE = "a replay has no venue: what was recorded is told, nothing else can be sent"
_KINDS = {
    RequestKind.NEW: NewCall, RequestKind.AMEND: AmendCall, RequestKind.CANCEL: CancelCall,
    RequestKind.CANCEL_MANY: CancelManyCall,
}  # fmt: skip


class RecordedPath:
    """A gateway for engine/ports' PythonGateway and the order path's tap in one.

    `expected()` is the next recorded call, None when something else comes first; `passed()` takes it off.
    """

    bad_terms = "as it was recorded"

    def __init__(self, expected: Callable[[], Call | None], passed: Callable[[], None], orders: OrderTable) -> None:
        self._expected, self._passed, self._orders = expected, passed, orders
        self.differences = 0  # calls that were not made as recorded
        self.recorded_calls = 0  # made as recorded
        self.is_torn = False  # the recording broke off: what was asked for behind its last entry, it cannot tell

    def differs(self, what: str) -> None:
        """Said once, counted always."""
        self.differences += 1
        if self.differences == 1:
            log.warning("%s: orders are denied from here on (%s)", what, NO_VENUE)

    # ---- The gateway ---------------------------------------------------------------------------------------------

    def take(self, kind: int, order: Order, now_ns: int) -> int:
        call = self._expected()
        if self.differences or call is None or type(call) is not _KINDS[RequestKind(kind)]:
            return DenyReason.NOT_READY
        if isinstance(call, NewCall):
            if call.draft != draft_of(order):
                return DenyReason.NOT_READY
            if call.last_handle > self._orders.last_handle:
                return DenyReason.NONE  # it had a handle before it was denied, if it was
        return max(0, call.reason)

    def send_new(self, order: Order, now_ns: int) -> int:
        call = self._expected()
        assert isinstance(call, NewCall)
        if call.reason == RAISED:
            raise TidingsError("the gateway raised when this order was sent")
        set_stamps(order, call.encoded_ns, call.written_ns)
        return call.reason

    def send_amend(self, order: Order, price_ticks: int, qty_lots: int, now_ns: int) -> int:
        return 0

    def send_cancel(self, order: Order, now_ns: int) -> int:
        return 0

    def send_cancel_many(self, orders: list[Order], now_ns: int) -> int:
        return 0

    def prepare(self, terms: Any) -> None:
        return None

    # ---- The tap -------------------------------------------------------------------------------------------------

    def submitted(self, order: Order, reason: int, now_ns: int) -> None:
        call = self._expected()
        is_same = isinstance(call, NewCall) and (call.draft, call.handle, call.reason, call.last_handle) == (
            draft_of(order), order.handle, reason, self._orders.last_handle
        )  # fmt: skip
        self._compare(is_same, f"{order!r} was not ordered so")

    def amended(
        self, order: Order, price_ticks: int, qty_lots: int, trigger_ticks: tuple[int, int, int, int], reason: int,
        now_ns: int,
    ) -> None:  # fmt: skip
        triggers = trigger_ticks if any(trigger_ticks) else None
        asked = order.handle, price_ticks, qty_lots, triggers, reason
        call = self._expected()
        is_same = isinstance(call, AmendCall) and asked == (
            call.handle, call.price_ticks, call.qty_lots, call.trigger_ticks, call.reason
        )  # fmt: skip
        self._compare(is_same, f"{order!r} was not amended so")

    def cancelled(self, order: Order, reason: int, now_ns: int) -> None:
        call = self._expected()
        is_same = isinstance(call, CancelCall) and (call.handle, call.reason) == (order.handle, reason)
        self._compare(is_same, f"{order!r} was not cancelled then")

    def cancelled_many(self, orders: list[Order], reason: int, now_ns: int) -> None:
        call, handles = self._expected(), [order.handle for order in orders]
        is_same = isinstance(call, CancelManyCall) and (call.handles, call.reason) == (handles, reason)
        self._compare(is_same, f"orders {handles} were not cancelled then")

    def adopted(self, order: Order, numbers: dict[str, int], history: Any, now_ns: int) -> None:
        """The replay adopts as it reads."""

    def reported(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """The replay reports as it reads."""

    def _compare(self, is_same: bool, what: str) -> None:
        if is_same and not self.differences:
            self.recorded_calls += 1
            self._passed()
        elif not self.is_torn:
            self.differs(what)
