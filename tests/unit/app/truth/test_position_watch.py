"""Positions against the account query: the first word, differences that stay, executions of others."""

import pytest
from market_instruments import INSTRUMENTS, INVERSE, LINEAR

from tidings.app.readiness import Readiness
from tidings.app.truth.position_watch import PositionWatch
from tidings.clock import ManualClock
from tidings.engine.order_table import ExecIDSet
from tidings.engine.reconcile import DIFFERS_AFTER_NS, VenuePosition
from tidings.model.enums import DenyReason, ExecType, PosSide, ReportSource, Side
from tidings.model.execution_report import report_of, uuid_words
from tidings.model.position import Positions

EXEC_IDS = ["0f3a9c1e-77b2-5d41-9c08-6a5e4d3c2b1a", "1f3a9c1e-77b2-5d41-9c08-6a5e4d3c2b1a"]


class Catalogue(list):
    """In place of Products."""

    def find(self, symbol):
        return INSTRUMENTS.get(symbol)


class Venue:
    """In place of Evidence: the positions a test sets."""

    def __init__(self):
        self.rows, self.hedged, self.asked = [], {}, []

    def wall_ns(self, now_ns):
        return now_ns

    async def positions(self, line, currency, find):
        self.asked.append(currency)
        rows = [row for row in self.rows if (row.instrument.line, row.instrument.settle_currency) == (line, currency)]
        return rows, dict(self.hedged)


class Gates:
    def __init__(self):
        self.denied = {}

    def deny_orders(self, reason):
        raise AssertionError("only symbols are denied here")

    def deny_symbol(self, instrument, reason):
        self.denied[instrument.symbol] = reason


class Bench:
    def __init__(self):
        self.venue, self.positions, self.gates, self.clock = Venue(), Positions(), Gates(), ManualClock(1, 1)
        self.modes, self.counted = {}, ExecIDSet(100)
        self.readiness = Readiness(self.gates)
        self.watch = PositionWatch(
            self.venue, self.positions, Catalogue(INSTRUMENTS.values()), self.readiness, self.clock,
            self.modes.__setitem__, self.counted,
        )  # fmt: skip

    def tell(self, lots, time_ns=100, instrument=LINEAR, pos_side=PosSide.MERGED):
        self.venue.rows = [VenuePosition(instrument, pos_side, lots, time_ns)]

    async def differs(self):
        return [instrument.symbol for instrument in await self.watch.compare()]


@pytest.fixture
def bench():
    return Bench()


async def test_a_list_that_lags_behind_the_stream_takes_its_word_not_back(bench):
    position = bench.positions.of(LINEAR.symbol)
    position.tell(0, 100)
    position.apply_fill(Side.BUY, 7, 200)
    position.tell(7, 200)
    bench.tell(0, 100)
    assert await bench.differs() == [LINEAR.symbol], "looked at once more"
    assert (position.net_qty_lots, position.venue_qty_lots) == (7, 7)


def execution(exec_id, side=Side.SELL, lots=2, time_ns=500, symbol="BTCUSDT"):
    return report_of(ExecType.TRADE, ReportSource.STREAM, symbol=symbol, side=side, exec_id=exec_id,
                     last_qty_lots=lots, transact_time_ns=time_ns)


async def test_every_contract_account_is_asked_and_the_first_word_is_taken(bench):
    bench.tell(5)
    bench.venue.hedged = {"BTCUSD": False, "BTCUSDT": True}
    assert await bench.differs() == []
    assert bench.venue.asked == ["BTC", "USDT"]
    assert bench.modes == {"BTCUSD": False, "BTCUSDT": True}
    assert bench.positions.of("BTCUSDT").net_qty_lots == 5
    assert [instrument.symbol for instrument in bench.watch.held()] == ["BTCUSDT"]


async def test_flat_positions_nobody_spoke_of_are_not_made(bench):
    bench.tell(0)
    await bench.differs()
    assert list(bench.positions) == []


async def test_only_accounts_where_something_is_held_are_asked_in_most_rounds(bench):
    bench.tell(5)
    await bench.watch.compare()
    bench.venue.asked.clear()
    await bench.watch.compare(held_only=True)
    assert bench.venue.asked == ["USDT"]


