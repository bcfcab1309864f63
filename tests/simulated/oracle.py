"""Judges a run from outside: bytes on the wire, the exchange's own memory, what the strategy and the session are told.

Imports nothing of the engine, and repeats none of its reasoning: each rule is a sentence about facts. The numbers I1,
I3 … are those of the project's invariants (docs/guarantees.md).

    I1   at most one create of each ClOrdID leaves, and none is ever used again; an amend leaves as often as asked
    I2   every create is in the journal before its bytes leave, and a killed engine's orders are all known again
    I3   a create without an answer is flagged UNKNOWN in time; none is called dead that lives; in the end all is equal
    I4   nothing is reported that the exchange does not have
    I5   every execution once, as it was; positions add up
    I7   the secret is nowhere on the wire
    I8   no exception escapes, no loop spins
    I9   no more requests than the exchange allows, fixed minute and sliding
    I11  nothing is left running behind the end
    I12  ready again after the faults, or halted with a reason
    I16  no amend or cancel leaves on another connection than its unanswered create
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulated.ground_truth import GroundTruth
from tests.simulated.http_frames import Framer, Passing, read_request
from tests.simulated.loop import NS_PER_S

FLAGGED_WITHIN_NS = NS_PER_S  # after the deadline
DONE = ("FILLED", "CANCELED", "REJECTED", "EXPIRED", "UNSENT", "DENIED")
# Session's word → the exchange's words that mean the same when both have come to rest.
SAME = {
    "NEW": {"New"},
    "PARTIALLY_FILLED": {"PartiallyFilled"},
    "UNTRIGGERED": {"Untriggered"},
    "FILLED": {"Filled"},
    "CANCELED": {"Canceled", "Deactivated"},
    "EXPIRED": {"Canceled"},
    "REJECTED": {"Rejected"},
}
DEAD_AT_THE_VENUE = {"Canceled", "Deactivated", "Rejected", "Filled"}
MINUTE_NS = 60 * NS_PER_S


@dataclass(slots=True)
class Watched:
    """One order that was let out, as the outside world sees it."""

    cl_ord_id: str
    symbol: str
    view: Any  # the session's order: statuses and quantities by name
    placed_ns: int
    cum_lots: int = 0
    end: str = ""
    last_told: str = ""
    executions: set[str] = field(default_factory=set)
    unrecorded: set[str] = field(default_factory=set)  # of them, those that the next process may not know were told
    traded_lots: int = 0
    amends_asked: int = 0
    amends_sent: int = 0
    has_died: bool = False  # with the process that placed it; another one looks after it
    owes_executions: bool = False  # it ended, and the process died before the list of them came: nobody asks again
    is_forgotten: bool = False  # the power took its record: nobody can know it


class Oracle:
    """Collects violations. `now_ns` everywhere is the timeline's.

    `is_ack_binding` False: an exchange that accepts what it then rejects on the stream, and forgets.
    """

    def __init__(
        self, truth: GroundTruth, secret: str, deadline_ns: int, per_minute_max: int | None, *, is_ack_binding: bool
    ) -> None:
        self.violations: list[str] = []
        self.watched: dict[str, Watched] = {}
        self.checks = 0
        self._truth, self._secret, self._deadline_ns = truth, secret.encode(), deadline_ns
        self._per_minute_max, self._is_ack_binding = per_minute_max, is_ack_binding
        self.is_journaled: Callable[[str], bool] = lambda cl_ord_id: True
        self.on_left: Callable[[int, Passing, int], object] = lambda number, request, now_ns: None
        self._framers: dict[int, Framer] = {}
        self._creates: Counter[str] = Counter()
        self._created_on: dict[str, int] = {}  # ClOrdID → the connection its create left on
        self._forgotten: set[str] = set()
        self._absent: set[str] = set()  # the exchange did not have them when a new process came up
        self._arrivals: dict[str, list[tuple[int, int]]] = {}
        self._arrived_weight: Counter[str] = Counter()

    def blame(self, rule: str, now_ns: int, text: str) -> None:
        """Write down a violation."""
        self.violations.append(f"{rule} at {now_ns / NS_PER_S:.6f} s: {text}")

    # ---- What is on the wire -----------------------------------------------------------------------------------------

    def bytes_taken(self, number: int, data: bytes, is_stream: bool, now_ns: int) -> None:
        """The client's kernel took these bytes of a connection."""
        if self._secret in data:
            self.blame("I7", now_ns, "the secret is on the wire")
        if is_stream:
            return
        for message in self._framers.setdefault(number, Framer()).feed(data):
            request = read_request(message)
            self._request_left(number, request, now_ns)
            self.on_left(number, request, now_ns)

    def _request_left(self, number: int, request: Passing, now_ns: int) -> None:
        if request.kind in ("amend", "cancel"):
            self._judge_order(number, request, now_ns)
        if request.kind == "create":
            self._creates[request.cl_ord_id] += 1
            self._created_on[request.cl_ord_id] = number
            if not request.cl_ord_id:
                self.blame("I1", now_ns, "a create without a ClOrdID")
            elif self._creates[request.cl_ord_id] > 1:
                self.blame("I1", now_ns, f"{request.cl_ord_id} was created {self._creates[request.cl_ord_id]} times")
            if not self.is_journaled(request.cl_ord_id):
                self.blame("I2", now_ns, f"{request.cl_ord_id} leaves, and is not in the journal")
        elif request.kind == "amend":
            seen = self._named(request)
            if seen is not None:
                seen.amends_sent += 1
                if seen.amends_sent > seen.amends_asked + 1:  # the asker counts its amend when the call returns
                    self.blame("I1", now_ns, f"{seen.cl_ord_id}: an amend was sent that nobody had asked for")

    def _judge_order(self, number: int, request: Passing, now_ns: int) -> None:
        """What changes an order of which nobody has heard yet must come behind it."""
        seen = self._named(request)
        if seen is None or seen.view.ord_status.name != "PENDING_NEW":
            return
        if self._created_on.get(seen.cl_ord_id) != number:
            self.blame("I16", now_ns, f"{seen.cl_ord_id}: its {request.kind} may overtake its create")

    def _named(self, request: Passing) -> Watched | None:
        if request.cl_ord_id:
            return self.watched.get(request.cl_ord_id)
        return next((seen for seen in self.watched.values() if seen.view.order_id == request.order_id), None)

    def request_arrived(self, request: Passing, now_ns: int) -> None:
        """A request of ours came to the exchange's door."""
        if request.kind in ("public", "upgrade"):
            return
        group, weight = _group_and_weight(request)
        arrivals = self._arrivals.setdefault(group, [])
        arrivals.append((now_ns, weight))
        most = min(self._per_minute_max or 500, 100 if group == "others" else 500)
        self._arrived_weight[group] += weight
        if self._arrived_weight[group] <= most:
            return  # not even all of them together would be too many
        for name, since_ns in (("sliding", now_ns - MINUTE_NS + 1), ("fixed", now_ns // MINUTE_NS * MINUTE_NS)):
            used = sum(weight for when_ns, weight in arrivals if when_ns >= since_ns)
            if used > most:
                self.blame("I9", now_ns, f"{used} of {most} requests in the {name} minute of {group}")

    # ---- What the session says ---------------------------------------------------------------------------------------

    def placed(self, view: Any, now_ns: int) -> None:
        """An order was let out."""
        cl_ord_id = view.cl_ord_id
        if cl_ord_id in self.watched:
            self.blame("I1", now_ns, f"{cl_ord_id} was given to two orders")
        self.watched[cl_ord_id] = Watched(cl_ord_id, view.symbol, view, now_ns)

    def asked(self, what: str, cl_ord_id: str) -> None:
        """A change was asked for, and let out."""
        if what == "amend":
            self.watched[cl_ord_id].amends_asked += 1

    def heard(self, name: str, view: Any, report: Any, now_ns: int) -> None:
        """The strategy's callback `name` was called."""
        self.checks += 1
        seen = self.watched.get(view.cl_ord_id)
        if seen is None:
            return self.blame("I4", now_ns, f"{name} of an order nobody placed: {view.cl_ord_id}")
        seen.last_told = name
        truth = self._truth.order(seen.symbol, seen.cl_ord_id)
        lot = self._truth.grids[seen.symbol].lot
        if truth is None and name in ("on_ack", "on_fill", "on_amend", "on_cancel")[not self._is_ack_binding :]:
            return self.blame("I4", now_ns, f"{name} of {seen.cl_ord_id}, which the exchange does not have")
        if name == "on_fill":
            self._judge_fill(seen, report, now_ns)
        if truth is not None:
            self._judge_end(seen, name, truth, now_ns)
            if view.cum_qty_lots * lot > truth.cum_qty:
                self.blame("I4", now_ns, f"{seen.cl_ord_id}: {view.cum_qty_lots} lots filled; really {truth.cum_qty}")
        self._judge_view(seen, now_ns)
        return None

    def _judge_end(self, seen: Watched, name: str, truth: Any, now_ns: int) -> None:
        status = seen.view.ord_status.name
        is_dead = truth.ord_status in DEAD_AT_THE_VENUE
        if status in DONE and not is_dead:
            self.blame("I3", now_ns, f"{name}: {seen.cl_ord_id} is called {status}, and the exchange has it "
                                     f"{truth.ord_status}")

    def _judge_fill(self, seen: Watched, report: Any, now_ns: int) -> None:
        execution = self._truth.execution(report.exec_id)
        if execution is None:
            return self.blame("I5", now_ns, f"{seen.cl_ord_id}: execution {report.exec_id} never happened")
        if report.exec_id in seen.unrecorded:
            seen.unrecorded.discard(report.exec_id)
        elif report.exec_id in seen.executions:
            return self.blame("I5", now_ns, f"{seen.cl_ord_id}: execution {report.exec_id} was told twice")
        else:
            seen.executions.add(report.exec_id)
            seen.traded_lots += report.last_qty_lots
        grid = self._truth.grids[seen.symbol]
        told = execution.cl_ord_id, execution.exec_qty, execution.exec_price
        if told != (seen.cl_ord_id, report.last_qty_lots * grid.lot, report.last_px_ticks * grid.tick):
            self.blame("I5", now_ns, f"{seen.cl_ord_id}: execution {report.exec_id} is {told}, was told as {report!r}")
        return None

    def _judge_view(self, seen: Watched, now_ns: int) -> None:
        """What must hold of any order at any moment."""
        view = seen.view
        status = view.ord_status.name
        if view.cum_qty_lots < seen.cum_lots:
            self.blame("I5", now_ns, f"{seen.cl_ord_id}: cum_qty shrank from {seen.cum_lots} to {view.cum_qty_lots}")
        seen.cum_lots = view.cum_qty_lots
        if seen.end and status != seen.end and (seen.end, status) != ("CANCELED", "FILLED"):
            self.blame("I3", now_ns, f"{seen.cl_ord_id} was {seen.end}, and is {status}")
        seen.end = status if status in DONE else ""
        if status in DONE and view.leaves_qty_lots:
            self.blame("I5", now_ns, f"{seen.cl_ord_id} is {status} with {view.leaves_qty_lots} lots open")
        is_sized = view.order_qty_lots > 0 and status not in DONE and view.leaves_qty_lots > 0
        if is_sized and view.cum_qty_lots + view.leaves_qty_lots != view.order_qty_lots:
            self.blame("I5", now_ns, f"{seen.cl_ord_id}: {view.cum_qty_lots} + {view.leaves_qty_lots} lots are not "
                                     f"{view.order_qty_lots}")

    def reborn(
        self, views: dict[str, Any], now_ns: int, *, lost_records: bool, may_forget: bool, may_have_ended: bool
    ) -> None:
        """A new process is up; `views` are its orders by ClOrdID. What the dead one had open, it must know.

        `lost_records`: the power took what was not synced, or the journal could not be written. `may_forget`: of
        intents, too, the power took what was not synced. `may_have_ended`: there were engines in between that no
        strategy heard, and whose journal may hold the end of an order.
        """
        for cl_ord_id, view in views.items():  # it died while it placed them, before or behind the send
            if cl_ord_id not in self.watched:
                self.watched[cl_ord_id] = Watched(cl_ord_id, view.symbol, view, now_ns, has_died=True)
        ended = self._may_have_ended() if may_have_ended else set()
        for cl_ord_id in [each for each in self._creates if each not in self.watched and each not in self._forgotten]:
            self._forgotten.add(cl_ord_id)
            if not may_forget and cl_ord_id not in ended:
                self.blame("I2", now_ns, f"{cl_ord_id} had left, and is not known again")
        for seen in self.watched.values():
            if lost_records:
                seen.unrecorded |= seen.executions  # what was told may be lost with its record, and be told once more
            if seen.view.ord_status.name in DONE:
                seen.owes_executions = seen.owes_executions or seen.view.traded_qty_lots < seen.view.cum_qty_lots
            elif not seen.is_forgotten:
                self._rebind(seen, views.get(seen.cl_ord_id), now_ns, may_forget or seen.cl_ord_id in ended)

    def _may_have_ended(self) -> set[str]:
        """Orders that are over, and those the exchange refused or never got: these must never be there any more."""
        truth = {order.cl_ord_id: order.is_done for order in self._truth.orders()}
        self._absent |= {cl_ord_id for cl_ord_id in (*self.watched, *self._creates) if cl_ord_id not in truth}
        return self._absent | {cl_ord_id for cl_ord_id, is_done in truth.items() if is_done}

    def _rebind(self, seen: Watched, view: Any, now_ns: int, may_forget: bool) -> None:
        """From here on the new process's order is what is judged."""
        seen.has_died = True
        if view is None:
            seen.is_forgotten = True
            if not may_forget:
                self.blame("I2", now_ns, f"{seen.cl_ord_id} was {seen.view.ord_status.name}; it is not known again")
            return
        if view.cum_qty_lots < seen.cum_lots and not may_forget:
            self.blame("I6", now_ns, f"{seen.cl_ord_id}: {seen.cum_lots} lots filled; now {view.cum_qty_lots}")
        seen.view, seen.cum_lots = view, view.cum_qty_lots

    def check_deadline(self, seen: Watched, now_ns: int) -> None:
        """To be called a second after an order's deadline: by now its owner must have heard something."""
        if seen.view.ord_status.name == "PENDING_NEW" and not seen.last_told:
            self.blame("I3", now_ns, f"{seen.cl_ord_id} has no answer, and is not called UNKNOWN")

    @property
    def flag_after_ns(self) -> int:
        """How long after placing an order `check_deadline` is due."""
        return self._deadline_ns + FLAGGED_WITHIN_NS

    # ---- The end -----------------------------------------------------------------------------------------------------

    def differences(self, net_lots: dict[str, int]) -> list[str]:
        """What the session believes, against the exchange. `net_lots`: the session's positions."""
        found = [difference for seen in self.watched.values() if (difference := self._difference(seen))]
        for symbol, lots in net_lots.items():
            if lots != self._truth.net_lots(symbol):
                found.append(f"I5 {symbol}: position {lots} lots; really {self._truth.net_lots(symbol)}")
        known = {order.cl_ord_id for order in self._truth.orders()}
        strange = sorted(known - (set(self.watched) | self._forgotten) | self._revived(known))
        found += [f"I1 {cl_ord_id} is at the exchange, and was never placed" for cl_ord_id in strange]
        return found

    def _revived(self, known: set[str]) -> set[str]:
        """Orders a new process did not know again, as the exchange had none of them then; and it has now."""
        unknown = {cl_ord_id for cl_ord_id, seen in self.watched.items() if seen.is_forgotten} | self._forgotten
        return known & self._absent & unknown

    def _difference(self, seen: Watched) -> str:
        truth = self._truth.order(seen.symbol, seen.cl_ord_id)
        view, status = seen.view, seen.view.ord_status.name
        if seen.is_forgotten:
            return ""  # it is foreign now, and position and open orders are still compared
        traded_lots = view.traded_qty_lots if seen.has_died else seen.traded_lots
        if truth is None:
            return "" if status in ("REJECTED", "UNSENT") else f"I3 {seen.cl_ord_id} is {status}; really: not there"
        grid = self._truth.grids[seen.symbol]
        pairs = {
            "status": (status, truth.ord_status, truth.ord_status in SAME.get(status, ())),
            "cum": (view.cum_qty_lots, truth.cum_qty, view.cum_qty_lots * grid.lot == truth.cum_qty),
            "executed": (traded_lots, truth.cum_qty, traded_lots * grid.lot == truth.cum_qty),
        }
        if seen.owes_executions:
            del pairs["executed"]
        if status not in DONE and truth.ord_type in ("Limit", "StopLimit", "LimitIfTouched"):
            pairs["price"] = view.price_ticks, truth.price, view.price_ticks * grid.tick == truth.price
            pairs["qty"] = view.order_qty_lots, truth.order_qty, view.order_qty_lots * grid.lot == truth.order_qty
        wrong = [f"{name} {told}, really {real}" for name, (told, real, same) in pairs.items() if not same]
        return f"I3 {seen.cl_ord_id} {seen.symbol}: {'; '.join(wrong)}" if wrong else ""


def _group_and_weight(request: Passing) -> tuple[str, int]:
    """The venue's groups (phemex docs 2026, "Rate limits"), written down once more."""
    order_paths = ("/orders", "/g-orders", "/accounts/accountPositions", "/g-accounts/accountPositions")
    if request.path.startswith("/spot/orders"):
        return "spotorder", 2 if request.method == "DELETE" else 1
    if request.path.startswith(order_paths):
        return "contract", 3 if request.kind == "cancel_all" else 1
    return "others", 1
