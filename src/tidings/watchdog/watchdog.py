"""The dead-man's switch, put together: watch one engine's page and process, and act when it dies, stalls or is cut off.

One tick does all the watching. The process's end does not wait for it: the kernel's word calls `_on_death` at once.
Acting is always the same: raise the fence, then read the marks, then cancel and look until nothing can be open.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tidings.app.kill.flattening import Flattening
from tidings.app.lifeline.heartbeat import is_watchdog_alive, last_arrival_ns
from tidings.app.lifeline.heartbeat_file import HeartbeatFile, heartbeat_path
from tidings.app.lifeline.process_identity import ProcessIdentity
from tidings.app.timers import every
from tidings.app.world import World
from tidings.config import EngineSettings
from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.engine.heartbeat_signs import EngineMode, EngineSigns, TripCause, WatchMode
from tidings.engine.lifeline import Lifeline
from tidings.errors import ConfigError
from tidings.net.event_loop import settle_memory
from tidings.venue.phemex.endpoints import LOCAL
from tidings.watchdog.engine_process import EngineProcess
from tidings.watchdog.judgement import Judgement
from tidings.watchdog.venue_door import VenueDoor

log = logging.getLogger("tidings.watchdog")

NS_PER_S = 1_000_000_000
TICK_S = 0.02
PRIORITY = -10  # nice value
FILE_LOOK_NS = NS_PER_S
FOUND_DEAD_NS = 60 * NS_PER_S  # an engine found dead is acted upon if it was alive this recently
EXPIRY_MAX_S = 60  # no engine signs for longer: more is a damaged page
LOCAL_GONE_NS = 10 * NS_PER_S  # a local exchange that is away this long has ended, and its orders with it

Tell = Callable[[str, dict[str, object]], object]


class Watchdog:
    """One account's. `tell(event, facts)` hears everything; `run` ends by `stop`, or with the engine if `is_once`."""

    def __init__(
        self, settings: EngineSettings, tell: Tell, *, lane_count: int, is_once: bool, world: World | None = None
    ) -> None:
        self._settings, self._tell, self._is_once = settings, tell, is_once
        self._world = world or World()
        self._clock = self._world.clock
        self._door = VenueDoor(settings, self._world, lane_count=lane_count)
        self._judgement = Judgement(round(settings.watchdog_stall_s * NS_PER_S))
        self._identity = ProcessIdentity.own()
        self._engine: EngineProcess | None = None
        self._epoch = 0  # of the engine watched over; 0: none yet
        self._is_armed = False  # it has not been acted upon
        self._flattening: asyncio.Task[None] | None = None
        self._next_file_look_ns = 0
        self._door_closed_ns: int | None = None
        self._stopped = asyncio.Event()
        self._failure = ""

    def stop(self) -> None:
        """End soon, whatever is going on."""
        self._stopped.set()

    async def run(self, on_ready: Callable[[dict[str, object]], object]) -> bool:
        """Watch until stopped. False: it ended before what it had to do was done. Raises ConfigError."""
        access = await self._door.find()
        path = self._settings.watchdog_file or heartbeat_path(access.endpoints.rest.authority, access.api_key or "")
        self._file = self._open_file(Path(path))
        _take_priority()
        ticks = every(TICK_S, self._tick, self._on_tick_error)
        opening = asyncio.create_task(self._open_door(on_ready))
        try:
            await self._stopped.wait()
        finally:
            await self._end([ticks, opening])
        if self._failure:
            log.error("%s", self._failure)
        return not self._failure

    @property
    def _page(self) -> HeartbeatPage:
        return self._file.page

    def _open_file(self, path: Path) -> HeartbeatFile:
        file = HeartbeatFile(path)
        other = file.page.watch_signs()
        if is_watchdog_alive(other, self._clock.read_now_ns()) and other.pid != self._identity.pid:
            file.close()
            raise ConfigError(f"process {other.pid} is a watchdog of {path} already: one is enough")
        return file

    async def _open_door(self, on_ready: Callable[[dict[str, object]], object]) -> None:
        try:
            await self._door.open()
            self._tell_ready(on_ready)
        except ConfigError as error:
            self._give_up(str(error))
        except Exception as error:  # the top of a task: without this door there is nothing to watch for
            log.error("opening the way to the venue failed", exc_info=error)
            self._give_up(f"opening the way to the venue failed: {error!r}")

    def _tell_ready(self, on_ready: Callable[[dict[str, object]], object]) -> None:
        settle_memory()
        facts: dict[str, object] = {
            "pid": self._identity.pid,
            "engine_file": str(self._file.path),
            "stall_s": self._settings.watchdog_stall_s,
            "lanes": self._door.client.pool.up_count(),
        }
        self._tell("ready", facts)
        on_ready(facts)

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        if self._flattening is not None and not self._flattening.done():
            tasks.append(self._flattening)
            self._failure = self._failure or "ended before the venue was seen to have nothing open"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._beat(WatchMode.NONE)
        if self._engine is not None:
            self._engine.close()
        await self._door.close()
        self._file.close()
        self._tell("ended", {"failure": self._failure} if self._failure else {})

    # ---- Watching ------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_ns = self._clock.read_now_ns()
        self._door.check_deadlines(now_ns)
        self._look_for_file(now_ns)
        if self._flattening is not None:
            self._beat(WatchMode.FLATTENING)
            self._look_for_venue(now_ns)
            return
        self._beat(WatchMode.READY if self._door.is_open else WatchMode.CONNECTING)
        signs = self._page.engine_signs()
        if signs.epoch != self._epoch and signs.mode == EngineMode.RUNNING:
            self._attach(signs, now_ns)
        elif signs.epoch == self._epoch and self._epoch:
            self._watch(signs, now_ns)

    def _beat(self, mode: WatchMode) -> None:
        own, stall_ns = self._identity, self._judgement.stall_ns
        self._page.watch(
            mode=mode, pid=own.pid, start_ticks=own.start_ticks, stall_ns=stall_ns, now_ns=self._clock.read_now_ns()
        )

    def _attach(self, signs: EngineSigns, now_ns: int) -> None:
        """Take note of an engine that beats; one that is dead already is judged by how long."""
        self._let_go()
        self._epoch, self._is_armed = signs.epoch, True
        identity = ProcessIdentity(signs.pid, signs.start_ticks, signs.boot)
        self._engine = EngineProcess(identity, Lifeline(self._page), self._on_death)
        facts: dict[str, object] = {"pid": signs.pid, "epoch": signs.epoch}
        watch = self._page.watch_signs()
        if watch.settled_epoch == signs.epoch:
            # Another watchdog has seen to it: whatever is open now is not of this engine, or comes with a new epoch.
            self._is_armed = False
            self._tell("settled_already", facts)
            return
        if not self._engine.is_dead:
            self._page.arm(signs.epoch)
            self._tell("attached", facts)
            return
        is_unfinished = watch.fenced_epoch == signs.epoch != watch.settled_epoch
        is_same_boot = not signs.boot or signs.boot == self._identity.boot
        if is_same_boot and now_ns - max(signs.beat_ns, watch.fenced_ns * is_unfinished) <= FOUND_DEAD_NS:
            self._trip(TripCause.FOUND_DEAD)
            return
        self._is_armed = False
        self._tell("found_dead_long_ago", {**facts, "symbols": [symbol for _, symbol in self._page.marked()]})
        self._end_if_once()

    def _watch(self, signs: EngineSigns, now_ns: int) -> None:
        assert self._engine is not None
        is_dead = self._engine.look()
        if signs.mode != EngineMode.RUNNING and self._is_armed:
            self._is_armed = False
            self._tell("detached", {"orders": "cancelled" if signs.mode == EngineMode.CANCELLED else "left"})
            self._end_if_once()
        elif not self._is_armed:
            if is_dead or signs.mode != EngineMode.RUNNING:
                self._end_if_once()
        elif cause := self._judgement.tick(now_ns, signs, is_dead=is_dead):
            self._trip(cause)

    def _on_death(self) -> None:
        """The kernel says that the process has ended: at once, not with the next tick."""
        signs = self._page.engine_signs()
        if self._flattening is None and self._is_armed and signs.epoch == self._epoch:
            self._watch(signs, self._clock.read_now_ns())

    def _look_for_file(self, now_ns: int) -> None:
        """A heartbeat file that somebody has removed is made again, or the next engine's is found."""
        if now_ns < self._next_file_look_ns or self._flattening is not None:
            return
        self._next_file_look_ns = now_ns + FILE_LOOK_NS
        if not self._file.is_in_place() and not self._is_armed:
            self._let_go()
            self._file.close()
            self._file = HeartbeatFile(self._file.path)
            self._epoch = 0

    def _let_go(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    # ---- Acting --------------------------------------------------------------------------------------------------

    def _trip(self, cause: TripCause) -> None:
        now_ns = self._clock.read_now_ns()
        self._page.fence(self._epoch, cause, now_ns)
        self._is_armed = False
        self._tell("tripped", {"cause": cause.name.lower(), "epoch": self._epoch})
        flattening = Flattening(
            self._door,
            self._clock,
            arrival_ns=last_arrival_ns(now_ns, min(self._page.engine_signs().expiry_s, EXPIRY_MAX_S)),
            marked=self._page.marked,
            tell=self._tell,
        )
        flattening.begin()
        self._flattening = asyncio.create_task(self._flatten(flattening))
        self._flattening.add_done_callback(self._flattened)

    async def _flatten(self, flattening: Flattening) -> None:
        await flattening.finish()
        self._page.settle(self._epoch)

    def _flattened(self, task: asyncio.Task[None]) -> None:
        self._flattening = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("flattening failed", exc_info=error)
            self._give_up(f"flattening failed: {error!r}")

    def _look_for_venue(self, now_ns: int) -> None:
        """A local exchange ends with whoever started it; nobody needs to wait for it. A real venue comes back."""
        if self._door.is_open:
            self._door_closed_ns = None
            return
        self._door_closed_ns = self._door_closed_ns or now_ns
        if self._settings.env == LOCAL and self._is_once and now_ns - self._door_closed_ns > LOCAL_GONE_NS:
            self._give_up("the local exchange is gone")

    def _end_if_once(self) -> None:
        if self._is_once:
            self._stopped.set()

    def _give_up(self, failure: str) -> None:
        self._failure = failure
        self._stopped.set()

    def _on_tick_error(self, error: Exception, act: object) -> None:
        log.error("watching failed: %s", error, exc_info=error)


def _take_priority() -> None:
    """Before others on a busy machine, where we may: it sleeps nearly always, and must not wait when it wakes."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
