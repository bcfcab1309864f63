"""One run of strategies in an engine: plugged in, started, timed, stopped."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from tidings.app.held_positions import Hear
from tidings.app.strategy_group import Callback, Member, callback_of, plugged
from tidings.app.timers import Ticks

if TYPE_CHECKING:
    from tidings.app.engine import Engine


async def run_strategies(
    engine: Engine, members: list[Member], stopped: asyncio.Event, *, seconds: float | None, timer_ms: int
) -> None:
    """Until time is up or `stopped` is set. What an `on_start` raises ends the run; other callbacks are only told of.

    A strategy that was started is stopped, whatever becomes of the others.
    """
    hear_error = engine.strategy_errors.hear
    together = plugged(members, hear_error)
    engine.entry.listen(together)
    engine.market.listen(together, hear_error)
    engine.held.hear_by(position_hearers(engine, members))
    started: list[Member] = []
    timers: list[Ticks] = []
    try:
        for member in members:
            started.append(member)
            member.strategy.on_start(member.session, engine.clock.read_now_ns())
        if engine.credentials is not None:
            engine.adopted.tell(engine.clock.read_now_ns())  # not before on_start: it sets up what callbacks use
        timers += [timer for member in members if (timer := _start_timer(engine, member, timer_ms)) is not None]
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)
    finally:
        for timer in timers:
            timer.cancel()
        engine.market.listen(None, hear_error)
        for member in started:
            _call(engine, member.strategy.on_stop, engine.clock.read_now_ns())


def position_hearers(engine: Engine, members: list[Member]) -> dict[int, Hear]:
    """By owner: who is told what it holds."""
    hearers: dict[int, Hear] = {}
    for member in members:
        callback = callback_of(member, "on_position", None)
        if callback is not None:
            hearers[member.owner] = _hearer(engine, callback)
    return hearers


def _hearer(engine: Engine, callback: Callback) -> Hear:
    return lambda position, now_ns: _call(engine, callback, position, now_ns)


def _call(engine: Engine, callback: Callback, *arguments: object) -> None:
    try:
        callback(*arguments)
    except Exception as error:  # the strategy's bug: whoever called it goes on, and the others are called too
        engine.strategy_errors.hear(error, callback)


def _start_timer(engine: Engine, member: Member, timer_ms: int) -> Ticks | None:
    on_timer = callback_of(member, "on_timer", None)
    if on_timer is None:
        return None
    return Ticks(
        timer_ms / 1000,
        lambda: on_timer(engine.clock.read_now_ns()),
        lambda error, _: engine.strategy_errors.hear(error, on_timer),
    )
