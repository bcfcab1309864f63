"""One life, told in one order of arrival to the engine's order path and to the reference: do they agree each time?"""

from collections import defaultdict
from uuid import UUID

from engine_samples import NOW_NS, Path
from order_samples import INVERSE, LINEAR, SPOT

from tests.arrivals.belief import TOLD, Belief
from tests.arrivals.lives import PRICE, QTY, Life, Word
from tidings.engine.strategy import Strategy
from tidings.model.enums import DenyReason, ExecType, OrdStatus, OrdType, ReportSource, RequestKind, Side, Trigger
from tidings.model.execution_report import report_of
from tidings.model.terms import OrderTerms

_INSTRUMENTS = {"LINEAR": LINEAR, "INVERSE": INVERSE, "SPOT": SPOT}
_TRIALS_PER_PATH = 4_000  # orders that stay open fill the table


class Quiet:
    """A venue that takes every request."""

    def take(self, *_):
        return 0

    send_new = send_amend = send_cancel = send_cancel_many = take


class Counting(Strategy):
    """How often each callback came, by order."""

    def __init__(self):
        self.counts = defaultdict(lambda: dict.fromkeys((*TOLD, "unsent"), 0))


def _counter(name):
    def heard(self, order, report, now_ns):
        self.counts[order.handle][name] += 1

    return heard


for _name in (*TOLD, "unsent"):
    setattr(Counting, f"on_{_name}", _counter(_name))


def make_path(capacity):
    """An order path whose limits stand in nobody's way."""
    path = Path(capacity=capacity, max_open=capacity, strategy=Counting(), venue=Quiet())
    for instrument in _INSTRUMENTS.values():
        path.risk.set_reference_price(instrument, PRICE)
    return path


class Bench:
    """An order path on which many trials are held, each with an order of its own."""

    def __init__(self):
        self._path, self._trials = None, 0

    def path(self):
        if self._path is None or self._trials % _TRIALS_PER_PATH == 0:
            self._path = make_path(2**13)
        self._trials += 1
        return self._path

    def hold(self, life: Life, arrival: list[Word]) -> str | None:
        """Why engine and reference disagree, None if they never do, "impossible" if we would not have asked so."""
        path, belief = self.path(), Belief(life.is_conditional)
        trial = Trial(path, life.line, life.is_conditional)
        for word in arrival:
            if not trial.tell(word):
                return "impossible"
            belief.ask(word) if word.channel == "us" else belief.hear(word)
            difference = trial.compare(belief)
            if difference:
                return f"after {word}: {difference}"
        return belief.differs_from(life.moments[-1])


class Trial:
    """One order, and how it is told."""

    def __init__(self, path, line: str, is_conditional: bool):
        instrument = _INSTRUMENTS[line]
        conditional = {"ord_type": OrdType.STOP_LIMIT, "trigger": Trigger.LAST_PRICE} if is_conditional else {}
        self.path, self.line = path, line
        self.order = path.draft(OrderTerms(instrument, Side.BUY, **conditional), QTY, PRICE)
        self.order.stop_px_ticks = PRICE if is_conditional else 0
        denial = -path.entry.submit_order(self.order, NOW_NS)
        assert denial < 0, f"the create was denied: {DenyReason(denial).name}"
        self.alarms = path.entry.overfill_count, path.entry.revived_count

    def tell(self, word: Word) -> bool:
        """Hand one word up, or send one request; False if the engine knows a reason not to."""
        if word.channel != "us":
            self.path.hear(self._report(word))
            return True
        entry, now_ns = self.path.entry, self.order.decided_ns
        if word.event == "AMEND":
            denial = -entry.amend_order(self.order, word.told.price, word.told.qty, now_ns + word.about)
        else:
            denial = -entry.cancel_order(self.order, now_ns + word.about)
        reasons = (
            DenyReason.NONE, DenyReason.ORDER_DONE, DenyReason.REQUEST_PENDING, DenyReason.NOTHING_TO_CHANGE,
            DenyReason.BAD_QTY,
        )
        assert denial in reasons, f"{word} denied: {DenyReason(denial).name}"
        return denial == DenyReason.NONE

    def _report(self, word: Word):
        told, fields = word.told, {}
        if word.source == "LOCAL":
            return report_of(ExecType[word.event], ReportSource.LOCAL, 0, handle=self.order.handle,
                             request_kind=RequestKind[word.request], asked_ns=self._asked_ns(word))
        if word.execution:
            fields = {"exec_id": str(UUID(int=self.order.handle << 64 | word.execution)),
                      "last_qty_lots": word.last_qty, "last_px_ticks": word.last_px}
        if word.tells_terms and (word.event != "TRADE" or word.tells_status):
            fields["ord_status"] = OrdStatus[told.status]
        if word.tells_terms:
            fields |= {"order_qty_lots": told.qty, "price_ticks": told.price, "cum_qty_lots": told.cum}
        return report_of(
            ExecType[word.event], ReportSource[word.source], 0, cl_ord_id=self.order.cl_ord_id, code=word.code,
            request_kind=RequestKind[word.request] if word.request else 0, transact_time_ns=told.at_ns,
            asked_ns=self._asked_ns(word) if word.source == "REPLY" else 0, **fields,
        )

    def _asked_ns(self, word: Word) -> int:
        return self.order.decided_ns + word.about

    def compare(self, belief: Belief) -> str | None:
        order, entry = self.order, self.path.entry
        seen = {
            "status": OrdStatus(order.status).name, "cum": order.cum_qty_lots, "leaves": order.leaves_qty_lots,
            "terms": (order.price_ticks, order.order_qty_lots), "traded": order.traded_qty_lots,
            "executions": order.trade_count, "alarms": (entry.overfill_count, entry.revived_count),
            "told": {name: self.path.strategy.counts[order.handle][name] for name in TOLD},
            "amend pending": order.is_amend_pending, "cancel pending": order.is_cancel_pending,
        }
        expected = {
            "status": belief.status, "cum": belief.cum, "leaves": belief.leaves, "terms": belief.terms,
            "traded": belief.traded, "executions": len(belief.executions), "alarms": self.alarms,
            "told": belief.told, "amend pending": belief.amend is not None,
            "cancel pending": belief.is_cancel_asked,
        }
        wrong = [f"{name} is {seen[name]}, not {expected[name]}" for name in seen if seen[name] != expected[name]]
        return "; ".join(wrong + self._compare_average(belief)) or None

    def _compare_average(self, belief: Belief) -> list[str]:
        """Inverse contracts average by value, which other tests hold against the venue's own arithmetic."""
        px, instrument = belief.avg_px_ticks, self.order.terms.instrument
        if self.line == "INVERSE" or px is None:
            return []
        shown = self.order.avg_px.scaleb(instrument.price_scale) / instrument.tick_mantissa
        return [] if abs(float(px) - float(shown)) < 1e-6 else [f"average is {shown} ticks, not {px}"]
