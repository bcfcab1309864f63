"""Virtual time, and an asyncio event loop that lives in it.

A `Timeline` is a queue of calls by time; between two calls nothing happens and no time passes, so an hour costs as
little as what happens in it. An `EngineLoop` is one process's event loop: its timers lie in the timeline, its
descriptors are the simulated wires. It can be killed: then nothing of the process runs any more, as after `kill -9`.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from heapq import heappop, heappush
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
        self.running: EngineLoop | None = None  # what asyncio takes for the running loop
        self._heap: list[tuple[int, int, Any, tuple[Any, ...] | None]] = []  # without arguments: a Timer that rings
        self._count = 0

    def at(self, when_ns: int, call: Callable[..., object], *arguments: object) -> None:
        """Plan a call; one for the past happens at once, but not before those planned already."""
        self._count = count = self._count + 1
        now_ns = self.now_ns
        heappush(self._heap, (when_ns if when_ns > now_ns else now_ns, count, call, arguments))

    def after(self, delay_ns: int, call: Callable[..., object], *arguments: object) -> None:
        """Plan a call for `delay_ns` from now."""
        self.at(self.now_ns + delay_ns, call, *arguments)

    def ring_at(self, when_ns: int, timer: Timer) -> None:
        """Plan that a timer goes off, as `at` does a call."""
        self._count = count = self._count + 1
        now_ns = self.now_ns
        heappush(self._heap, (when_ns if when_ns > now_ns else now_ns, count, timer, None))

    def run_to(self, limit_ns: int) -> None:
        """Live until `limit_ns`."""
        self.run_until(None, limit_ns)

    def run_until(self, is_over: Callable[[], object] | None, limit_ns: int) -> bool:
        """Live until `is_over` says so: True; or until `limit_ns`: False. Raises Stuck when nothing is planned."""
        try:
            for loop in self.loops:
                loop.drain()
            return self._live(is_over, limit_ns)
        finally:
            self.running = None
            events._set_running_loop(None)

    def _live(self, is_over: Callable[[], object] | None, limit_ns: int) -> bool:
        heap, loops = self._heap, self.loops
        while is_over is None or not is_over():
            if not heap:
                raise Stuck(f"nothing is planned any more at {self.now_ns / NS_PER_S:.6f} s")
            when_ns, _, call, arguments = heap[0]
            if when_ns > limit_ns:
                self._move_to(limit_ns)
                return False
            heappop(heap)
            if arguments is None and call._cancelled:
                continue  # no time passes for it
            if when_ns > self.now_ns:
                self.now_ns = when_ns
                for loop in loops:
                    loop.move_clock(when_ns)
            if arguments is None:
                call.loop._ready.append(call)
            else:
                call(*arguments)
            for loop in loops:
                if loop._ready or loop.readable or loop._writers:
                    loop.drain()
        return True

    def _move_to(self, now_ns: int) -> None:
        self.now_ns = now_ns
        for loop in self.loops:
            loop.move_clock(now_ns)


class Soon:
    """A call that is due: asyncio's Handle without its debugging. asyncio runs it in `context`, and may cancel it."""

    __slots__ = ("_cancelled", "arguments", "callback", "context")

    def __init__(self, callback: Callable[..., object], arguments: tuple[Any, ...], context: Context) -> None:
        self.callback, self.arguments, self.context = callback, arguments, context
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def cancelled(self) -> bool:
        return self._cancelled


class Timer(Soon):
    """asyncio's TimerHandle, likewise. A cancelled one stays in the timeline, and is passed over in its time."""

    __slots__ = ("loop", "when_ns")

    def __init__(
        self, loop: EngineLoop, when_ns: int, callback: Callable[..., object], arguments: tuple[Any, ...],
        context: Context,
    ) -> None:
        self.loop, self.when_ns = loop, when_ns
        self.callback, self.arguments, self.context = callback, arguments, context
        self._cancelled = False

    def when(self) -> float:
        return self.when_ns / NS_PER_S


