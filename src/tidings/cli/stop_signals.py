"""SIGTERM and SIGINT as the usual end of a command that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Begun = TypeVar("Begun")
STOPS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Set by either, as often as they come, to the end of the block: neither ever breaks into what ends things."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for name in STOPS:
        loop.add_signal_handler(name, told.set)
    try:
        yield told
    finally:
        for name in STOPS:
            loop.remove_signal_handler(name)


async def unless_stopped(told: asyncio.Event, beginning: Coroutine[Any, Any, Begun]) -> Begun | None:
    """What has begun; None, and nothing is left of it, where the stop came first."""
    task, stopping = asyncio.create_task(beginning), asyncio.create_task(told.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None
    return task.result()
