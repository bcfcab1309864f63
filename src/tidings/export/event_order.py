"""Puts events into the order hftbacktest wants: by the venue's time where they count there, by ours where they do here.

Streams of one venue overtake each other, so an event may be received before one that happened earlier. It is then
split in two, one that counts at the venue and one that counts here (hftbacktest docs, "Data": "Validation"); most are
not. One pass from the end finds what is overtaken later, one from the start writes; memory holds one piece at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tidings.errors import UsageError
from tidings.export.backtest_events import EXCHANGE, LOCAL

PIECE_ROWS: Final = 100_000
FIELDS: Final = [
    ("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8"), ("order_id", "<u8"),
    ("ival", "<i8"), ("fval", "<f8"),
]  # fmt: skip
EVENT_BYTES: Final = 64


def load_numpy() -> Any:
    """numpy. Raises UsageError if it is not installed."""
    try:
        return import_module("numpy")
    except ImportError:
        raise UsageError("--to hftbacktest needs numpy: pip install numpy (hftbacktest brings it)") from None


class EventOrder:
    """Of the events in a file, in the order they were received."""

    def __init__(self, path: Path) -> None:
        self._numpy = load_numpy()
        self._path = path
        self.count = path.stat().st_size // EVENT_BYTES
        self.moved_ns = 0  # added to every local time, so that nothing is received before it happened
        self._later: list[int] = []  # of each piece, the earliest venue time in all pieces behind it
        self._look()

    def _piece(self, number: int) -> Any:
        first = number * PIECE_ROWS
        count = min(PIECE_ROWS, self.count - first)
        return self._numpy.fromfile(self._path, self._numpy.dtype(FIELDS), count, offset=first * EVENT_BYTES)

    @property
    def _piece_count(self) -> int:
        return -(-self.count // PIECE_ROWS)

    def _look(self) -> None:
        """From the end: what comes later, and by how much our clock is behind the venue's."""
        earliest, shortest_ns = self._numpy.iinfo("i8").max, 0
        for number in reversed(range(self._piece_count)):
            piece = self._piece(number)
            self._later.append(earliest)
            earliest = min(earliest, piece["exch_ts"].min())
            shortest_ns = min(shortest_ns, int((piece["local_ts"] - piece["exch_ts"]).min()))
        self._later.reverse()
        self.moved_ns = -shortest_ns

    def pieces(self) -> Iterator[Any]:
        """All events in order, some of them split, with the flags of where they count."""
        numpy = self._numpy
        latest = numpy.iinfo("i8").min
        held = numpy.empty(0, FIELDS)  # events out of order that may not be complete
        for number in range(self._piece_count):
            piece = self._piece(number)
            piece["local_ts"] += self.moved_ns
            before = numpy.maximum.accumulate(numpy.concatenate(([latest], piece["exch_ts"])))
            behind = numpy.concatenate((piece["exch_ts"][1:], [self._later[number]]))
            after = numpy.minimum.accumulate(behind[::-1])[::-1]
            in_order = (piece["exch_ts"] >= before[:-1]) & (piece["exch_ts"] <= after)
            latest = before[-1]
            runs = numpy.split(numpy.arange(len(piece)), numpy.flatnonzero(in_order[1:] != in_order[:-1]) + 1)
            done = []
            for run in runs:
                rows = piece[run]
                if not in_order[run[0]]:
                    held = numpy.concatenate((held, rows))
                    continue
                done += [self._split(held), self._flagged(rows, EXCHANGE | LOCAL)]
                held = held[:0]
            yield from done
        yield self._split(held)

    def _split(self, rows: Any) -> Any:
        """A run of events that overtook each other: as they happened, then as they were received."""
        happened = rows[self._numpy.argsort(rows["exch_ts"], kind="stable")]
        return self._numpy.concatenate((self._flagged(happened, EXCHANGE), self._flagged(rows, LOCAL)))

    def _flagged(self, rows: Any, flags: int) -> Any:
        rows = rows.copy()
        rows["ev"] |= self._numpy.uint64(flags)
        return rows
