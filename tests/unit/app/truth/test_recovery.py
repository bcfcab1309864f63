"""Recovery: what earlier sessions left, on today's catalogue and by today's clocks."""

from types import SimpleNamespace

import pytest
from engine_samples import Path
from order_samples import INVERSE, LIMIT, LINEAR, said, trade
from paged_disk import PagedDisk

from tidings.app.truth.journal_home import JournalHome
from tidings.app.truth.recovery import recover
from tidings.app.world import World
from tidings.clock import ManualClock
from tidings.engine.order_table import ExecIDSet
from tidings.errors import UsageError
from tidings.journal.entries import SessionEntry, encode
from tidings.journal.order_journal import OrderJournal
from tidings.journal.record import SEGMENT_BYTES_BEFORE, RecordWriter, scan
from tidings.journal.stories import replay
from tidings.model.enums import ExecType, Side
from tidings.model.instrument import Instrument
from tidings.model.order import apply_report, make_order
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms

S = 1_000_000_000
WALL_NS = 1_795_000_000 * S


class Listed:
    """A catalogue."""

    def __init__(self, *instruments):
        self.find = {instrument.symbol: instrument for instrument in instruments}.get


def left_behind(*orders, boot_id="boot-1", expiry_s=5, wall_ns=WALL_NS):
    """What a killed session's journal says: `orders` are (terms, numbers, decided_ns, reports)."""
    journal = OrderJournal(RecordWriter(), ManualClock(1, wall_ns), PagedDisk().map_segment("a", 65536))
    session = SessionEntry(prefix="T", prefix_ms=1, expiry_s=expiry_s, mode="crash", boot_id=boot_id)
    journal.append_bytes(*encode(session), 1)
    for handle, (terms, numbers, reports) in enumerate(orders, 1):
        order = make_order(terms, handle=handle, cl_ord_id=f"T00000000A{handle:010d}", **numbers)
        journal.note("new", order, now_ns=1)
        for report in reports:
            journal.note("report", order, report, apply_report(order, report), now_ns=1)
    return replay(scan(bytes(journal.current.buffer), SEGMENT_BYTES_BEFORE))


class Restart:
    """The next engine, `up_s` after that."""

    def __init__(self, past, *, products=None, boot_id="boot-1", expiry_s=5, up_s=100, wall_ns=WALL_NS + 100 * S):
        self.path = Path()
        self.executions = ExecIDSet(1000)
        self.home = home = JournalHome(OrderJournal(), ClOrdIDMaker(wall_ns=1), past, boot_id=boot_id)
        path = SimpleNamespace(entry=self.path.entry, executions=self.executions)
        world = World(ManualClock(up_s * S, wall_ns))
        self.sent_ns = {}
        resolver = SimpleNamespace(count_from=self.count_from)
        self.found = recover(home, path, products or Listed(LINEAR, INVERSE), expiry_s, world, resolver)

    def count_from(self, order, sent_ns, longer_ns):
        self.sent_ns[order.handle] = sent_ns + longer_ns


BID = (LIMIT, {"price_ticks": 612_500, "order_qty_lots": 10}, [])


def test_open_orders_are_adopted_and_ended_ones_are_not():
    past = left_behind(
        BID,
        (LIMIT, BID[1], [said(ExecType.NEW), said(ExecType.CANCELED)]),
        (LIMIT, BID[1], [said(ExecType.NEW), trade(4, 4)]),
    )
    restart = Restart(past)
    assert [order.cl_ord_id[-1] for order in restart.found] == ["1", "3"]
    assert [order.cum_qty_lots for order in restart.found] == [0, 4]
    assert (restart.path.table.unknown_count, restart.home.unadopted_count) == (2, 0)


