"""The engine as a process: started, killed at any instant, started again by whoever watches over it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulated.loop import NS_PER_S, EngineLoop, Timeline
from tests.simulated.wire import Network, SimulatedDialer
from tidings.app.engine import Engine
from tidings.app.world import World
from tidings.clock import Clock
from tidings.config import Secret, load_settings
from tidings.engine.strategy import Strategy
from tidings.errors import TidingsError
from tidings.net.dialer import Endpoint
from tidings.net.tls import TlsContext
from tidings.session.phemex import Phemex
from tidings.venue.phemex import rate_groups

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
        self.loop: EngineLoop | None = None
        self.phemex: Phemex | None = None  # of the present life, once it has come up
        self.life_count = 0
        self.failed_starts: list[str] = []
        self.failures: list[str] = []  # exceptions nobody caught, of all lives
        self._account, self._make_strategy = account, make_strategy
        self._chance = random.Random(seed)
        self._main: asyncio.Task[Any] | None = None
        rate_groups._ip_buckets.clear()  # another run is another machine; it would be remembered for ever

    @property
    def is_alive(self) -> bool:
        return self.loop is not None

    def start(self) -> None:
        """Begin a life."""
        self.life_count += 1
        self.loop = EngineLoop(self.timeline, BOOT_NS, self.wall_offset_ns)
        self._main = self.loop.create_task(self._live(self.loop))

    def kill(self) -> None:
        """End it between two instructions: nothing is flushed, nobody is told; the kernel closes what was open."""
        if self.loop is not None:
            self.failures += self.loop.failures
            self.loop.kill()
            self.network.drop_process(self.loop)
            self.loop = self.phemex = self._main = None

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
            engine = Engine(self._settings(), self._world(loop))
            try:
                async with Phemex(engine) as phemex:
                    self.phemex = phemex
                    await phemex.run(self._make_strategy(self))
            except (TidingsError, OSError) as error:
                self.failed_starts.append(str(error))
            self.phemex = None
            await asyncio.sleep(RESTART_S)

    def _settings(self) -> Any:
        traits = self.traits
        return load_settings(
            "local", environ={}, api_key=self._account.api_key, api_secret=Secret(self._account.api_secret),
            api_url="http://127.0.0.1:8080", lanes=traits.lanes, deadline_s=traits.deadline_s, expiry_s=traits.expiry_s,
            create_method=traits.create_method, requests_per_minute_max=traits.requests_per_minute_max,
            max_open_orders=traits.max_open_orders, order_memory=256, journal="none",
        )

    def _world(self, loop: EngineLoop) -> World:
        def make_dialer(endpoint: Endpoint, clock: Clock, tls: TlsContext | None) -> Any:
            return SimulatedDialer(self.network, loop, endpoint, clock)

        return World(loop.clock, random.Random(self._chance.getrandbits(32)), make_dialer)
