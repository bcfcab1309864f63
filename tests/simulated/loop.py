"""Virtual time, and an asyncio event loop that lives in it.

A `Timeline` is a queue of calls by time; between two calls nothing happens and no time passes, so an hour costs as
little as what happens in it. An `EngineLoop` is one process's event loop: its timers lie in the timeline, its
descriptors are the simulated wires. It can be killed: then nothing of the process runs any more, as after `kill -9`.
"""

from __future__ import annotations

import asyncio
import heapq
import sys
from asyncio import events
from collections.abc import Callable
from contextvars import Context
from typing import Any

from tidings.clock import ManualClock

NS_PER_S = 1_000_000_000
FINALLY_DEPTH_MAX = 50
PASSES_AT_ONCE_MAX = 10_000  # of a loop that never comes to rest while no time passes


class Stuck(Exception):
    """Nothing will ever happen again, or something happens for ever while no time passes."""


class Timeline:
    """Calls ordered by time, first in first out among equals. `now_ns` begins at 0."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.loops: list[EngineLoop] = []
        self._heap: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, when_ns: int, call: Callable[..., object], *arguments: object) -> None:
        """Plan a call; one for the past happens at once, but not before those planned already."""
        self._count += 1
        heapq.heappush(self._heap, (max(when_ns, self.now_ns), self._count, call, arguments))

    def after(self, delay_ns: int, call: Callable[..., object], *arguments: object) -> None:
        """Plan a call for `delay_ns` from now."""
        self.at(self.now_ns + delay_ns, call, *arguments)

    def run_until(self, is_over: Callable[[], object], limit_ns: int) -> bool:
        """Live until `is_over` says so: True; or until `limit_ns`: False. Raises Stuck when nothing is planned."""
        for loop in self.loops:
            loop.drain()
        heap = self._heap
        while not is_over():
            if not heap:
                raise Stuck(f"nothing is planned any more at {self.now_ns / NS_PER_S:.6f} s")
            if heap[0][0] > limit_ns:
                self._move_to(limit_ns)
                return False
            when_ns, _, call, arguments = heapq.heappop(heap)
            if when_ns > self.now_ns:
                self._move_to(when_ns)
            call(*arguments)
            for loop in self.loops:
                loop.drain()
        return True

    def _move_to(self, now_ns: int) -> None:
        self.now_ns = now_ns
        for loop in self.loops:
            loop.move_clock(now_ns)


class EngineLoop(asyncio.BaseEventLoop):
    """The event loop of one process. `clock` is the machine's: monotonic from `boot_ns`, wall as its owner sets it."""

    is_killed = True  # not born yet

    def __init__(self, timeline: Timeline, boot_ns: int, wall_offset_ns: int) -> None:
        super().__init__()
        self.timeline = timeline
        self.clock = ManualClock(boot_ns + timeline.now_ns, boot_ns + timeline.now_ns + wall_offset_ns)
        self.failures: list[str] = []  # exceptions nobody caught
        self.is_killed = False
        self.thaws_ns = 0  # until then the process is stopped
        self._boot_ns, self._wall_offset_ns = boot_ns, wall_offset_ns
        self._readers: dict[int, events.Handle] = {}
        self._writers: dict[int, events.Handle] = {}
        self.readable: dict[int, None] = {}  # descriptors with something to read, in the order they got it
        self.writable: dict[int, None] = {}
        timeline.loops.append(self)

    def step_wall_clock(self, by_ns: int) -> None:
        """Somebody sets this machine's wall clock."""
        self._wall_offset_ns += by_ns
        self.move_clock(self.timeline.now_ns)

    def freeze(self, span_ns: int) -> None:
        """The process is stopped for a while (SIGSTOP, a suspended machine): its timers and bytes wait."""
        self.thaws_ns = max(self.thaws_ns, self.timeline.now_ns + span_ns)
        self.timeline.at(self.thaws_ns, self.drain)

    def thaw(self) -> None:
        """It goes on."""
        self.thaws_ns = min(self.thaws_ns, self.timeline.now_ns)

    def move_clock(self, now_ns: int) -> None:
        """Time has come to `now_ns` of the timeline."""
        self.clock.manual_now_ns = self._boot_ns + now_ns
        self.clock.manual_wall_ns = self.clock.manual_now_ns + self._wall_offset_ns

    def kill(self) -> None:
        """The process is gone: nothing of it runs any more."""
        self.is_killed = True
        for task in asyncio.all_tasks(self):
            _bury(task)
        self._ready.clear()
        self._readers.clear()
        self._writers.clear()
        self.timeline.loops.remove(self)

    def drain(self) -> None:
        """Run what is ready until all of this process sleeps."""
        ready = self._ready
        if self.timeline.now_ns < self.thaws_ns:
            return
        self._announce()
        if not ready:
            return
        events._set_running_loop(self)
        try:
            for _ in range(PASSES_AT_ONCE_MAX):
                for _ in range(len(ready)):
                    handle = ready.popleft()
                    if not handle._cancelled:
                        handle._run()
                        if self.is_killed:
                            return
                if self.readable or self._writers:
                    self._announce()
                if not ready:
                    return
            raise Stuck(f"a process never sleeps at {self.timeline.now_ns / NS_PER_S:.6f} s")
        finally:
            events._set_running_loop(None)

    def _announce(self) -> None:
        """What select(2) would say: whoever can be read or written, as long as it can."""
        if self.readable:
            self._ready.extend(self._readers[fd] for fd in self.readable if fd in self._readers)
        if self._writers:
            self._ready.extend(self._writers[fd] for fd in self.writable if fd in self._writers)

    # ---- What asyncio asks of a loop -------------------------------------------------------------------------------

    def time(self) -> float:
        return self.timeline.now_ns / NS_PER_S

    def call_at(
        self, when: float, callback: Callable[..., object], *arguments: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, arguments, self, context)
        self.timeline.at(round(when * NS_PER_S), self._ring, timer)
        return timer

    def call_later(  # type: ignore[override]
        self, delay_s: float, callback: Callable[..., object], *arguments: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay_s, callback, *arguments, context=context)

    def _ring(self, timer: asyncio.TimerHandle) -> None:
        if not timer._cancelled and not self.is_killed:
            self._ready.append(timer)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It stays in the timeline, and is passed over when its time has come."""

    def add_reader(self, fd: int, callback: Callable[..., object], *arguments: Any) -> None:
        self._readers[fd] = events.Handle(callback, arguments, self, None)

    def remove_reader(self, fd: int) -> bool:
        return self._forget(self._readers, fd)

    def add_writer(self, fd: int, callback: Callable[..., object], *arguments: Any) -> None:
        self._writers[fd] = events.Handle(callback, arguments, self, None)

    def remove_writer(self, fd: int) -> bool:
        return self._forget(self._writers, fd)

    @staticmethod
    def _forget(hooks: dict[int, events.Handle], fd: int) -> bool:
        handle = hooks.pop(fd, None)
        if handle is not None:
            handle.cancel()
        return handle is not None

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.is_killed:
            self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")

    def is_running(self) -> bool:
        return not self.is_killed

    def __del__(self) -> None:
        """Nothing to close: no thread, no selector, no descriptor."""


def _bury(task: asyncio.Task[Any]) -> None:
    """Take a dead process's coroutines apart now, in silence: left to themselves they would complain when collected.

    What their `finally` blocks do reaches nobody: the loop is dead, and so are its wires and its disk.
    """
    coroutines: list[Any] = [task.get_coro()]
    while (inner := getattr(coroutines[-1], "cr_await", None)) is not None and hasattr(inner, "close"):
        coroutines.append(inner)
    for coroutine in reversed(coroutines):
        for _ in range(FINALLY_DEPTH_MAX):
            try:
                coroutine.close()
            except RuntimeError:  # it awaits something while it is being closed: once more
                continue
            except BaseException:  # what a dead process raises is nobody's
                break
            break


def silence_the_dead() -> None:
    """From now on nobody hears what is left of a killed process's coroutines when it is collected, whenever that is."""
    if sys.unraisablehook is not _hear_unless_dead:
        _hearers.append(sys.unraisablehook)
        sys.unraisablehook = _hear_unless_dead


_hearers: list[Any] = []


def _hear_unless_dead(problem: Any) -> None:
    if not (isinstance(problem.exc_value, RuntimeError) and "GeneratorExit" in str(problem.exc_value)):
        _hearers[-1](problem)