class EngineLoop(asyncio.BaseEventLoop):
    """The event loop of one process. `clock` is the machine's: monotonic from `boot_ns`, wall as its owner sets it."""

    is_killed = True  # not born yet

    def __init__(self, timeline: Timeline, boot_ns: int, wall_offset_ns: int) -> None:
        super().__init__()
        self._ready: deque[Soon]  # type: ignore[assignment]  # asyncio's own, with what is as good as its handles
        self.timeline = timeline
        self.clock = ManualClock(boot_ns + timeline.now_ns, boot_ns + timeline.now_ns + wall_offset_ns)
        self.failures: list[str] = []  # exceptions nobody caught
        self.is_killed = False
        self.thaws_ns = 0  # until then the process is stopped
        self._boot_ns, self._wall_offset_ns = boot_ns, wall_offset_ns
        self._context = copy_context()  # of what brings none: nobody here has variables that differ by context
        self._readers: dict[int, Soon] = {}
        self._writers: dict[int, Soon] = {}
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
        timeline, ready = self.timeline, self._ready
        if timeline.now_ns < self.thaws_ns:
            return
        if self.readable or self._writers:
            self._announce()
        if not ready:
            return
        if timeline.running is not self:
            timeline.running = self
            events._set_running_loop(self)
        for _ in range(PASSES_AT_ONCE_MAX):
            for _ in range(len(ready)):
                handle = ready.popleft()
                if handle._cancelled:
                    continue
                try:
                    handle.context.run(handle.callback, *handle.arguments)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:  # as asyncio's handles do: the loop goes on
                    self.call_exception_handler({"message": f"in {handle.callback!r}", "exception": error})
                if self.is_killed:
                    return
            if self.readable or self._writers:
                self._announce()
            if not ready:
                return
        raise Stuck(f"a process never sleeps at {timeline.now_ns / NS_PER_S:.6f} s")

    def _announce(self) -> None:
        """What select(2) would say: whoever can be read or written, as long as it can."""
        for fd in self.readable:
            if fd in self._readers:
                self._ready.append(self._readers[fd])
        if self._writers:
            self._ready.extend(self._writers[fd] for fd in self.writable if fd in self._writers)

    # ---- What asyncio asks of a loop -------------------------------------------------------------------------------

    def time(self) -> float:
        return self.timeline.now_ns / NS_PER_S

    get_debug = staticmethod(bool)  # False, and asked for each future: nothing is cheaper to call

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *arguments: Any, context: Context | None = None
    ) -> Soon:
        handle = Soon(callback, arguments, self._context if context is None else context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *arguments: Any, context: Context | None = None
    ) -> Timer:
        timer = Timer(self, round(when * NS_PER_S), callback, arguments, self._context if context is None else context)
        self.timeline.ring_at(timer.when_ns, timer)
        return timer

    def call_later(  # type: ignore[override]
        self, delay_s: float, callback: Callable[..., object], *arguments: Any, context: Context | None = None
    ) -> Timer:
        timeline = self.timeline
        when_ns = timeline.now_ns + round(delay_s * NS_PER_S)
        timer = Timer(self, when_ns, callback, arguments, self._context if context is None else context)
        timeline.ring_at(when_ns, timer)
        return timer

    def add_reader(self, fd: int, callback: Callable[..., object], *arguments: Any) -> None:
        self._readers[fd] = Soon(callback, arguments, self._context)

    def remove_reader(self, fd: int) -> bool:
        return self._forget(self._readers, fd)

    def add_writer(self, fd: int, callback: Callable[..., object], *arguments: Any) -> None:
        self._writers[fd] = Soon(callback, arguments, self._context)

    def remove_writer(self, fd: int) -> bool:
        return self._forget(self._writers, fd)

    @staticmethod
    def _forget(hooks: dict[int, Soon], fd: int) -> bool:
        handle = hooks.pop(fd, None)
        if handle is not None:
            handle.cancel()
        return handle is not None

    def create_task(self, coro: Any, **words: Any) -> asyncio.Task[Any]:
        task = super().create_task(coro, **words)
        if self.is_killed:  # the rest of the very call that the process died in
            _bury(task)
        return task

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
