"""One run of a strategy in an engine: plugged in, started, timed, stopped."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tidings.app.timers import Ticks
from tidings.engine.strategy import Strategy, overridden

if TYPE_CHECKING:
    from tidings.app.engine import Engine


async def run_strategy(
    engine: Engine, strategy: Strategy, session: Any, stopped: asyncio.Event, *, seconds: float | None, timer_ms: int
) -> None:
    """Until time is up or `stopped` is set. What `on_start` raises ends the run; other callbacks are only told of."""
    hear_error = engine.strategy_errors.hear
    engine.entry.listen(strategy)
    engine.market.listen(strategy, hear_error)
    timer = None
    try:
        strategy.on_start(session, engine.clock.read_now_ns())
        if engine.credentials is not None:
            engine.adopted.tell(engine.clock.read_now_ns())  # not before on_start: it sets up what callbacks use
        timer = _start_timer(engine, strategy, timer_ms)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)
    finally:
        if timer is not None:
            timer.cancel()
        engine.market.listen(None, hear_error)
        try:
            strategy.on_stop(engine.clock.read_now_ns())
        except Exception as error:  # the strategy's bug; what ended the run must not be hidden by it
            hear_error(error, strategy.on_stop)


def _start_timer(engine: Engine, strategy: Strategy, timer_ms: int) -> Ticks | None:
    on_timer = overridden(strategy, "on_timer")
    if on_timer is None:
        return None
    return Ticks(
        timer_ms / 1000,
        lambda: on_timer(engine.clock.read_now_ns()),
        lambda error, _: engine.strategy_errors.hear(error, on_timer),
    )
