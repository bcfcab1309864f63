"""The order path's journal: records as laid out, room and want of it, failures that are for good."""

import errno
import struct
from uuid import UUID

import pytest
from engine_samples import NOW_NS, Path
from order_samples import INVERSE, LINEAR, limit, order_in, said, trade
from paged_disk import PagedDisk

from tidings.clock import ManualClock
from tidings.journal.entries import decode
from tidings.journal.order_journal import OrderJournal
from tidings.journal.record import SEGMENT_BYTES_BEFORE, RecordWriter, scan
from tidings.model.enums import DenyReason, ExecType, OrdStatus, OrdType, ReportSource, RequestKind, Side, Trigger
from tidings.model.execution_report import report_of
from tidings.model.order import make_order
from tidings.model.terms import OrderTerms

WALL_NS = 1_795_000_000_000_000_000
SEGMENT_BYTES = 4096
INTENT, ADOPTED, AMEND, CANCEL, WITHDRAWN, REPORT = range(3, 9)
RECORD_MOST = 40 + 128 + 40 + 32 + 40


def make_journal(disk=None, **options):
    segment = (disk or PagedDisk()).map_segment("a", SEGMENT_BYTES)
    return OrderJournal(RecordWriter(), ManualClock(5, WALL_NS), segment, **options)


def records(journal):
    return scan(bytes(journal.current.buffer), SEGMENT_BYTES_BEFORE)


def last(journal):
    record = records(journal)[-1]
    assert (record.mono_ns, record.wall_ns) == (77, WALL_NS)
    return record


def test_journal_that_is_off_takes_everything():
    journal, order = OrderJournal(), limit()
    assert not journal.is_on
    for what, arguments in (
        ("new", ()), ("adopted", ()), ("cancel", ()), ("amend", (1, 2)), ("withdrawn", (6,)),
        ("report", (trade(1, 1), 2)),
    ):  # fmt: skip
        assert journal.note(what, order, *arguments, now_ns=1) == 0
    assert (journal.last_seq, journal.denies_because, journal.close()) == (0, "", [])
    with pytest.raises(ValueError, match="tea"):
        journal.note("tea", order, now_ns=1)


def test_journal_that_is_on_needs_somewhere_to_write():
    with pytest.raises(TypeError):
        OrderJournal(RecordWriter())


def test_intent_holds_all_that_makes_an_order():
    journal = make_journal()
    terms = OrderTerms(
        INVERSE, Side.SELL, ord_type=OrdType.STOP_LIMIT, trigger=Trigger.MARK_PRICE, pos_side=1, stp=2, exec_inst=2,
        take_profit_trigger=Trigger.LAST_PRICE, stop_loss_trigger=Trigger.INDEX_PRICE, text="note", owner=5,
    )  # fmt: skip
    order = make_order(
        terms, handle=12345, cl_ord_id="T00000000A0000012345", price_ticks=101, order_qty_lots=102, stop_px_ticks=103,
        display_qty_lots=104, take_profit_ticks=105, stop_loss_ticks=106, take_profit_px_ticks=107,
        stop_loss_px_ticks=108, peg_offset_ticks=-109,
    )  # fmt: skip
    assert journal.note("new", order, now_ns=77) == 0
    record = last(journal)
    assert (record.kind, record.seq) == (INTENT, 1)
    numbers = struct.unpack("<13q18B6x", record.payload[:128])
    assert numbers[:13] == (12345, 0, 101, 102, 103, 104, 105, 106, 107, 108, -109, 5000, 1)
    # price and quantity scale, line; side, type, time in force, instructions, position, trigger, peg, stp;
    # attached triggers, money or not, owner; lengths of the texts
    assert numbers[13:] == (4, 0, 0, 2, 4, 1, 2, 1, 1, 0, 2, 3, 2, 0, 5, 20, 6, 4)
    assert record.payload[128:] == b"T00000000A0000012345BTCUSDnote"


def test_adopted_order_is_told_like_an_intent():
    journal = make_journal()
    journal.note("new", limit(), now_ns=77)
    journal.note("adopted", limit(), now_ns=77)
    first, second = records(journal)
    assert (first.payload, second.kind) == (second.payload, ADOPTED)


def test_requests_about_an_order():
    journal, order = make_journal(), limit()
    for what, arguments in (("amend", (612_400, 12)), ("cancel", ()), ("withdrawn", (DenyReason.BAD_TERMS,))):
        assert journal.note(what, order, *arguments, now_ns=77) == 0
    told = [(record.kind, *struct.unpack("<4q", record.payload)) for record in records(journal)]
    assert told == [(AMEND, 7, 612_400, 12, 0), (CANCEL, 7, 0, 0, 0), (WITHDRAWN, 7, 0, 0, 19)]


