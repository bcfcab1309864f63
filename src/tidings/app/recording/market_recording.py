"""Recording public market data alone: an engine that has reached its venue, without journal or order lanes."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tidings.app.engine import BOOK_CHECK_S, Engine
from tidings.app.limits.risk_limits import make_risk
from tidings.app.market.market_watch import make_market
from tidings.app.recording.event_tap import EventTap
from tidings.app.recording.session_recording import Recording, begin_recording
from tidings.app.timers import Ticks, every
from tidings.errors import TidingsError, UsageError
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_topics import topic_of
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.rate_groups import STREAM_CONNECTIONS_MAX

log = logging.getLogger("tidings.recorder")

CATALOGUE_LOOK_S = 3600.0


@asynccontextmanager
async def market_recording(
    engine: Engine, directory: str, symbols: Sequence[str], channels: Sequence[str]
) -> AsyncIterator[Recording]:
    """Record these channels of these symbols until the block ends.

    What cannot be asked for is refused before anything is made; a recording that never began is removed again. Raises
    UsageError, ConnectionLost, RecordingError.
    """
    engine.products = await engine.catalogue.read_anew()
    plan = channels_of(engine.products, symbols, channels)
    engine.market = make_market(engine, make_risk(engine.settings, engine.products), STREAM_CONNECTIONS_MAX)
    recording = begin_recording(engine, directory, symbols=symbols, channels=channels)
    engine.recording = engine.market.recording = recording
    engine.market.tap = EventTap(recording.take)
    try:
        await follow(engine, plan)
        recording.has_begun = True
        checks = Ticks(BOOK_CHECK_S, lambda: engine.market.on_timer(engine.clock.read_now_ns()), _log_error)
        looks = every(CATALOGUE_LOOK_S, engine.refresh_products, _log_error)
        try:
            yield recording
        finally:
            checks.cancel()
            looks.cancel()
            await engine.market.stop()
    finally:
        await recording.end()


def channels_of(
    products: Products, symbols: Sequence[str], channels: Sequence[str]
) -> dict[tuple[str, ...], list[Instrument]]:
    """Which channels to follow of which instruments: all that there are of each.

    A channel that a symbol's line has not (a spot pair's index) is left out with a warning. Raises UsageError for a
    symbol nobody knows, and for a channel that none of them has.
    """
    instruments = [products.tradable(symbol) for symbol in symbols]
    refusals: dict[tuple[str, str], UsageError] = {}
    for word in channels:
        for instrument in instruments:
            try:
                topic_of(instrument, word, products)
            except UsageError as error:
                refusals[instrument.symbol, word] = error
        refused = [refusal for (_, other), refusal in refusals.items() if other == word]
        if len(refused) == len(instruments):
            raise refused[0]
    plan: dict[tuple[str, ...], list[Instrument]] = {}
    for instrument in instruments:
        words = tuple(word for word in channels if (instrument.symbol, word) not in refusals)
        plan.setdefault(words, []).append(instrument)
    for refusal in refusals.values():
        log.warning("left out: %s", refusal)
    return plan


async def follow(engine: Engine, plan: dict[tuple[str, ...], list[Instrument]]) -> None:
    """Subscribe to what `channels_of` has found. Raises ConnectionLost, UsageError beyond the venue's limits."""
    for words, instruments in plan.items():
        await engine.market.subscribe(instruments, words)


def _log_error(error: Exception, act: object) -> None:
    """What the venue refuses is asked for again later; anything else is a bug to be seen."""
    log.log(logging.WARNING if isinstance(error, TidingsError) else logging.ERROR, "recording goes on: %r", error)
