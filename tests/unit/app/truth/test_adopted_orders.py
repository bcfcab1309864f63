"""What is heard of adopted orders while no strategy listens: kept, told once to the first one, and written down."""

import logging

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path, RecordingStrategy
from order_samples import LIMIT, said, trade

from tidings.app.truth import adopted_orders
from tidings.app.truth.adopted_orders import AdoptedOrders
from tidings.engine.adoption import adopt_order
from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind

OLD = "T00000000A0000000017"


class Restarted:
    """An order path with one adopted order, and nobody who listens."""

    def __init__(self, history=()):
        self.path = Path()
        self.path.entry.listen(None)
        numbers = {"price_ticks": LAST_PX_TICKS, "order_qty_lots": 10}
        self.order = adopt_order(self.path.entry, LIMIT, OLD, numbers, history, decided_ns=5, now_ns=NOW_NS)
        self.adopted = AdoptedOrders(self.path.entry, [self.order])

    def run(self, strategy=None):
        """A strategy begins to listen: what it hears."""
        strategy = strategy or RecordingStrategy()
        self.path.entry.listen(strategy)
        self.adopted.tell(NOW_NS + 9)
        return [(name, report.last_qty_lots, report.reconciled) for name, _, report in strategy.heard]


@pytest.fixture
def written(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


def by_stream(qty_lots, cum_qty_lots):
    return trade(qty_lots, cum_qty_lots, cl_ord_id=OLD)


def test_the_first_strategy_is_told_in_order_and_once():
    restarted = Restarted()
    first, second = by_stream(4, 4), by_stream(6, 10)
    restarted.path.hear(first, first, second)
    heard = [(name, lots, told) for name, lots, told in restarted.run()]
    assert heard == [("ack", 4, True), ("fill", 4, True), ("fill", 6, True)]
    assert restarted.run() == []
    assert len(restarted.path.executions) == 2          # counted when they were heard, and never again


def test_what_comes_later_the_strategy_hears_by_itself():
    restarted = Restarted([said(ExecType.NEW), trade(4, 4)])
    strategy = RecordingStrategy()
    assert restarted.run(strategy) == []
    restarted.path.hear(by_stream(6, 10))
    assert [name for name, _, _ in strategy.heard] == ["ack", "fill"]
    assert [report.reconciled for _, _, report in strategy.heard] == [False, False]
    assert restarted.run() == []


def test_orders_of_this_session_are_none_of_it():
    restarted = Restarted()
    order = restarted.path.submit(LIMIT)
    restarted.path.hear(said(ExecType.NEW, handle=order.handle))
    assert restarted.run() == []


def test_a_strategy_that_raises_hears_the_rest_too():
    class Raising(RecordingStrategy):
        def on_fill(self, order, report, now_ns):
            super().on_fill(order, report, now_ns)
            raise ValueError("no")

    restarted = Restarted()
    restarted.path.hear(by_stream(4, 4), by_stream(6, 10))
    assert [name for name, _, _ in restarted.run(Raising())] == ["ack", "fill", "fill"]
    assert len(restarted.path.errors) == 2


def test_each_outcome_is_written_down_once(written):
    restarted = Restarted([said(ExecType.NEW), trade(4, 4)])
    restarted.adopted.look()
    ((one,), told) = restarted.adopted.all(), written()
    assert (one.is_resolved, one.outcome, told) == (False, "no known end yet: asking the venue", [])
    restarted.path.hear(by_stream(6, 10))
    for _ in range(3):
        restarted.adopted.look()
    assert (one.cl_ord_id, one.order.ord_status, one.traded_since_lots) == (OLD, OrdStatus.FILLED, 6)
    assert written() == [
        f"order {OLD} of an earlier session (buy BTCUSDT): FILLED, 0.01 filled, 0.006 of it unheard of by the session"
        " that sent it"
    ]


def test_one_that_never_was_says_so(written):
    restarted = Restarted()
    restarted.path.hear(said(ExecType.REJECTED, ReportSource.QUERY, cl_ord_id=OLD, request_kind=RequestKind.NEW,
                             reconciled=True, text="never reached the venue"))
    restarted.adopted.look()
    assert written() == [f"order {OLD} of an earlier session (buy BTCUSDT): REJECTED: it is not at the venue"]
    assert [name for name, _, _ in restarted.run()] == ["reject"]


def test_what_is_kept_has_an_end(monkeypatch, written):
    monkeypatch.setattr(adopted_orders, "EVENTS_MAX", 3)
    restarted = Restarted()
    restarted.path.hear(*(by_stream(1, cum) for cum in range(1, 6)))
    assert [lots for name, lots, _ in restarted.run() if name == "fill"] == [1, 1, 1]
    assert len(written()) == 1
    assert restarted.adopted.all()[0].traded_since_lots == 5
