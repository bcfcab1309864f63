"""Who tends a journal: ids reserved for ever, syncs that fail, space that runs out and returns, what is dropped."""

import errno
import logging
import random

import pytest
from journal_samples import SEGMENT_BYTES, WALL_NS, begin, send, send_many
from order_samples import limit, said
from paged_disk import PagedDisk

from tidings.clock import ManualClock
from tidings.journal.anchor import read_anchor
from tidings.journal.keeper import KEEP_NS, begin_session, first_needed
from tidings.journal.log_reader import read_log
from tidings.journal.segments import segment_name
from tidings.journal.stories import replay
from tidings.model.enums import DenyReason, ExecType

NS_PER_MS = 1_000_000


# ---- Ids -------------------------------------------------------------------------------------------------------------


def test_ids_are_reserved_before_the_first_is_used():
    disk = PagedDisk()
    keeper = begin(disk)
    names = disk.calls.index("sync_names")
    assert names < disk.calls.index("map_segment")
    assert read_anchor(disk).reserved_ms == keeper.ids.session_wall_ms == WALL_NS // NS_PER_MS


def test_ids_only_go_up_though_the_clock_goes_back():
    disk, last_ms = PagedDisk(), 0
    for wall_ns in (WALL_NS, WALL_NS - 10**18, WALL_NS, 0, WALL_NS + 5 * NS_PER_MS):
        keeper = begin(disk, wall_ns=wall_ns)
        assert keeper.ids.session_wall_ms > last_ms
        last_ms = keeper.ids.session_wall_ms
        keeper.close(open_count=0)
    assert last_ms == WALL_NS // NS_PER_MS + 5


def test_no_id_is_used_twice_whatever_a_power_loss_takes():
    for seed in range(100):
        chance, disk, used = random.Random(seed), PagedDisk(), set()
        for _ in range(5):
            keeper = begin(disk, wall_ns=chance.choice([WALL_NS, WALL_NS - 10**15]))
            ids = {keeper.ids.text(handle) for handle in range(1, 4)}
            assert not ids & used
            used |= ids
            send_many(keeper, 3, tends_every=chance.choice([1, 50]))
            disk = disk.crash(chance)
            disk.boot_id = f"boot-{len(used)}"


# ---- Tending ---------------------------------------------------------------------------------------------------------


def test_one_sync_serves_all_that_was_appended():
    disk = PagedDisk()
    keeper = begin(disk)
    keeper.tend()
    disk.calls.clear()
    send(keeper, 1, said(ExecType.NEW))
    keeper.tend()
    keeper.tend()
    assert disk.calls == ["segment.sync"]
    assert keeper.journal.writer.synced_seq == keeper.journal.last_seq == 3


def test_spare_is_made_ahead_and_what_is_full_is_closed():
    disk = PagedDisk()
    keeper = begin(disk)
    keeper.tend()
    send_many(keeper, 16)
    keeper.tend()
    assert [name for name in disk.names() if name != "anchor"] == [segment_name(number) for number in range(1, 5)]
    assert (disk.open_count, read_anchor(disk).last_segment) == (2, 4)


@pytest.mark.parametrize("call", ["segment.sync", "map_segment", "rename", "sync_names", "write", "sync"])
def test_disk_that_fails_is_for_good(call, caplog):
    disk = PagedDisk()
    keeper = begin(disk)
    send(keeper, 1)
    disk.failing[call] = errno.EIO
    with caplog.at_level(logging.CRITICAL):
        keeper.tend()
    disk.failing.clear()
    keeper.tend()
    assert keeper.journal.note("new", limit(), now_ns=1) == DenyReason.JOURNAL
    assert "Input/output error" in keeper.journal.denies_because and "restart" in keeper.journal.denies_because
    assert len(caplog.records) == 1
    keeper.close(open_count=1)


def test_journal_that_failed_is_read_again_by_the_next_engine():
    disk = PagedDisk()
    keeper = begin(disk)
    one = send(keeper, 1)
    disk.failing["segment.sync"] = errno.EIO
    keeper.tend()
    disk.failing.clear()
    keeper.close(open_count=1)
    assert [story.cl_ord_id for story in replay(read_log(disk.killed()).records()).open_stories()] == [one]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["map_segment", "write"])
