"""The page an engine and its watchdog share: marked before sent, fenced for good, no open order forgotten."""

import struct

import pytest
from engine_samples import NOW_NS, Path
from order_samples import INVERSE, LIMIT, LINEAR, SPOT, said

from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.engine.heartbeat_signs import EngineMode, TripCause, WatchMode
from tidings.errors import ConfigError
from tidings.model.enums import DenyReason, ExecType, ProductLine, ReportSource, RequestKind

INSTRUMENTS = [INVERSE, LINEAR, SPOT]
MARKED = {
    INVERSE.symbol: (ProductLine.INVERSE, INVERSE.symbol),
    LINEAR.symbol: (ProductLine.LINEAR, LINEAR.symbol),
    SPOT.symbol: (ProductLine.SPOT, SPOT.symbol),
}


def attached(memory: bytearray, pid: int = 4711) -> HeartbeatPage:
    page = HeartbeatPage(memory)
    page.enlist(INSTRUMENTS)
    page.attach(pid=pid, start_ticks=99, boot=7, expiry_s=5, now_ns=1000)
    return page


@pytest.fixture
def memory() -> bytearray:
    return bytearray(HeartbeatPage.BYTES)


def test_what_one_side_writes_the_other_reads(memory):
    engine, watchdog = attached(memory), HeartbeatPage(memory)
    engine.beat(2000, open_count=3, cut_off_ns=1500)
    engine.mark(SPOT.index)
    watchdog.watch(mode=WatchMode.READY, pid=12, start_ticks=5, stall_ns=3_000, now_ns=2500)
    watchdog.arm(1)
    assert watchdog.engine_signs() == (EngineMode.RUNNING, 1, 4711, 99, 7, 2000, 1500, 3, 5)
    assert watchdog.marked() == [MARKED[SPOT.symbol]]
    assert engine.watch_signs() == (WatchMode.READY, 12, 5, 2500, 3_000, 1, 0, 0, 0, 0)


def test_layout_is_the_one_of_its_number(memory):
    """A file written by one version is read by the next: a change of layout must change the magic."""
    page = attached(memory)
    page.mark(LINEAR.index)
    page.fence(1, TripCause.STALLED, 3000)
    assert memory[:8] == b"TDEPAG01"
    assert struct.unpack_from("<9q", memory, 64) == (1, 1, 4711, 99, 7, 1000, 0, 0, 5)
    assert struct.unpack_from("<10q", memory, 192)[6:9] == (1, TripCause.STALLED, 3000)
    assert memory[512 + LINEAR.index] == 1
    name = 512 + 8192 + 32 * LINEAR.index
    assert memory[name:name + 2] == bytes([1, len(LINEAR.symbol)])
    assert memory[name + 2:name + 32] == LINEAR.symbol.encode().ljust(30, b"\0")


def test_page_of_another_layout_or_size_is_refused(memory):
    with pytest.raises(ConfigError, match="another version"):
        HeartbeatPage(bytearray(b"TDEPAG99") + memory[8:])
    with pytest.raises(ConfigError, match=f"{HeartbeatPage.BYTES} bytes: was 4096"):
        HeartbeatPage(bytearray(4096))


def test_nothing_may_be_sent_before_attaching(memory):
    page = HeartbeatPage(memory)
    assert not page.may_send_to(0)
    page.enlist(INSTRUMENTS)
    assert not page.may_send_to(LINEAR.index)


def test_asking_marks_and_the_fence_denies(memory):
    page = attached(memory)
    assert page.may_send_to(LINEAR.index)
    page.fence(page.epoch, TripCause.STALLED, 5000)
    assert not page.may_send_to(LINEAR.index)
    assert not page.may_send_to(SPOT.index)
    assert page.is_fenced
    assert page.marked() == [MARKED[LINEAR.symbol], MARKED[SPOT.symbol]]  # asked before the fence was seen: may be open


def test_fence_of_one_epoch_does_not_shut_out_the_next(memory):
    first = attached(memory)
    first.fence(1, TripCause.DIED, 5000)
    second = attached(memory)
    assert (second.epoch, second.is_fenced, second.may_send_to(0)) == (2, False, True)
    assert first.is_fenced


@pytest.mark.parametrize("index", [-1, 9999, 2**31 - 1, -(2**31)])
def test_instrument_that_was_not_enlisted_may_not_be_sent(memory, index):
    assert not attached(memory).may_send_to(index)


def test_marks_of_an_engine_that_ended_otherwise_than_flat_are_inherited(memory):
    attached(memory).mark(LINEAR.index)
    page = HeartbeatPage(memory)
    assert page.enlist(reversed(INSTRUMENTS)) == [LINEAR.index]
    page.say_goodbye(EngineMode.LEFT)
    assert page.marked() == [MARKED[LINEAR.symbol]]


def test_marks_of_an_epoch_with_nothing_open_are_not_inherited(memory):
    page = attached(memory)
    page.mark(LINEAR.index)
    page.say_goodbye(EngineMode.CANCELLED)
    assert HeartbeatPage(memory).enlist(INSTRUMENTS) == []
    page = attached(memory)
    page.mark(LINEAR.index)
    page.settle(page.epoch)
    assert HeartbeatPage(memory).enlist(INSTRUMENTS) == []


def test_names_that_cannot_be_symbols_are_not_believed(memory):
    page = attached(memory)
    for index, name in enumerate((b"BTC&untriggered=x", b"", b"BTC\r\nUSD", b"X" * 30)):
        start = 512 + 8192 + 32 * index
        memory[start:start + 32] = bytes([1, len(name)]) + name.ljust(30, b"\0")
        memory[512 + index] = 1
    memory[512 + 8192 + 32 * 4] = 3  # no such line
    memory[512 + 4] = 1
    memory[512 + 8192 + 32 * 3 + 1] = 255  # longer than its place
    assert page.marked() == [(ProductLine.LINEAR, "X" * 30)]


# ---- The order path asks it ----------------------------------------------------------------------------------------

def test_order_marks_its_instrument_before_it_leaves(memory):
    path, page, seen = Path(), attached(memory), []
    path.entry.watch_by(page)

    def send_new(order, now_ns):
        seen.extend(page.marked())
        return 0

    path.venue.send_new = send_new
    path.submit(LIMIT)
    assert seen == [MARKED[LINEAR.symbol]]


def test_fenced_engine_denies_orders_and_amends_but_not_cancels(memory):
    path, page = Path(), attached(memory)
    path.entry.watch_by(page)
    order = path.submit(LIMIT)
    page.fence(page.epoch, TripCause.STALLED, 5000)
    calls = len(path.venue.calls)
    assert path.entry.submit_order(path.draft(LIMIT), NOW_NS) == -DenyReason.NOT_READY
    assert path.entry.amend_order(order, order.price_ticks - 1, 0, NOW_NS) == -DenyReason.NOT_READY
    assert len(path.venue.calls) == calls
    assert path.entry.cancel_order(order, NOW_NS) == 0


def test_order_that_comes_back_to_life_is_marked_again(memory):
    path, page = Path(), attached(memory)
    path.entry.watch_by(page)
    order = path.submit(LIMIT)
    path.hear(said(ExecType.REJECTED, ReportSource.REPLY, handle=order.handle, request_kind=RequestKind.NEW))
    page.unmark(LINEAR.index)
    path.hear(said(ExecType.NEW, ReportSource.STREAM, handle=order.handle))
    assert page.marked() == [MARKED[LINEAR.symbol]]
