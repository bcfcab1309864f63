"""An engine under a dead-man's switch: the beat, what the watchdog says, and the goodbye.

The beat comes from a timer on the engine's loop, on purpose: a loop that is stuck beats no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tidings.app.lifeline.heartbeat import Heartbeat, last_arrival_ns
from tidings.app.lifeline.heartbeat_file import HeartbeatFile, heartbeat_path
from tidings.app.lifeline.watchdog_process import spawn_watchdog, spawned_has_ended
from tidings.app.links.venue_access import VenueAccess
from tidings.app.readiness import Readiness
from tidings.app.timers import every
from tidings.clock import Clock
from tidings.config import EngineSettings
from tidings.engine.order_entry import OrderEntry
from tidings.errors import ConnectionLost, TidingsError
from tidings.model.enums import DenyReason
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.queries import Queries

log = logging.getLogger("tidings.watchdog")

BEAT_S = 0.02
SPAWN_LIMIT_S = 20.0  # Python's start and a TLS handshake, on a busy machine
SPAWN_STEP_S = 0.02
CAUSE = "watchdog"  # in the engine's readiness


class WatchdogLink:
    """One engine's; `begin` when orders could go out, `end` when the session ends on purpose."""

    def __init__(
        self,
        settings: EngineSettings,
        access: VenueAccess,
        products: Products,
        entry: OrderEntry,
        readiness: Readiness,
        queries: Queries,
        clock: Clock,
        expiry_s: int,
    ) -> None:
        """`expiry_s`: of the requests that may be under way, an earlier engine's too.

        Raises ConfigError when the heartbeat file cannot be used, or another engine beats there.
        """
        path = settings.watchdog_file or heartbeat_path(access.endpoints.rest.authority, access.api_key or "")
        self._settings, self._access, self._products = settings, access, products
        self._entry, self._readiness, self._queries, self._clock = entry, readiness, queries, clock
        self._expiry_s = expiry_s
        is_required = settings.watchdog in ("required", "spawn")
        self.heartbeat = Heartbeat(HeartbeatFile(Path(path)), expiry_s=expiry_s, is_required=is_required)
        self.heartbeat.enlist(products)
        entry.watch_by(self.heartbeat.page)
        self._trouble = ""
        self._up_count: Callable[[], int] = lambda: 0
        self._timers: list[asyncio.Task[None]] = []
        self._is_begun = False

    async def begin(self, up_count: Callable[[], int], on_error: Callable[[Exception, Any], None]) -> None:
        """Beat from now on; with `spawn`, wait for the watchdog. `up_count` tells how many order lanes are up.

        Raises ConfigError, or ConnectionLost when the watchdog does not come up.
        """
        self._up_count = up_count
        for order in self._entry.orders.open_orders():  # of an earlier session, and taken over from its journal
            self.heartbeat.page.mark(order.terms.instrument.index)
        self.heartbeat.attach(self._clock.read_now_ns())
        self._is_begun = True
        self._timers.append(every(BEAT_S, self._beat, on_error))
        self._timers.append(asyncio.create_task(self._release_inherited()))
        self._beat()
        if self._settings.watchdog == "spawn":
            await self._spawn()

    def end(self, *, is_on_purpose: bool, is_flat: bool) -> None:
        """Beat no more. Without a purpose behind it there is no goodbye either: the watchdog will miss the beat."""
        if self._is_begun and is_on_purpose and not self.heartbeat.page.is_fenced:
            self.heartbeat.say_goodbye(is_flat)
        for timer in self._timers:
            timer.cancel()
        self.heartbeat.close()

    def rearm(self) -> None:
        """Take orders again after the watchdog has acted. Raises UsageError while something is not settled yet."""
        self.heartbeat.rearm(self._clock.read_now_ns(), self._entry.orders.open_count)
        log.warning("re-armed: orders are taken again as soon as the watchdog has taken note")
        self._beat()

    def _beat(self) -> None:
        now_ns = self._clock.read_now_ns()
        orders = self._entry.orders
        self.heartbeat.beat(now_ns, is_connected=self._up_count() > 0, open_count=orders.open_count)
        self.heartbeat.sweep(now_ns, orders.open_count, orders.orders)
        trouble = self.heartbeat.trouble(now_ns)
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble:
            log.log(logging.ERROR if self.heartbeat.page.is_fenced else logging.WARNING, "%s", trouble)
            self._readiness.deny_all(CAUSE, DenyReason.NOT_READY, trouble)
        else:
            self._readiness.allow_all(CAUSE)

    async def _spawn(self) -> None:
        pid = spawn_watchdog(self._settings, self._access, self.heartbeat.file.path)
        loop = asyncio.get_running_loop()
        limit_s = loop.time() + SPAWN_LIMIT_S
        while self._trouble:
            if spawned_has_ended(pid) or loop.time() > limit_s:
                log_file = self.heartbeat.file.path.with_suffix(".log")
                raise ConnectionLost(f"the watchdog did not come up ({self._trouble}): see {log_file}")
            await asyncio.sleep(SPAWN_STEP_S)

    async def _release_inherited(self) -> None:
        """Once nothing of an earlier engine can arrive any more, believe the venue about what is open."""
        begun_ns = self._clock.read_now_ns()
        await asyncio.sleep((last_arrival_ns(begun_ns, self._expiry_s) - begun_ns) / 1e9)
        for instrument in self._products:
            if instrument.index in self.heartbeat.inherited:
                with suppress(TidingsError):  # it stays marked: a mark too many costs nothing but requests
                    if not await self._queries.open_orders(instrument):
                        self.heartbeat.release(instrument.index)


def watchdog_link(
    settings: EngineSettings,
    access: VenueAccess,
    products: Products,
    entry: OrderEntry,
    readiness: Readiness,
    queries: Queries,
    clock: Clock,
    expiry_s: int,
) -> WatchdogLink | None:
    """The link the settings ask for; None: no watchdog. Raises ConfigError."""
    if settings.watchdog == "off":
        return None
    return WatchdogLink(settings, access, products, entry, readiness, queries, clock, expiry_s)
