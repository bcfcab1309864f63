"""When the venue is asked about orders of unknown fate, what its answers do, and when not even the table is read."""

import pytest
from engine_samples import NOW_NS, Path
from order_samples import LIMIT, said

from tidings.app.readiness import Readiness
from tidings.app.truth.inquiry import Inquiry
from tidings.clock import ManualClock
from tidings.engine.reconcile import Listing
from tidings.engine.resolver import Resolver
from tidings.errors import ConnectionLost, PeerError, RateLimited
from tidings.model.enums import DenyReason, ExecType, OrdStatus, ReportSource, RequestKind
from tidings.model.execution_report import report_of

S = 1_000_000_000
EXPIRY_NS = 5 * S


class Venue:
    """In place of Evidence: answers from what a test sets, and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.open, self.closed, self.by_id = [], [], {}
        self.is_complete = self.is_closed_complete = True
        self.problem = None
        self.on_open = lambda: None  # while the list of open orders is on its way

    def _answer(self, question):
        self.asked.append(question)
        if self.problem is not None:
            raise self.problem

    async def open_orders(self, instrument):
        self._answer(f"open {instrument.symbol}")
        self.on_open()
        return Listing(self.open, self.is_complete)

    async def closed_orders(self, instrument, since_ns):
        self._answer(f"closed {instrument.symbol}")
        return Listing(self.closed, self.is_complete and self.is_closed_complete)

    async def order(self, order):
        self._answer(order.cl_ord_id)
        return self.by_id.get(order.cl_ord_id)


class Executions:
    """In place of Reconciliation: which orders' executions were fetched."""

    def __init__(self):
        self.fetched, self.problem = [], None

    async def fetch_executions(self, instrument, owing):
        if owing and self.problem is not None:
            raise self.problem
        self.fetched += [order.cl_ord_id for order in owing]

    def sent_since(self, orders):
        return min(order.decided_ns for order in orders)


class Gates:
    def __init__(self):
        self.denied = {}

    def deny_orders(self, reason):
        raise AssertionError("only symbols are denied here")

    def deny_symbol(self, instrument, reason):
        self.denied[instrument.symbol] = reason


