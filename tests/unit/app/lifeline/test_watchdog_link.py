"""An engine under a watchdog: what it marks, what it heeds, and when it says goodbye."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_samples import Path as OrderPath
from order_samples import INVERSE, LIMIT, LINEAR, SPOT

from tidings.app.lifeline.watchdog_link import WatchdogLink, watchdog_link
from tidings.app.readiness import Readiness
from tidings.clock import Clock
from tidings.config import load_settings
from tidings.engine.heartbeat_signs import EngineMode, TripCause, WatchMode
from tidings.model.enums import DenyReason, ProductLine

CLOCK = Clock()
SETTLE_S = 30.0  # a busy machine


class Gates:
    """What the readiness tells the gateway."""

    def __init__(self) -> None:
        self.reason = DenyReason.NONE

    def deny_orders(self, reason: int) -> None:
        self.reason = DenyReason(reason)

    def deny_symbol(self, instrument: object, reason: int) -> None:
        raise AssertionError("a watchdog is no matter of one symbol")


class Link:
    """A link with the order path above it and nobody behind it."""

    def __init__(self, file: Path, *, watchdog: str = "required") -> None:
        self.path, self.gates = OrderPath(), Gates()
        self.readiness = Readiness(self.gates)
        settings = load_settings("local", watchdog=watchdog, watchdog_file=str(file))
        instruments = [INVERSE, LINEAR, SPOT]
        self.link = WatchdogLink(settings, None, instruments, self.path.entry, self.readiness, None, CLOCK, 7)
        self.page = self.link.heartbeat.page

    async def begin(self) -> None:
        await self.link.begin(lambda: 4, lambda error, act: None)

    def watchdog_beats(self, mode: int = WatchMode.READY) -> None:
        self.page.watch(mode=mode, pid=5, start_ticks=0, stall_ns=3, now_ns=CLOCK.read_now_ns())
        self.page.arm(self.page.epoch)

    async def until(self, reason: DenyReason) -> None:
        async with asyncio.timeout(SETTLE_S):
            while self.gates.reason != reason:
                await asyncio.sleep(0.005)


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    link = Link(tmp_path / "a.heartbeat")
    yield link
    link.link.end(is_on_purpose=True, is_flat=False)


def test_off_is_no_link_at_all():
    settings = load_settings("local")
    assert watchdog_link(settings, None, None, None, None, None, None, 7) is None


async def test_orders_taken_over_from_an_earlier_session_are_marked(link):
    link.path.entry.watch_by(None)
    link.path.submit(LIMIT)
    await link.begin()
    assert link.page.marked() == [(ProductLine.LINEAR, LINEAR.symbol)]
    assert link.page.engine_signs().expiry_s == 7      # a watchdog looks as long as the longest of both can arrive


async def test_orders_are_denied_until_a_watchdog_has_taken_note(link):
    await link.begin()
    assert link.gates.reason == DenyReason.NOT_READY
    assert "no watchdog is alive" in link.readiness.reason
    link.watchdog_beats()
    await link.until(DenyReason.NONE)
    assert link.readiness.reason == ""


async def test_fence_denies_orders_and_says_why(link):
    await link.begin()
    link.watchdog_beats()
    await link.until(DenyReason.NONE)
    link.page.fence(link.page.epoch, TripCause.STALLED, CLOCK.read_now_ns())
    await link.until(DenyReason.NOT_READY)
    assert "shut this engine out" in link.readiness.reason


async def test_engine_beats_from_its_loop(link):
    await link.begin()
    first_ns = link.page.engine_signs().beat_ns
    async with asyncio.timeout(SETTLE_S):
        while link.page.engine_signs().beat_ns == first_ns:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("is_on_purpose", "is_flat", "mode"),
    [(True, False, EngineMode.LEFT), (True, True, EngineMode.CANCELLED), (False, False, EngineMode.RUNNING)],
)
async def test_goodbye_is_said_only_to_an_end_on_purpose(link, is_on_purpose, is_flat, mode):
    await link.begin()
    link.link.end(is_on_purpose=is_on_purpose, is_flat=is_flat)
    assert link.page.engine_signs().mode == mode


async def test_fenced_engine_says_no_goodbye(link):
    """Its watchdog is cancelling: a goodbye must not keep the next engine from waiting for that."""
    await link.begin()
    link.page.fence(link.page.epoch, TripCause.STALLED, CLOCK.read_now_ns())
    link.link.end(is_on_purpose=True, is_flat=True)
    assert link.page.engine_signs().mode == EngineMode.RUNNING


def test_session_that_failed_to_start_says_no_goodbye(link):
    link.link.end(is_on_purpose=True, is_flat=False)
    assert link.page.engine_signs().mode == EngineMode.NONE
