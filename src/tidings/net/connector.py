"""Keep every lane of a pool connected, patiently.

Each lane has a task of its own: dial, come up, wait for the end, wait a little longer than last time, dial again. The
waits grow from a tenth of a second to ten seconds and are spread at random, so that lanes lost together do not come
back together; a lane that has had an answer begins again with the shortest. Venues ban addresses that storm them.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TypeVar

from tidings.errors import ConfigError, ConnectionLost
from tidings.net.dialer import Dialer
from tidings.net.lane import Lane, LanePool

Result = TypeVar("Result")

log = logging.getLogger("tidings.net")

FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 10.0
GRACE_S = 0.5                   # for answers in flight when closing
GRACE_STEP_S = 0.01


class Backoff:
    """Waiting times that double from `first_s` to `longest_s`, each shortened at random by up to a half."""

    def __init__(
        self, source: random.Random, first_s: float = FIRST_BACKOFF_S, longest_s: float = LONGEST_BACKOFF_S
    ) -> None:
        self._source = source
        self._first_s = first_s
        self._longest_s = longest_s
        self._span_s = first_s

    def next_s(self) -> float:
        """How long to wait now, in seconds."""
        span_s = self._span_s
        self._span_s = min(2 * span_s, self._longest_s)
        return self._source.uniform(span_s / 2, span_s)

    def reset(self) -> None:
        """It worked: begin again with the shortest wait."""
        self._span_s = self._first_s


class Connector:
    """Connects the lanes of `pool` through `dialer`, and again whenever one goes down. `source`: the randomness."""

    def __init__(
        self,
        pool: LanePool,
        dialer: Dialer,
        *,
        source: random.Random | None = None,
        first_backoff_s: float = FIRST_BACKOFF_S,
    ) -> None:
        self._pool = pool
        self._dialer = dialer
        self._source = source or random.Random()
        self._first_backoff_s = first_backoff_s
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Try each lane once, and keep trying in the background. Raises what refused the first if none came up."""
        tried = [asyncio.get_running_loop().create_future() for _ in self._pool]
        self._tasks = [
            asyncio.create_task(self._keep_up(lane, first_try), name=f"tidings-lane-{lane.index}")
            for lane, first_try in zip(self._pool, tried, strict=True)
        ]
        problems = await asyncio.gather(*tried)
        if self._pool.up_count() == 0:
            await self.close()
            raise next(filter(None, problems), ConnectionLost(f"{self._dialer.endpoint.peer}: no lane stayed up"))

    async def close(self) -> None:
        """Stop dialling, give answers in flight a moment, and close every lane with a goodbye."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _ in range(round(GRACE_S / GRACE_STEP_S)):
            if not any(lane.in_flight_count for lane in self._pool):
                break
            await asyncio.sleep(GRACE_STEP_S)
        for lane in self._pool:
            lane.close(ConnectionLost(f"{self._dialer.endpoint.peer}: closed by us"))

    async def _keep_up(self, lane: Lane, first_try: asyncio.Future[Exception | None]) -> None:
        backoff = Backoff(self._source, self._first_backoff_s)
        while True:
            try:
                ended = await self._bring_up(lane)
                _settle(first_try, None)
                cause = await ended
                if lane.answer_count:
                    backoff.reset()
            except ConnectionLost as error:
                _settle(first_try, error)
                cause = error
            except ConfigError as error:    # a setting that cannot work: no second try will help
                _settle(first_try, error)
                log.error("lane %d gives up: %s", lane.index, error)
                return
            except Exception as error:      # a defect, or a machine out of something: the lane is worth another try
                log.exception("lane %d could not be brought up", lane.index)
                lane.close(error)
                _settle(first_try, error)
                cause = error
            wait_s = backoff.next_s()
            log.warning("lane %d is down: %s: dialling again in %.2f s", lane.index, cause, wait_s)
            await asyncio.sleep(wait_s)

    async def _bring_up(self, lane: Lane) -> asyncio.Future[Exception]:
        """Connect `lane`; the future it returns gets the cause of its end."""
        ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        lane.when_down(lambda cause: _settle(ended, cause))
        connection = await self._dialer.connect(lambda: lane)
        lane.attach(connection, self._dialer.clock.read_now_ns())
        return ended


def _settle(future: asyncio.Future[Result], result: Result) -> None:
    if not future.done():
        future.set_result(result)
