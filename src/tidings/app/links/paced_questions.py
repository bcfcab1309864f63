"""Many public questions in a row, at a pace that leaves the account its budget and the venue its peace.

The venue counts public questions in its group of 100 a minute wherever it can lay them to a user, and does not say when
that is (phemex docs 2026, "Rate limits"): so each one is taken from our count of that group too, and some of it is
always left to the engine's own questions. A question that meets a hiccup is asked again; it changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from tidings.app.engine import Engine
from tidings.engine.throttle import PRIORITY_ORDER, Bucket
from tidings.errors import ConnectionLost, PeerError, RateLimited, VenueError
from tidings.venue.phemex.backfill import TRADE_LIST
from tidings.venue.phemex.rate_groups import OTHERS, WEIGHTS

log = logging.getLogger("tidings.history")

KEPT_FOR_ENGINE = 30  # of the group's minute while it trades, besides what the budget keeps for urgent questions
TRADE_LIST_PAUSE_S = 0.2  # five a second (phemex docs 2026, "Query history trades by symbol")
NS_PER_S = 1_000_000_000
TRIES_MAX = 6
FIRST_PAUSE_S = 0.5
HTTP_SERVER_ERROR = 500


class PacedQuestions:
    """`fetch` is what venue/phemex/backfill stands on. One question at a time; several backfills take turns."""

    def __init__(self, engine: Engine) -> None:
        self.question_count = 0
        self.waited_s = 0.0
        """What the budget has made us wait."""
        self.waits_s = 0.0
        """How long it makes us wait just now."""
        self._engine = engine
        self._turn = asyncio.Lock()

    async def fetch(self, path: str, query: str) -> Any:
        """The opened answer. Raises VenueError, PeerError, ConnectionLost when it does not come after several tries."""
        async with self._turn:
            pause_s, patience = FIRST_PAUSE_S, 1
            for left in range(TRIES_MAX - 1, -1, -1):
                try:
                    return await self._ask(path, query)
                except RateLimited as error:
                    if not left:
                        raise
                    await self._wait(self._retry_s(error) * patience)
                    patience *= 2
                except (ConnectionLost, PeerError, VenueError) as error:
                    if not left or (isinstance(error, VenueError) and error.http_status < HTTP_SERVER_ERROR):
                        raise
                    log.warning("%s: asking again", error)
                    await asyncio.sleep(pause_s)
                    pause_s *= 2
            raise AssertionError("the last try has answered or raised")

    async def _ask(self, path: str, query: str) -> Any:
        _, weight = WEIGHTS.get(("GET", path), (OTHERS, 1))
        await self._take(weight)
        self.question_count += 1
        if path == TRADE_LIST:
            await asyncio.sleep(TRADE_LIST_PAUSE_S)
        return await self._engine.queries.request("GET", path, query, signed=False)

    async def _take(self, weight: int) -> None:
        """Wait until the group has room for this question and the engine's own."""
        budget, clock = self._engine.link.budget, self._engine.clock
        bucket = budget.bucket_of(OTHERS)
        if bucket is None or not budget.is_enforced:
            return
        kept = KEPT_FOR_ENGINE if self._engine.is_open else 0
        while (wait_ns := _room_ns(bucket, weight + kept, clock.read_now_ns())) > 0:
            await self._wait(wait_ns / NS_PER_S)
        if not budget.endpoints.signs_pings:  # a host that has everything signed is counted by the link
            bucket.spend(weight, clock.read_now_ns())

    def _retry_s(self, error: RateLimited) -> float:
        """How long the venue's retry-after still is; where it told none, as long as its minute."""
        bucket, now_ns = self._engine.link.budget.bucket_of(OTHERS), self._engine.clock.read_now_ns()
        if bucket is not None and bucket.blocked_until_ns > now_ns:
            return (bucket.blocked_until_ns - now_ns) / NS_PER_S
        return error.retry_after_s

    async def _wait(self, seconds: float) -> None:
        self.waits_s = seconds
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waited_s, self.waits_s = self.waited_s + seconds, 0.0


def _room_ns(bucket: Bucket, weight: int, now_ns: int) -> int:
    """How long until there is room for `weight`; not positive: now. A budget that is small never has all of it."""
    usual = bucket.capacity - bucket.reserve
    return bucket.next_room_ns(min(weight, usual), PRIORITY_ORDER, now_ns) - now_ns
