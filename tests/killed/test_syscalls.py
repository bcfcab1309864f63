"""Kills at system calls: which boundaries a log has, that a lost journal is found, and that none is skipped quietly."""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

from tests.killed import point, syscalls
from tests.killed.boundaries import JOURNAL, MAIN, Boundary, boundaries_in, in_turn
from tests.killed.point import FAILED, KILLED, Place, Point

LOG = """\
pselect6(4, [3], [], [], {tv_sec=0, tv_nsec=5000000}, NULL) = 1 (in [3], left {tv_sec=0, tv_nsec=4000000})
read(3, "g", 1)                         = 1
openat(AT_FDCWD, "/tmp/ca.pem", O_RDONLY|O_CLOEXEC) = 7
mkdir("/tmp/j/journal", 0700)           = 0
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---
openat(AT_FDCWD, "/tmp/j/journal/lock", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 8
pselect6(4, [3], [], [], NULL, NULL)    = 1
sendto(6, "\\27\\3\\3\\1\\237", 420, 0, NULL, 0) = ? <unavailable>
+++ killed by SIGKILL +++
"""


def test_boundaries_are_counted_from_the_first_call_and_kept_from_the_journals():
    assert boundaries_in(LOG, MAIN, Path("/tmp/j/journal")) == [
        Boundary(MAIN, "mkdir", 1), Boundary(MAIN, "openat", 2), Boundary(MAIN, "sendto", 1),
    ]  # fmt: skip
    assert [str(boundary) for boundary in boundaries_in(LOG, JOURNAL)][:2] == [
        "journal thread, read number 1", "journal thread, openat number 1",
    ]  # fmt: skip


def test_calls_that_outlive_the_process_come_mostly_first_and_none_is_left_out():
    boundaries = [Boundary(MAIN, call, nth) for call in ("pwrite64", "getpid") for nth in range(100)]
    ordered = in_turn(boundaries, random.Random(5))
    assert Counter(ordered) == Counter(boundaries)
    first = Counter(boundary.call for boundary in ordered[:50])
    assert 30 <= first["pwrite64"] < 50


class Axe:
    """A tracer that kills when the traced life has been let go, and may take the journal with it."""

    def __init__(self, thread_id: int, log: Path, kill_at: Boundary, *, after_s: float, takes_journal: bool) -> None:
        self.is_attached = True
        self._thread_id, self._log, self._after_s, self._takes_journal = thread_id, log, after_s, takes_journal

    def end(self) -> None:
        self._log.write_text("sendto(6")
        if self._takes_journal:
            shutil.rmtree(self._log.parent / "journal")

    def kill(self) -> None:
        time.sleep(self._after_s)
        os.kill(self._thread_id, signal.SIGKILL)


def outcome_of(tried: Point) -> str:
    while not tried.outcome:
        was_waiting = tried._step == tried._wait_for_tracer
        tried.step()
        if was_waiting and tried._step == tried._wait_for_death:
            tried._tracer.kill()
        time.sleep(0.01)
    return tried.outcome


def test_a_point_agrees_and_one_whose_journal_is_gone_does_not(tmp_path, monkeypatch):
    monkeypatch.setattr(point, "SETTLE_LIMIT_S", 4.0)
    with syscalls.Ground(tmp_path, 1) as ground:
        for takes_journal, outcome in ((False, KILLED), (True, FAILED)):
            monkeypatch.setattr(point, "trace", partial(Axe, after_s=0.05, takes_journal=takes_journal))
            place: Place = ground.place()
            tried = Point(place, Boundary(MAIN, "sendto", 1))
            assert outcome_of(tried) == outcome, tried.why
            assert ("LOST" in tried.why) == takes_journal


def test_where_nothing_can_be_traced_all_are_skipped_loudly(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["syscalls", "--points", "7"])
    assert syscalls.main() == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out.splitlines()[-1])["skipped"] == 7
    assert "ALL 7 POINTS ARE SKIPPED: strace is not installed" in printed.err
