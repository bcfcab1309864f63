"""Cold requests as awaitables: queries, settings, catalogue. On lanes of their own, away from the orders.

One request at a time on each lane, so that a slow query holds back nothing but itself. Nothing is ever sent twice: the
error says whether the request can have been executed, and the caller decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tidings.clock import Clock
from tidings.errors import ConnectionLost, PeerError, RequestNotSent, RequestUnknown
from tidings.net.dialer import Dialer
from tidings.net.lane import Lane, PythonLaneListener
from tidings.wire.response_reader import RateHeaderCopy, ResponseCopy

if TYPE_CHECKING:
    from tidings.net.lane import Request  # a dict at run time

LANE_COUNT = 1
TIMEOUT_S = 10.0


class HttpAnswer(NamedTuple):
    """What the peer said. Any status: deciding what it means is the caller's."""

    status: int
    body: bytes
    rate_headers: list[RateHeaderCopy]

    @property
    def remaining(self) -> dict[str, int]:
        """Requests left in each rate group this answer speaks of; the group without a name is ""."""
        return {header.group: header.value for header in self.rate_headers if header.kind == 1}


class HttpClient:
    """Sends whole requests, as bytes, and awaits their answers. Dials when needed; `close` it at the end."""

    def __init__(self, dialer: Dialer, clock: Clock, *, lane_count: int = LANE_COUNT) -> None:
        self._dialer = dialer
        self._clock = clock
        self._answers = _Answers()
        self._is_closed = False
        self._lanes = [Lane(self._answers, index=index, depth_cap=1) for index in range(lane_count)]
        self._idle: asyncio.LifoQueue[Lane] = asyncio.LifoQueue()
        for lane in self._lanes:
            self._idle.put_nowait(lane)

    async def request(self, request: Callable[[], bytes], *, timeout_s: float = TIMEOUT_S) -> HttpAnswer:
        """The answer to a request, within `timeout_s` of now, waiting for a free lane included.

        `request` is called when a connection is there to take its bytes: what dates a request, its signature and its
        place in a rate budget, must not grow old while we dial. What it raises ends the request unsent; it may be
        called again if the connection turns out to be closed.

        Raises RequestNotSent: it cannot have been executed. RequestUnknown: it may have been. PeerError: it may have
        been, and what came back is not HTTP.
        """
        is_sent = False
        lane: Lane | None = None
        try:
            async with asyncio.timeout(timeout_s):
                lane = await self._idle.get()
                answered = await self._send(lane, request)
                is_sent = True
                return await answered
        except TimeoutError as error:
            peer = self._dialer.endpoint.peer
            if is_sent:
                raise RequestUnknown(f"{peer}: no answer within {timeout_s:g} s: it may have been executed") from error
            raise RequestNotSent(f"{peer}: no free connection within {timeout_s:g} s; nothing was sent") from error
        finally:
            if lane is not None:
                if lane.in_flight_count:    # its answer would come to the next request
                    lane.close(ConnectionLost("the answer is no longer waited for"))
                self._idle.put_nowait(lane)

    async def close(self) -> None:
        """Close every lane; requests in flight end with an error, and so do those that still come."""
        self._is_closed = True
        for lane in self._lanes:
            lane.close(RequestUnknown(f"{self._dialer.endpoint.peer}: closed by us"))

    async def _send(self, lane: Lane, request: Callable[[], bytes]) -> asyncio.Future[HttpAnswer]:
        """Hand the request to the kernel on `lane`, connecting it first if it is down or turns out to be."""
        if lane.has_room():
            try:
                return self._answers.send(lane, request(), self._clock.read_now_ns())
            except ConnectionLost:      # closed while idle; nothing was sent
                lane.close(ConnectionLost("closed while idle"))
                await asyncio.sleep(0)  # its end is told in the next loop pass
        try:
            if not self._is_closed:
                connection = await self._dialer.connect(lambda: lane)
                lane.attach(connection, self._clock.read_now_ns())
            if not self._is_closed:     # it may have come while we dialled; nobody would close this connection
                return self._answers.send(lane, request(), self._clock.read_now_ns())
            lane.close(closed := ConnectionLost(f"{self._dialer.endpoint.peer}: closed by us"))
            raise closed
        except ConnectionLost as error:
            raise RequestNotSent(f"{error}; nothing was sent") from error


class _Answers(PythonLaneListener):
    """Wakes whoever waits for a request."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[HttpAnswer]] = {}
        self._last_token = 0

    def send(self, lane: Lane, request: bytes, now_ns: int) -> asyncio.Future[HttpAnswer]:
        self._last_token += 1
        lane.send_bytes(request, self._last_token, now_ns)
        answered: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[self._last_token] = answered
        return answered

    def answered(self, lane: Lane, request: Request, response: ResponseCopy, now_ns: int) -> None:
        waiting = self._waiting.pop(request["token"])
        if not waiting.done():
            waiting.set_result(HttpAnswer(response.status, response.body, response.rate_headers))

    def lost(self, lane: Lane, request: Request, reached_kernel: bool, cause: Exception, now_ns: int) -> None:
        waiting = self._waiting.pop(request["token"])
        if not waiting.done():
            waiting.set_exception(_end_of(reached_kernel, cause))


def _end_of(reached_kernel: bool, cause: Exception) -> Exception:
    if not reached_kernel:
        return RequestNotSent(f"{cause}; the request was not sent whole and cannot have been executed")
    if isinstance(cause, PeerError):
        return cause
    return RequestUnknown(f"{cause}: the request may have been executed")
