"""`tidings record`: everything that the venue tells of some symbols, on disk with its times (docs/recording.md)."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tidings.app.engine import Engine
from tidings.app.recording.market_recording import channels_of, follow, market_recording
from tidings.cli.record_progress import NOTHING, shortfall_of, showing_progress, tally_of, words_of
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_free_option, add_session_options, questions_of, session_of
from tidings.cli.stop_signals import stop_signals, unless_stopped
from tidings.errors import RecordingError, UsageError
from tidings.venue.phemex.market_topics import WORDS

LOOK_S = 0.2
DEFAULT_CHANNELS = "book,trade,kline:60"  # a table of each in an export


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("record", help="record market data, and an account's, until it is told to stop")
    parser.add_argument("symbols", nargs="+", metavar="SYMBOL", help="what to follow")
    parser.add_argument("--out", required=True, metavar="DIR", help="directory of the recording; must hold none")
    parser.add_argument("--seconds", type=float, metavar="N", help="stop by itself (default: SIGTERM or Ctrl-C)")
    parser.add_argument(
        "--channels", default=DEFAULT_CHANNELS, metavar="LIST",
        help=f"what of each symbol, separated by commas: {', '.join(WORDS)} (default {DEFAULT_CHANNELS})",
    )  # fmt: skip
    parser.add_argument(
        "--private", action="store_true", help="the account's stream and order lanes too; secrets are left out"
    )
    add_free_option(parser)
    parser.add_argument(
        "--segment-mb", type=int, default=256, metavar="N", help="size of a file of the recording (default 256)"
    )
    add_session_options(parser)
    parser.set_defaults(body=_record)


async def _record(options: argparse.Namespace, screen: Screen) -> int:
    """Record until it is time; being told to stop is the usual end, and the exit code is 0."""
    if options.seconds is not None and not options.seconds > 0:
        raise UsageError(f"--seconds must be above 0: was {options.seconds:g}")
    with stop_signals() as stop:
        return await _record_until(stop, options, screen)


async def _record_until(stop: asyncio.Event, options: argparse.Namespace, screen: Screen) -> int:
    recording = _recording(options)
    engine = await unless_stopped(stop, recording.__aenter__())
    if engine is None:
        screen.json({"directory": str(Path(options.out)), **NOTHING})
        screen.complain("tidings record", "stopped before anything was recorded; nothing is left of it")
        return 0
    started_s = time.monotonic()
    try:
        async with showing_progress(screen, engine):
            await _until_over(engine, stop, options.seconds)
    finally:
        await recording.__aexit__(None, None, None)
    told = tally_of(engine, time.monotonic() - started_s)
    if told["failure"]:
        raise RecordingError(f"{options.out}: {shortfall_of(told)}")
    screen.json({"directory": str(Path(options.out)), **told})
    screen.line(f"{options.out}: {words_of(told)}")
    if shortfall := shortfall_of(told):
        screen.complain("tidings record", shortfall)
    return 0


@asynccontextmanager
async def _recording(options: argparse.Namespace) -> AsyncIterator[Engine]:
    """The engine whose connections are recorded."""
    channels = tuple(word.strip() for word in options.channels.split(",") if word.strip())
    if not channels:
        raise UsageError("--channels names nothing to record")
    symbols = tuple(dict.fromkeys(options.symbols))
    sizes = {"record_free_mb": options.free_mb, "record_segment_mb": options.segment_mb}
    if options.private:
        async with session_of(options, journal="none", record=options.out, **sizes) as phemex:
            engine = phemex.engine
            assert engine.recording is not None
            engine.recording.has_begun = False  # what was asked for is not there before the subscription stands
            await follow(engine, channels_of(engine.products, symbols, channels))
            engine.recording.has_begun = True
            yield engine
        return
    async with (
        questions_of(options, need_key=False, **sizes) as engine,
        market_recording(engine, options.out, symbols, channels),
    ):
        yield engine


async def _until_over(engine: Engine, stop: asyncio.Event, seconds: float | None) -> None:
    """Until the time is up, somebody says stop, or nothing can be recorded any more."""
    assert engine.recording is not None
    ends_s = time.monotonic() + seconds if seconds is not None else float("inf")
    while not engine.recording.recorder.stats.failure:
        left_s = ends_s - time.monotonic()
        if left_s <= 0:
            return
        try:
            await asyncio.wait_for(stop.wait(), min(left_s, LOOK_S))
        except TimeoutError:
            continue
        return
