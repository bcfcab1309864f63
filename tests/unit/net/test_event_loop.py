"""The loop runs, stays awake when asked, and keeps garbage out of the way."""

import asyncio
import gc
import os
import subprocess
import sys

import pytest

from tidings.errors import ConfigError
from tidings.net import event_loop
from tidings.net.event_loop import BusyPoll, pin_to_cpu


async def loop_module():
    return type(asyncio.get_running_loop()).__module__


def test_main_runs_on_uvloop():
    assert event_loop.run(loop_module()) == "uvloop"


def test_main_runs_on_asyncio_where_uvloop_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert event_loop.run(loop_module()).startswith("asyncio")


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_process_is_pinned():
    cpu = min(os.sched_getaffinity(0))
    code = (
        "import os; from tidings.net import event_loop\n"
        "async def where(): return os.sched_getaffinity(0)\n"
        f"print(event_loop.run(where(), cpu={cpu}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == str({cpu})


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_core_that_does_not_exist_is_named():
    with pytest.raises(ConfigError, match="cpu 4000 cannot be used: this process may run on"):
        pin_to_cpu(4000)


def test_settled_memory_is_not_collected_again():
    threshold = gc.get_threshold()
    try:
        event_loop.settle_memory()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold()[0] == event_loop.YOUNG_OBJECTS_MAX
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)


class Polled:
    def __init__(self):
        self.poll_count = 0
        self.error = None

    def poll(self):
        self.poll_count += 1
        if self.error is not None:
            raise self.error
        return 0


async def test_busy_poll_polls_in_every_pass_until_stopped():
    polled = Polled()
    spinning = BusyPoll(polled, asyncio.get_running_loop())
    spinning.start()
    spinning.start()
    for _ in range(5):
        await asyncio.sleep(0)
    assert 4 <= polled.poll_count <= 6      # once a pass, though started twice

    spinning.stop()
    counted = polled.poll_count
    for _ in range(5):
        await asyncio.sleep(0)
    assert polled.poll_count == counted


async def test_busy_poll_survives_an_error():
    polled, reported = Polled(), []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["exception"]))
    polled.error = ValueError("a listener's bug")
    spinning = BusyPoll(polled, asyncio.get_running_loop())
    spinning.start()
    for _ in range(4):
        await asyncio.sleep(0)
    spinning.stop()
    assert polled.poll_count >= 2
    assert reported[0] is polled.error
