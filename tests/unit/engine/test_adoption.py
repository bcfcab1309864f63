"""Orders of earlier sessions: lived through again from the journal, found by their ClOrdID, of unknown fate."""

import random
from uuid import UUID

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path
from order_samples import LIMIT, LINEAR, STOP_LIMIT, said, trade
from paged_disk import PagedDisk

from tidings.clock import ManualClock
from tidings.engine.adoption import adopt_order, live_through
from tidings.journal.entries import ChangeEntry, OutcomeEntry, RecordKind, decode
from tidings.journal.order_journal import OrderJournal
from tidings.journal.record import SEGMENT_BYTES_BEFORE, RecordWriter, scan
from tidings.journal.stories import replay
from tidings.model.enums import DenyReason, ExecType, OrdStatus, ReportSource, RequestKind, Side
from tidings.model.execution_report import uuid_words
from tidings.model.order import make_order
from tidings.model.terms import OrderTerms

OLD = "T00000000A0000000017"
NUMBERS = {"price_ticks": LAST_PX_TICKS, "order_qty_lots": 10}


def adopt(path, history=(), terms=LIMIT, cl_ord_id=OLD, decided_ns=5):
    return adopt_order(path.entry, terms, cl_ord_id, NUMBERS, history, decided_ns=decided_ns, now_ns=NOW_NS)


def test_adopted_order_is_of_unknown_fate_under_a_new_handle():
    path = Path()
    order = adopt(path)
    assert (order.handle, order.cl_ord_id, order.ord_status, order.decided_ns) == (1, OLD, OrdStatus.UNKNOWN, 5)
    assert (order.price_ticks, order.order_qty_lots, order.leaves_qty_lots) == (LAST_PX_TICKS, 10, 10)
    assert (path.table.open_count, path.table.unknown_count, path.table.open_orders()) == (1, 1, [order])
    assert path.submit(LIMIT).cl_ord_id == path.table.ids.text(2)


@pytest.mark.parametrize(
    ("terms", "history", "cum"),
    [
        (LIMIT, [said(ExecType.NEW)], 0),
        (LIMIT, [said(ExecType.NEW), trade(4, 4)], 4),
        (LIMIT, [said(ExecType.UNKNOWN, ReportSource.LOCAL, request_kind=RequestKind.NEW)], 0),
        (LIMIT, [("cancel",)], 0),
        (STOP_LIMIT, [said(ExecType.UNTRIGGERED)], 0),
    ],
)
def test_its_last_state_is_not_believed_but_its_fills_are(terms, history, cum):
    path = Path()
    order = adopt(path, history, terms)
    assert (order.ord_status, order.cum_qty_lots, order.traded_qty_lots) == (OrdStatus.UNKNOWN, cum, cum)
    assert (order.leaves_qty_lots, path.table.unknown_count) == (10 - cum, 1)
    assert not order.is_acked and not order.is_cancel_pending


def test_a_row_shows_it_at_work_though_its_execution_was_counted_in_its_earlier_session():
    path, row = Path(), trade(4, 4, cl_ord_id=OLD, source=ReportSource.SNAPSHOT, reconciled=True)
    path.counted.add_new(*uuid_words(row.exec_id))
    order = adopt(path, [said(ExecType.NEW), row])
    path.hear(row)
    assert (order.ord_status, order.cum_qty_lots, order.trade_count) == (OrdStatus.PARTIALLY_FILLED, 4, 1)
    assert (path.strategy.names, path.table.unknown_count, path.executions) == (["ack"], 0, [])


def test_order_of_a_strategy_that_nobody_has_announced_may_shrink_and_not_grow():
    path = Path()
    order = adopt(path, [said(ExecType.NEW)], OrderTerms(LINEAR, Side.BUY, owner=63))
    path.hear(said(ExecType.STATUS, ReportSource.QUERY, cl_ord_id=OLD, ord_status=OrdStatus.NEW))
    assert path.entry.amend_order(order, 0, 11, NOW_NS) == -DenyReason.STRATEGY_HALTED
    assert path.entry.amend_order(order, 0, 9, NOW_NS) == 0
    assert path.risk.messages.used_at(NOW_NS) == path.risk.owners[0].messages.used_at(NOW_NS) == 1


