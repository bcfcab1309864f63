"""An order path on a venue that writes down what it is asked: for tests of the engine."""

from order_samples import INVERSE, LINEAR, SPOT, said

from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.ports import PythonGateway
from tidings.engine.risk import Risk
from tidings.engine.risk_limits import RiskLimits, StrategyLimits
from tidings.engine.strategy import Strategy
from tidings.metrics.stages import Stages
from tidings.model.enums import ExecType, OrdType, Side, TimeInForce, Trigger
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms

NOW_NS = 10**15
WALL_NS = 1_795_000_000_000_000_000
LAST_PX_TICKS = 612_500


def wide_limits(**changes):
    """Limits that let every test's order through, but for what the test is about."""
    most, rate = 2**63 - 1, 10**6
    strategy = StrategyLimits(
        max_notional_e4=most, max_gross_e4=most, max_window_e4=most, max_orders_per_s=rate, max_executions=rate
    )
    wide = dict.fromkeys(("max_position_e4", "max_gross_e4", "max_net_e4", "max_window_e4"), most)
    wide |= {"max_notional_e4": 10**12, "max_orders_per_s": rate, "max_window_orders": rate}
    return RiskLimits(**{"duplicate_window_ns": 0, "strategy": strategy, **wide, **changes})


class RecordingVenue:
    """Answers every request as told (0: taken) and keeps what it was given."""

    def __init__(self):
        self.calls = []
        self.answers = {}       # method → DenyReason, or an exception to raise
        self.prepared = []

    def _answer(self, name, *arguments):
        self.calls.append((name, *arguments))
        answer = self.answers.get(name, 0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def take(self, kind, order, now_ns):
        return self._answer("take", kind, order, now_ns)

    def send_new(self, order, now_ns):
        return self._answer("send_new", order, now_ns)

    def send_amend(self, order, price_ticks, qty_lots, now_ns):
        return self._answer("send_amend", order, price_ticks, qty_lots, now_ns)

    def send_cancel(self, order, now_ns):
        return self._answer("send_cancel", order, now_ns)

    def send_cancel_many(self, orders, now_ns):
        return self._answer("send_cancel_many", list(orders), now_ns)

    def prepare(self, terms):
        self.prepared.append(terms)

    @property
    def names(self):
        return [call[0] for call in self.calls]


class RecordingStrategy(Strategy):
    """Keeps (callback, order's state then, report) of every order event."""

    def __init__(self):
        self.heard = []

    def _hear(self, name, order, report):
        self.heard.append((name, order.ord_status, report))

    def on_ack(self, order, report, now_ns):
        self._hear("ack", order, report)

    def on_fill(self, order, report, now_ns):
        self._hear("fill", order, report)

    def on_reject(self, order, report, now_ns):
        self._hear("reject", order, report)

    def on_cancel(self, order, report, now_ns):
        self._hear("cancel", order, report)

    def on_amend(self, order, report, now_ns):
        self._hear("amend", order, report)

    def on_unknown(self, order, report, now_ns):
        self._hear("unknown", order, report)

    def on_unsent(self, order, report, now_ns):
        self._hear("unsent", order, report)

    @property
    def names(self):
        return [name for name, _, _ in self.heard]


class Path:
    """One order path with everything around it."""

    def __init__(self, capacity=64, last_handle=0, max_open=200, strategy=None, venue=None, limits=None, journal=None):
        self.table = OrderTable(ClOrdIDMaker(wall_ns=WALL_NS), capacity, last_handle)
        self.risk = Risk([LINEAR, INVERSE, SPOT], limits or wide_limits(max_open=max_open))
        self.risk.set_reference_price(LINEAR, LAST_PX_TICKS)
        self.risk.set_reference_price(INVERSE, 122_500)
        self.stages = Stages()
        self.counted = ExecIDSet(1000)
        self.entry = OrderEntry(self.table, self.risk, self.stages, self.counted, journal)
        self.venue, self.strategy = venue or RecordingVenue(), strategy or RecordingStrategy()
        self.executions, self.foreign, self.errors = [], [], []
        self.entry.plug(
            PythonGateway(self.venue),
            on_execution=lambda order, report: self.executions.append((order, report)),
            on_foreign=self.foreign.append,
            on_error=lambda error, callback: self.errors.append(error),
        )
        self.entry.listen(self.strategy)

    def draft(self, terms, qty_lots=10, price_ticks=LAST_PX_TICKS):
        order = self.entry.draft_order(terms)
        order.order_qty_lots, order.price_ticks = qty_lots, price_ticks
        return order

    def submit(self, terms, qty_lots=10, price_ticks=LAST_PX_TICKS, now_ns=NOW_NS):
        """An order that was sent."""
        order = self.draft(terms, qty_lots, price_ticks)
        handle = self.entry.submit_order(order, now_ns)
        assert handle == order.handle > 0
        return order

    def forget(self):
        """Hold on to no order."""
        for kept in (self.venue.calls, self.executions, self.foreign):
            kept.clear()

    def hear(self, *reports, now_ns=NOW_NS + 1000):
        for report in reports:
            self.entry.take_report(report, now_ns)


STOP = OrderTerms(LINEAR, Side.BUY, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, time_in_force=TimeInForce.IOC)


def stop_order(path, stop_px_ticks=LAST_PX_TICKS + 10):
    """An order that waits for its trigger price, as the venue has said."""
    order = path.draft(STOP, price_ticks=0)
    order.stop_px_ticks = stop_px_ticks
    assert path.entry.submit_order(order, NOW_NS) > 0
    path.hear(said(ExecType.UNTRIGGERED, handle=order.handle))
    return order
