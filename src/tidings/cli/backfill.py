"""`tidings backfill`: klines, trades or funding rates of the past into a file, within the venue's budget."""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from pathlib import Path
from typing import Any

from tidings.cli.history_file import HistoryFile
from tidings.cli.screen import Screen, counted
from tidings.cli.session_options import add_session_options, questions_of
from tidings.errors import UsageError
from tidings.session.history import Backfill, History, unix_ns
from tidings.venue.phemex.history_rows import utc_text
from tidings.venue.phemex.market_topics import KLINE_INTERVALS_S

KINDS = ("klines", "trades", "funding")
DEFAULT_INTERVAL_S = 60
NOTE_INTERVAL_S = 1.0
BAR_CELLS = 30
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d+)([smhdw])")


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "backfill", help="klines, trades or funding rates of the past into a file, within the venue's request budget"
    )
    parser.add_argument("symbol", metavar="SYMBOL")
    parser.add_argument("--what", choices=KINDS, default="klines", help="default klines")
    parser.add_argument("--interval", metavar="SPAN", help="of klines: 1m, 5m, 4h, 1d, … (default 1m)")
    parser.add_argument(
        "--from", dest="begin", required=True, metavar="TIME",
        help="2026-08-01, 2026-08-01T12:30:00Z (UTC where it names no zone), or so long ago: 90m, 6h, 7d",
    )  # fmt: skip
    parser.add_argument("--to", dest="end", metavar="TIME", help="likewise, not included (default: now)")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a new file: .csv, or .jsonl for one object a line"
    )
    add_session_options(parser)
    parser.set_defaults(body=_backfill)


async def _backfill(options: argparse.Namespace, screen: Screen) -> int:
    interval_s = kline_interval_s(options)
    with HistoryFile(options.out, options.what) as file:
        async with questions_of(options, need_key=False) as engine:
            engine.products = await engine.catalogue.read()
            now_ns = engine.clock.read_wall_ns()
            begin, end = moment_ns(options.begin, now_ns), moment_ns(options.end, now_ns) if options.end else None
            history = History(engine)
            backfill: Backfill[Any]
            if options.what == "klines":
                backfill = history.klines(options.symbol, interval_s, begin, end)
            elif options.what == "trades":
                backfill = history.trades(options.symbol, begin, end)
            else:
                backfill = history.funding(options.symbol, begin, end)
            await _fill(backfill, file, screen, options)
    _tell(backfill, screen, options)
    return 0


def kline_interval_s(options: argparse.Namespace) -> int:
    """Of the candles that were asked for. Raises UsageError, also where none were."""
    if options.interval is None:
        return DEFAULT_INTERVAL_S
    if options.what != "klines":
        raise UsageError(f"--interval {options.interval}: it is of klines, not of {options.what}")
    interval_s = span_s(options.interval, "--interval")
    if interval_s not in KLINE_INTERVALS_S:
        raise UsageError(f"--interval {options.interval}: the venue has {', '.join(map(span_text, KLINE_INTERVALS_S))}")
    return interval_s


async def _fill(backfill: Backfill[Any], file: HistoryFile, screen: Screen, options: argparse.Namespace) -> None:
    """Page by page onto the disk; whatever ends it, what is there stays and is told."""
    progress = Progress(screen)
    showing = asyncio.create_task(_show_again(progress, backfill))
    until_ns = backfill.begin_ns  # what has been told may not have been written
    try:
        async for rows in backfill.pages():
            file.write(rows)
            until_ns = backfill.until_ns
            progress.show(backfill)
    except BaseException:
        if file.row_count:
            until = utc_text(until_ns)
            screen.note(f"{options.out} reaches to {until}: go on with --from {until} into another file")
        raise
    finally:
        showing.cancel()
        progress.end()


async def _show_again(progress: Progress, backfill: Backfill[Any]) -> None:
    """Also while no page comes: the budget may make it wait for a minute."""
    while True:
        await asyncio.sleep(NOTE_INTERVAL_S)
        progress.show(backfill)


def _tell(backfill: Backfill[Any], screen: Screen, options: argparse.Namespace) -> None:
    for note in backfill.notes:
        screen.note(note)
    requests = backfill.questions.question_count
    screen.json(
        {
            "symbol": options.symbol, "what": options.what, "from_ns": backfill.begin_ns, "to_ns": backfill.end_ns,
            "rows": backfill.row_count, "requests": requests, "file": str(options.out), "notes": backfill.notes,
        }
    )  # fmt: skip
    begin, end = utc_text(backfill.begin_ns), utc_text(backfill.end_ns)
    screen.line(f"{backfill.row_count} {options.what} of {options.symbol}, {begin} to {end}: {options.out}")
    screen.line(counted(requests, "request"))


class Progress:
    """A bar that stays in its line on a terminal, a line a second in a pipe."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._is_terminal = screen.progress.isatty()
        self._shown_s = 0.0

    def show(self, backfill: Backfill[Any]) -> None:
        now_s = time.monotonic()
        if not self._is_terminal and now_s - self._shown_s < NOTE_INTERVAL_S:
            return
        self._shown_s = now_s
        text = progress_text(backfill)
        if self._is_terminal:
            self._screen.progress.write(f"\r{text}\x1b[K")
            self._screen.progress.flush()
        else:
            self._screen.note(text)

    def end(self) -> None:
        if self._is_terminal and self._shown_s:
            self._screen.progress.write("\r\x1b[K")
            self._screen.progress.flush()


def progress_text(backfill: Backfill[Any]) -> str:
    done = int(backfill.progress * BAR_CELLS)
    bar = "█" * done + "·" * (BAR_CELLS - done)
    questions, waited = backfill.questions, ""
    if questions.waits_s >= 1:
        waited = f", waits {questions.waits_s:.0f} s for the budget"
    elif questions.waited_s >= 1:
        waited = f", waited {questions.waited_s:.0f} s for the budget"
    requests = counted(backfill.questions.question_count, "request")
    return f"{bar} {backfill.progress:4.0%} {counted(backfill.row_count, 'row')}, {requests}{waited}"


def moment_ns(text: str, now_ns: int) -> int:
    """Unix time of a moment, or of so long ago. Raises UsageError."""
    if _SPAN.fullmatch(text):
        return now_ns - span_s(text, "a time") * 1_000_000_000
    return unix_ns(text)


def span_s(text: str, name: str) -> int:
    """ "90m" in seconds. Raises UsageError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UsageError(f"{name}: a span like 1m, 4h or 1d was expected: was {text!r}")
    return int(found[1]) * SECONDS[found[2]]


def span_text(seconds: int) -> str:
    """60 → "1m"."""
    unit = next(unit for unit in "dhms" if seconds % SECONDS[unit] == 0)
    return f"{seconds // SECONDS[unit]}{unit}"
