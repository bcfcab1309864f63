"""`tidings replay DIR`: a recording through the same decoders, order path and strategy as live."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidings.app.replay.replay_result import ReplayResult
from tidings.cli.live_screen import live_display, shown_beside
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.cli.strategy_file import load_strategies, told_as_its_own
from tidings.recorder.reader import RecordingReader
from tidings.session.replay import replay

MAX = "max"
LIVE_INTERVAL_S, LINE_INTERVAL_S = 0.2, 5.0  # of progress, on a terminal and in a pipe


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "replay", help="plays a recording into a strategy (docs/strategies.md)",
        epilog="Exceptions in callbacks are told and counted; the exit code is 0 all the same.",
    )  # fmt: skip
    parser.add_argument("directory", type=Path, metavar="DIR", help="what `tidings record` or `run --record` has made")
    parser.add_argument(
        "--speed", type=_speed, default=None, metavar="N|max", help="times as fast as it was (default max)"
    )
    parser.add_argument(
        "--until", type=_until, metavar="NS_OR_RECORD",
        help="the last entry to play: its number, or a Unix time in nanoseconds",
    )  # fmt: skip
    parser.add_argument("--strategy", type=Path, metavar="FILE", help="Python file of the strategy (default: none)")
    add_json_option(parser)
    parser.set_defaults(body=_replay)


def _speed(text: str) -> float | None:
    if text == MAX:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, or max: was {text!r}")
    return speed


def _until(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected the number of an entry or a Unix time in ns: was {text!r}")
    return int(text)


async def _replay(options: argparse.Namespace, screen: Screen) -> int:
    # What strategies print is no part of the object.
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        strategies = load_strategies(options.strategy) if options.strategy is not None else []
        started_s, reader = time.perf_counter(), RecordingReader(options.directory)
        live = live_display(screen)
        async with shown_beside(live, _tell_progress(screen, live, reader)):
            with told_as_its_own(options.strategy, screen) if strategies else contextlib.nullcontext():
                result = await replay(reader, strategies, speed=options.speed, until=options.until)
    _show(screen, result, time.perf_counter() - started_s, options.until)
    return 0


async def _tell_progress(screen: Screen, live: Any, reader: RecordingReader) -> None:
    """How much of the recording has been read, again and again."""
    while True:
        await asyncio.sleep(LINE_INTERVAL_S if live is None else LIVE_INTERVAL_S)
        text = f"replayed {100 * reader.read_bytes // reader.total_bytes} %"
        if live is None:
            screen.note(text)
        else:
            live.update(text, refresh=True)


def _show(screen: Screen, result: ReplayResult, seconds: float, until: int | None) -> None:
    per_s = round(result.messages / seconds)
    screen.json({**asdict(result), "seconds": round(seconds, 3), "messages_per_s": per_s})
    screen.line(
        f"{result.messages} messages, {result.callbacks} callbacks, {result.calls} recorded calls in {seconds:.1f} s"
    )
    if not result.messages and until is not None:
        screen.note(f"no message of the market lies before --until {until}")
    if result.differences:
        screen.line(f"{result.differences} requests are not as recorded: all from the first on, told above, are denied")
    if result.dropped:
        beside = f", {result.lost} of them no market data: what follows is not what was" if result.lost else ""
        screen.line(f"{result.dropped} messages are missing in the recording{beside}")
    if result.strategy_errors:
        screen.line(f"{result.strategy_errors} exceptions in callbacks: see above")
    if result.damage:
        screen.line(f"the recording's end: {result.damage}")
    screen.line(f"state {result.state_hash}")
