"""Rows of the past as text: CSV with a head, or one JSON object a line. Times in ns, numbers exact, as decimals.

The columns are documented in docs/history.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from tidings.errors import FileNotWritten, UsageError
from tidings.market.kline import Kline
from tidings.market.past import FundingRate, PublicTrade

Row = Kline | PublicTrade | FundingRate
S_NS = 1_000_000_000


# As the columns of an export of a recording are called, so that the two go together.
COLUMNS: dict[str, tuple[str, ...]] = {
    "klines": (
        "symbol", "start_ns", "interval_s", "last_close", "open", "high", "low", "close", "volume", "turnover",
    ),
    "trades": ("venue_ns", "symbol", "trade_id", "side", "price", "qty"),
    "funding": ("venue_ns", "symbol", "rate", "interval_s"),
}  # fmt: skip


class HistoryFile:
    """A new file for one kind of rows. Raises UsageError for a file that is there, or whose format is not known.

    Unbuffered: what `write` has returned from is out of this process, and a disk that is full says so at once.
    """

    def __init__(self, path: Path, what: str) -> None:
        if path.suffix not in (".csv", ".jsonl"):
            raise UsageError(f"--out {path}: a name that ends in .csv or .jsonl was expected")
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError:
            raise UsageError(f"--out {path}: there is such a file already, and a new one is needed") from None
        except FileNotFoundError:
            raise UsageError(f"--out {path}: there is no directory {path.parent}") from None
        except OSError as error:
            raise UsageError(f"--out {path} cannot be made: {error.strerror}") from None
        self._path, self._is_csv, self._columns = path, path.suffix == ".csv", COLUMNS[what]
        self.row_count = self._length_bytes = 0
        self._head = (",".join(self._columns) + "\n").encode() if self._is_csv else b""

    def __enter__(self) -> Self:
        """Raises FileNotWritten, and leaves no file then."""
        try:
            self._append(self._head)
        except FileNotWritten:
            self._file.close()
            self._path.unlink()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A file that got no row, because of an error, goes again."""
        self._file.close()
        if kind is not None and not self.row_count:
            self._path.unlink()

    def write(self, rows: Sequence[Row]) -> None:
        """All of them; or, where the disk is full, none. Raises FileNotWritten."""
        self._append(b"".join(map(self._line, rows)))
        self.row_count += len(rows)

    def _line(self, row: Row) -> bytes:
        values = _values(row)
        if self._is_csv:
            return (",".join(map(str, values)) + "\n").encode()
        return orjson.dumps(dict(zip(self._columns, values, strict=True))) + b"\n"

    def _append(self, data: bytes) -> None:
        """What the disk took of them only in part is cut off again."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.truncate(self._length_bytes)
            raise FileNotWritten(f"cannot write to {self._path}: {error.strerror}") from None
        self._length_bytes += len(data)


def _values(row: Row) -> tuple[str | int, ...]:
    """In the order of the columns. Exact numbers stay text."""
    if isinstance(row, Kline):
        numbers = (row.last_close, row.open, row.high, row.low, row.close, row.volume, row.turnover)
        return row.symbol, row.start_s * S_NS, row.interval_s, *map(plain, numbers)
    if isinstance(row, FundingRate):
        return row.venue_time_ns, row.symbol, plain(row.rate), row.interval_s
    return row.venue_time_ns, row.symbol, row.trade_id, row.side.name.lower(), plain(row.price), plain(row.qty)


def plain(number: Decimal) -> str:
    """Without exponent and idle zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
