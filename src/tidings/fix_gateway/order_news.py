"""What the engine tells of an order, put to its client by the execution matrix: one place decides what a client hears.

The engine names effects (acknowledged, filled, cancelled, …) after its own state is final; each becomes an event of the
matrix, and each step of a cell one message. Quantities are told as executions come, not ahead of them: CumQty is what
the reports so far add up to, so a client that sums LastQty is always right.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tidings.clock import Clock
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.execution_matrix import CANCEL_REJECT, REAL, Event, Step, steps_for
from tidings.fix_gateway.execution_memory import ExecutionMemory
from tidings.fix_gateway.field_text import Fields
from tidings.fix_gateway.order_chains import OrderChain, OrderChains, Request
from tidings.fix_gateway.reject_codes import (
    CXL_UNKNOWN_ORDER,
    OTHER,
    TOO_LATE,
    code_text,
    cxl_rej_reason,
    ord_rej_reason,
)
from tidings.fix_gateway.translate_out import Profile, Telling, cancel_reject, execution_report
from tidings.fix_gateway.unknown_notices import UnknownNotices
from tidings.model.enums import ExecType, OrdStatus, RequestKind, TimeInForce
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order

log = logging.getLogger("tidings.fix")

# ReportEffect of ext/tidings/model/order.pxd; a test keeps the two equal.
ACK, FILL, CANCEL, REJECT, AMEND, UNKNOWN, UNSENT, TRIGGER, REVIVED = 1, 2, 4, 8, 16, 32, 64, 128, 256
PROGRESS = 1024
UNKNOWN_TEXT = "UNKNOWN outcome, querying"
STILL_UNKNOWN_TEXT = "UNKNOWN outcome, still querying"
POST_ONLY_CROSSED = 101  # the venue's cxlRejReason
HANDLES_MAX = 50_000  # then those of long finished orders are forgotten


class OrderNews:
    """Turns effects into messages for the clients of one account."""

    def __init__(self, chains: OrderChains, clock: Clock) -> None:
        self.chains = chains
        self.clients: dict[str, Client] = {}
        self.drop_copies: dict[str, Client] = {}
        self.unknown = UnknownNotices()
        self.executions = ExecutionMemory(clock.read_wall_ns())
        self.on_lost_cancel: Callable[[OrderChain], None] = lambda _: None  # who makes it again
        self._clock = clock
        self._by_handle: dict[int, OrderChain] = {}
        self._unnamed_count = clock.read_wall_ns() // 1000  # beyond every number an earlier process gave out

    def follow(self, chain: OrderChain, handle: int) -> None:
        """`chain`'s order is the one of this handle."""
        self._by_handle[handle] = chain
        if len(self._by_handle) > HANDLES_MAX:
            self._by_handle = {number: one for number, one in self._by_handle.items() if one.order is not None}

    def forget(self, handle: int) -> None:
        """The order of this handle was refused before the wire."""
        del self._by_handle[handle]

    def unnamed_exec_id(self) -> str:
        """An ExecID for a report about what has no OrderID."""
        self._unnamed_count += 1
        return f"NONE-{self._unnamed_count}"

    def first_step(self, chain: OrderChain, event: Event) -> str:
        """ExecType of the first message of a cell; "" for none."""
        steps = steps_for(chain.row, event)
        return steps[0].exec_type if steps else ""

    # ---- From effects to events ---------------------------------------------------------------------------------

    def hear(self, effect: int, order: Order, report: ExecutionReport) -> None:
        """The engine's call, after the order has taken the report in."""
        chain = self._by_handle.get(order.handle)
        if chain is not None:
            self.hear_chain(chain, effect, order, report)

    def hear_chain(self, chain: OrderChain, effect: int, order: Order, report: ExecutionReport) -> None:
        """What happened to the order of this chain, effect by effect."""
        if order.order_id and self.chains.find_order_id(order.order_id) is None:
            self.chains.know_order_id(chain, order.order_id)
        if effect & REVIVED:
            self.tell(chain, order, Event.REVIVED, report, text="the order is at the venue after all")
        is_first_word = effect & ACK and chain.told_status == "A"  # after a restart the engine hears of it once more
        if is_first_word and not self._is_refusal(effect, chain, order, report):
            self.tell(chain, order, Event.ACK, report)
        if effect & TRIGGER:
            chain.is_triggered = True
            self.tell(chain, order, Event.TRIGGERED, report, text="Triggered")
        # Before what comes with it or after it: an order that is over is told of no replace any more.
        if effect & AMEND or (order.is_done and self._is_in_force(chain, order)):
            self.tell_replaced(chain, order, report)
        if effect & FILL:
            self.executions.note(chain, order, report, self._wall_ns(report))
            self._tell_fill(chain, order, report)
        if effect & PROGRESS:
            self._tell_filled(chain, order, report)
        if effect & CANCEL:
            self._tell_end(chain, order, report)
        if effect & REJECT:
            self._tell_reject(chain, order, report)
        if effect & (UNKNOWN | UNSENT):
            self._tell_lost(chain, order, report, is_unsent=bool(effect & UNSENT))
        if chain.is_done:
            self.answer_what_is_left(chain, order)

    def _is_in_force(self, chain: OrderChain, order: Order) -> bool:
        """Whether an order that has ended had what a replace without an answer wanted: its last terms say so."""
        if chain.replace is None or chain.told_status not in ("0", "1"):
            return False
        return has_what_was_asked(chain.replace, order)

    def _is_refusal(self, effect: int, chain: OrderChain, order: Order, report: ExecutionReport) -> bool:
        """A post-only order whose first word is that it would have crossed was never New."""
        return bool(effect & CANCEL) and report.cancel_reason == POST_ONLY_CROSSED and not order.cum_qty_lots

    def _tell_fill(self, chain: OrderChain, order: Order, report: ExecutionReport) -> None:
        if report.exec_id in chain.exec_ids:
            return
        # An order that was adopted has lived through all its executions before the first of them is told.
        cum_lots = max(chain.told_cum_lots, min(chain.told_cum_lots + report.last_qty_lots, order.traded_qty_lots))
        if order.terms.qty_in_quote or not order.order_qty_lots:
            is_all = order.status == OrdStatus.FILLED and cum_lots >= order.cum_qty_lots
        else:
            # Not while the engine says that it lives on: what a list tells may be of an order made larger meanwhile.
            is_all = order.is_done and cum_lots >= order.order_qty_lots
        chain.traded = chain.traded.with_one(report)
        self.tell(chain, order, Event.FILL_ALL if is_all else Event.FILL_PART, report, cum_lots=cum_lots)

    def _tell_filled(self, chain: OrderChain, order: Order, report: ExecutionReport | None) -> None:
        """The venue calls an order filled whose executions have all been told: only it can know, where the order has
        no quantity of its own (an amount of money to spend, whatever closes the position).
        """
        if order.status == OrdStatus.FILLED and not chain.is_done and chain.told_cum_lots >= order.cum_qty_lots:
            step = Step("I", "2")
            exec_id = self._exec_id(chain, order, step, report)
            self._hand_on(chain, order, Telling(step, exec_id, chain.told_cum_lots, self._wall_ns(report)))

    def settle_filled(self, chain: OrderChain, order: Order) -> None:
        """A restart has missed when the venue said so: whether an order has filled shows in what it is now."""
        self._tell_filled(chain, order, None)
        if chain.is_done:
            self.answer_what_is_left(chain, order)

    def tell_replaced(self, chain: OrderChain, order: Order, report: ExecutionReport | None) -> None:
        """The order's new terms are in force."""
        request = chain.replace
        if request is None:
            return  # the engine's own caller amended it, not the FIX client
        self.chains.accept(chain, request)
        self.tell(chain, order, Event.REPLACED, report, request=request)

    def _tell_end(self, chain: OrderChain, order: Order, report: ExecutionReport) -> None:
        """Cancelled or expired: answers the client's cancel if there is one, else unsolicited."""
        chain.told_cum_lots = max(chain.told_cum_lots, order.cum_qty_lots)
        request = chain.cancel
        if request is not None:
            self.chains.accept(chain, request)
            self.tell(chain, order, Event.CANCELED, report, request=request)
            return
        crossed = report.cancel_reason == POST_ONLY_CROSSED
        if crossed and chain.told_status == "A":
            self.tell(chain, order, Event.REJECT, report, text="post-only would cross", rej_reason=OTHER)
            return
        is_remainder = order.terms.time_in_force in (TimeInForce.IOC, TimeInForce.FOK) and not chain.ended_by
        if order.terms.trigger:
            is_remainder = is_remainder and chain.is_triggered  # what never came to the book left nothing over
        is_expired = order.status == OrdStatus.EXPIRED or is_remainder
        text = chain.ended_by or ("post-only would cross" if crossed else report.text)
        self.tell(chain, order, Event.EXPIRED if is_expired else Event.CANCELED, report, text=text)

    def _tell_reject(self, chain: OrderChain, order: Order, report: ExecutionReport) -> None:
        text = code_text(report.code, report.text)
        if report.exec_type == ExecType.CANCEL_REJECTED:
            is_gone = cxl_rej_reason(report.code) in (TOO_LATE, CXL_UNKNOWN_ORDER)
            if is_gone and chain.cancel is not None and chain.cancel.is_repeated and not order.is_done:
                return  # by the first one, perhaps: the order's end will say
            if not is_gone and not order.is_done:
                chain.ended_by = ""  # whatever ends it later, a cancel of ours is not why
            self._reject_request(chain, order, chain.cancel, cxl_rej_reason(report.code), text, report.code)
        elif report.exec_type == ExecType.REPLACE_REJECTED:
            self._reject_request(chain, order, chain.replace, cxl_rej_reason(report.code), text, report.code)
        elif order.status in (OrdStatus.REJECTED, OrdStatus.CANCELED):
            # What the client has been told is New cannot be rejected any more: for it, the order was cancelled.
            event = Event.REJECT if chain.told_status == "A" else Event.CANCELED
            self.tell(chain, order, event, report, text=text, rej_reason=ord_rej_reason(report.code))

    def _tell_lost(self, chain: OrderChain, order: Order, report: ExecutionReport, *, is_unsent: bool) -> None:
        """A request without a clean answer may have been executed, and is never called rejected; one that did not
        leave whole cannot have been.
        """
        kind = report.request_kind
        request = {RequestKind.AMEND: chain.replace, RequestKind.CANCEL: chain.cancel}.get(RequestKind(kind or 1))
        if kind in (RequestKind.AMEND, RequestKind.CANCEL):
            if request is None:
                return
            if is_unsent:
                self._reject_request(chain, order, request, OTHER, f"not sent: {report.text}", 0)
            else:
                self._tell_unknown(chain, order, request)
                if request is chain.cancel:
                    self.on_lost_cancel(chain)
        elif is_unsent:
            self.tell(chain, order, Event.REJECT, report, text=f"not sent: {report.text}", rej_reason=OTHER)
        else:
            self._tell_unknown(chain, order, None)

    def _tell_unknown(self, chain: OrderChain, order: Order, request: Request | None) -> None:
        if self.unknown.begin(chain, request, self._clock.read_now_ns()):
            self.tell_pending(chain, order, request, UNKNOWN_TEXT)

    def on_timer(self, now_ns: int) -> None:
        """What has been of unknown fate for too long is told of once more; the venue is asked all the while."""
        for chain, request in self.unknown.due(now_ns):
            if chain.order is not None:
                log.warning("order %s: still no outcome", chain.first_id)
                self.tell_pending(chain, chain.order, request, STILL_UNKNOWN_TEXT)

    def answer_what_is_left(self, chain: OrderChain, order: Order) -> None:
        """The order is over: a request that is still open came too late, whatever its answer will be."""
        for request in chain.open_requests:
            self._reject_request(chain, order, request, TOO_LATE, "too late: the order is finished", 0)

    def _reject_request(
        self, chain: OrderChain, order: Order, request: Request | None, reason: int, text: str, code: int
    ) -> None:
        """An OrderCancelReject; None: nobody asked by FIX, or it has been answered."""
        if request is None:
            return
        self.chains.refuse(chain, request)
        client = self.clients.get(chain.owner)
        if client is not None:
            wall_ns = self._clock.read_wall_ns()
            fields = cancel_reject(request, order.order_id, chain.row, reason, text, wall_ns, client.profile, code)
            client.tell(CANCEL_REJECT.encode(), fields)
        self.chains.note_answered()

    def settle_lost_replace(self, chain: OrderChain, order: Order) -> None:
        """A restart has lost the answer to a replace: whether it is in force shows in what the order is now."""
        if chain.replace is not None and has_what_was_asked(chain.replace, order):
            self.tell_replaced(chain, order, None)
            return
        text = "not in force: the gateway was restarted before its answer came"
        self._reject_request(chain, order, chain.replace, OTHER, text, 0)

    # ---- From events to messages --------------------------------------------------------------------------------

    def tell(
        self, chain: OrderChain, order: Order, event: Event, report: ExecutionReport | None, *,
        request: Request | None = None, text: str = "", rej_reason: int | None = None, cum_lots: int = 0,
    ) -> None:  # fmt: skip
        """Every message of a cell of the matrix. `cum_lots`: CumQty from the execution on that it speaks of."""
        row = chain.row
        for step in steps_for(row, event):
            if step.exec_type == "!":
                log.error("order %s: %s while %s: the venue will be asked", chain.first_id, event.name, row)
                return
            if step.exec_type == "F":
                chain.told_cum_lots = cum_lots
            says_more = len(steps_for(row, event)) == 1 or step.exec_type == "F"
            status = self._real_status(chain) if step.ord_status == REAL else step.ord_status
            telling = Telling(
                Step(step.exec_type, status),
                self._exec_id(chain, order, step, report),
                chain.told_cum_lots if step.exec_type != "0" or says_more else 0,
                self._wall_ns(report),
                request,
                report,
                text if says_more else "",
                rej_reason if step.exec_type == "8" else None,
            )
            self._hand_on(chain, order, telling)

    def tell_pending(self, chain: OrderChain, order: Order, request: Request | None, text: str = "") -> None:
        """150 = A, 6 or E: the request is on its way, or its outcome is not known. Where the client has asked for more
        of an order of unknown fate, 39 says so: 6 and E come before A.
        """
        exec_type = "A" if request is None else "E" if request.is_replace else "6"
        step = Step(exec_type, chain.row if request is None else exec_type)
        exec_id = self._exec_id(chain, order, step, None)
        self._hand_on(
            chain, order, Telling(step, exec_id, chain.told_cum_lots, self._wall_ns(None), request, text=text)
        )

    def tell_status(self, client: Client, chain: OrderChain, order: Order, extra: dict[int, bytes]) -> None:
        """150=I: how the order stands, for who asked."""
        status = chain.row if chain.row != "A" or not order.is_acked else "0"
        step = Step("I", status)
        exec_id = self._exec_id(chain, order, step, None)
        telling = Telling(step, exec_id, chain.told_cum_lots, self._wall_ns(None), extra=extra)
        client.tell(b"8", execution_report(chain, order, telling, client.profile))
        self.chains.note_told(chain)

    def _hand_on(self, chain: OrderChain, order: Order, telling: Telling) -> None:
        """To drop copies, to its client, and then into the chain's memory.

        The client's store says after a kill what has been told (`last_told`): so drop copies may hear a report twice
        then, under one ExecID, and never not at all.
        """
        self.tell_copies(lambda profile: execution_report(chain, order, telling, profile))
        if (client := self.clients.get(chain.owner)) is not None:
            client.tell(b"8", execution_report(chain, order, telling, client.profile))
        step = telling.step
        chain.was_told(step.exec_type, step.ord_status)
        self.chains.note_told(chain, telling.exec_id if step.exec_type == "F" else "")

    def tell_copies(self, fields_for: Callable[[Profile], Fields]) -> None:
        """To every drop copy. One whose store fails, its disk being full, must not keep a report from its client."""
        for receiver in self.drop_copies.values():
            try:
                receiver.tell(b"8", fields_for(receiver.profile))
            except Exception:
                log.exception("%s: a drop copy could not be told of a report", receiver.name)

    def _real_status(self, chain: OrderChain) -> str:
        if chain.told_status in "A":
            return chain.row
        if chain.is_done or chain.row in "6E":
            return ("1" if chain.told_cum_lots else "0") if chain.is_done else chain.row
        return "1" if chain.told_cum_lots else "0"

    def _exec_id(self, chain: OrderChain, order: Order, step: Step, report: ExecutionReport | None) -> str:
        """The venue's for an execution, else the OrderID with a number that is never used again."""
        if step.exec_type == "F" and report is not None and report.exec_id:
            return report.exec_id
        if not order.order_id:
            return self.unnamed_exec_id()
        chain.exec_count += 1
        return f"{order.order_id}-{chain.exec_count}"

    def _wall_ns(self, report: ExecutionReport | None) -> int:
        venue_ns = report.transact_time_ns if report is not None else 0
        return venue_ns if venue_ns > 0 else self._clock.read_wall_ns()


def has_what_was_asked(request: Request, order: Order) -> bool:
    """Whether an order has the numbers that a replace wanted; False for one whose numbers nobody wrote down."""
    return bool(request.asked) and all(getattr(order, name) == number for name, number in request.asked.items())
