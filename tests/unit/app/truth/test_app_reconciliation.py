"""Which symbols are compared when, and what keeps them denied: outages behind one another, orders that vanished."""

from uuid import UUID

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path
from market_instruments import INSTRUMENTS
from order_samples import INVERSE, LINEAR, T0, said, trade

from tidings.app.readiness import Readiness
from tidings.app.truth.foreign_orders import ForeignOrders
from tidings.app.truth.reconciliation import Reconciliation
from tidings.clock import ManualClock
from tidings.engine.reconcile import Listing, VenueExecution
from tidings.errors import ConnectionLost, PeerError, RateLimited
from tidings.model.enums import DenyReason, ExecType, OrdStatus, PosSide, ReportSource, Side
from tidings.model.execution_report import report_of
from tidings.model.terms import OrderTerms

S = 1_000_000_000
INVERSE_PX_TICKS = 122_500


class Venue:
    """In place of Evidence: lists as a test sets them, and by its id an order that is in `ended`, `asks_left` times."""

    def __init__(self):
        self.open, self.problem, self.wallets = {}, None, {}
        self.problem_of, self.too_long, self.asked = {}, (), []  # by symbol; symbols whose open orders were asked for
        self.ended, self.asks_left = {}, 1_000
        self.fills, self.fills_problem, self.fills_since_ns = [], None, []

    async def open_orders(self, instrument):
        self.asked.append(instrument.symbol)
        problem = self.problem or self.problem_of.get(instrument.symbol)
        if problem is not None:
            raise problem
        return Listing(self.open.get(instrument.symbol, []), instrument.symbol not in self.too_long)

    async def order(self, order):
        if not self.asks_left:
            raise ConnectionLost("no request is left in this minute")
        self.asks_left -= 1
        return self.ended.get(order.handle)

    async def executions(self, instrument, since_ns):
        self.fills_since_ns.append(since_ns)
        if self.fills_problem is not None:
            raise self.fills_problem
        return self.fills

    async def balances(self):
        return self.wallets

    def wall_ns(self, now_ns):
        return now_ns + T0


class Watch:
    """In place of PositionWatch: nothing is held, and all agrees."""

    def __init__(self):
        self.external, self.compare_count, self.differing, self.problem = [], 0, [], None

    def count_external(self, report, pos_side=None):
        self.external.append(report.exec_id)

    def held(self):
        return []

    async def compare(self, *, held_only=False):
        self.compare_count += 1
        if self.problem is not None:
            raise self.problem
        return list(self.differing)


class Gates:
    """In place of the gateway."""

    def __init__(self):
        self.all, self.denied = DenyReason.NONE, {}

    def deny_orders(self, reason):
        self.all = reason

    def deny_symbol(self, instrument, reason):
        self.denied[instrument.symbol] = reason


class Catalogue:
    """In place of Products."""

    def find(self, symbol):
        return INSTRUMENTS.get(symbol)