def test_strategy_hears_of_it_when_the_venue_shows_it():
    path = Path()
    order = adopt(path, [said(ExecType.NEW)])
    assert path.strategy.heard == []
    path.hear(said(ExecType.STATUS, ReportSource.QUERY, cl_ord_id=OLD, ord_status=OrdStatus.NEW, reconciled=True))
    ((name, status, report),) = path.strategy.heard
    assert (name, status, report.reconciled, order.status) == ("ack", OrdStatus.NEW, True, OrdStatus.NEW)
    assert (path.table.unknown_count, path.table.open_count) == (0, 1)


def test_reports_find_it_by_its_client_id_until_it_is_done_and_forgotten():
    path = Path(capacity=4)
    order = adopt(path)
    path.hear(said(ExecType.NEW, cl_ord_id=OLD), trade(10, 10, cl_ord_id=OLD))
    assert (order.ord_status, path.foreign, len(path.executions)) == (OrdStatus.FILLED, [], 1)
    assert path.entry.find_owner(said(ExecType.NEW, cl_ord_id=OLD)) is order
    assert path.entry.find_owner(said(ExecType.NEW, cl_ord_id=OLD[:-1])) is None
    del order
    path.forget()
    path.strategy.heard.clear()
    for _ in range(8):
        path.hear(said(ExecType.CANCELED, handle=path.submit(LIMIT).handle))
    assert path.entry.find_owner(said(ExecType.NEW, cl_ord_id=OLD)) is None


def test_it_can_be_cancelled():
    path = Path()
    order = adopt(path, [said(ExecType.NEW), ("cancel",)])
    assert path.entry.cancel_order(order, NOW_NS) == 0
    assert path.venue.names == ["take", "send_cancel"]


def test_amend_without_an_answer_is_still_pending():
    path = Path()
    order = adopt(path, [said(ExecType.NEW), ("amend", LAST_PX_TICKS - 5, 0)])
    assert (order.is_amend_pending, order.amend_price_ticks, order.amend_qty_lots) == (True, LAST_PX_TICKS - 5, 0)
    order = adopt(path, [said(ExecType.NEW), ("amend", LAST_PX_TICKS - 5, 0), said(ExecType.REPLACED)], cl_ord_id="x")
    assert not order.is_amend_pending


def test_it_counts_at_its_worst_in_every_limit():
    path = Path()
    adopt(path, [said(ExecType.NEW), trade(4, 4)])
    assert path.risk.exposure.open_lots(LIMIT.instrument)[0] == 6
    assert path.risk.exposure.worst_lots(LIMIT.instrument) == (6, 0)


def test_its_stages_are_not_this_sessions():
    path = Path()
    adopt(path)
    path.hear(said(ExecType.NEW, cl_ord_id=OLD))
    assert path.stages.stream.count == 0


def test_full_table_adopts_nothing():
    path = Path(capacity=2)
    assert adopt(path, cl_ord_id="a") and adopt(path, cl_ord_id="b")
    assert adopt(path, cl_ord_id="c") is None


def test_strange_events_and_ids_are_refused():
    with pytest.raises(ValueError, match="tea"):
        live_through(make_order(LIMIT), [("tea",)])
    with pytest.raises(ValueError, match="1 to 40"):
        adopt(Path(), cl_ord_id="x" * 41)


def test_adoption_is_noted():
    journal = OrderJournal(RecordWriter(), ManualClock(1, 2), PagedDisk().map_segment("a", 4096))
    adopt(Path(journal=journal))
    (record,) = scan(bytes(journal.current.buffer), SEGMENT_BYTES_BEFORE)
    assert (record.kind, decode(record).cl_ord_id, decode(record).handle) == (RecordKind.ADOPTED, OLD, 1)


# ---- The journal tells the same story as was lived -------------------------------------------------------------------

