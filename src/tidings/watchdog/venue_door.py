"""The watchdog's own way to the venue: warm lanes, requests signed at the moment they leave, a clock kept fresh."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from tidings.app.links.venue_access import VenueAccess, find_venue
from tidings.app.links.venue_clock import VenueClock
from tidings.app.links.venue_link import VenueLink
from tidings.app.timers import every
from tidings.app.world import World
from tidings.config import EngineSettings
from tidings.errors import ConfigError, TidingsError
from tidings.model.enums import ProductLine, RequestKind
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.rate_groups import RateBudget
from tidings.watchdog.lane_client import LaneClient

log = logging.getLogger("tidings.watchdog")

CLOCK_LOOK_S = 1.0
REQUEST_LIMIT_S = 1.0  # an answer that takes longer is asked for again


class VenueDoor:
    """`open` it once; cancels and looks by line and symbol. Made for one account."""

    access: VenueAccess
    client: LaneClient

    def __init__(self, settings: EngineSettings, world: World, *, lane_count: int) -> None:
        self._settings, self._world, self._lane_count = settings, world, lane_count
        self._clock = world.clock
        self._venue_clock = VenueClock(world.clock)
        self._is_clock_known = False
        self._closing = AsyncExitStack()

    async def find(self) -> VenueAccess:
        """Where the venue is and who we are. Raises ConfigError when there is no key."""
        settings = self._settings
        self.access = await find_venue(settings, self._closing)
        credentials = self.access.credentials(settings.secret_encoding)
        if credentials is None:
            raise ConfigError("a watchdog needs an API key to cancel with: set PHEMEX_API_KEY and PHEMEX_API_SECRET")
        dialer = self._world.make_dialer(self.access.rest, self._clock, self.access.tls)
        self.client = LaneClient(dialer, self._clock, lane_count=self._lane_count)
        self._budget = RateBudget(self.access.endpoints, is_enforced=settings.rate_limits)
        self._link = VenueLink(
            self.access, credentials, self._budget, self._world,
            expiry_s=settings.expiry_s, timeout_s=REQUEST_LIMIT_S, client=self.client,
        )  # fmt: skip
        self.queries = Queries(self._link.ask)
        return self.access

    async def open(self) -> None:
        """Connect and learn the venue's clock. Keeps trying while the venue cannot be reached."""
        self._closing.push_async_callback(self._link.__aexit__, None, None, None)
        await self.client.start()
        while not self._is_clock_known:
            try:
                await self._venue_clock.measure(self.queries)
                self._is_clock_known = True
            except TidingsError as error:
                log.warning("the venue's clock cannot be read: %s: trying again", error)
                self._venue_clock = VenueClock(self._clock)
                await asyncio.sleep(CLOCK_LOOK_S)
        self._link.set_venue_clock(self._venue_clock.expiry_offset_ns)
        for seconds, act in ((CLOCK_LOOK_S, self._follow_clock), (self._settings.warm_interval_s, self._keep_warm)):
            self._closing.callback(every(seconds, act, self._on_timer_error).cancel)

    async def close(self) -> None:
        await self._closing.aclose()

    @property
    def is_open(self) -> bool:
        """Whether cancels could leave now."""
        return self._is_clock_known and self.client.is_up

    def check_deadlines(self, now_ns: int) -> None:
        """Call it with the housekeeping."""
        if hasattr(self, "client"):
            self.client.pool.check_deadlines(now_ns)

    async def cancel(self, line: ProductLine, symbol: str) -> None:
        """Both halves at once. Raises the first problem, after both have been asked for."""
        halves = (self.queries.cancel_half(line, symbol, untriggered=untriggered) for untriggered in (False, True))
        for result in await asyncio.gather(*halves, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def count_open(self, line: ProductLine, symbol: str) -> int:
        """How many open orders the venue shows, by a whole and well-formed answer. Raises otherwise."""
        rows, _ = await self.queries.open_page_in(line, symbol)
        return len(rows)

    def wait_ns(self, line: ProductLine, kind: RequestKind, symbol: str, now_ns: int) -> int:
        """How long until the budget has room for such a request."""
        cost = self._budget.order_cost(line, kind, symbol)
        return max(0, cost.next_take_ns(kind == RequestKind.CANCEL_ALL, now_ns) - now_ns)

    async def _follow_clock(self) -> None:
        """Expiries are on the venue's clock. In doubt they go on by the last that was sure: cancels must leave."""
        await self._venue_clock.look(self.queries)
        if not self._venue_clock.reason(self._clock.read_now_ns()):
            self._link.set_venue_clock(self._venue_clock.expiry_offset_ns)

    async def _keep_warm(self) -> None:
        """One small question on every lane: all at once, so that each takes another lane."""
        asked = (self.queries.server_time_ms() for _ in range(self.client.pool.up_count()))
        await asyncio.gather(*asked, return_exceptions=True)

    def _on_timer_error(self, error: Exception, act: object) -> None:
        log.warning("%s: %s", getattr(act, "__name__", act), error)
