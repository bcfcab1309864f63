"""Whatever the disk does, the engine's side goes on by the same steps, and the recording tells what is missing."""

import errno
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidings.clock import ManualClock
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder

MIB = 1024 * 1024
SMALL = {"ring_bytes": 4096, "slab_bytes": 1024, "reserve_bytes": 8192, "level": 0}


class Disk:
    """Stands between the recorder and the real calls; `fault` is raised by the call named, or it waits for `gate`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fault: dict[str, int] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.partly = False
        self.free_bytes = 1 << 40
        self.callers: set[int] = set()
        self.calls: list[str] = []
        for name in ("write", "ftruncate", "fdatasync", "open", "statvfs"):
            monkeypatch.setattr(os, name, self._around(name, getattr(os, name)))

    def _around(self, name, real):
        def call(*arguments, **options):
            self.calls.append(name)
            if name == "statvfs":
                return os.statvfs_result((1, 1, self.free_bytes, self.free_bytes, self.free_bytes, 0, 0, 0, 0, 255))
            if name in ("write", "fdatasync"):
                self.callers.add(threading.get_ident())
                assert self.gate.wait(60)
            if name in self.fault:
                if name == "write" and self.partly:
                    self.partly = False
                    return real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(self.fault[name], os.strerror(self.fault[name]))
            return real(*arguments, **options)

        return call


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    found = Disk(monkeypatch)
    yield found
    found.gate.set()


def driven(directory: Path, **options) -> tuple[Recorder, ManualClock]:
    clock = ManualClock(now_ns=1_000_000_000, wall_ns=1_700_000_000_000_000_000)
    return Recorder(directory, session={}, clock=clock, has_thread=False, **options), clock


def payloads(directory: Path, kind: EntryKind = EntryKind.MARKET) -> list[bytes]:
    return [entry.payload for entry in RecordingReader(directory) if entry.kind is kind]


def test_a_full_disk_leaves_no_torn_block_and_what_waited_is_written_when_there_is_room(disk, tmp_path):
    recorder, clock = driven(tmp_path / "r")
    recorder.take(EntryKind.MARKET, 1, b"before", 1)
    recorder.turn()
    size = (tmp_path / "r" / "00000001.recording").stat().st_size
    disk.fault["write"], disk.partly = errno.ENOSPC, True
    recorder.take(EntryKind.MARKET, 1, b"waits", 2)
    recorder.turn()
    assert "make room" in recorder.stats.trouble and not recorder.stats.failure
    assert (tmp_path / "r" / "00000001.recording").stat().st_size == size, "half of a block is cut off again"
    disk.fault.clear()
    recorder.take(EntryKind.MARKET, 1, b"after", 3)
    clock.advance(2_000_000_000)
    recorder.turn()
    assert recorder.stats.trouble == ""
    recorder.close()
    assert payloads(tmp_path / "r") == [b"before", b"waits", b"after"]
    assert recorder.stats.dropped == 0


@pytest.mark.parametrize("days", [0, 1])
def test_what_a_full_disk_would_not_cut_off_is_cut_off_before_more_is_written(disk, tmp_path, days):
    """A file system that copies on write needs room to make a file shorter, too."""
    recorder, clock = driven(tmp_path / "r")
    recorder.take(EntryKind.MARKET, 1, b"before", 1)
    recorder.turn()
    disk.fault["write"] = disk.fault["ftruncate"] = errno.ENOSPC
    disk.partly = True
    recorder.take(EntryKind.MARKET, 1, b"waits", 2)
    recorder.turn()
    assert "make room" in recorder.stats.trouble
    disk.fault.clear()
    clock.advance(2_000_000_000 + days * 86_400_000_000_000)  # a new day begins a new segment
    recorder.turn()
    recorder.close()
    assert payloads(tmp_path / "r") == [b"before", b"waits"]
    assert (recorder.stats.segments, recorder.stats.trouble) == (1 + days, "")


def test_a_disk_that_stays_full_costs_market_messages_only(disk, tmp_path):
    recorder, clock = driven(tmp_path / "r", **SMALL)
    disk.fault["write"] = errno.EDQUOT
    for number in range(200):
        recorder.take(EntryKind.MARKET, 1, b"m" * 100, number)
        if number % 10 == 0:
            recorder.take(EntryKind.ACCOUNT, 1000, b"fill %d" % number, number)
        recorder.turn()
    assert recorder.stats.dropped > 100 and recorder.stats.lost == 0
    assert recorder.stats.waiting_bytes <= SMALL["ring_bytes"] + SMALL["reserve_bytes"]
    disk.fault.clear()
    clock.advance(2_000_000_000)
    recorder.turn()
    recorder.close()
    assert payloads(tmp_path / "r", EntryKind.ACCOUNT) == [b"fill %d" % number for number in range(0, 200, 10)]
    gaps = [json.loads(payload) for payload in payloads(tmp_path / "r", EntryKind.DROPPED)]
    assert sum(gap["messages"] for gap in gaps) == recorder.stats.dropped
    assert len(payloads(tmp_path / "r")) == 200 - recorder.stats.dropped


def test_a_full_disk_is_told_once_and_once_when_it_goes_on(disk, tmp_path, caplog):
    """Though it is tried every second, and says each time that there is room."""
    recorder, clock = driven(tmp_path / "r")
    disk.fault["write"] = errno.EDQUOT
    recorder.take(EntryKind.MARKET, 1, b"waits", 1)
    for _ in range(5):
        recorder.turn()
        assert recorder.stats.trouble
        clock.advance(2_000_000_000)
    disk.fault.clear()
    recorder.turn()
    assert recorder.stats.trouble == ""
    recorder.close()
    assert [record.message.split()[2] for record in caplog.records] == ["waits:", "goes"]


def test_no_room_for_the_next_segment_is_waited_for(disk, tmp_path):
    recorder, clock = driven(tmp_path / "r", segment_bytes=1024, level=0)
    disk.fault["open"] = errno.ENOSPC
    for number in range(30):
        recorder.take(EntryKind.MARKET, 1, b"%02d" % number * 50, number)
        recorder.turn()
    assert recorder.stats.segments == 1 and recorder.stats.trouble
    disk.fault.clear()
    for _ in range(3):
        clock.advance(2_000_000_000)
        recorder.turn()
    recorder.close()
    assert recorder.stats.segments > 1
    assert payloads(tmp_path / "r") == [b"%02d" % number * 50 for number in range(30)]


@pytest.mark.parametrize(("call", "fault"), [("fdatasync", errno.EIO), ("write", errno.EIO), ("write", errno.EROFS)])
def test_a_disk_that_fails_ends_the_recording_and_nothing_else(disk, tmp_path, call, fault):
    recorder, clock = driven(tmp_path / "r")
    recorder.take(EntryKind.MARKET, 1, b"kept", 1)
    clock.advance(60_000_000)
    recorder.turn()
    disk.fault[call] = fault
    recorder.take(EntryKind.MARKET, 1, b"may be lost", 2)
    clock.advance(60_000_000)
    recorder.turn()
    assert os.strerror(fault) in recorder.stats.failure
    messages = recorder.stats.messages
    recorder.take(EntryKind.MARKET, 1, b"not taken", 3)
    recorder.close()
    assert recorder.stats.messages == messages
    reader = RecordingReader(tmp_path / "r")
    assert [entry.payload for entry in reader if entry.kind is EntryKind.MARKET][:1] == [b"kept"]
    assert reader.damage.startswith("not ended")


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_nothing_is_written_behind_a_sync_that_failed(disk, tmp_path, fault):
    """Not at the change to the next segment, not at the end: a later sync could not tell what the first one lost."""
    recorder, clock = driven(tmp_path / "r")
    for _ in range(2):  # the second is not synced yet
        recorder.take(EntryKind.MARKET, 1, b"today", 1)
        recorder.turn()
    clock.advance(86_400_000_000_000)
    recorder.take(EntryKind.MARKET, 1, b"tomorrow", 2)
    disk.fault["fdatasync"] = fault
    recorder.turn()
    assert recorder.stats.failure == f"sync failed: {os.strerror(fault)}"
    disk.fault.clear()
    recorder.turn()
    recorder.close()
    assert (recorder.stats.segments, recorder.stats.synced_number) == (1, 2)
    reader = RecordingReader(tmp_path / "r")
    assert [entry.payload for entry in reader if entry.kind is EntryKind.MARKET] == [b"today"] * 2
    assert reader.damage.startswith("not ended")


def test_a_sync_that_fails_at_the_end_leaves_no_end_mark(disk, tmp_path):
    recorder, _ = driven(tmp_path / "r", slab_bytes=1024 * 1024, level=0)
    for _ in range(3):  # more than is written without a sync
        recorder.take(EntryKind.MARKET, 1, os.urandom(MIB), 1)
    real, calls = os.fdatasync, []

    def failing_once(descriptor):
        calls.append(descriptor)
        if len(calls) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    os.fdatasync = failing_once
    try:
        recorder.close()
    finally:
        os.fdatasync = real
    assert recorder.stats.failure == f"sync failed: {os.strerror(errno.EIO)}"
    reader = RecordingReader(tmp_path / "r")
    list(reader)
    assert reader.damage.startswith("not ended")


def test_what_was_written_is_made_durable_while_the_disk_has_no_room_for_more(disk, tmp_path):
    recorder, clock = driven(tmp_path / "r")
    clock.advance(60_000_000)
    recorder.turn()
    recorder.take(EntryKind.MARKET, 1, b"written", 1)
    recorder.turn()
    disk.fault["write"] = errno.ENOSPC
    recorder.take(EntryKind.MARKET, 1, b"waits", 2)
    recorder.turn()
    assert recorder.stats.trouble and recorder.stats.synced_number == 1
    clock.advance(60_000_000)
    recorder.turn()
    assert recorder.stats.synced_number == 2
    disk.fault.clear()
    recorder.close()


def test_a_disk_that_is_full_to_the_end_is_a_failure_and_nothing_waits_any_more(disk, tmp_path):
    recorder, _ = driven(tmp_path / "r")
    disk.fault["write"] = errno.ENOSPC
    recorder.take(EntryKind.MARKET, 1, b"waits", 1)
    recorder.turn()
    assert recorder.stats.trouble
    recorder.close()
    stats = recorder.stats
    assert (stats.trouble, stats.failure) == ("", "No space left on device: the recording is not ended")
    assert (stats.entries, stats.synced_number) == (1, 0)


def test_what_is_written_is_durable_before_anything_builds_on_it(disk, tmp_path):
    """A power loss cannot be had here; that each step waits for the one before can be seen."""
    recorder, clock = driven(tmp_path / "r")
    begun = ["open", "fdatasync", "open", "write", "write", "open", "fdatasync"]
    assert disk.calls == begun, "the directory's name, then head, session, and the file's name"
    disk.calls.clear()
    for _ in range(2):  # the second is not synced yet
        recorder.take(EntryKind.MARKET, 1, b"today", 1)
        recorder.turn()
    clock.advance(86_400_000_000_000)
    recorder.take(EntryKind.MARKET, 1, b"tomorrow", 2)
    disk.calls.clear()
    recorder._write_waiting()
    expected = ["fdatasync", "open", "write", "write", "open", "fdatasync", "write"]
    assert disk.calls == expected, "the segment before, the next with its name, and then what comes"
    disk.calls.clear()
    recorder.close()
    assert disk.calls == ["fdatasync", "write", "fdatasync"], "everything, the end mark, the end mark"


def test_some_of_the_disk_is_left_to_others(disk, tmp_path):
    recorder, clock = driven(tmp_path / "r", free_bytes_min=100 * MIB)
    disk.free_bytes = 99 * MIB
    clock.advance(2_000_000_000)
    recorder.take(EntryKind.MARKET, 1, b"waits", 1)
    recorder.turn()
    assert recorder.stats.trouble == "99 MiB are free, and 100 are left to others"
    assert payloads(tmp_path / "r") == []
    disk.free_bytes = 101 * MIB
    clock.advance(2_000_000_000)
    recorder.turn()
    assert recorder.stats.trouble == "" and payloads(tmp_path / "r") == [b"waits"]
    recorder.close()


def test_a_stuck_disk_never_holds_up_who_hands_over(disk, tmp_path):
    """By counts: 200,000 entries are taken or dropped while one call to the disk has not returned."""
    recorder = Recorder(tmp_path / "r", session={}, ring_bytes=2 * MIB, reserve_bytes=MIB, free_bytes_min=0)
    disk.callers.clear()  # the first segment is begun by who makes the recorder
    disk.gate.clear()
    for number in range(200_000):
        recorder.take(EntryKind.MARKET, 1, b"m" * 60, number)
        if number % 1000 == 0:
            recorder.take(EntryKind.ACCOUNT, 1000, b"fill %d" % number, number)
    stats = recorder.stats
    assert stats.synced_number <= 1 and stats.messages + stats.dropped == 200_200
    assert stats.dropped > 100_000 and stats.lost == 0
    assert stats.waiting_bytes <= 3 * MIB
    disk.gate.set()
    recorder.close()
    assert disk.callers == {recorder._thread.ident}, "the disk is another thread's"
    assert payloads(tmp_path / "r", EntryKind.ACCOUNT) == [b"fill %d" % number for number in range(0, 200_000, 1000)]
    gaps = [json.loads(payload) for payload in payloads(tmp_path / "r", EntryKind.DROPPED)]
    assert sum(gap["messages"] for gap in gaps) == recorder.stats.dropped
    assert len(payloads(tmp_path / "r")) + recorder.stats.dropped == 200_000