SHOWN = (
    *("cl_ord_id", "order_id", "status", "price_ticks", "order_qty_lots", "stop_px_ticks", "cum_qty_lots", "avg_px"),
    *("leaves_qty_lots", "traded_qty_lots", "trade_count", "reject_code", "is_acked", "is_amend_pending"),
    *("amend_price_ticks", "amend_qty_lots", "is_cancel_pending"),
)


def shown(order):
    return {name: getattr(order, name) for name in SHOWN if name not in AMENDS or order.is_amend_pending}


AMENDS = ("amend_price_ticks", "amend_qty_lots")


def anything(chance, order):
    """A report of any kind, from any mouth, with any numbers: late, early, repeated, contradictory."""
    exec_type = chance.choice([kind for kind in ExecType if kind != ExecType.STATUS or chance.random() < 0.5])
    told = {
        "order_id": str(UUID(int=chance.getrandbits(128))), "ord_status": chance.choice([-1, 1, 2, 3, 5, 6, 7, 8]),
        "price_ticks": LAST_PX_TICKS + chance.randrange(-5, 5), "order_qty_lots": chance.randrange(8, 13),
        "cum_qty_lots": chance.randrange(0, 8), "transact_time_ns": chance.randrange(1, 100), "code": 11001,
        "request_kind": chance.choice([0, 1, 2, 3]), "reconciled": chance.random() < 0.5,
    }  # fmt: skip
    fields = {name: value for name, value in told.items() if chance.random() < 0.5}
    if exec_type == ExecType.TRADE:
        fields |= {"last_qty_lots": 1, "last_px_ticks": LAST_PX_TICKS, "exec_id": str(UUID(int=chance.randrange(1, 9)))}
    return said(exec_type, chance.choice(list(ReportSource)), handle=order.handle, **fields)


def history_of(story):
    for record, entry in story.events:
        if isinstance(entry, OutcomeEntry):
            yield entry.report(story.cl_ord_id, story.intent.symbol)
        elif isinstance(entry, ChangeEntry) and record.kind == RecordKind.AMEND:
            yield "amend", entry.price_ticks, entry.qty_lots
        elif record.kind == RecordKind.CANCEL:
            yield ("cancel",)


def test_an_amend_of_trigger_prices_is_lived_through_too():
    order = make_order(STOP_LIMIT, handle=1, cl_ord_id="T1", **NUMBERS)
    live_through(order, [said(ExecType.UNTRIGGERED), ("amend", 0, 0, 612_600, 0, 0, 0)])
    assert (order.is_amend_pending, order.amend_trigger_ticks) == (True, (612_600, 0, 0, 0))
    live_through(order, [said(ExecType.REPLACED, stop_px_ticks=612_600)])
    assert (order.is_amend_pending, order.stop_px_ticks) == (False, 612_600)


def test_replay_gives_the_state_that_was_lived():
    """I6: whatever was heard, in whatever order; and replaying twice changes nothing."""
    states = set()
    for seed in range(400):
        chance = random.Random(seed)
        journal = OrderJournal(RecordWriter(), ManualClock(1, 2), PagedDisk().map_segment("a", 65536))
        path = Path(journal=journal)
        for _ in range(3):
            order = path.submit(LIMIT)
            for _ in range(chance.randrange(12)):
                act = chance.random()
                if act < 0.1:
                    path.entry.amend_order(order, LAST_PX_TICKS - chance.randrange(1, 5), 0, NOW_NS)
                elif act < 0.2:
                    path.entry.cancel_order(order, NOW_NS)
                else:
                    path.hear(anything(chance, order))
        for _ in range(2):
            stories = replay(scan(bytes(journal.current.buffer), SEGMENT_BYTES_BEFORE)).stories
            for order in path.table.orders():
                story = stories[order.cl_ord_id]
                again = make_order(LIMIT, handle=order.handle, cl_ord_id=story.cl_ord_id, **NUMBERS)
                live_through(again, history_of(story))
                assert shown(again) == shown(order), seed
                assert story.status == order.status, seed
                states.add(order.ord_status.name)
    assert {"NEW", "FILLED", "CANCELED", "UNKNOWN", "PENDING_REPLACE", "PENDING_CANCEL", "UNTRIGGERED"} <= states
