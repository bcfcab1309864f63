"""Recordings of a market: text files, one JSON object per line, `.gz` or not.

    {"received_ns": 1760000000000000000, "message": {"orderbook_p": {"asks": [["61000.5", "0.2"]], "bids": []}, …}}

`message` is a push of the venue as it came, one of

    book, orderbook_p    snapshot or incremental, any depth
    trades, trades_p     a snapshot's rows are history; an incremental's are news
    tick, tick_p         index or mark price

and `received_ns` never goes backwards. A file may hold several symbols. What else a stream brings (answers, which have
an `id`, candles, 24-hour figures, account messages) is skipped and counted; what does not fit is refused with the
file's name, the line's number and the key.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tidings.exchange.catalogue import Catalogue, Instrument, Line
from tidings.exchange.scaled import from_text

LINE_LENGTH_MAX: Final = 4_000_000
SIDES: Final = {"Buy": 1, "Sell": -1}  # of takers, in rows of trades
_KINDS: Final = ("orderbook_p", "book", "trades_p", "trades", "tick_p", "tick")
_SKIPPED: Final = frozenset({
    "id", "kline", "kline_p", "market24h", "market24h_p", "spot_market24h", "method",  # `method`: of packs of figures
    "accounts", "accounts_p", "orders", "orders_p", "positions", "positions_p", "wallets", "position_info",
})  # fmt: skip


class RecordingError(ValueError):
    """A recording that cannot be played: which file, which line, which key, and why."""


class _Wrong(Exception):
    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")


@dataclass(slots=True)
class BookPush:
    """A book, or what changed of it; quantity 0 deletes. Prices and quantities on the instrument's scales."""

    symbol: str
    is_snapshot: bool
    depth: int
    time_ns: int  # of the venue
    sequence: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


@dataclass(slots=True)
class TradesPush:
    """Trades, oldest first: (time of the venue, side of the taker, price, quantity)."""

    symbol: str
    is_snapshot: bool
    rows: list[tuple[int, int, int, int]]


@dataclass(slots=True)
class PricePush:
    """A mark or index price."""

    symbol: str
    is_mark: bool
    price: int


@dataclass(slots=True)
class Recorded:
    """One line."""

    received_ns: int
    push: BookPush | TradesPush | PricePush


class RecordingReader:
    """Reads one file, a line at a time, and checks each."""

    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        self.skipped_count = 0  # lines of the present pass that were no market data to play
        self._path = path
        self._instruments = {i.symbol: i for i in catalogue.listed()}
        self._prices = {i.index_symbol: (i, False) for i in catalogue.listed() if i.index_symbol}
        self._prices |= {i.mark_symbol: (i, True) for i in catalogue.listed() if i.mark_symbol}

    def __iter__(self) -> Iterator[Recorded]:
        """Every push that can be played. Raises RecordingError at the first line that is wrong."""
        number, last_ns, sequences = 0, 0, dict[str, int]()
        self.skipped_count = 0
        try:
            with (gzip.open if self._path.suffix == ".gz" else open)(self._path, "rb") as file:
                while line := file.readline(LINE_LENGTH_MAX + 1):
                    number += 1
                    last_ns, message = _line(line, last_ns)
                    if not message.keys() & _KINDS and message.keys() & _SKIPPED:
                        self.skipped_count += 1
                        continue
                    recorded = Recorded(last_ns, self._push(message))
                    if isinstance(recorded.push, BookPush):
                        _check_order(recorded.push, sequences)
                    yield recorded
        except _Wrong as wrong:
            raise RecordingError(f"{self._path}:{number}: {wrong}") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise RecordingError(f"{self._path}:{number + 1}: {error}") from error
        except OSError as error:
            raise RecordingError(f"{self._path}: {error.strerror or error}") from error
        if number == self.skipped_count:
            raise RecordingError(f"{self._path}: the recording is empty: no book, no trades, no prices")

    def _push(self, message: dict[str, Any]) -> BookPush | TradesPush | PricePush:
        kinds = [kind for kind in _KINDS if kind in message]
        if len(kinds) != 1:
            raise _Wrong("message", f"must hold one of {', '.join(_KINDS)}")
        (kind,) = kinds
        if kind.startswith("tick"):
            return self._price_push(message[kind], kind)
        instrument = self._instruments.get(str(message.get("symbol")))
        if instrument is None:
            raise _Wrong("message.symbol", f"no listed product {message.get('symbol')!r}")
        if kind.endswith("_p") != (instrument.line is Line.USD_M):
            raise _Wrong(f"message.{kind}", f"not the kind of message that {instrument.symbol} has")
        if message.get("type") not in ("snapshot", "incremental"):
            raise _Wrong("message.type", f"snapshot or incremental, not {message.get('type')!r}")
        is_snapshot = message["type"] == "snapshot"
        if kind.startswith("trades"):
            rows = [_trade(row, f"message.{kind}[{n}]", instrument) for n, row in enumerate(_rows(message, kind))]
            return TradesPush(instrument.symbol, is_snapshot, rows[::-1])
        book = message[kind]
        if not isinstance(book, dict):
            raise _Wrong(f"message.{kind}", "no JSON object")
        bids, asks = (
            [_level(row, f"message.{kind}.{side}[{n}]", instrument) for n, row in enumerate(_rows(book, side, kind))]
            for side in ("bids", "asks")
        )
        return BookPush(
            instrument.symbol, is_snapshot, _integer(message, "depth", "message."),
            _integer(message, "timestamp", "message."), _integer(message, "sequence", "message."), bids, asks,
        )  # fmt: skip

    def _price_push(self, tick: object, kind: str) -> PricePush:
        if not isinstance(tick, dict):
            raise _Wrong(f"message.{kind}", "no JSON object")
        instrument, is_mark = self._prices.get(str(tick.get("symbol")), (None, False))
        if instrument is None:
            raise _Wrong(f"message.{kind}.symbol", f"no index or mark of a listed product: {tick.get('symbol')!r}")
        price = _number(tick.get("last"), f"message.{kind}.last", instrument, instrument.price_scale)
        if price <= 0:
            raise _Wrong(f"message.{kind}.last", "a price is above zero")
        return PricePush(instrument.symbol, is_mark, price)