def test_an_amend_of_trigger_prices_is_a_record_of_its_own():
    path = Path(journal=make_journal())
    terms = OrderTerms(
        LINEAR, Side.SELL, ord_type=OrdType.STOP_LIMIT, trigger=Trigger.MARK_PRICE,
        take_profit_trigger=Trigger.LAST_PRICE, stop_loss_trigger=Trigger.LAST_PRICE,
    )  # fmt: skip
    order = path.draft(terms)
    order.stop_px_ticks, order.take_profit_ticks, order.stop_loss_ticks = 612_500, 500_001, 700_001
    assert path.entry.submit_order(order, NOW_NS) > 0
    asked = {"stop_px_ticks": 612_600, "take_profit_ticks": 500_000, "stop_loss_ticks": 700_000}
    assert path.entry.amend_triggers(order, 612_450, 11, NOW_NS, **asked) == 0
    record = records(path.entry.journal)[-1]
    assert record.kind == 9
    told = struct.unpack("<7q", record.payload)
    assert told == (order.handle, 612_450, 11, 612_600, 500_000, 700_000, 0)
    entry = decode(record)
    assert (entry.price_ticks, entry.qty_lots, entry.stop_px_ticks) == (612_450, 11, 612_600)
    assert (entry.take_profit_ticks, entry.stop_loss_ticks, entry.peg_offset_ticks) == (500_000, 700_000, 0)


def test_report_is_told_with_what_it_changed():
    journal, order = make_journal(), order_in("PARTIALLY_FILLED")
    report = report_of(
        ExecType.TRADE, ReportSource.STREAM, 31, order_id=str(UUID(int=2**64 + 7)), exec_id=str(UUID(int=2**65 + 9)),
        ord_status=OrdStatus.PARTIALLY_FILLED, request_kind=RequestKind.NEW, side=2, code=11001, cancel_reason=4,
        reconciled=True, price_ticks=1, stop_px_ticks=2, order_qty_lots=3, cum_qty_lots=4, leaves_qty_lots=5,
        last_px_ticks=6, last_qty_lots=7, fee_mantissa=-8, fee_scale=9, is_maker=True, exec_seq=10,
        transact_time_ns=11, text="π",
    )  # fmt: skip
    assert journal.note("report", order, report, 2, now_ns=77) == 0
    record = last(journal)
    assert record.kind == REPORT and record.payload[168:] == "π".encode()
    assert struct.unpack("<13q4Q4iBb7B7x", record.payload[:168]) == (
        7, 1, 2, 3, 4, 5, 6, 7, -8, 10, 11, 31, 0, 1, 7, 2, 9, 11001, 4, 2, 9, 4, 2, 1, 1, 2, 1, 1, 2, 2,
    )  # fmt: skip


@pytest.mark.parametrize(("text", "kept"), [("x" * 300, b"x" * 200), ("\ud800", b"")])
def test_venue_sentence_never_breaks_a_record(text, kept):
    journal = make_journal()
    assert journal.note("report", limit(), said(ExecType.NEW, text=text), 1, now_ns=77) == 0
    assert last(journal).payload[168:] == kept


def fill_up(journal, order):
    count = 0
    while journal.note("new", order, now_ns=1) == 0:
        count += 1
        assert count < 1000
    return count


def test_full_segment_denies_intents_and_says_so():
    journal, order = make_journal(reserve_bytes=1024), limit()
    assert journal.denies_because == ""
    taken = fill_up(journal, order)
    assert journal.note("new", order, now_ns=1) == DenyReason.JOURNAL == 20
    assert "being made" in journal.denies_because
    journal.lack_space("No space left on device in D")
    assert journal.denies_because.endswith("No space left on device in D")
    assert (journal.denied_count, len(records(journal)), journal.failure) == (2, taken, "")


def test_outcomes_have_room_of_their_own():
    journal, order = make_journal(reserve_bytes=1024), limit()
    fill_up(journal, order)
    while journal.note("amend", order, 1, 2, now_ns=1) == 0:
        pass
    kept = sum(journal.note("report", order, trade(1, 1), 2, now_ns=1) == 0 for _ in range(10))
    assert 1024 // 200 - 1 <= kept < 10
    assert journal.note("cancel", order, now_ns=1) in (0, DenyReason.JOURNAL)
    assert journal.dropped_count >= 10 - kept


