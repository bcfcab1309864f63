"""What commands print: tables that are pretty on a terminal and plain in a pipe, or one JSON object.

With --json stdout carries the object only; progress goes to stderr then. rich is used where it is installed and a
person looks.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, Any

import orjson


class Screen:
    """One command's output. `as_json`: the caller asked for --json."""

    def __init__(self, *, as_json: bool, out: IO[str] | None = None, progress: IO[str] | None = None) -> None:
        self.as_json = as_json
        self.out = out or sys.stdout
        self.progress = progress or (sys.stderr if as_json else self.out)

    def json(self, value: dict[str, Any]) -> None:
        """The one object of --json; silent without it."""
        if self.as_json:
            self.out.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")

    def line(self, text: str = "") -> None:
        """A line of the result, for people; silent with --json."""
        if not self.as_json:
            self.out.write(text + "\n")

    def note(self, text: str) -> None:
        """A line about what is going on."""
        self.progress.write(text + "\n")
        self.progress.flush()

    def error(self, who: str, error: Exception) -> None:
        """Why the command failed: one line on stderr, and the object of --json."""
        text = " ".join(str(error).split())
        self.json({"error": {"type": type(error).__name__, "message": text}})
        self.flush()
        sys.stderr.write(f"{who}: {text}\n")

    def complain(self, who: str, text: str) -> None:
        """A line on stderr, with --json too, about what came of it: for a result that is none to rely on."""
        self.out.flush()
        sys.stderr.write(f"{who}: {text}\n")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table for people; numbers to the right. Silent with --json."""
        if self.as_json:
            return
        texts = [[_text(cell) for cell in row] for row in rows]
        self.line(title)
        pretty = rich_table(columns, texts) if self.out.isatty() else None
        if pretty is not None:
            from rich.console import Console

            Console(file=self.out).print(pretty)
            return
        for text in plain_table(columns, texts):
            self.line("  " + text)

    def flush(self) -> None:
        """Raises BrokenPipeError when nobody reads any more."""
        self.out.flush()


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned columns: text left, numbers right."""
    is_number = number_columns(len(columns), rows)
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]

    def fit(cells: Sequence[str]) -> str:
        placed = zip(cells, widths, is_number, strict=True)
        return "  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in placed).rstrip()

    return [fit(columns), fit(["-" * width for width in widths]), *map(fit, rows)]


def rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    """A rich table; None where rich is not installed (the `cli` extra)."""
    try:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
    except ImportError:
        return None
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))  # the demo's columns fit into 80
    for column, is_number in zip(columns, number_columns(len(columns), rows), strict=True):
        table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def number_columns(count: int, rows: Sequence[Sequence[str]]) -> list[bool]:
    """Which columns hold nothing but numbers."""
    return [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(count)]


def _text(cell: Any) -> str:
    return "" if cell is None else f"{cell:,.1f}" if isinstance(cell, float) else str(cell)


def _is_number(text: str) -> bool:
    return text == "" or text.lstrip("-+").replace(",", "").replace(".", "", 1).isdigit()
