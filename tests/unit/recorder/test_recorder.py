"""What the recorder takes is what the reader gives back, and what it could not take is told."""

import os
from pathlib import Path

import pytest

from tidings.clock import ManualClock
from tidings.errors import RecordingError
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder

WALL_NS = 1_700_000_000_000_000_000
SESSION = {"env": "local", "symbols": ["BTCUSDT"]}
PUSH = b'{"sequence":%d,"symbol":"BTCUSDT","type":"incremental"}'


def driven(directory: Path, **options) -> tuple[Recorder, ManualClock]:
    """A recorder without a thread, on a clock that stands still."""
    clock = ManualClock(now_ns=1000, wall_ns=WALL_NS)
    return Recorder(directory, session=SESSION, clock=clock, has_thread=False, free_bytes_min=0, **options), clock


def told(entries: list[Entry]) -> list[tuple[int, int, bytes]]:
    return [(entry.kind, entry.source, entry.payload) for entry in entries if entry.kind is not EntryKind.SESSION]


def test_entries_come_back_in_order_with_their_times(tmp_path: Path) -> None:
    recorder, _ = driven(tmp_path / "r")
    recorder.take(EntryKind.CATALOGUE, 0, b'{"code":0}', 1500)
    recorder.turn()
    recorder.take(EntryKind.MARKET, 2, PUSH % 7, 2500)
    recorder.take(EntryKind.LANE_SENT, 65535, b"", 2600)
    recorder.close()
    reader = RecordingReader(tmp_path / "r")
    first, *rest = reader
    assert (first.number, first.kind, first.received_ns, first.wall_ns) == (1, EntryKind.SESSION, 1000, WALL_NS)
    assert rest == [
        Entry(2, 1500, WALL_NS + 500, EntryKind.CATALOGUE, 0, b'{"code":0}'),
        Entry(3, 2500, WALL_NS + 1500, EntryKind.MARKET, 2, PUSH % 7),
        Entry(4, 2600, WALL_NS + 1600, EntryKind.LANE_SENT, 65535, b""),
    ]
    assert reader.damage == ""
    assert reader.read_bytes == reader.total_bytes == sum(path.stat().st_size for path in (tmp_path / "r").iterdir())
    assert reader.session["symbols"] == ["BTCUSDT"] and reader.session["format"] == 1
    assert reader.catalogue == b'{"code":0}'
    assert list(reader.entries(first=3)) == rest[1:]


def test_wall_time_follows_the_clock_entries(tmp_path: Path) -> None:
    recorder, clock = driven(tmp_path / "r")
    clock.manual_now_ns, clock.manual_wall_ns = 2_000_000_000, WALL_NS + 5_000_000_000  # the wall clock has stepped
    recorder.turn()
    recorder.take(EntryKind.MARKET, 1, b"{}", 2_000_000_001)
    recorder.close()
    *_, clock_entry, push = RecordingReader(tmp_path / "r")
    assert clock_entry.kind is EntryKind.CLOCK
    assert push.wall_ns == WALL_NS + 5_000_000_001


def test_a_thread_writes_what_it_is_given(tmp_path: Path) -> None:
    with_thread = Recorder(tmp_path / "r", session=SESSION, free_bytes_min=0)
    pushes = [PUSH % number for number in range(5000)]
    for number, push in enumerate(pushes):
        with_thread.take(EntryKind.MARKET, 1, push, number)
    with_thread.close()
    found = [entry for entry in RecordingReader(tmp_path / "r") if entry.kind is EntryKind.MARKET]
    assert [entry.payload for entry in found] == pushes
    assert [entry.received_ns for entry in found] == list(range(5000))
    assert with_thread.stats.messages == 5000 and with_thread.stats.dropped == 0


def test_segments_follow_each_other(tmp_path: Path) -> None:
    recorder, _ = driven(tmp_path / "r", segment_bytes=4096, level=0)
    pushes = [PUSH % number for number in range(600)]
    for number, push in enumerate(pushes):
        recorder.take(EntryKind.MARKET, 1, push, 2000 + number)
        if number % 20 == 19:
            recorder.turn()
    recorder.close()
    reader = RecordingReader(tmp_path / "r")
    entries = list(reader)
    assert reader.segment_count == recorder.stats.segments > 5
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert [payload for _, _, payload in told(entries)] == pushes
    assert sum(entry.kind is EntryKind.SESSION for entry in entries) == reader.segment_count


def test_what_is_written_is_durable_after_50_ms_or_a_mebibyte_and_the_lag_is_told(tmp_path: Path) -> None:
    recorder, clock = driven(tmp_path / "r", level=0)
    recorder.turn()
    numbers = []
    for _ in range(4):
        recorder.take(EntryKind.MARKET, 1, b"{}", clock.read_now_ns())
        recorder.turn()
        numbers.append(recorder.stats.synced_number)
        clock.advance(20_000_000)
    assert numbers == [1, 1, 1, 5], "the first entry of all is the session's"
    assert (recorder.stats.lag_ns, recorder.stats.lag_max_ns) == (60_000_000, 60_000_000)
    for _ in range(12):
        recorder.take(EntryKind.MARKET, 1, b"x" * 100_000, clock.read_now_ns())
    recorder.turn()
    assert 5 + 10 <= recorder.stats.synced_number < 5 + 12
    assert (recorder.stats.lag_ns, recorder.stats.lag_max_ns) == (0, 60_000_000)
    assert recorder.stats.written_bytes == sum(path.stat().st_size for path in (tmp_path / "r").iterdir())
    recorder.close()


