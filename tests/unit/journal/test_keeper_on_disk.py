"""A journal's keeper on a real disk, with its thread: what is durable, what fails, what a death in between leaves."""

import contextlib
import errno
import os
import time
from pathlib import Path

import pytest
from journal_samples import WALL_NS, begin, send
from order_samples import limit

from tidings.clock import Clock
from tidings.journal.keeper import begin_session
from tidings.journal.live_disk import LiveDisk, LiveSegment
from tidings.journal.log_reader import read_log
from tidings.journal.record import SEGMENT_BYTES_BEFORE
from tidings.journal.stories import replay
from tidings.model.enums import DenyReason


def test_thread_makes_it_durable(tmp_path):
    disk = LiveDisk(tmp_path)
    disk.lock()
    keeper = begin_session(disk, None, Clock(), wall_ns=WALL_NS, expiry_s=5, segment_bytes=16384)
    keeper.start_thread()
    seq = [keeper.journal.note("new", limit(), now_ns=1), keeper.journal.last_seq][1]
    while keeper.journal.writer.synced_seq < seq or keeper.journal.spare is None:
        keeper.journal.wait_for_work(10**7, 10**6)
    keeper.close(open_count=1)
    assert read_log(disk).last_seq == seq + 1
    assert not list(tmp_path.glob("*.hot"))


def test_a_session_whose_first_sync_fails_says_so_and_holds_nothing(tmp_path, monkeypatch):
    sync, open_before = LiveSegment.sync, len(list(Path("/dev/fd").iterdir()))

    def fail_at_the_first_record(segment, used_bytes):
        if used_bytes > SEGMENT_BYTES_BEFORE:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(segment, used_bytes)

    monkeypatch.setattr(LiveSegment, "sync", fail_at_the_first_record)
    disk = LiveDisk(tmp_path)
    disk.lock()
    with pytest.raises(OSError, match="Input/output error"):
        begin_session(disk, None, Clock(), wall_ns=WALL_NS, expiry_s=5, segment_bytes=16384)
    disk.unlock()
    assert len(list(Path("/dev/fd").iterdir())) == open_before


def test_a_thread_that_fails_is_a_journal_that_fails(tmp_path, monkeypatch, caplog):
    disk = LiveDisk(tmp_path)
    keeper = begin(disk, segment_bytes=16384)
    monkeypatch.setattr(keeper, "tend", lambda: keeper.journal.failure or 1 // 0)
    keeper.start_thread()
    limit_s = time.monotonic() + 10
    while not keeper.journal.failure and time.monotonic() < limit_s:
        keeper.journal.wait_for_work(10**7, 10**6)
    assert keeper.journal.note("new", limit(), now_ns=1) == DenyReason.JOURNAL
    assert "ZeroDivisionError" in keeper.journal.denies_because and len(caplog.records) == 1
    keeper.close(open_count=0)


class Killed(BaseException):
    """Whoever removes files dies here."""


@pytest.mark.parametrize("removals", range(6))
def test_whoever_dies_while_removing_a_worthless_journal_leaves_one_to_begin_on(tmp_path, monkeypatch, removals):
    unlink, done = Path.unlink, []

    def unlink_or_die(path, missing_ok=False):
        if len(done) == removals:
            raise Killed
        done.append(path)
        unlink(path, missing_ok)

    disk = LiveDisk(tmp_path / "j")
    keeper = begin(disk, segment_bytes=16384)
    keeper.tend()
    send(keeper, 1)
    with monkeypatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(Path, "unlink", unlink_or_die)
        keeper.close(open_count=0, is_worthless=True)
    disk.unlock()
    again = begin(LiveDisk(tmp_path / "j"), segment_bytes=16384)
    send(again, 1)
    again.close(open_count=1)
    assert again.ids.text(1) in replay(read_log(LiveDisk(tmp_path / "j")).records()).stories
    assert len(done) == removals
