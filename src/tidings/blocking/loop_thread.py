"""An event loop on a thread of its own, for callers who have none.

The thread is a daemon, so a script may end without closing anything; what was opened in the loop is closed at the
interpreter's exit all the same, within a limit.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar

from tidings.errors import ConnectionLost, UsageError
from tidings.net.event_loop import new_event_loop

Result = TypeVar("Result")

CLOSE_LIMIT_S = 5.0  # a connection that does not close politely within this is left to the operating system


class LoopThread:
    """`wait` runs a coroutine there and waits here; `closing` takes what is to be closed at the end, in the loop."""

    def __init__(self) -> None:
        self.closing = AsyncExitStack()
        self._loop = new_event_loop()
        self._lock = threading.Lock()
        self._is_open = True
        self._thread = threading.Thread(target=_run, args=(self._loop,), name="tidings-blocking", daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The coroutine's result. Its exceptions are raised here; an interrupt here (Ctrl-C) cancels it there."""
        future = self._hand_in(work)
        try:
            return future.result()
        except CancelledError:
            raise ConnectionLost("the connection was closed by another thread while this call was waiting") from None
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Close what was opened, end the thread. Harmless again, and from the loop's own thread (a finaliser)."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        if threading.current_thread() is not self._thread:
            with suppress(TimeoutError, CancelledError):
                ending.result(2 * CLOSE_LIMIT_S)
            self._thread.join(CLOSE_LIMIT_S)

    def _hand_in(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Give work to the loop. Under the lock: what came after the loop's end would be waited for for ever."""
        with self._lock:
            if self._is_open and threading.current_thread() is not self._thread:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        if self._is_open:
            raise UsageError("a blocking call inside the engine's own thread would wait for itself")
        raise UsageError("this connection is closed: make a new one")

    async def _end(self) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await self.closing.aclose()
            if others := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in others:
                    task.cancel()
                await asyncio.wait(others, timeout=CLOSE_LIMIT_S)
        finally:
            self._loop.call_soon(self._loop.stop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """The thread: nothing here holds the LoopThread, so that forgetting a connection ends it."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()
