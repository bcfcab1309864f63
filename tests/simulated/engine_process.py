"""The engine as a process: started, killed at any instant, started again by whoever watches over it."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from tests.simulated.disk import DiskHandle, SimulatedDisk
from tests.simulated.limits import LimitTraits, settings_of
from tests.simulated.loop import NS_PER_S, EngineLoop, Timeline
from tests.simulated.state_directory import SimulatedLatch, StateDirectory
from tests.simulated.wire import Network, SimulatedDialer
from tidings.app.engine import Engine
from tidings.app.kill import killable
from tidings.app.truth import journal_home
from tidings.app.world import World
from tidings.clock import Clock
from tidings.config import Secret, load_settings
from tidings.engine.strategy import Strategy
from tidings.errors import TidingsError
from tidings.journal import keeper
from tidings.journal.segments import SEGMENT_BYTES_MIN
from tidings.net.dialer import Endpoint
from tidings.net.tls import TlsContext
from tidings.session.phemex import Phemex
from tidings.venue.phemex import rate_groups


@contextmanager
def simulated_surroundings(process: EngineProcess) -> Iterator[None]:
    """What the engine takes from its modules and not from its World, for as long as a simulation lasts.

    Journals have small segments, so that a run of some dozen orders goes through several; the kill latch lies in the
    machine's state directory.
    """
    small = functools.partial(keeper.begin_session, segment_bytes=SEGMENT_BYTES_MIN)
    with (
        patch.object(killable, "KillLatch", SimpleNamespace(of=lambda authority, api_key: process.make_latch())),
        patch.object(journal_home, "begin_session", small),
    ):
        yield


BOOT_NS = 1_000 * NS_PER_S  # what the machine's monotonic clock shows at the timeline's 0
RESTART_S = 1.0  # whoever watches over the process tries again so much later


@dataclass(frozen=True)
class EngineTraits:
    """The settings that differ from run to run."""

    lanes: int = 2
    deadline_s: float = 0.5
    expiry_s: int = 1
    create_method: str = "PUT"
    requests_per_minute_max: int | None = None
    wall_ahead_ns: int = 0  # this machine's wall clock, of true time
    max_open_orders: int = 200
    journal: str = "crash"
    limits: LimitTraits | None = None


@dataclass
class Account:
    """What the engine needs to know to trade."""

    api_key: str
    api_secret: str = field(repr=False)


class EngineProcess:
    """One machine on which an engine runs, or has died. `make_strategy` is called for each life."""

    def __init__(
        self, timeline: Timeline, network: Network, account: Account, traits: EngineTraits, wall_start_ns: int,
        seed: int, make_strategy: Callable[[EngineProcess], Strategy],
    ) -> None:
        self.timeline, self.network, self.traits = timeline, network, traits
        self.wall_offset_ns = wall_start_ns + traits.wall_ahead_ns - BOOT_NS
        self.disk = SimulatedDisk(random.Random(seed ^ 1))
        self.state = StateDirectory(timeline, self.disk, seed)
        self.loop: EngineLoop | None = None
        self.phemex: Phemex | None = None  # of the present life, once it has come up
        self.life_count = 0
        self.sync_failures_before = 0  # syncs that had failed when the present engine began
        self.unheard_count = 0  # engines since the last strategy that came to nothing: what they learnt, none was told
        self.failed_starts: list[str] = []
        self.failures: list[str] = []  # exceptions nobody caught, of all lives
        self._account, self._make_strategy = account, make_strategy
        self._chance = random.Random(seed)
        self._main: asyncio.Task[Any] | None = None

    def make_latch(self) -> SimulatedLatch:
        """The present life's view of the kill latch."""
        life = self.life_count
        return SimulatedLatch(self.state, lambda: self.is_alive and self.life_count == life)

    @property
    def is_alive(self) -> bool:
        return self.loop is not None

    def start(self) -> None:
        """Begin a life, unless one goes on."""
        if self.loop is not None:
            return
        self.life_count += 1
        rate_groups._ip_buckets.clear()  # a new process knows nothing of what an old one sent
        self.loop = EngineLoop(self.timeline, BOOT_NS, self.wall_offset_ns)
        self._main = self.loop.create_task(self._live(self.loop))

    def kill(self, *, loses_power: bool = False) -> None:
        """End it between two instructions: nothing is flushed, nobody is told; the kernel closes what was open.

        `loses_power`: the whole machine goes, and with it what was not synced.
        """
        if self.loop is not None:
            self.disk.lose_power() if loses_power else self.disk.drop_process()
            self.failures += self.loop.failures
            loop, self.loop, self.phemex, self._main = self.loop, None, None, None
            loop.kill()
            self.network.drop_process(loop)

    def stop(self) -> asyncio.Task[Any]:
        """Ask it to end in order; the task is done when it has."""
        assert self._main is not None
        self._main.cancel()
        return self._main

    def do(self, act: Callable[..., object], *arguments: object) -> None:
        """Have something done inside the process, as its own code would."""
        assert self.loop is not None
        self.loop.call_soon(act, *arguments)

    async def _live(self, loop: EngineLoop) -> None:
        while True:
            try:
                self.unheard_count += 1
                self.sync_failures_before = self.disk.sync_failed_count
                async with Phemex(Engine(self._settings(), self._world(loop))) as phemex:
                    self.phemex = phemex
                    strategy, self.unheard_count = self._make_strategy(self), 0
                    await phemex.run(strategy)
            except (TidingsError, OSError) as error:
                self.failed_starts.append(str(error))
            except Exception as error:
                if not loop.is_killed:  # what a dying process raises is nobody's
                    self.failures.append(f"the process ended by {error!r}")
                raise
            self.phemex = None
            await asyncio.sleep(RESTART_S)

    def _settings(self) -> Any:
        traits = self.traits
        limits = {"max_open_orders": traits.max_open_orders}
        if traits.limits is not None:
            limits |= settings_of(traits.limits)
        return load_settings(
            "local", environ={}, api_key=self._account.api_key, api_secret=Secret(self._account.api_secret),
            api_url="http://127.0.0.1:8080", lanes=traits.lanes, deadline_s=traits.deadline_s, expiry_s=traits.expiry_s,
            create_method=traits.create_method, requests_per_minute_max=traits.requests_per_minute_max,
            order_memory=256, journal=traits.journal, journal_dir="journal", kill_signal="none", **limits,
        )

    def _world(self, loop: EngineLoop) -> World:
        def make_dialer(endpoint: Endpoint, clock: Clock, tls: TlsContext | None) -> Any:
            return SimulatedDialer(self.network, loop, endpoint, clock)

        return World(
            loop.clock, random.Random(self._chance.getrandbits(32)), make_dialer,
            make_disk=lambda directory: DiskHandle(self.disk), has_threads=False,
        )