def test_want_of_space_ends_when_space_returns(call, number, caplog):
    disk, clock = PagedDisk(), ManualClock(1, WALL_NS)
    keeper = begin(disk, clock)
    disk.failing[call] = number
    keeper.tend()
    keeper.tend()
    assert disk.calls.count(call) <= 3 and keeper.journal.denies_because == ""      # what is reserved is still good
    handle = 0
    while keeper.journal.note("new", limit(), now_ns=1) == 0:
        handle += 1
    assert 0 < handle < 20 and "make room" in keeper.journal.denies_because
    disk.failing.clear()
    keeper.tend()
    assert keeper.journal.denies_because != ""      # not before the next try
    clock.advance(10**9)
    keeper.tend()
    assert keeper.journal.denies_because == "" and keeper.journal.note("new", limit(), now_ns=1) == 0
    assert disk.calls.count("segment.sync") >= 2
    assert len(caplog.records) == 1


def test_session_cannot_begin_on_a_full_disk():
    disk = PagedDisk()
    disk.space_bytes = SEGMENT_BYTES - 1
    with pytest.raises(OSError, match="No space"):
        begin(disk)


# ---- The end ---------------------------------------------------------------------------------------------------------


def test_closed_journal_says_where_it_ends():
    disk = PagedDisk()
    keeper = begin(disk)
    keeper.tend()
    send(keeper, 1)
    keeper.close(open_count=1)
    log = read_log(disk)
    assert read_anchor(disk).ends_at == (3, log.last_crc) and log.last_seq == 3
    assert (disk.is_locked, disk.open_count) == (False, 0)


def test_worthless_journal_leaves_nothing():
    disk = PagedDisk()
    begin(disk).close(open_count=0, is_worthless=True)
    assert disk.files == {}


@pytest.mark.parametrize("call", ["segment.sync", "write", "remove_all"])
def test_end_is_an_end_though_the_disk_fails(call):
    disk = PagedDisk()
    keeper = begin(disk)
    disk.failing[call] = errno.EIO
    keeper.close(open_count=0, is_worthless=call == "remove_all")
    assert (disk.is_locked, disk.open_count) == (False, 0)
    assert keeper.journal.note("new", limit(), now_ns=1) == DenyReason.JOURNAL


# ---- What is dropped -------------------------------------------------------------------------------------------------


def next_session(disk, wall_ns):
    """Begin anew as an engine does, dropping what nobody needs."""
    disk.lock()
    log = read_log(disk)
    clock = ManualClock(1, wall_ns)
    keep_from = first_needed(log, replay(log.records()), wall_ns)
    keeper = begin_session(
        disk, log, clock, wall_ns=wall_ns, expiry_s=5, keep_from=keep_from, segment_bytes=SEGMENT_BYTES
    )
    return keeper, keep_from


def finished(count):
    disk = PagedDisk()
    keeper = begin(disk)
    for handle in range(1, count + 1):
        send(keeper, handle, said(ExecType.NEW), said(ExecType.CANCELED))
        keeper.tend()
    return disk, keeper


def test_finished_orders_are_kept_for_a_day():
    disk, keeper = finished(16)
    keeper.close(open_count=0)
    keeper, keep_from = next_session(disk, WALL_NS + KEEP_NS - 1)
    assert keep_from == 1
    keeper.close(open_count=0)
    keeper, keep_from = next_session(disk, WALL_NS + KEEP_NS)
    assert keep_from > 3 and segment_name(1) not in disk.names()
    send(keeper, 1)
    keeper.close(open_count=1)
    assert len(replay(read_log(disk).records()).open_stories()) == 1


def test_open_order_keeps_its_segment_and_all_after_it():
    disk, keeper = finished(8)
    one = send(keeper, 100)
    for handle in range(101, 109):
        send(keeper, handle, said(ExecType.CANCELED))
        keeper.tend()
    keeper.close(open_count=1)
    keeper, keep_from = next_session(disk, WALL_NS + 10 * KEEP_NS)
    assert keep_from == 2 and disk.names()[0] == segment_name(2)
    keeper.close(open_count=1)
    assert [story.cl_ord_id for story in replay(read_log(disk).records()).open_stories()] == [one]


def test_dropping_that_dies_anywhere_can_be_done_again():
    source, keeper = finished(16)
    keeper.close(open_count=0)
    for number in range(1, 60):
        disk = source.killed()
        disk.fail_at = number, errno.EIO
        try:
            next_session(disk, WALL_NS + KEEP_NS)
            break
        except OSError:
            next_session(disk.killed(), WALL_NS + KEEP_NS)
            next_session(disk.crash(random.Random(number)), WALL_NS + KEEP_NS)
    assert number > 20


class Orders:
    """Which of a table's orders are open."""

    oldest = 1

    def oldest_open_handle(self):
        return self.oldest


