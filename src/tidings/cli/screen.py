"""What commands print: tables that fit a terminal and are plain in a pipe, or one JSON object.

With --json stdout carries the object only; progress goes to stderr then.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

import orjson

from tidings.cli.table_text import fitted_table, plain_table
from tidings.errors import FileNotWritten

MARGIN = "  "
USUAL_WIDTH = 80  # of a terminal that does not say


class Screen:
    """One command's output. `as_json`: the caller asked for --json."""

    def __init__(self, *, as_json: bool, out: IO[str] | None = None, progress: IO[str] | None = None) -> None:
        self.as_json = as_json
        self.out = out or sys.stdout
        self.progress = progress or (sys.stderr if as_json else self.out)

    def json(self, value: dict[str, Any]) -> None:
        """The one object of --json; silent without it."""
        if self.as_json:
            self._write(_json_text(value) + "\n")

    def line(self, text: str = "") -> None:
        """A line of the result, for people; silent with --json."""
        if not self.as_json:
            self._write(text + "\n")

    def note(self, text: str) -> None:
        """A line about what is going on. One that cannot be written stops nothing: a kill has orders to cancel."""
        with suppress(OSError):
            self.progress.write(text + "\n")
            self.progress.flush()

    def error(self, who: str, error: Exception) -> None:
        """Why the command failed: one line on stderr, and the object of --json."""
        text = " ".join(str(error).split())
        try:
            self.json({"error": {"type": type(error).__name__, "message": text}})
            self.flush()
        except FileNotWritten:
            with suppress(OSError):
                self.out.close()  # else the interpreter tries to flush it once more
        sys.stderr.write(f"{who}: {text}\n")

    def complain(self, who: str, text: str) -> None:
        """A line on stderr, with --json too, about what came of it: for a result that is none to rely on."""
        with suppress(OSError):
            self.out.flush()
        with suppress(OSError):
            sys.stderr.write(f"{who}: {text}\n")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table for people; numbers to the right, nothing cut. Silent with --json."""
        if self.as_json:
            return
        texts = [[_text(cell) for cell in row] for row in rows]
        self.line(title)
        is_terminal = self.out.isatty()
        width = _width_of(self.out) - len(MARGIN)
        for text in fitted_table(columns, texts, width) if is_terminal else plain_table(columns, texts):
            self.line(MARGIN + text)

    def flush(self) -> None:
        """Raises BrokenPipeError when nobody reads any more, FileNotWritten when the disk behind stdout is full."""
        with _told_if_full():
            self.out.flush()

    def _write(self, text: str) -> None:
        with _told_if_full():
            self.out.write(text)


@contextmanager
def _told_if_full() -> Iterator[None]:
    """Say so of an output that takes nothing more: by then the command may have sent what it was asked to."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileNotWritten(
            f"the output cannot be written: {error.strerror}; whatever the command had done until then stays done"
        ) from None


def counted(count: int, noun: str) -> str:
    """`1 product`, `2 products`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _json_text(value: dict[str, Any]) -> str:
    """As JSON; bytes of the command line that are no UTF-8, which Python keeps as lone surrogates, by their escapes."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()
    except TypeError:
        return json.dumps(value, default=str, indent=2)


def _text(cell: Any) -> str:
    return "" if cell is None else f"{cell:,.1f}" if isinstance(cell, float) else str(cell)


def _width_of(out: IO[str]) -> int:
    """Columns of the terminal that `out` is."""
    with suppress(OSError, ValueError):
        if columns := os.get_terminal_size(out.fileno()).columns:
            return columns
    return USUAL_WIDTH
