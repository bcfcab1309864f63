"""A recording played into strategies, and the session they see while it plays."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from tidings.app.replay.replay_engine import ReplayEngine
from tidings.app.replay.replay_path import NO_VENUE
from tidings.app.replay.replay_result import ReplayResult
from tidings.app.replay.replaying import TIMER_MS, Replay
from tidings.app.strategies.strategy_group import Member
from tidings.app.truth.adopted_orders import AdoptedOrder
from tidings.engine.strategy import Strategy
from tidings.errors import OrderDenied, UsageError
from tidings.model.enums import DenyReason, RequestKind
from tidings.recorder.order_events import RunStrategy
from tidings.recorder.reader import RecordingReader
from tidings.session.phemex import Phemex
from tidings.session.strategy_session import StrategySession, members_of


class ReplaySession(Phemex):
    """What `on_start` gets in a replay: as live, but what would ask the venue is denied."""

    def denial(
        self, reason: int, what: str, cl_ord_id: str = "", *, symbol: str = "", kind: RequestKind = RequestKind.NEW
    ) -> OrderDenied:
        named = DenyReason(reason)
        cause = NO_VENUE if named == DenyReason.NOT_READY else "denied when it was recorded"
        return OrderDenied(f"{what}: {named.name}: {cause}", named.name, cl_ord_id)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What is fired inside is as recorded: nothing has to be held."""
        yield

    def adopted_orders(self) -> list[AdoptedOrder]:
        return self.engine.adopted.all()

    async def subscribe(self, *symbols: str, **words: Any) -> None:
        """Nothing: what was recorded comes, and no more."""

    def kill(self, reason: str) -> asyncio.Task[Any]:
        """Its cancels and what it denied are recorded; of its outcome only their reports tell."""
        return asyncio.get_running_loop().create_task(asyncio.sleep(0), name="tidings-replayed-kill")

    async def cancel_all(self, symbol: str) -> None:
        _refuse(f"cancel_all of {symbol}")

    async def set_leverage(self, symbol: str, *values: Any, **words: Any) -> NoReturn:
        _refuse(f"set_leverage of {symbol}")

    async def set_position_mode(self, symbol: str, mode: str) -> NoReturn:
        _refuse(f"set_position_mode of {symbol}")

    async def assign_margin(self, symbol: str, *values: Any, **words: Any) -> NoReturn:
        _refuse(f"assign_margin of {symbol}")

    async def refresh_products(self) -> NoReturn:
        _refuse("refresh_products")


class ReplayStrategySession(StrategySession, ReplaySession):
    """The same for one named strategy."""


def _refuse(what: str) -> NoReturn:
    raise OrderDenied(f"{what}: {NO_VENUE}", DenyReason.NOT_READY.name)


class Listening(Strategy):
    """Hears everything and does nothing: who listens where no strategy is given."""

    def __init__(self, name: str = "") -> None:
        self.name = name


def _nothing(self: Strategy, *arguments: object) -> None:
    """Overridden, so that it is called."""


for _name in [name for name in vars(Strategy) if name.startswith("on_")]:
    setattr(Listening, _name, _nothing)


async def replay(
    directory: Path | str | RecordingReader,
    strategies: Iterable[Strategy] = (),
    *,
    speed: float | None = None,
    until: int | None = None,
    timer_ms: int = TIMER_MS,
) -> ReplayResult:
    """Play a recording into these strategies, or, where there are none, only through decoders and order path.

    `directory`: the recording's, or its reader, whose `read_bytes` tells how far the replay has come; the event loop
    gets a turn now and then. `speed`: times as fast as it was, None: as fast as it goes. `until`: the number of the
    last entry, or a Unix time in ns. Raises RecordingError, and UsageError for a speed or timer that leads nowhere and
    when strategies that run together cannot be told apart.
    """
    if timer_ms < 1 or (speed is not None and not 0 < speed < math.inf):
        raise UsageError(f"timer_ms from 1, a speed above 0 or None: were {timer_ms}, {speed}")
    given = list(strategies)

    def make_members(engine: ReplayEngine, recorded: list[RunStrategy]) -> list[Member]:
        session = ReplaySession(engine)
        for one in recorded:
            session.desk.owner(one.name)  # indices of owners as they were
        if given:
            chosen: list[Strategy] = _as_recorded(given, recorded)
            for strategy, one in zip(chosen, recorded, strict=False):
                strategy.symbols = tuple(one.symbols) or strategy.symbols  # as `tidings run` told it
        else:
            chosen = [Listening(one.name) for one in recorded] or [Listening()]
        return members_of(session, chosen, ReplayStrategySession)

    reader = directory if isinstance(directory, RecordingReader) else RecordingReader(directory)
    played = Replay(reader, make_members, is_driven=not given, until=until, timer_ms=timer_ms)
    return await played.play(speed)


def _as_recorded(given: list[Strategy], recorded: list[RunStrategy]) -> list[Strategy]:
    """Those of the recorded run, by name, else by class, in its order. All of them where that was another's, or cannot
    be told: whatever they ask for then is a difference.
    """
    left, found = list(given), list[Strategy]()
    for one in recorded:
        named = [strategy for strategy in left if strategy.name and strategy.name == one.name]
        alike = named or [strategy for strategy in left if type(strategy).__name__ == one.kind and not strategy.name]
        if not alike or (len(alike) > 1 and len(given) > len(recorded)):
            return given
        found.append(alike[0])
        left = [strategy for strategy in left if strategy is not alike[0]]
    return found or given