async def test_a_difference_that_stays_halts_and_an_explanation_lifts_it(bench):
    bench.tell(5)
    await bench.differs()
    bench.tell(3, 600)
    assert await bench.differs() == ["BTCUSDT"]
    assert bench.gates.denied == {}
    bench.clock.advance(DIFFERS_AFTER_NS)
    assert await bench.differs() == ["BTCUSDT"]
    assert bench.gates.denied == {"BTCUSDT": DenyReason.HALTED}
    assert "holds 3 lots" in bench.readiness.of("BTCUSDT")
    bench.watch.count_external(execution(EXEC_IDS[0]))
    assert await bench.differs() == []
    assert (bench.gates.denied["BTCUSDT"], bench.readiness.symbols) == (DenyReason.NONE, {})


async def test_a_position_the_list_leaves_out_is_flat_there(bench):
    bench.tell(5)
    await bench.differs()
    bench.venue.rows = [VenuePosition(INVERSE, PosSide.MERGED, 0, 100)]
    assert await bench.differs() == ["BTCUSDT"]
    bench.clock.advance(DIFFERS_AFTER_NS)
    assert await bench.differs() == ["BTCUSDT"]
    assert "holds 0 lots" in bench.readiness.of("BTCUSDT")


async def test_an_execution_of_others_counts_once_and_only_after_the_first_word(bench):
    bench.watch.count_external(execution(EXEC_IDS[0]))
    bench.tell(5, 500)
    await bench.differs()
    bench.watch.count_external(execution(EXEC_IDS[0], time_ns=500))
    assert bench.positions.of("BTCUSDT").net_qty_lots == 5
    for _ in range(2):
        bench.watch.count_external(execution(EXEC_IDS[1], time_ns=501))
    assert bench.positions.of("BTCUSDT").net_qty_lots == 3


async def test_an_execution_of_an_order_of_ours_that_is_forgotten_does_not_count_again(bench):
    """A list goes back to when a resting order was sent: the table has forgotten what was done since."""
    bench.tell(5)
    await bench.differs()
    bench.counted.add_new(*uuid_words(EXEC_IDS[0]))
    bench.watch.count_external(execution(EXEC_IDS[0]), PosSide.MERGED)
    assert bench.positions.of("BTCUSDT").net_qty_lots == 5
    bench.watch.count_external(execution(EXEC_IDS[1]), PosSide.MERGED)
    assert bench.positions.of("BTCUSDT").net_qty_lots == 3


async def test_many_executions_of_others_are_told_now_and_then(bench, caplog):
    bench.tell(500, 500)
    await bench.differs()
    for number in range(25):
        exec_id = f"{number:08x}-77b2-5d41-9c08-6a5e4d3c2b1a"
        bench.watch.count_external(execution(exec_id, time_ns=501 + number))
        bench.clock.advance(1_000_000_000)
    told = [record.getMessage() for record in caplog.records if "not of this session" in record.getMessage()]
    assert ["more since" in text for text in told] == [False, True, True]
    assert "(9 more since the last one that was told)" in told[1]


async def test_in_hedged_mode_an_execution_counts_where_the_list_says(bench):
    bench.tell(-5, pos_side=PosSide.SHORT)
    bench.venue.hedged = {"BTCUSDT": True}
    await bench.differs()
    bench.watch.count_external(execution(EXEC_IDS[0]))
    assert bench.positions.of("BTCUSDT", PosSide.SHORT).net_qty_lots == -5
    bench.watch.count_external(execution(EXEC_IDS[0]), PosSide.SHORT)
    assert bench.positions.of("BTCUSDT", PosSide.SHORT).net_qty_lots == -7


async def test_accepted_is_what_the_venue_said(bench):
    bench.tell(4, instrument=INVERSE)
    await bench.differs()
    bench.tell(9, instrument=INVERSE)
    await bench.differs()
    bench.clock.advance(DIFFERS_AFTER_NS)
    await bench.differs()
    assert bench.readiness.has(INVERSE, "position")
    bench.watch.accept("BTCUSD")
    assert (bench.positions.of("BTCUSD").net_qty_lots, bench.readiness.symbols) == (9, {})
    assert await bench.differs() == []
