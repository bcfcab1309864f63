"""What commands print: tables that are pretty on a terminal and plain in a pipe, or one JSON object.

With --json stdout carries the object only; progress always goes to stderr then. rich is used where it is installed
and a person looks.
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
        self.is_terminal = self.progress.isatty()

    def json(self, value: Any) -> None:
        """The one object of --json."""
        self.out.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")

    def line(self, text: str = "") -> None:
        """A line for people; silent with --json."""
        if not self.as_json:
            self.out.write(text + "\n")
            self.out.flush()

    def note(self, text: str) -> None:
        """A progress line."""
        self.progress.write(text + "\n")
        self.progress.flush()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table for people; numbers to the right. Silent with --json."""
        if self.as_json:
            return
        texts = [[_text(cell) for cell in row] for row in rows]
        if self.out.isatty() and _rich_table(title, columns, texts):
            return
        self.line(title)
        for text in plain_table(columns, texts):
            self.line("  " + text)


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned columns: text left, numbers right."""
    widths = [
        max(len(column), *(len(row[i]) for row in rows)) if rows else len(column) for i, column in enumerate(columns)
    ]
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(columns))]

    def fit(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return [fit(columns), fit(["-" * width for width in widths]), *map(fit, rows)]


def _text(cell: Any) -> str:
    return "" if cell is None else f"{cell:,.1f}" if isinstance(cell, float) else str(cell)


def _is_number(text: str) -> bool:
    return text == "" or text.lstrip("-+").replace(",", "").replace(".", "", 1).isdigit()


def _rich_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Print with rich; False where it is not installed (the `cli` extra)."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        return False
    table = Table(title=title, title_justify="left", header_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if rows and all(_is_number(row[i]) for row in rows) else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    return True
