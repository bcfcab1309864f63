"""A timer that goes on."""

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