def test_journal_goes_on_in_the_spare():
    disk, order = PagedDisk(), limit()
    journal = make_journal(disk, reserve_bytes=1024)
    first = journal.current
    journal.offer_spare(disk.map_segment("b", SEGMENT_BYTES))
    count = fill_up(journal, order)
    assert (journal.current.buffer, journal.spare) == (disk.files["b"], None)
    ends = scan(bytes(first.buffer), 40)[-1], records(journal)[0]
    assert ends[0].seq + 1 == ends[1].seq and ends[0].crc == ends[1].before_crc
    assert SEGMENT_BYTES - ends[0].end_offset < RECORD_MOST     # with a spare at hand nothing is kept free
    assert count == records(journal)[-1].seq
    journal.sync()
    assert journal.take_durable() == [first] and journal.take_durable() == []
    assert disk.durable[id(disk.files["a"])] == bytes(first.buffer)
    assert journal.writer.synced_seq == journal.last_seq


def test_segment_is_not_closed_under_a_sync_of_another_thread():
    """In mode "power" the order path's thread syncs beside the journal's, which closes what is durable."""
    disk = PagedDisk()
    journal = make_journal(disk)
    first, taken = journal.current, []
    journal.offer_spare(disk.map_segment("b", SEGMENT_BYTES))
    fill_up(journal, limit())

    def sync_meanwhile(used_bytes):
        del first.sync
        journal.sync()
        taken.extend(journal.take_durable())

    first.sync = sync_meanwhile
    journal.sync()
    assert (taken, journal.take_durable()) == ([], [first])


def test_new_spare_ends_the_want():
    disk, order = PagedDisk(), limit()
    journal = make_journal(disk, reserve_bytes=1024)
    fill_up(journal, order)
    journal.lack_space("full")
    journal.offer_spare(disk.map_segment("b", SEGMENT_BYTES))
    assert (journal.denies_because, journal.space_cause) == ("", "")
    assert journal.note("new", order, now_ns=1) == 0


def test_failed_journal_takes_nothing_more_for_good():
    journal, order = make_journal(), limit()
    journal.note("new", order, now_ns=1)
    journal.fail("the disk failed")
    journal.fail("and again")
    journal.offer_spare(PagedDisk().map_segment("b", SEGMENT_BYTES))
    assert journal.note("new", order, now_ns=1) == journal.note("amend", order, 1, 1, now_ns=1) == DenyReason.JOURNAL
    journal.note("cancel", order, now_ns=1)
    assert (journal.denies_because, journal.last_seq, len(records(journal))) == ("the disk failed", 1, 1)


def test_power_mode_waits_for_the_disk():
    disk = PagedDisk()
    journal, order = make_journal(disk, awaits_disk=True), limit()
    assert journal.note("new", order, now_ns=1) == 0
    assert scan(disk.durable[id(disk.files["a"])], 40)[0].kind == INTENT
    assert journal.note("amend", order, 1, 1, now_ns=1) == 0
    journal.note("cancel", order, now_ns=1)
    assert (disk.calls.count("segment.sync"), journal.writer.synced_seq, journal.last_seq) == (2, 2, 3)


def test_power_mode_denies_what_the_disk_did_not_take():
    disk = PagedDisk()
    journal, order = make_journal(disk, awaits_disk=True), limit()
    disk.failing["segment.sync"] = errno.EIO
    assert journal.note("new", order, now_ns=1) == DenyReason.JOURNAL
    disk.failing.clear()
    assert journal.note("new", order, now_ns=1) == DenyReason.JOURNAL
    assert "Input/output error" in journal.failure


def test_sync_that_fails_makes_nothing_durable():
    disk = PagedDisk()
    journal = make_journal(disk)
    journal.note("new", limit(), now_ns=1)
    disk.failing["segment.sync"] = errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        journal.sync()
    assert journal.writer.synced_seq == 0


def test_closed_journal_gives_everything_back():
    disk = PagedDisk()
    journal = make_journal(disk)
    journal.offer_spare(disk.map_segment("b", SEGMENT_BYTES))
    assert [segment.buffer for segment in journal.close()] == [disk.files["a"], disk.files["b"]]
    assert journal.note("new", limit(), now_ns=1) == DenyReason.JOURNAL
    disk.files["a"].clear()     # nobody holds it


def test_thread_sleeps_until_there_is_work():
    journal = make_journal()
    assert journal.wait_for_work(1000, 1000)        # no spare
    journal.offer_spare(PagedDisk().map_segment("b", SEGMENT_BYTES))
    assert not journal.wait_for_work(3000, 1000)
    journal.note("new", limit(), now_ns=1)
    assert journal.wait_for_work(10**12, 1000)
    assert LINEAR.symbol.encode() in records(journal)[0].payload
