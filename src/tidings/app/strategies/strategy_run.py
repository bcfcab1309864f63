"""One run of strategies in an engine: plugged in, started, timed, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tidings.app.strategies.held_positions import Hear
from tidings.app.strategies.strategy_group import Around, Callback, Member, callback_of, plugged
from tidings.app.timers import Ticks
from tidings.errors import ENDS_PROGRAM

if TYPE_CHECKING:
    from tidings.app.engine import Engine


async def run_strategies(
    engine: Engine, members: list[Member], stopped: asyncio.Event, *, seconds: float | None, timer_ms: int
) -> None:
    """Until time is up or `stopped` is set. What an `on_start` raises ends the run; other callbacks are only told of.

    A strategy that was started is stopped, whatever becomes of the others.
    """
    run = StrategyRun(engine, members, engine.tap.around if engine.tap is not None else None)
    timers: list[Ticks] = []
    try:
        run.begin(timer_ms)
        timers = [Ticks(timer_ms / 1000, run.timer(member), run.hear_error) for member in run.timed()]
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)
    finally:
        for timer in timers:
            timer.cancel()
        run.end()


class StrategyRun:
    """Strategies plugged into an engine, or into the replay of one. `around`: who looks on at each callback."""

    def __init__(self, engine: Engine, members: list[Member], around: Around | None = None) -> None:
        self.members = members
        self._engine, self._around = engine, around
        self._started: list[Member] = []
        found = [(member.index, callback_of(member, "on_timer", around)) for member in members]
        self._on_timers = {index: on_timer for index, on_timer in found if on_timer is not None}

    def begin(self, timer_ms: int) -> None:
        """Plug all of them in and start them, one after the other. Raises what an on_start raises."""
        engine, tap = self._engine, self._engine.tap
        if tap is not None:
            tap.run_begins(self.members, timer_ms, engine.clock.read_now_ns())
        self.plug_in()
        for member in self.members:
            now_ns = engine.clock.read_now_ns()
            if tap is not None:
                tap.starts(member, now_ns)
            self.start(member, now_ns)
        if engine.credentials is not None:
            now_ns = engine.clock.read_now_ns()
            if tap is not None:
                tap.adopted_told(now_ns)
            engine.adopted.tell(now_ns)  # not before on_start: it sets up what callbacks use

    def plug_in(self) -> None:
        """Let them hear orders, market data and positions from now on."""
        engine = self._engine
        together = plugged(self.members, self.hear_error, self._around)
        engine.entry.listen(together)
        engine.market.listen(together, self.hear_error)
        engine.held.hear_by(self._position_hearers())

    def start(self, member: Member, now_ns: int) -> None:
        self._started.append(member)
        on_start = callback_of(member, "on_start", self._around)
        if on_start is not None:
            on_start(member.session, now_ns)

    def end(self) -> None:
        """Market data ends, then each is stopped; order events go on until others run."""
        engine = self._engine
        self.unplug()
        for member in self._started:
            now_ns = engine.clock.read_now_ns()
            if engine.tap is not None:
                engine.tap.stops(member, now_ns)
            self.stop(member, now_ns)

    def unplug(self) -> None:
        """Let them hear no market data any more."""
        self._engine.market.listen(None, self.hear_error)

    def stop(self, member: Member, now_ns: int) -> None:
        on_stop = callback_of(member, "on_stop", self._around)
        if on_stop is not None:
            self._call(on_stop, now_ns)

    def timed(self) -> list[Member]:
        """Those that want to be called by a timer."""
        return [member for member in self.members if member.index in self._on_timers]

    def timer(self, member: Member) -> Callable[[], None]:
        """What its timer is to call."""
        engine = self._engine

        def tick() -> None:
            now_ns = engine.clock.read_now_ns()
            if engine.tap is not None:
                engine.tap.timer(member, now_ns)
            self.tick(member.index, now_ns)

        return tick

    def tick(self, index: int, now_ns: int) -> None:
        """A strategy's timer has run down."""
        on_timer = self._on_timers.get(index)
        if on_timer is not None:
            self._call(on_timer, now_ns)

    def hear_error(self, error: BaseException, callback: Any) -> None:
        """A strategy's callback raised."""
        self._engine.strategy_errors.hear(error, callback)

    def _position_hearers(self) -> dict[int, Hear]:
        """By owner: who is told what it holds."""
        found = [(member.owner, callback_of(member, "on_position", self._around)) for member in self.members]
        return {owner: self._hearer(callback) for owner, callback in found if callback is not None}

    def _hearer(self, callback: Callback) -> Hear:
        return lambda position, now_ns: self._call(callback, position, now_ns)

    def _call(self, callback: Callback, *arguments: object) -> None:
        try:
            callback(*arguments)
        except ENDS_PROGRAM:
            raise
        except BaseException as error:  # the strategy's bug: whoever called it goes on, and the others are called too
            self.hear_error(error, callback)