def _line(line: bytes, last_ns: int) -> tuple[int, dict[str, Any]]:
    """When a line was received, and its message."""
    if len(line) > LINE_LENGTH_MAX:
        raise _Wrong("the line", f"longer than {LINE_LENGTH_MAX} bytes")
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _Wrong("the line", f"no JSON: {error}") from None
    if not isinstance(document, dict):
        raise _Wrong("the line", "no JSON object")
    received_ns = _integer(document, "received_ns")
    if received_ns < last_ns:
        raise _Wrong("received_ns", "goes backwards")
    message = document.get("message")
    if not isinstance(message, dict):
        raise _Wrong("message", "no JSON object")
    return received_ns, message


def _check_order(push: BookPush, sequences: dict[str, int]) -> None:
    """Refuse a change of a book that nobody has seen, and a step back."""
    if not push.is_snapshot and push.symbol not in sequences:
        raise _Wrong("message.type", f"an incremental before the first snapshot of {push.symbol}")
    if not push.is_snapshot and push.sequence < sequences[push.symbol]:
        raise _Wrong("message.sequence", "goes backwards")
    sequences[push.symbol] = push.sequence


def _integer(document: dict[str, Any], key: str, where: str = "") -> int:
    value = document.get(key)
    if type(value) is not int or value < 0:
        raise _Wrong(where + key, f"a whole number, not {value!r}" if key in document else "missing")
    return value


def _rows(document: dict[str, Any], key: str, kind: str = "") -> list[Any]:
    rows = document.get(key)
    if not isinstance(rows, list):
        raise _Wrong(".".join(filter(None, ("message", kind, key))), "no list of rows")
    return rows


def _number(value: object, key: str, instrument: Instrument, scale: int) -> int:
    """Texts on USD-M, scaled integers on the other lines."""
    if instrument.line is Line.USD_M and isinstance(value, str):
        try:
            return from_text(value, scale)
        except ValueError as error:
            raise _Wrong(key, str(error)) from None
    if instrument.line is Line.USD_M or type(value) is not int:
        raise _Wrong(key, f"no number of {instrument.symbol}: {value!r}"[:100])
    return value


def _level(row: object, key: str, instrument: Instrument) -> tuple[int, int]:
    if not isinstance(row, list) or len(row) != 2:
        raise _Wrong(key, "a level is price and quantity")
    price = _number(row[0], f"{key}[0]", instrument, instrument.price_scale)
    qty = _number(row[1], f"{key}[1]", instrument, instrument.qty_scale)
    if price <= 0 or qty < 0:
        raise _Wrong(key, "a price is above zero, a quantity not below it")
    return price, qty


def _trade(row: object, key: str, instrument: Instrument) -> tuple[int, int, int, int]:
    if not isinstance(row, list) or len(row) != 4 or type(row[0]) is not int or row[1] not in SIDES:
        raise _Wrong(key, "a trade is time, side, price and quantity")
    price, qty = _level(row[2:], key, instrument)
    if qty == 0:
        raise _Wrong(f"{key}[3]", "a trade has a quantity")
    return row[0], SIDES[row[1]], price, qty