def test_messages_are_packed_and_the_time_is_told_once_a_second(tmp_path: Path) -> None:
    recorder, clock = driven(tmp_path / "r")
    for number in range(300):
        recorder.take(EntryKind.MARKET, 1, PUSH % number, clock.read_now_ns())
        if number % 100 == 99:
            recorder.turn()
    assert recorder.stats.written_bytes * 4 < recorder.stats.bytes == sum(len(PUSH % number) for number in range(300))
    for _ in range(170):
        clock.advance(20_000_000)
        recorder.turn()
    recorder.close()
    assert [entry.kind for entry in RecordingReader(tmp_path / "r")].count(EntryKind.CLOCK) == 3


def test_a_day_ends_a_segment(tmp_path: Path) -> None:
    recorder, clock = driven(tmp_path / "r")
    recorder.take(EntryKind.MARKET, 1, b"today", 1000)
    recorder.turn()
    clock.advance(86_400_000_000_000)
    recorder.take(EntryKind.MARKET, 1, b"tomorrow", clock.read_now_ns())
    recorder.close()
    assert recorder.stats.segments == 2
    assert [payload for kind, _, payload in told(list(RecordingReader(tmp_path / "r"))) if kind == 3] == [
        b"today",
        b"tomorrow",
    ]


def test_what_finds_no_room_is_told_where_it_is_missing(tmp_path: Path) -> None:
    recorder, _ = driven(tmp_path / "r", ring_bytes=4096, slab_bytes=1024, reserve_bytes=2048)
    for number in range(100):
        recorder.take(EntryKind.MARKET, 1, b"x" * 200, number)
    kept = recorder.stats.messages
    assert 0 < kept < 100 and recorder.stats.dropped == 100 - kept
    recorder.take(EntryKind.ACCOUNT, 9, b"fill", 100)  # for this there is a reserve
    recorder.turn()
    recorder.take(EntryKind.MARKET, 1, b"after", 101)
    recorder.close()
    entries = told(list(RecordingReader(tmp_path / "r")))
    gap = b'{"messages":%d,"bytes":%d,"beside_market":0,"from_ns":%d,"to_ns":99}' % (
        100 - kept, 200 * (100 - kept), kept,
    )  # fmt: skip
    assert entries[kept:] == [(8, 0, gap), (4, 9, b"fill"), (3, 1, b"after")]
    assert recorder.stats.lost == 0


def test_no_room_at_all_is_told_too(tmp_path: Path) -> None:
    recorder, _ = driven(tmp_path / "r", ring_bytes=2048, slab_bytes=1024, reserve_bytes=0)
    for number in range(50):
        recorder.take(EntryKind.CALL, 0, b"x" * 100, number)
    assert recorder.stats.lost > 0 and recorder.stats.dropped == 0
    recorder.close()
    assert [kind for kind, _, _ in told(list(RecordingReader(tmp_path / "r")))].count(8) == 1


def test_a_directory_takes_one_recording(tmp_path: Path) -> None:
    driven(tmp_path)[0].close()
    with pytest.raises(RecordingError, match="holds a recording already"):
        driven(tmp_path)


def test_a_recording_that_never_began_is_removed(tmp_path: Path) -> None:
    driven(tmp_path / "r")[0].close(is_worthless=True)
    assert not (tmp_path / "r").exists()
    (tmp_path / "r").mkdir()  # somebody else's
    driven(tmp_path / "r")[0].close(is_worthless=True)
    assert list((tmp_path / "r").iterdir()) == []
    driven(tmp_path / "r")[0].close()


class SlowDiskClock(ManualClock):
    """A millisecond goes by whenever the disk is asked for something."""

    def passes(self, real):
        def call(*arguments):
            self.advance(1_000_000)
            return real(*arguments)

        return call


def test_a_slow_disk_does_not_move_wall_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SlowDiskClock(now_ns=1000, wall_ns=WALL_NS)
    for name in ("open", "write", "fdatasync"):
        monkeypatch.setattr(os, name, clock.passes(getattr(os, name)))
    recorder = Recorder(tmp_path / "r", session=SESSION, clock=clock, has_thread=False, free_bytes_min=0)
    recorder.take(EntryKind.MARKET, 1, b"{}", 5_000_000_000)
    recorder.close()
    *_, push = RecordingReader(tmp_path / "r")
    assert push.wall_ns - push.received_ns == WALL_NS - 1000


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no recording"):
        RecordingReader(tmp_path)
    with pytest.raises(RecordingError, match="cannot be read"):
        RecordingReader(tmp_path / "nowhere")


def test_a_recording_that_goes_on_says_that_it_has_not_ended(tmp_path: Path) -> None:
    recorder, _ = driven(tmp_path / "r")
    recorder.take(EntryKind.MARKET, 1, b"{}", 1000)
    recorder.turn()
    reader = RecordingReader(tmp_path / "r")
    assert len(list(reader)) == 2
    assert reader.damage.startswith("not ended")
    recorder.close()