class Bench:
    """An inquiry on a clock that moves when told."""

    def __init__(self):
        self.path, self.venue, self.clock, self.gates = Path(), Venue(), ManualClock(NOW_NS, 0), Gates()
        self.executions, self.life_ns = Executions(), EXPIRY_NS
        self.resolver = Resolver(deadline_ns=S, expiry_ns=EXPIRY_NS)
        self.readiness = Readiness(self.gates)
        self.inquiry = Inquiry(
            self.path.entry, self.venue, self.resolver, self.clock, self.executions, self.readiness,
            request_life_ns=lambda: self.life_ns, unknown_max=2, age_max_ns=30 * S,
        )  # fmt: skip

    def lose(self, count=1):
        orders = [self.path.submit(LIMIT, now_ns=self.clock.read_now_ns()) for _ in range(count)]
        for order in orders:
            lost = said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.NEW)
            self.path.hear(lost)
        return orders

    async def looks(self, seconds):
        """A look every half second."""
        for _ in range(round(2 * seconds)):
            await self.inquiry.look()
            self.clock.advance(S // 2)


@pytest.fixture
def bench():
    return Bench()


def shown(order, status=OrdStatus.NEW, **fields):
    return report_of(ExecType.STATUS, ReportSource.QUERY, cl_ord_id=order.cl_ord_id, ord_status=status,
                     reconciled=True, **fields)


async def test_nothing_is_asked_while_nothing_is_lost(bench):
    bench.path.submit(LIMIT)
    await bench.looks(3)
    assert bench.venue.asked == []


async def test_orders_in_the_open_list_are_resolved_by_one_question(bench):
    orders = bench.lose(5)
    bench.venue.open = [shown(order) for order in orders]
    await bench.looks(2)
    assert bench.venue.asked == ["open BTCUSDT"]
    assert {order.status for order in orders} == {OrdStatus.NEW}
    assert bench.path.strategy.names == ["unknown"] * 5 + ["ack"] * 5
    assert all(report.reconciled for name, _, report in bench.path.strategy.heard if name == "ack")
    assert bench.resolver.resolved_count == 5


async def test_done_orders_are_found_by_id_and_their_executions_fetched_first(bench):
    (order,) = bench.lose()
    bench.venue.by_id[order.cl_ord_id] = shown(order, OrdStatus.FILLED, cum_qty_lots=10, handle=order.handle)
    await bench.looks(2)
    assert bench.venue.asked == ["open BTCUSDT", order.cl_ord_id]
    assert bench.executions.fetched == [order.cl_ord_id]
    assert order.status == OrdStatus.FILLED


@pytest.mark.parametrize("problem", [RateLimited("no room for a minute", 60), ConnectionLost("gone")])
async def test_what_became_of_an_order_is_told_though_its_executions_cannot_be_had(bench, problem):
    """Where requests are few each look may be refused at this point (found by the simulation, 200000033270)."""
    (order,) = bench.lose()
    bench.venue.by_id[order.cl_ord_id] = shown(order, OrdStatus.FILLED, order_qty_lots=10, cum_qty_lots=10)
    bench.executions.problem = problem
    await bench.looks(1)
    assert (order.ord_status, order.cum_qty_lots, order.traded_qty_lots) == (OrdStatus.FILLED, 10, 0)
    assert bench.path.table.owing_executions() == [order], "who asks for them again goes by this"


async def test_many_lost_orders_are_looked_for_in_the_list_of_done_ones(bench):
    orders = bench.lose(50)
    bench.venue.closed = [shown(order, OrdStatus.CANCELED) for order in orders[:40]]
    await bench.looks(10)
    assert [order.status for order in orders] == [OrdStatus.CANCELED] * 40 + [OrdStatus.REJECTED] * 10
    assert len(bench.venue.asked) <= 12
    assert not any(question.startswith("T") for question in bench.venue.asked)


@pytest.mark.parametrize(
    ("asked_s", "takes_s", "listed_s"),
    [
        (8, 0, 1.5),  # they ended just before the first lists
        (5.5, 0, 2.5),  # they were taken in just before their life was over, and the first lists older than that
        (8, 5, 1.5),  # the first list was long in coming, and they ended before it came
    ],
)
async def test_an_order_in_neither_list_while_it_goes_from_one_to_the_other_is_not_proved_absent(
    bench, asked_s, takes_s, listed_s
):
    """Nobody could ask until its expiry had passed; all have been cancelled since, and the list of done ones lags."""
    orders = bench.lose(5)
    bench.venue.problem = ConnectionLost("away")
    bench.clock.advance(round(asked_s * S))
    await bench.looks(0.5)
    bench.venue.problem, asked_before = None, len(bench.venue.asked)
    bench.venue.on_open = lambda: bench.clock.advance(takes_s * S)
    while len(bench.venue.asked) == asked_before:
        await bench.looks(0.5)
    bench.venue.on_open = lambda: None
    await bench.looks(listed_s)
    bench.venue.closed = [shown(order, OrdStatus.CANCELED) for order in orders]
    await bench.looks(5)
    assert {order.status for order in orders} == {OrdStatus.CANCELED}
    assert (bench.path.strategy.names.count("reject"), bench.resolver.buried) == (0, [])


@pytest.mark.parametrize(
    "problem", [ConnectionLost("no such host"), PeerError("HTML"), RateLimited("wait", 3), OSError("no route")]
)
async def test_dns_outage_lost_orders(bench, problem):
    """An answer that did not come says nothing, however often it does not (hummingbot, 2026: six orders dropped)."""
    (order,) = bench.lose()
    bench.venue.problem = problem
    await bench.looks(600)
    assert (order.status, bench.resolver.resolved_count) == (OrdStatus.UNKNOWN, 0)
    bench.venue.problem = None
    bench.venue.open = [shown(order)]
    await bench.looks(16)
    assert order.status == OrdStatus.NEW


@pytest.mark.parametrize("count", [1, 5])  # asked for by id, and looked for in the list of done ones
async def test_a_list_that_is_not_all_proves_no_absence(bench, count):
    orders = bench.lose(count)
    bench.venue.is_complete = False
    await bench.looks(60)
    assert {order.status for order in orders} == {OrdStatus.UNKNOWN}


async def test_where_the_list_of_done_orders_is_not_all_lost_ones_are_asked_for_by_id_a_few_at_a_time(bench):
    """Two thousand orders have ended since, or rows of spot do not tell whose they are."""
    orders = bench.lose(8)
    bench.venue.is_closed_complete = False
    bench.venue.by_id[orders[7].cl_ord_id] = shown(orders[7], OrdStatus.CANCELED, handle=orders[7].handle)
    await bench.looks(60)
    assert [order.status for order in orders] == [OrdStatus.REJECTED] * 7 + [OrdStatus.CANCELED]
    by_id = [question for question in bench.venue.asked if question.startswith("T")]
    assert len(by_id) <= 3 * bench.venue.asked.count("open BTCUSDT")


async def test_orders_that_cannot_be_resolved_do_not_take_every_turn(bench):
    """The venue has named them, and does not know them any more: they stay unknown, and those behind them do not."""
    named, lost = bench.lose(4), bench.lose(4)
    for number, order in enumerate(named):
        order_id = f"{number:08x}-77b2-5d41-9c08-6a5e4d3c2b1a"
        bench.path.hear(said(ExecType.STATUS, handle=order.handle, order_id=order_id))
    bench.venue.is_closed_complete = False
    await bench.looks(90)
    assert {order.status for order in named} == {OrdStatus.UNKNOWN}
    assert {order.status for order in lost} == {OrdStatus.REJECTED}


async def test_nothing_is_proved_absent_while_the_venues_clock_is_in_doubt(bench):
    (order,) = bench.lose()
    bench.life_ns = None
    await bench.looks(60)
    assert order.status == OrdStatus.UNKNOWN
    bench.life_ns = EXPIRY_NS
    await bench.looks(17)
    assert order.status == OrdStatus.REJECTED


async def test_an_amend_is_not_called_void_while_the_venues_clock_is_in_doubt(bench):
    """Nobody can say then that it has expired, whatever was known before: it may still come into force."""
    order = bench.path.submit(LIMIT, now_ns=bench.clock.read_now_ns())
    bench.path.hear(said(ExecType.NEW, handle=order.handle))
    assert bench.path.entry.amend_order(order, order.price_ticks - 1, 0, bench.clock.read_now_ns()) == 0
    bench.venue.open = [shown(order, price_ticks=order.price_ticks)]
    bench.life_ns = None
    await bench.looks(60)
    assert order.is_amend_pending
    bench.life_ns = EXPIRY_NS
    await bench.looks(17)
    assert (order.is_amend_pending, bench.path.strategy.names[-1]) == (False, "reject")


async def test_absence_is_proved_within_three_seconds_of_the_expiry(bench):
    (order,) = bench.lose()
    await bench.looks(5)
    assert order.status == OrdStatus.UNKNOWN
    await bench.looks(3)
    assert order.status == OrdStatus.REJECTED
    assert order.cl_ord_id in bench.resolver.buried


async def test_what_was_asked_before_the_expiry_proves_nothing_however_late_the_answer(bench):
    """A question takes its time: the request may have been taken in behind what the answer shows."""
    (order,) = bench.lose()

    async def slow_order(order):
        bench.venue.asked.append(order.cl_ord_id)
        bench.clock.advance(EXPIRY_NS)

    bench.venue.order = slow_order
    await bench.looks(1)
    assert bench.venue.asked == ["open BTCUSDT", order.cl_ord_id]
    del bench.venue.order
    await bench.looks(1)
    assert bench.venue.asked[2:] == ["open BTCUSDT", order.cl_ord_id]  # the first that counts
    assert order.status == OrdStatus.UNKNOWN
    await bench.looks(1)
    assert order.status == OrdStatus.REJECTED


async def test_too_many_unknown_orders_halt_their_symbol_until_resolved(bench):
    orders = bench.lose(3)
    await bench.inquiry.look()
    assert bench.gates.denied == {"BTCUSDT": DenyReason.HALTED}
    assert "3 orders of unknown fate" in bench.readiness.of("BTCUSDT")
    bench.venue.open = [shown(order) for order in orders]
    await bench.looks(2)
    assert (bench.gates.denied, bench.readiness.symbols) == ({"BTCUSDT": DenyReason.NONE}, {})


async def test_one_order_unknown_for_too_long_halts_its_symbol(bench):
    bench.lose()
    bench.venue.problem = ConnectionLost("no way")
    await bench.looks(30)
    assert bench.gates.denied == {}
    await bench.looks(2)
    assert bench.gates.denied == {"BTCUSDT": DenyReason.HALTED}


async def test_a_late_sighting_is_told_and_the_order_counts_again(bench, caplog):
    (order,) = bench.lose()
    await bench.looks(8)
    assert order.status == OrdStatus.REJECTED
    bench.path.hear(said(ExecType.NEW, handle=order.handle))
    await bench.inquiry.look()
    assert order.status == OrdStatus.NEW
    assert bench.inquiry.late_sighting_count == 1
    assert f"order {order.cl_ord_id} was proved never to have reached" in caplog.text
    await bench.inquiry.look()
    assert bench.inquiry.late_sighting_count == 1


async def test_a_late_sighting_of_a_forgotten_order_is_told(bench, caplog):
    (order,) = bench.lose()
    await bench.looks(8)
    bench.inquiry.hear_foreign(shown(order))
    assert bench.inquiry.late_sighting_count == 1
    assert "CRITICAL" in caplog.text


async def test_an_amend_that_was_answered_and_never_told_of_again_is_asked_about(bench):
    """Its Replaced was lost on the stream (found by the simulation, seed 48)."""
    order = bench.path.submit(LIMIT, now_ns=bench.clock.read_now_ns())
    bench.path.hear(said(ExecType.NEW, handle=order.handle))
    await bench.looks(1)
    assert bench.path.entry.amend_order(order, order.price_ticks - 1, 0, bench.clock.read_now_ns()) == 0
    bench.venue.open = [shown(order, price_ticks=order.price_ticks - 1)]
    await bench.looks(8)
    assert bench.venue.asked
    assert (order.ord_status, order.is_amend_pending) == (OrdStatus.NEW, False)