class Bench:
    def __init__(self):
        self.path, self.venue, self.clock, self.gates = Path(), Venue(), ManualClock(NOW_NS, 0), Gates()
        self.readiness, self.watch = Readiness(self.gates), Watch()
        self.reconciliation = Reconciliation(
            self.path.entry, self.venue, self.watch, Catalogue(), self.readiness, self.clock,
            interval_ns=5 * S, requests_per_minute=500, foreign=ForeignOrders(),
        )  # fmt: skip

    def working(self, instrument, price_ticks=LAST_PX_TICKS):
        order = self.path.submit(OrderTerms(instrument, Side.BUY), 10, price_ticks, self.clock.read_now_ns())
        self.path.hear(said(ExecType.NEW, handle=order.handle, price_ticks=price_ticks, order_qty_lots=10))
        return order

    async def looks(self, seconds):
        for _ in range(5 * seconds):
            self.clock.advance(S // 5)
            await self.reconciliation.look()


@pytest.fixture
def bench():
    return Bench()


def listed(order, **fields):
    return report_of(ExecType.STATUS, ReportSource.QUERY, cl_ord_id=order.cl_ord_id, ord_status=OrdStatus.NEW,
                     reconciled=True, **fields)


def partly_filled(order, cum_qty_lots):
    return report_of(ExecType.STATUS, ReportSource.QUERY, cl_ord_id=order.cl_ord_id, reconciled=True,
                     ord_status=OrdStatus.PARTIALLY_FILLED, order_qty_lots=10, cum_qty_lots=cum_qty_lots,
                     leaves_qty_lots=10 - cum_qty_lots)


def fill_of(order, qty_lots):
    return report_of(ExecType.TRADE, ReportSource.QUERY, cl_ord_id=order.cl_ord_id, reconciled=True,
                     exec_id="0aa46ee8-2e1c-5b3f-9d1b-4d5a3a0e6c11", last_qty_lots=qty_lots,
                     last_px_ticks=LAST_PX_TICKS)


def of_others(exec_id_begins, time_ns):
    return report_of(ExecType.TRADE, ReportSource.QUERY, cl_ord_id="by-hand", symbol=LINEAR.symbol, side=Side.BUY,
                     exec_id=f"{exec_id_begins}-2e1c-5b3f-9d1b-4d5a3a0e6c11", last_qty_lots=1,
                     last_px_ticks=LAST_PX_TICKS, transact_time_ns=time_ns)


async def test_what_one_outage_denied_is_compared_in_the_next_though_nothing_is_open_any_more(bench):
    order = bench.working(LINEAR)
    bench.venue.problem = ConnectionLost("away")
    bench.reconciliation.begin("the account stream was down")
    await bench.looks(1)
    assert bench.gates.denied == {LINEAR.symbol: DenyReason.NOT_READY}
    bench.path.hear(said(ExecType.CANCELED, handle=order.handle))
    bench.reconciliation.begin("the account stream was down")
    bench.venue.problem = None
    await bench.looks(2)
    assert (bench.readiness.symbols, bench.reconciliation.is_behind) == ({}, False)
    assert bench.gates.denied == {LINEAR.symbol: DenyReason.NONE}


async def test_an_order_that_vanished_halts_its_symbol_though_others_are_compared_in_between(bench):
    bench.working(LINEAR)
    bench.venue.open[INVERSE.symbol] = [listed(bench.working(INVERSE, INVERSE_PX_TICKS))]
    await bench.looks(75)      # balances where nothing is open: every sixth round, and it takes two
    assert bench.gates.denied == {LINEAR.symbol: DenyReason.HALTED}
    assert "neither lists it nor knows how it ended" in bench.readiness.of(LINEAR.symbol)


@pytest.mark.parametrize("too_long", [(), (LINEAR.symbol,)])
async def test_an_order_that_ended_here_and_stays_listed_is_looked_at_told_and_counted_as_open(bench, caplog, too_long):
    order, bench.venue.too_long = bench.working(LINEAR), too_long
    bench.venue.open[LINEAR.symbol] = [listed(order, order_id=str(UUID(int=6)), symbol=LINEAR.symbol)]
    bench.path.hear(said(ExecType.CANCELED, handle=order.handle))
    other = bench.working(LINEAR)  # for which its list is asked for
    bench.venue.open[LINEAR.symbol].append(listed(other, order_id=str(UUID(int=7)), symbol=LINEAR.symbol))
    await bench.looks(4)
    bench.path.hear(said(ExecType.CANCELED, handle=other.handle))
    del bench.venue.open[LINEAR.symbol][1]
    foreign = bench.reconciliation.foreign
    assert foreign.all() == []
    await bench.looks(10)
    foreign.tell_alarms()
    assert (order.status, [shown.cl_ord_id for shown in foreign.all()]) == (OrdStatus.CANCELED, [order.cl_ord_id])
    assert [record.args[0] for record in caplog.records if record.name == "tidings.account"] == [order.cl_ord_id]
    bench.venue.open, bench.venue.too_long = {}, ()  # it is gone after all
    await bench.looks(15)
    assert foreign.all() == []


async def test_a_symbol_whose_answers_cannot_be_read_does_not_keep_others_from_being_compared(bench):
    bench.working(LINEAR)  # of the lower index
    other = bench.working(INVERSE, INVERSE_PX_TICKS)
    bench.venue.open[INVERSE.symbol] = [listed(other)]
    bench.venue.problem_of[LINEAR.symbol] = PeerError("a row that cannot be read")
    bench.reconciliation.begin("just connected")
    await bench.looks(4)
    assert (bench.readiness.of(INVERSE.symbol), bench.reconciliation.is_behind) == ("", True)
    assert "comparing its orders" in bench.readiness.of(LINEAR.symbol)
    assert bench.readiness.of(LINEAR.symbol).endswith("tried again: a row that cannot be read")
    bench.venue.asked.clear()
    compare_count = bench.watch.compare_count
    await bench.looks(30)  # its rounds go on, and those of positions
    assert bench.venue.asked.count(INVERSE.symbol) >= 5
    assert bench.watch.compare_count >= compare_count + 5


async def test_positions_that_cannot_be_compared_deny_all_and_say_why(bench):
    bench.watch.problem = PeerError("a position that cannot be read")
    bench.reconciliation.begin("just connected")
    await bench.looks(2)
    assert bench.gates.all == DenyReason.NOT_READY
    assert bench.readiness.reason.endswith("tried again: a position that cannot be read")
    bench.watch.problem = None
    await bench.looks(2)
    assert (bench.gates.all, bench.readiness.reason) == (DenyReason.NONE, "")


async def test_in_rounds_too_a_symbol_that_fails_is_no_wall_to_those_behind_it(bench):
    bench.working(LINEAR)  # of the lower index
    other = bench.working(INVERSE, INVERSE_PX_TICKS)
    await bench.looks(1)
    bench.venue.problem_of[LINEAR.symbol] = PeerError("a row that cannot be read")
    bench.venue.ended[other.handle] = report_of(
        ExecType.STATUS, ReportSource.QUERY, handle=other.handle, ord_status=OrdStatus.CANCELED, reconciled=True
    )
    compare_count = bench.watch.compare_count
    await bench.looks(20)
    assert other.is_done
    assert bench.watch.compare_count >= compare_count + 3


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("is_outage", [False, True])
async def test_an_order_that_vanished_is_asked_about_until_it_is_explained_and_not_each_second(bench, is_outage, ends):
    order = bench.working(LINEAR)
    bench.clock.advance(2 * S)
    if is_outage:
        bench.reconciliation.begin("the account stream was down")
    await bench.looks(10)
    assert bench.gates.denied[LINEAR.symbol] == DenyReason.HALTED
    asked_count = len(bench.venue.asked)
    await bench.looks(60)
    assert 10 <= len(bench.venue.asked) - asked_count <= 13
    if ends:  # its stream tells so late, and nothing is open here any more
        bench.path.hear(said(ExecType.CANCELED, handle=order.handle))
    else:  # it is there after all
        bench.venue.open[LINEAR.symbol] = [listed(order)]
    await bench.looks(6)
    assert (bench.readiness.symbols, bench.reconciliation.is_behind) == ({}, False)


async def test_an_order_that_an_outage_leaves_unexplained_does_not_end_the_rounds(bench):
    bench.working(LINEAR)  # the venue neither lists it nor knows how it ended
    bench.clock.advance(2 * S)
    bench.reconciliation.begin("the account stream was down")
    await bench.looks(4)
    assert bench.gates.denied[LINEAR.symbol] == DenyReason.HALTED
    other = bench.working(INVERSE, INVERSE_PX_TICKS)
    bench.venue.ended[other.handle] = report_of(
        ExecType.STATUS, ReportSource.QUERY, handle=other.handle, ord_status=OrdStatus.CANCELED, reconciled=True
    )
    await bench.looks(10)  # its end was left out by the stream
    assert other.is_done


async def test_behind_an_outage_a_symbol_whose_position_differs_is_not_ready_until_it_agrees(bench):
    """What the outage hid may be told by no list yet: limits that count on a wrong position let too much through."""
    bench.watch.differing = [LINEAR]
    bench.reconciliation.begin("the account stream was down")
    await bench.looks(2)
    assert (bench.gates.all, bench.gates.denied) == (DenyReason.NONE, {LINEAR.symbol: DenyReason.NOT_READY})
    assert "its position differs" in bench.readiness.of(LINEAR.symbol)
    bench.watch.differing = []
    await bench.looks(2)
    assert (bench.readiness.symbols, bench.reconciliation.is_behind) == ({}, False)


async def test_a_position_that_others_move_all_the_time_keeps_its_symbol_back_for_seconds_only(bench):
    bench.watch.differing = [LINEAR]
    bench.reconciliation.begin("the account stream was down")
    await bench.looks(4)
    assert bench.gates.denied == {LINEAR.symbol: DenyReason.NOT_READY}
    await bench.looks(4)
    assert (bench.readiness.symbols, bench.reconciliation.is_behind) == ({}, False)


async def test_a_difference_that_has_halted_its_symbol_is_no_outage_any_more(bench):
    bench.watch.differing = [LINEAR]
    bench.reconciliation.begin("the account stream was down")
    await bench.looks(2)
    bench.readiness.deny(LINEAR, "position", DenyReason.HALTED, "find out why")
    await bench.looks(2)
    assert (bench.readiness.symbols, bench.reconciliation.is_behind) == ({LINEAR.symbol: "find out why"}, False)


async def test_a_difference_that_waits_for_a_person_is_not_asked_about_each_second(bench):
    bench.watch.differing = [LINEAR]
    await bench.looks(5)
    assert bench.watch.compare_count >= 4
    bench.readiness.deny(LINEAR, "position", DenyReason.HALTED, "find out why")
    await bench.looks(1)
    compare_count = bench.watch.compare_count
    await bench.looks(60)
    assert 10 <= bench.watch.compare_count - compare_count <= 13


async def test_where_requests_are_few_each_look_leaves_fewer_orders_missing(bench):
    orders = [bench.working(LINEAR) for _ in range(3)]
    for order in orders:
        bench.venue.ended[order.handle] = report_of(
            ExecType.STATUS, ReportSource.QUERY, handle=order.handle, ord_status=OrdStatus.CANCELED, reconciled=True
        )
    for missing_count in (2, 1, 0):
        bench.venue.asks_left = 1
        await bench.looks(20)
        assert sum(not order.is_done for order in orders) == missing_count


async def test_executions_that_could_not_be_asked_for_are_asked_for_again_however_often_that_was(bench):
    order = bench.working(LINEAR)
    bench.venue.open[LINEAR.symbol] = [partly_filled(order, 4)]
    bench.venue.fills_problem = RateLimited("no room for a minute", 60)
    await bench.looks(240)
    told = (OrdStatus.PARTIALLY_FILLED, 4, 0)  # the venue's list has said it: only its executions have to wait
    assert (order.ord_status, order.cum_qty_lots, order.traded_qty_lots) == told
    bench.venue.fills_problem = None
    bench.venue.fills = [VenueExecution(fill_of(order, 4), PosSide.MERGED)]
    await bench.looks(6)
    assert (order.ord_status, order.cum_qty_lots, order.traded_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 4, 4)


async def test_executions_of_others_count_from_when_positions_agreed_however_far_the_list_goes_back(bench):
    """An order that rests for hours fills unheard: what others did all the while was counted then."""
    order = bench.working(LINEAR)
    bench.clock.advance(3 * 3600 * S)
    await bench.looks(6)  # all positions agree
    now_ns = bench.venue.wall_ns(bench.clock.read_now_ns())
    bench.venue.open[LINEAR.symbol] = [partly_filled(order, 4)]
    bench.venue.fills = [
        VenueExecution(of_others("0fa46ee8", now_ns - 3600 * S)),
        VenueExecution(of_others("1fa46ee8", now_ns - 10 * S)),
        VenueExecution(fill_of(order, 4), PosSide.MERGED),
    ]
    await bench.looks(6)
    assert order.traded_qty_lots == 4
    assert bench.watch.external == ["1fa46ee8-2e1c-5b3f-9d1b-4d5a3a0e6c11"]


async def test_executions_are_asked_for_since_a_list_showed_that_none_was_missing(bench):
    """A quote of this morning is filled unheard: the executions of the whole day are more than there are requests."""
    order, other = bench.working(LINEAR), bench.working(LINEAR)
    bench.venue.open[LINEAR.symbol] = [listed(order, cum_qty_lots=0), listed(other, cum_qty_lots=0)]
    bench.clock.advance(6 * 3600 * S)
    await bench.looks(10)
    filled_ns = bench.clock.read_now_ns()
    bench.venue.open[LINEAR.symbol] = [partly_filled(order, 4), listed(other, cum_qty_lots=0)]
    await bench.looks(10)
    assert filled_ns - 70 * S < bench.venue.fills_since_ns[0] < filled_ns - 60 * S
    bench.venue.open[LINEAR.symbol] = [partly_filled(order, 4), listed(other)]  # a row that does not tell
    bench.venue.fills = [VenueExecution(fill_of(order, 4), PosSide.MERGED)]
    await bench.looks(10)
    assert (order.traded_qty_lots, bench.venue.fills_since_ns[-1]) == (4, bench.venue.fills_since_ns[0])


async def test_an_execution_heard_later_does_not_hide_that_an_earlier_one_is_missing(bench):
    order = bench.working(LINEAR)
    bench.venue.open[LINEAR.symbol] = [listed(order, cum_qty_lots=0)]
    await bench.looks(6)
    missed_ns = bench.clock.read_now_ns()
    bench.venue.open[LINEAR.symbol] = [partly_filled(order, 4)]
    bench.venue.fills_problem = RateLimited("no room for minutes", 60)
    await bench.looks(200)
    now_ns = bench.venue.wall_ns(bench.clock.read_now_ns())
    # The next one, which does not tell how much has filled; the list lags, and shows as much of the first.
    bench.path.hear(trade(4, -(2**63), handle=order.handle, transact_time_ns=now_ns))
    await bench.looks(6)
    bench.venue.open[LINEAR.symbol] = [partly_filled(order, 8)]
    bench.venue.fills_problem = None
    await bench.looks(6)
    assert bench.venue.fills_since_ns[-1] < missed_ns


async def test_executions_that_the_venue_never_lists_are_given_up_by_name(bench, caplog):
    order = bench.working(LINEAR)
    bench.venue.open[LINEAR.symbol] = [partly_filled(order, 4)]
    await bench.looks(240)
    assert (order.cum_qty_lots, order.traded_qty_lots) == (4, 0)
    assert [r.message for r in caplog.records if order.cl_ord_id in r.message and "lists no executions" in r.message]


async def test_only_balances_that_the_stream_can_tell_are_missed_in_it(bench, caplog):
    ours = {"BTC": 100_000_000}
    bench.reconciliation.keep_balances(ours, {"BTC": 8, "USDT": 8})
    bench.venue.wallets = {"BTC": 150_000_000, "USDC": 50_000_000_000_000}     # no pair trades USDC here
    await bench.looks(75)      # balances where nothing is open: every sixth round, and it takes two
    assert ours == {"BTC": 150_000_000}
    assert [record.getMessage() for record in caplog.records if "balance" in record.getMessage()] == [
        "the stream left out a change of the BTC balance: the venue has 1.50000000"
    ]
