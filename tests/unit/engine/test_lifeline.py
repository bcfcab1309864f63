"""A lock whose holder's death wakes who waits, before the kernel has freed the holder's memory."""

import gc
import mmap
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.engine.lifeline import Lifeline

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="robust locks are Linux's")


def page_of(path: Path) -> HeartbeatPage:
    with path.open("r+b") as file:
        return HeartbeatPage(mmap.mmap(file.fileno(), HeartbeatPage.BYTES))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "page"
    path.write_bytes(bytes(HeartbeatPage.BYTES))
    return path


def holder(path: Path, then: Callable[[Lifeline], object]) -> int:
    """A forked process that takes the lock, tells so, and goes on with `then`; its pid."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        lifeline = Lifeline(page_of(path))
        os.write(writing, b"y" if lifeline.hold() else b"n")
        then(lifeline)
        os._exit(0)
    assert os.read(reading, 1) == b"y"
    os.close(reading)
    os.close(writing)
    return pid


def sleep_on(lifeline: Lifeline) -> None:
    time.sleep(60)


def waiting(path: Path) -> tuple[threading.Thread, list[bool]]:
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(Lifeline(page_of(path)).wait()), daemon=True)
    thread.start()
    return thread, answers


def test_kill_of_the_holder_wakes_who_waits(path):
    pid = holder(path, sleep_on)
    thread, answers = waiting(path)
    thread.join(0.1)
    assert answers == []
    os.kill(pid, signal.SIGKILL)
    thread.join(10)
    os.waitpid(pid, 0)
    assert answers == [True]


def test_kill_wakes_everybody_who_waits(path):
    """A watchdog waits anew for an engine that is armed again, while its first wait goes on."""
    pid = holder(path, sleep_on)
    waits = [waiting(path), waiting(path)]
    waits[0][0].join(0.1)
    os.kill(pid, signal.SIGKILL)
    for thread, _ in waits:
        thread.join(10)
    os.waitpid(pid, 0)
    assert [answers for _, answers in waits] == [[True], [True]]


def test_release_is_no_death(path):
    def let_go(lifeline: Lifeline) -> None:
        time.sleep(0.2)
        lifeline.release()

    pid = holder(path, let_go)
    thread, answers = waiting(path)
    thread.join(10)
    os.waitpid(pid, 0)
    assert answers == [False]


def test_next_engine_takes_over_from_a_dead_one(path):
    for _ in range(3):
        pid = holder(path, sleep_on)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    lifeline = Lifeline(page_of(path))
    assert lifeline.is_held  # so it says: nobody was there to take it back
    assert lifeline.wait()
    assert lifeline.hold()


def test_holding_twice_is_holding(path):
    lifeline = Lifeline(page_of(path))
    assert lifeline.hold()
    assert lifeline.hold()
    lifeline.release()
    assert not lifeline.is_held


def test_lock_left_over_from_another_run_of_the_machine_is_made_anew(path):
    Lifeline(page_of(path)).hold()
    with path.open("r+b") as file:
        file.seek(48 * 8)
        file.write((0x3FFFFFFF - 5).to_bytes(4, "little"))  # the holder's thread id, of no living thread
    assert Lifeline(page_of(path)).hold()


def test_nobody_waits_for_a_lock_that_nobody_holds(path):
    assert Lifeline(page_of(path)).wait() is False


def test_page_that_is_forgotten_while_held_does_not_hurt_the_next(tmp_path):
    """The C library links held locks through the pages themselves."""
    for number in range(5):
        path = tmp_path / str(number)
        path.write_bytes(bytes(HeartbeatPage.BYTES))
        assert Lifeline(page_of(path)).hold()
        gc.collect()


def test_only_the_holder_lets_go(path):
    holding, other = Lifeline(page_of(path)), Lifeline(page_of(path))
    assert holding.hold()
    other.release()
    assert holding.is_held
