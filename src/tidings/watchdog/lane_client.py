"""Warm, pipelined lanes as awaitables: many requests at once, each on the least busy lane, and the answer of each.

The order lanes' own machinery (`net/lane`), without the order path above it. Nothing is ever sent twice by itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from tidings.clock import Clock
from tidings.errors import ConnectionLost, RequestNotSent, RequestUnknown
from tidings.net.connector import Connector
from tidings.net.dialer import Dialer
from tidings.net.http_client import HttpAnswer
from tidings.net.lane import Lane, LanePool, PythonLaneListener
from tidings.wire.response_reader import ResponseCopy

if TYPE_CHECKING:
    from tidings.net.lane import Request  # a dict at run time

log = logging.getLogger("tidings.watchdog")

DEPTH = 16  # ten symbols are twenty requests: they fit in one volley
ROOM_STEP_S = 0.002
START_RETRY_S = 1.0
NS_PER_S = 1_000_000_000


class LaneClient(PythonLaneListener):
    """`start` it, `keep_house` from a timer, `close` it. A `Requests` for VenueLink."""

    def __init__(self, dialer: Dialer, clock: Clock, *, lane_count: int) -> None:
        self._dialer, self._clock = dialer, clock
        self.pool = LanePool(self, lane_count=lane_count, depth_cap=DEPTH)
        self._connector: Connector | None = None
        self._waiting: dict[int, asyncio.Future[HttpAnswer]] = {}
        self._last_token = 0

    async def start(self) -> None:
        """Connect, and again until it works; afterwards each lane reconnects by itself. Raises ConfigError."""
        while True:
            self._connector = Connector(self.pool, self._dialer, source=random.Random())
            try:
                return await self._connector.start()
            except ConnectionLost as error:
                log.warning("no connection to the venue: %s: trying again", error)
                await asyncio.sleep(START_RETRY_S)

    async def close(self) -> None:
        if self._connector is not None:
            await self._connector.close()

    @property
    def is_up(self) -> bool:
        return self.pool.up_count() > 0

    async def request(self, request: Callable[[], bytes], *, timeout_s: float) -> HttpAnswer:
        """The answer to what `request` makes when a lane is there to take it.

        Raises RequestNotSent, RequestUnknown, PeerError, as HttpClient does.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while (lane := self.pool.pick()) is None:
                    await asyncio.sleep(ROOM_STEP_S)
                answered = self._send(lane, request(), timeout_s)
        except TimeoutError:
            peer = self._dialer.endpoint.peer
            raise RequestNotSent(f"{peer}: no lane up or free within {timeout_s:g} s; nothing was sent") from None
        return await answered

    def _send(self, lane: Lane, request: bytes, timeout_s: float) -> asyncio.Future[HttpAnswer]:
        now_ns = self._clock.read_now_ns()
        self._last_token += 1
        try:
            lane.send_bytes(request, self._last_token, now_ns, deadline_ns=now_ns + round(timeout_s * NS_PER_S))
        except ConnectionLost as error:
            raise RequestNotSent(f"{error}; nothing was sent") from error
        answered: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[self._last_token] = answered
        return answered

    # ---- PythonLaneListener --------------------------------------------------------------------------------------

    def answered(self, lane: Lane, request: Request, response: ResponseCopy, now_ns: int) -> None:
        waiting = self._waiting.pop(request["token"], None)
        if waiting is not None and not waiting.done():
            waiting.set_result(HttpAnswer(response.status, response.body, response.rate_headers))

    def lost(self, lane: Lane, request: Request, reached_kernel: bool, cause: Exception, now_ns: int) -> None:
        error = RequestUnknown if reached_kernel else RequestNotSent
        self._fail(request["token"], error(str(cause)))

    def overdue(self, lane: Lane, request: Request, now_ns: int) -> None:
        self._fail(request["token"], RequestUnknown(f"{self._dialer.endpoint.peer}: no answer in time"))

    def _fail(self, token: int, error: Exception) -> None:
        waiting = self._waiting.pop(token, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