def test_everything_about_an_order_comes_back():
    terms = OrderTerms(INVERSE, Side.SELL, exec_inst=1, pos_side=2, stp=1, text="mine", owner=3)
    numbers = {"price_ticks": 122_500, "order_qty_lots": 7, "display_qty_lots": 2}
    (order,) = Restart(left_behind((terms, numbers, []))).found
    assert order.terms.key == terms.key
    assert {name: getattr(order, name) for name in numbers} == numbers


def test_executions_that_were_counted_are_not_counted_again():
    fill = trade(4, 4)
    restart = Restart(left_behind((LIMIT, BID[1], [fill, said(ExecType.CANCELED)])))
    assert restart.found == []
    words = int(fill.exec_id.replace("-", ""), 16)
    assert not restart.executions.add_new(words >> 64, words & (2**64 - 1))


# ---- When it was sent, at the latest ---------------------------------------------------------------------------------


def past_of(decided_s):
    past = left_behind(BID)
    story = past.stories["T00000000A0000000001"]
    story.intent = story.intent._replace(decided_ns=decided_s * S)
    return past


@pytest.mark.parametrize(
    ("what", "decided_s", "options", "sent_s"),
    [
        ("the same run of the machine", 40, {}, 40),
        ("the wall clock says later", 0, {"wall_ns": WALL_NS + 10 * S}, 90),
        ("the wall clock was set back", 40, {"wall_ns": WALL_NS - 10 * S}, 100),
        ("another run of the machine", 40, {"boot_id": "boot-2"}, 100),
        ("no boot id", 40, {"boot_id": ""}, 100),
        ("its requests lived longer than ours", 40, {"expiry_s": 2}, 43),
        ("its requests lived shorter than ours", 40, {"expiry_s": 60}, 40),
        ("a monotonic clock of another kind", 4000, {}, 100),
    ],
)
def test_latest_moment_it_can_have_been_sent(what, decided_s, options, sent_s):
    restart = Restart(past_of(decided_s), **options)
    assert restart.sent_ns == {1: sent_s * S}
    assert restart.found[0].decided_ns <= min(100, sent_s) * S


def test_order_of_an_earlier_run_of_the_machine_is_of_long_ago():
    (order,) = Restart(past_of(40), boot_id="boot-2").found
    assert order.decided_ns == 0


# ---- Today's catalogue -----------------------------------------------------------------------------------------------


def other_grid(**changes):
    fields = {
        "symbol": "BTCUSDT", "line": 1, "index": 0, "base_currency": "BTC", "quote_currency": "USDT",
        "settle_currency": "USDT", "price_scale": 1, "tick_mantissa": 1, "qty_scale": 3, "lot_mantissa": 1,
    }  # fmt: skip
    return Instrument(**{**fields, **changes})


def test_grid_that_has_changed_since_is_converted_exactly():
    fill = trade(4, 4)
    finer = other_grid(price_scale=2, qty_scale=4)
    (order,) = Restart(left_behind((LIMIT, BID[1], [said(ExecType.NEW), fill])), products=Listed(finer)).found
    assert (order.price_ticks, order.order_qty_lots, order.cum_qty_lots) == (6_125_000, 100, 40)
    assert str(order.avg_px) == "61250.00"


@pytest.mark.parametrize("instrument", [other_grid(tick_mantissa=11), other_grid(lot_mantissa=3), other_grid(line=2)])
def test_order_that_fits_no_grid_any_more_is_told_and_left_to_people(instrument, caplog):
    restart = Restart(left_behind(BID, BID), products=Listed(instrument))
    assert (restart.found, restart.home.unadopted_count) == ([], 2)
    assert "T00000000A0000000001" in caplog.text and "cancel it by hand" in caplog.text


def test_order_in_a_symbol_that_is_gone_is_told(caplog):
    assert Restart(left_behind(BID), products=Listed(INVERSE)).found == []
    assert "not in the venue's catalogue" in caplog.text


def test_more_open_orders_than_the_table_holds_is_an_error():
    past = left_behind(*[BID] * 65)
    with pytest.raises(UsageError, match="raise order_memory"):
        Restart(past)
