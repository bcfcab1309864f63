"""How an engine's death is heard of: by its lifeline, by pidfd, or by looking."""

import asyncio
import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidings.app.lifeline.process_identity import ProcessIdentity, start_ticks, this_boot
from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.engine.lifeline import Lifeline
from tidings.watchdog import engine_process
from tidings.watchdog.engine_process import EngineProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pidfd and robust locks are Linux's")

LIMIT_S = 20
HOLDER = """
import mmap, sys
from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.engine.lifeline import Lifeline
with open(sys.argv[1], "r+b") as file:
    lifeline = Lifeline(HeartbeatPage(mmap.mmap(file.fileno(), HeartbeatPage.BYTES)))
print(sys.argv[2] == "plain" or lifeline.hold(), flush=True)
input()
lifeline.release()
print("released", flush=True)
input()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "page"
    path.write_bytes(bytes(HeartbeatPage.BYTES))
    return path


class Engine:
    def __init__(self, path: Path, kind: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path), kind], stdin=pipe, stdout=pipe, text=True
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "True\n"
        self.identity = ProcessIdentity(self.process.pid, start_ticks(self.process.pid), this_boot())
        with path.open("r+b") as file:
            self.lifeline = Lifeline(HeartbeatPage(mmap.mmap(file.fileno(), HeartbeatPage.BYTES)))


@pytest.fixture
def start(path: Path) -> Iterator[object]:
    engines = []

    def start(kind: str = "held") -> Engine:
        engines.append(Engine(path, kind))
        return engines[-1]

    yield start
    for engine in engines:
        engine.process.kill()
        engine.process.communicate()


async def dies(engine: Engine) -> tuple[EngineProcess, list[str]]:
    """Watch it, kill it, and wait for the word."""
    heard, told = asyncio.Event(), []
    watched = EngineProcess(engine.identity, engine.lifeline, lambda: (told.append("dead"), heard.set()))
    assert not watched.look()
    os.kill(engine.process.pid, signal.SIGKILL)
    await asyncio.wait_for(heard.wait(), LIMIT_S)
    return watched, told


@pytest.mark.parametrize("kind", ["held", "plain"])
async def test_death_is_told_once(start, kind):
    watched, told = await dies(start(kind))
    await asyncio.sleep(0.1)
    assert (watched.is_dead, watched.look(), told) == (True, True, ["dead"])


async def test_lifeline_alone_is_enough(start, monkeypatch):
    monkeypatch.setattr(engine_process, "_pidfd", lambda pid: None)
    _, told = await dies(start())
    assert told == ["dead"]


async def test_where_nothing_tells_a_look_does(start, monkeypatch):
    monkeypatch.setattr(engine_process, "_pidfd", lambda pid: None)
    engine = start("plain")
    watched = EngineProcess(engine.identity, engine.lifeline, lambda: None)
    assert not watched.look()
    os.kill(engine.process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, engine.process.pid, os.WEXITED | os.WNOWAIT)
    assert watched.look()


async def test_lock_that_was_let_go_of_is_no_death(start):
    engine, told = start(), []
    watched = EngineProcess(engine.identity, engine.lifeline, lambda: told.append("dead"))
    engine.process.stdin.write("\n")
    engine.process.stdin.flush()
    assert engine.process.stdout.readline() == "released\n"
    await asyncio.sleep(0.1)
    assert (watched.look(), told) == (False, [])
    watched.close()


async def test_process_of_the_same_pid_is_another(start):
    engine = start()
    other = ProcessIdentity(engine.identity.pid, engine.identity.start_ticks - 1, engine.identity.boot)
    watched = EngineProcess(other, engine.lifeline, lambda: None)
    assert watched.is_dead
    watched.close()


async def test_closed_watch_tells_nothing(start):
    engine, told = start(), []
    EngineProcess(engine.identity, engine.lifeline, lambda: told.append("dead")).close()
    engine.process.kill()
    await asyncio.sleep(0.2)
    assert told == []
