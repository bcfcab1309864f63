"""`tidings export DIR --to FORM --out OUT`: a recording as tables, as a market to play, or as a back-test's events."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.cli.table_text import size_text

LINE_INTERVAL_S = 1.0
COLUMNS = ("file", "rows", "size", "bytes/row")
FORMS = ("parquet", "csv", "jsonl", "hftbacktest")  # conversion.FORMS, which would load the engine for every command


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "export", help="a recording as Parquet or CSV tables, as a market to play, or as hftbacktest's events",
        description="Writes trades, book, top and klines of a recording to OUT (docs/export.md). When it is"
        " interrupted, the same command goes on where it was.",
    )  # fmt: skip
    parser.add_argument("directory", type=Path, metavar="DIR", help="the recording")
    parser.add_argument("--to", choices=FORMS, required=True, help="jsonl: what `tidings exchange --recording` plays")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="a directory for the files")
    parser.add_argument("--symbols", nargs="+", default=(), metavar="SYMBOL", help="only these (default: all)")
    add_json_option(parser)
    parser.set_defaults(body=_export)


def _export(options: argparse.Namespace, screen: Screen) -> int:
    from tidings.export.conversion import convert

    with shown_progress(screen, f"exporting {options.directory}") as progress:
        result = convert(options.directory, options.to, options.out, options.symbols, progress)
    rows = [
        (file.path.name, file.rows, size_text(file.size_bytes), file.size_bytes / file.rows if file.rows else None)
        for file in result.files
    ]
    screen.json(
        {
            "recording": str(options.directory), "to": options.to, "out": str(options.out),
            "files": [
                {
                    "file": file.path.name, "rows": file.rows, "bytes": file.size_bytes,
                    **({"bytes_per_row": file.columns} if file.columns else {}), **file.notes,
                }
                for file in result.files
            ],
            "entries": result.entries, "messages": result.messages, "symbols": result.symbols,
            "dropped": result.dropped, "refused": result.refused, "resumed_at": result.resumed_at,
            "damage": result.damage,
        }
    )  # fmt: skip
    of = f" of {', '.join(result.symbols)}" if result.symbols else ": there is no market in it"
    screen.table(f"{options.out}: {result.messages} messages{of}", COLUMNS, rows)
    for text in remarks(result):
        screen.note(text)
    return 0


def remarks(result: Any) -> Iterator[str]:
    """What there is to say of the recording besides the files."""
    if result.resumed_at:
        yield f"went on behind entry {result.resumed_at} of an interrupted export"
    if result.dropped:
        yield f"{result.dropped} messages are missing in the recording: books are stale there until the next snapshot"
    if result.refused:
        yield f"{result.refused} messages were not taken: unreadable, or changes of a book that was not live"
    if result.damage:
        yield f"the recording's end: {result.damage}"


@contextmanager
def shown_progress(screen: Screen, what: str) -> Iterator[Any]:
    """A function to call with (entries, bytes read, bytes in all): a bar on a terminal, a line a second elsewhere."""
    bar = _bar(screen)
    if bar is None:
        yield _lines(screen, what)
        return
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda entries, done, total: bar.update(task, completed=done, total=total)


def _bar(screen: Screen) -> Any:
    """None in a pipe, or where rich is not installed."""
    if not screen.progress.isatty():
        return None
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        return None
    return Progress(console=Console(file=screen.progress), transient=True)


def _lines(screen: Screen, what: str) -> Any:
    started_s = shown_s = time.monotonic()

    def show(entries: int, done_bytes: int, total_bytes: int) -> None:
        nonlocal shown_s
        now_s = time.monotonic()
        if now_s - shown_s >= LINE_INTERVAL_S:
            shown_s = now_s
            share = 100 * done_bytes / total_bytes if total_bytes else 100
            rate = entries / (now_s - started_s)
            screen.note(f"{what}: {share:3.0f} %, {entries} entries, {rate:.0f}/s")

    return show
