"""Takes each order of unknown fate to evidence. Sans-IO: says whom to ask about, and what an answer proves.

Only evidence leads out of UNKNOWN: the venue shows the order, or it cannot any more come into being and the venue
does not know it. The second takes three things: the create's expiry has passed on the venue's clock with a margin,
and two well-formed not-found answers agree, asked for behind it and some time apart (the venue's queries read a
database that lags). Errors are no answers. An amend of unknown fate is settled in the same way: its terms show, or its
expiry has passed and they do not.

Of an order that the venue has once named there is no such proof, whatever its lists leave out: it stays unknown.

An order proved absent leaves a tombstone for a day. Should the venue show it after all, its proof was wrong: that is
for people to hear of at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tidings.engine.reconcile import is_older
from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind
from tidings.model.execution_report import ExecutionReport, report_of
from tidings.model.order import Order

UNSET = -(2**63)  # a number that a report does not tell
NS_PER_S = 1_000_000_000
FIRST_ASK_NS = NS_PER_S // 2  # after the loss: the stream usually tells first
ASK_AGAIN_NS = NS_PER_S
ASK_AGAIN_MAX_NS = 15 * NS_PER_S
# The venue's queries may be two seconds behind its books. A request's life ends a second after its last expiry, so what
# was taken in before that shows in an answer that is asked for a second behind its life.
LAG_NS = NS_PER_S
NOT_FOUND_APART_NS = LAG_NS
# An order that has just left the list of open ones may come into that of done ones two seconds later: in between it is
# in neither. So the first two lists must be of a time when it was there at all, and the next be that much later.
DONE_LISTS_APART_NS = 2 * LAG_NS
NOT_FOUND_NEEDED = 2
TOMBSTONE_NS = 24 * 3600 * NS_PER_S
TOMBSTONES_MAX = 100_000


@dataclass(slots=True)
class _Case:
    """One order being looked into."""

    since_ns: int
    ask_at_ns: int
    amend: tuple[int, ...]  # what was asked for, and when: another amend is another case
    wait_ns: int = ASK_AGAIN_NS
    not_found_count: int = 0
    not_found_ns: int = 0


class Resolver:
    """`expiry_ns`: how long a request lives after it was sent, margin for the clock's uncertainty included; None while
    nobody can say: nothing is over then. To be kept up to date.
    """

    def __init__(self, *, deadline_ns: int, expiry_ns: int | None) -> None:
        self.expiry_ns = expiry_ns
        self._deadline_ns = deadline_ns
        self._cases: dict[int, _Case] = {}
        # Of orders that another process sent, by handle: when at the latest, and how much longer its requests lived.
        self._sent_ns: dict[int, int] = {}
        self._longer_ns: dict[int, int] = {}
        self._tombstones: dict[str, int] = {}  # ClOrdID → when it was proved absent, oldest first
        self.resolved_count = 0

    @property
    def is_busy(self) -> bool:
        """Whether any order was unclear at the last look."""
        return bool(self._cases)

    def due(self, orders: Iterable[Order], now_ns: int) -> list[Order]:
        """Whom to ask the venue about now, longest waiting first. `orders`: all that are open."""
        unclear = {order.handle: order for order in orders if _is_unclear(order)}
        for handle in [handle for handle in self._cases if handle not in unclear]:
            del self._cases[handle]
        for order in unclear.values():
            # An amend is unclear only once its answer is overdue; an UNKNOWN order is so already.
            wait_ns = FIRST_ASK_NS + (0 if order.status == OrdStatus.UNKNOWN else self._deadline_ns)
            amend = (
                order.amend_price_ticks, order.amend_qty_lots, *order.amend_trigger_ticks, order.amend_asked_ns
            )  # fmt: skip
            case = self._cases.get(order.handle)
            if case is None or case.amend != amend:
                self._cases[order.handle] = _Case(now_ns, now_ns + wait_ns, amend)
        ready = sorted((case.ask_at_ns, handle) for handle, case in self._cases.items() if case.ask_at_ns <= now_ns)
        return [unclear[handle] for _, handle in ready]

    def asking(self, order: Order, now_ns: int) -> None:
        """The venue is being asked about an order: it is due again after twice as long, or when its expiry has passed,
        for only then can an answer prove that it never was.
        """
        case = self._cases[order.handle]
        case.ask_at_ns, case.wait_ns = now_ns + case.wait_ns, min(2 * case.wait_ns, ASK_AGAIN_MAX_NS)
        if self.expiry_ns is None:
            return
        is_unknown = order.status == OrdStatus.UNKNOWN
        sent_ns = self._sent_at_ns(order) if is_unknown else self._amended_at_ns(order, case) + LAG_NS
        expired_ns = sent_ns + self.expiry_ns + 1
        if now_ns < expired_ns:
            case.ask_at_ns = min(case.ask_at_ns, expired_ns)

    def age_ns(self, order: Order, now_ns: int) -> int:
        """How long an order has been of unknown fate, as of the first look at it."""
        case = self._cases.get(order.handle)
        return now_ns - case.since_ns if case is not None else 0

    def found(self, order: Order, report: ExecutionReport, asked_ns: int) -> list[ExecutionReport]:
        """The venue, asked at `asked_ns`, shows the order as `report` says: what to tell the engine."""
        case = self._cases.get(order.handle)
        if case is None:
            return []
        case.not_found_count = 0
        if is_older(order, report):
            return []
        reports = [report]
        is_over = self._is_past_expiry(self._amended_at_ns(order, case), asked_ns - LAG_NS)
        if order.is_amend_pending and not _shows_amend(order, report) and is_over:
            reports.append(self._verdict(order, ExecType.REPLACE_REJECTED, "the amend is not in force", asked_ns))
        if order.status == OrdStatus.UNKNOWN and report.ord_status >= 0:
            self.resolved_count += 1
        return reports

    def not_found(self, order: Order, asked_ns: int, lists_heard_ns: int = 0) -> list[ExecutionReport]:
        """A well-formed answer to what was asked at `asked_ns`, that the venue knows no such order: what to tell the
        engine, mostly nothing yet. `lists_heard_ns`: when the lists of open and done orders had come that leave it out;
        0: it was asked for by its id.
        """
        case = self._cases.get(order.handle)
        if case is None or order.status != OrdStatus.UNKNOWN:
            return []
        sent_ns, late_ns, apart_ns = self._sent_at_ns(order), 0, NOT_FOUND_APART_NS
        if order.order_id or not self._is_past_expiry(sent_ns, asked_ns):
            return []
        if lists_heard_ns:
            late_ns, apart_ns = LAG_NS, DONE_LISTS_APART_NS
            if not self._is_past_expiry(sent_ns, asked_ns - late_ns):
                case.ask_at_ns = min(case.ask_at_ns, asked_ns + late_ns)
                return []
        if not self._is_past_expiry(sent_ns, case.not_found_ns - late_ns):
            case.not_found_count = 0  # by its id, and too early to go with lists
        if case.not_found_count and asked_ns - case.not_found_ns < apart_ns:
            return []
        case.not_found_count, case.wait_ns = case.not_found_count + 1, ASK_AGAIN_NS
        case.not_found_ns = max(asked_ns, lists_heard_ns)
        case.ask_at_ns = case.not_found_ns + apart_ns
        if case.not_found_count < NOT_FOUND_NEEDED:
            return []
        self.resolved_count += 1
        self._bury(order, asked_ns)
        text = "never reached the venue: expired, and not found twice"
        return [self._verdict(order, ExecType.REJECTED, text, asked_ns)]

    def is_buried(self, cl_ord_id: str) -> bool:
        """Whether an order was proved absent within the last day: nobody should ever hear of it again."""
        return cl_ord_id in self._tombstones

    def exhume(self, cl_ord_id: str) -> None:
        """It has been seen alive, and told: once is enough."""
        self._tombstones.pop(cl_ord_id, None)

    @property
    def buried(self) -> list[str]:
        """ClOrdIDs of the orders proved absent within the last day."""
        return list(self._tombstones)

    def _bury(self, order: Order, now_ns: int) -> None:
        for cl_ord_id, buried_ns in list(self._tombstones.items()):
            if now_ns - buried_ns <= TOMBSTONE_NS and len(self._tombstones) < TOMBSTONES_MAX:
                break
            del self._tombstones[cl_ord_id]
        self._tombstones[order.cl_ord_id] = now_ns

    def count_from(self, order: Order, sent_ns: int, longer_ns: int = 0) -> None:
        """An order that an earlier process sent: at `sent_ns` at the latest, which is when its expiry counts from.

        `longer_ns`: by so much that process's requests outlive ours, amends too.
        """
        self._sent_ns[order.handle], self._longer_ns[order.handle] = sent_ns, longer_ns

    def _sent_at_ns(self, order: Order) -> int:
        """From when the create's life counts, as long as one of ours."""
        return self._sent_ns.get(order.handle, order.decided_ns) + self._longer_ns.get(order.handle, 0)

    def _amended_at_ns(self, order: Order, case: _Case) -> int:
        """The same of an amend: it was sent before it was first looked at."""
        return case.since_ns + self._longer_ns.get(order.handle, 0)

    def _is_past_expiry(self, sent_ns: int, now_ns: int) -> bool:
        if self.expiry_ns is None:
            return False
        return now_ns - sent_ns > self.expiry_ns

    def _verdict(self, order: Order, exec_type: ExecType, text: str, now_ns: int) -> ExecutionReport:
        kind = RequestKind.NEW if exec_type == ExecType.REJECTED else RequestKind.AMEND
        return report_of(
            exec_type, ReportSource.QUERY, now_ns, handle=order.handle, cl_ord_id=order.cl_ord_id, request_kind=kind,
            reconciled=True, text=text,
        )  # fmt: skip


def _is_unclear(order: Order) -> bool:
    return not order.is_done and (order.status == OrdStatus.UNKNOWN or order.is_amend_pending)


def _shows_amend(order: Order, report: ExecutionReport) -> bool:
    """An attached price that the row does not tell speaks neither for the amend nor against it."""
    stop_px, take_profit, stop_loss, offset = order.amend_trigger_ticks
    is_fit = order.amend_price_ticks in (0, report.price_ticks) and order.amend_qty_lots in (0, report.order_qty_lots)
    is_fit = is_fit and (bool(order.terms.peg_type) or stop_px in (0, report.stop_px_ticks))  # a trailing stop moves
    attached = (
        (take_profit, report.take_profit_ticks), (stop_loss, report.stop_loss_ticks), (offset, report.peg_offset_ticks),
    )  # fmt: skip
    return is_fit and all(told == UNSET or asked in (0, told) for asked, told in attached)
