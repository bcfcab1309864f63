"""Timers that go on: `every` for what may have to wait, `Ticks` for plain functions that are called often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


def every(seconds: float, act: Callable[[], Any], on_error: Callable[[Exception, Any], None]) -> asyncio.Task[None]:
    """Call `act` (await what it returns, if anything) again and again until the task is cancelled; errors go to
    `on_error`.
    """

    async def repeat() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                result = act()
                if result is not None:
                    await result
            except Exception as error:  # the top of a task: the timer must go on
                on_error(error, act)

    return asyncio.create_task(repeat())


class Ticks:
    """Calls `act` again and again until it is cancelled; errors go to `on_error`. No task has to wake up for it."""

    def __init__(
        self, seconds: float, act: Callable[[], object], on_error: Callable[[Exception, Any], None]
    ) -> None:
        self._seconds, self._act, self._on_error = seconds, act, on_error
        self._loop = asyncio.get_running_loop()
        self._is_cancelled = False
        self._timer = self._loop.call_later(seconds, self._tick)

    def cancel(self) -> None:
        self._is_cancelled = True
        self._timer.cancel()

    def _tick(self) -> None:
        try:
            self._act()
        except Exception as error:  # nothing is above us but the loop: the timer must go on
            self._on_error(error, self._act)
        if not self._is_cancelled:
            self._timer = self._loop.call_later(self._seconds, self._tick)