def trade_on(keeper, clock, first_handle, count):
    for handle in range(first_handle, first_handle + count):
        send(keeper, handle, said(ExecType.NEW), said(ExecType.CANCELED))
        keeper.tend()
        clock.advance(1)


def segments_of(disk):
    return [int(name[:8]) for name in disk.names() if name.endswith(".journal")]


def test_old_segments_go_while_the_engine_runs():
    disk, clock, orders = PagedDisk(), ManualClock(1, WALL_NS), Orders()
    keeper = begin(disk, clock)
    keeper.follow_orders(orders.oldest_open_handle, 0)
    trade_on(keeper, clock, 1, 16)
    assert segments_of(disk) == [1, 2, 3, 4]
    orders.oldest = 17
    trade_on(keeper, clock, 17, 6)
    assert segments_of(disk)[0] == 1                        # done, but not for a day
    clock.advance(KEEP_NS)
    trade_on(keeper, clock, 23, 6)
    assert segments_of(disk)[0] > 1
    assert keeper.journal.failure == ""
    kept = segments_of(disk)
    log = read_log(disk.killed())
    assert [segment.number for segment in log.segments] == kept and log.last_seq == keeper.journal.last_seq


def test_open_order_keeps_segments_while_the_engine_runs():
    disk, clock, orders = PagedDisk(), ManualClock(1, WALL_NS), Orders()
    keeper = begin(disk, clock)
    keeper.follow_orders(orders.oldest_open_handle, 0)
    trade_on(keeper, clock, 1, 8)
    clock.advance(2 * KEEP_NS)
    orders.oldest = 7                                       # in the second segment; the first one's last is 7 or more
    trade_on(keeper, clock, 9, 8)
    assert segments_of(disk)[0] in (1, 2)
    orders.oldest = 1
    clock.advance(2 * KEEP_NS)
    first = segments_of(disk)[0]
    trade_on(keeper, clock, 17, 8)
    assert segments_of(disk)[0] == first


@pytest.mark.parametrize(("adopted_handle", "is_dropped"), [(3, True), (2**62, False)])
def test_segments_of_earlier_sessions_go_when_their_orders_have_ended(adopted_handle, is_dropped):
    disk, clock, orders = PagedDisk(), ManualClock(1, WALL_NS), Orders()
    keeper = begin(disk, clock)
    send(keeper, 1)
    keeper.close(open_count=1)
    keeper = begin(disk, clock)
    first = keeper.journal.last_seq
    orders.oldest = 4
    keeper.follow_orders(orders.oldest_open_handle, adopted_handle)
    clock.advance(KEEP_NS)
    trade_on(keeper, clock, 4, 8)
    assert (segments_of(disk)[0] == 1) == (not is_dropped)
    log = read_log(disk.killed())
    assert log.last_seq == keeper.journal.last_seq > first


def test_nobody_to_follow_means_nothing_is_dropped():
    disk, clock = PagedDisk(), ManualClock(1, WALL_NS)
    keeper = begin(disk, clock)
    trade_on(keeper, clock, 1, 8)
    clock.advance(10 * KEEP_NS)
    trade_on(keeper, clock, 9, 8)
    assert segments_of(disk)[0] == 1


def test_dropping_while_it_runs_that_dies_anywhere_leaves_a_sound_journal():
    for number in range(1, 40):
        disk, clock, orders = PagedDisk(), ManualClock(1, WALL_NS), Orders()
        keeper = begin(disk, clock)
        keeper.follow_orders(orders.oldest_open_handle, 0)
        trade_on(keeper, clock, 1, 13)
        clock.advance(KEEP_NS)
        orders.oldest = 14
        seq = keeper.journal.last_seq
        disk.fail_at = len(disk.calls) + number, errno.EIO
        for handle in range(14, 24):
            if keeper.journal.failure:
                break
            send(keeper, handle, said(ExecType.CANCELED))
            keeper.tend()
        for left in (disk.killed(), disk.crash(random.Random(number))):
            assert read_log(left).last_seq >= seq
        if not keeper.journal.failure:
            break
    assert number > 20


def test_slow_disk_is_told(caplog):
    disk, clock = PagedDisk(), ManualClock(1, WALL_NS)
    keeper = begin(disk, clock)
    send(keeper, 1)
    make_durable = disk.make_durable
    disk.make_durable = lambda content: (clock.advance(5 * 10**9), make_durable(content))
    keeper.tend()
    assert "took 5.0 s" in caplog.text
