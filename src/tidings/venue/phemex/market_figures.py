"""Pushes of candles, 24 h figures and index or mark ticks as values (phemex docs 2026, "Subscribe Kline", "… Ticker").

COIN-M and spot write integers on scales, USD-M decimals in strings. A candle's message may name its own scales
(observed 2025), else they are the instrument's. Cold: a few messages a second, read whole by orjson.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.ticker import Ticker
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.products import SCALE_MAX, Products

RATE_SCALE: Final = 8  # Er integers: phemex docs 2026, "Price/ratio/value scales"
KLINE_CELLS: Final = 9
ADJUSTED_MAX: Final = 40  # digits before or behind the point; more would be megabytes as text
Figure = Kline | Ticker | PriceTick
# What cannot be read raises one of these, wherever it is found.
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, InvalidOperation, ArithmeticError)

# Ticker's field → the venue's key.
_INVERSE_KEYS: Final = {
    "open": "open", "high": "high", "low": "low", "last": "close", "volume": "volume", "turnover": "turnover",
    "open_interest": "openInterest", "index_price": "indexPrice", "mark_price": "markPrice",
    "funding_rate": "fundingRate", "predicted_funding_rate": "predFundingRate",
}  # fmt: skip
_LINEAR_KEYS: Final = {
    "open": "openRp", "high": "highRp", "low": "lowRp", "last": "closeRp", "volume": "volumeRq",
    "turnover": "turnoverRv", "open_interest": "openInterestRv", "index_price": "indexPriceRp",
    "mark_price": "markPriceRp", "funding_rate": "fundingRateRr", "predicted_funding_rate": "predFundingRateRr",
}  # fmt: skip
_PACK_KEYS: Final = {
    **_LINEAR_KEYS, "last": "lastRp", "index_price": "indexRp", "mark_price": "markRp", "bid": "bidRp",
    "offer": "askRp",
}  # fmt: skip
_SPOT_KEYS: Final = {
    "open": "openEp", "high": "highEp", "low": "lowEp", "last": "lastEp", "volume": "volumeEv",
    "turnover": "turnoverEv", "index_price": "indexEp", "bid": "bidEp", "offer": "askEp",
}  # fmt: skip
_RATES: Final = ("funding_rate", "predicted_funding_rate")
_ALWAYS: Final = ("open", "high", "low", "last", "volume", "turnover")  # on every line; the others may be missing
_QUANTITIES: Final = ("volume", "open_interest")
# (line, its keys) of each channel that tells one symbol's figures per message.
_DAYS: Final = {
    "market24h": (ProductLine.INVERSE, _INVERSE_KEYS),
    "market24h_p": (ProductLine.LINEAR, _LINEAR_KEYS),
    "spot_market24h": (ProductLine.SPOT, _SPOT_KEYS),
}
_PACK_METHOD: Final = "perp_market24h_pack_p.update"


def tells_of_many(push: dict[str, Any]) -> bool:
    """Whether it is of a channel that tells a whole line's 24 h figures, whoever is asked for."""
    return push.get("method") == _PACK_METHOD or any(channel in push for channel in _DAYS)


class FigureReader:
    """`wants_ticker(instrument)` spares reading what nobody follows: those channels tell of a whole line."""

    def __init__(self, products: Products, wants_ticker: Callable[[Instrument], bool] = lambda _: True) -> None:
        self.figure_count = 0  # candles, tickers and ticks read
        self.malformed_count = 0  # messages or rows that could not be read
        self._products = products
        self._wants_ticker = wants_ticker
        self._newest_s: dict[tuple[str, int], int] = {}  # (symbol, interval) → start of the newest candle told
        self._of_tick: dict[str, list[tuple[Instrument, TickKind]]] = {}
        for instrument in products:
            for kind, symbol in products.tick_symbols.get(instrument.symbol, {}).items():
                self._of_tick.setdefault(symbol, []).append((instrument, kind))

    def read(self, message: bytes) -> list[Figure] | None:
        """What a data push tells, oldest first; None: it is no push of these channels."""
        try:
            push = orjson.loads(message)
        except orjson.JSONDecodeError:
            return None
        reader = self._reader_of(push) if isinstance(push, dict) else None
        if reader is None:
            return None
        try:
            figures = list(reader(push))
        except _UNREADABLE:
            self.malformed_count += 1
            return []
        self.figure_count += len(figures)
        return figures

    def forget(self, symbol: str, interval_s: int) -> None:
        """They are followed anew: the whole snapshot is to be heard."""
        self._newest_s.pop((symbol, interval_s), None)

    def save(self) -> list[tuple[str, int, int]]:
        """What has to be known to go on elsewhere: how far the candles of each symbol and interval were told."""
        return [(symbol, interval_s, start_s) for (symbol, interval_s), start_s in self._newest_s.items()]

    def restore(self, saved: Iterable[tuple[str, int, int]]) -> None:
        """Be as `save` found it."""
        self._newest_s = {(symbol, interval_s): start_s for symbol, interval_s, start_s in saved}

    def _reader_of(self, push: dict[str, Any]) -> Callable[[dict[str, Any]], Iterator[Figure]] | None:
        if "kline" in push or "kline_p" in push:
            return self._klines
        if "tick" in push or "tick_p" in push:
            return self._ticks
        if not tells_of_many(push):
            return None
        return self._pack if push.get("method") == _PACK_METHOD else self._day

    def _klines(self, push: dict[str, Any]) -> Iterator[Figure]:
        """Rows come newest first. Of a snapshot told again only what is new since the last one counts; a change that
        comes before the first one takes nothing from that.
        """
        is_scaled = "kline" in push
        instrument = self._instrument(push["symbol"], is_scaled)
        rows = push["kline" if is_scaled else "kline_p"]
        if instrument is None or not rows:
            return
        read = _kline_reader(instrument, push if is_scaled else None)
        key = (instrument.symbol, _whole(rows[0][1]))
        newest_s = self._newest_s.get(key, 0)
        for row in sorted(rows, key=lambda row: _whole(row[0])):
            if row[0] >= newest_s:
                newest_s = row[0]
                yield read(row)
        if key in self._newest_s or push.get("type") != "incremental":
            self._newest_s[key] = newest_s

    def _ticks(self, push: dict[str, Any]) -> Iterator[Figure]:
        told = push.get("tick") or push["tick_p"]
        value = _scaled(told["last"], _whole(told["scale"])) if "tick" in push else _told(told["last"])
        for instrument, kind in self._of_tick.get(told["symbol"], ()):
            yield PriceTick(instrument, kind, value, _whole(told["timestamp"]))

    def _day(self, push: dict[str, Any]) -> Iterator[Figure]:
        channel = next(name for name in _DAYS if name in push)
        line, keys = _DAYS[channel]
        told = push[channel]
        instrument = self._products.find(told["symbol"])
        if instrument is not None and instrument.line == line and self._wants_ticker(instrument):
            yield _ticker(instrument, told, keys, _whole(push["timestamp"]))

    def _pack(self, push: dict[str, Any]) -> Iterator[Figure]:
        """A table whose columns are named once; which there are has changed before."""
        fields, time_ns = push["fields"], _whole(push["timestamp"])
        place = fields.index("symbol")
        for row in push["data"]:
            instrument = self._products.find(row[place])
            if instrument is None or instrument.line != ProductLine.LINEAR or not self._wants_ticker(instrument):
                continue
            try:
                yield _ticker(instrument, dict(zip(fields, row, strict=True)), _PACK_KEYS, time_ns)
            except _UNREADABLE:  # one row must not cost the others theirs
                self.malformed_count += 1

    def _instrument(self, symbol: str, is_scaled: bool) -> Instrument | None:
        instrument = self._products.find(symbol)
        return instrument if instrument and is_scaled == (instrument.line != ProductLine.LINEAR) else None


def _ticker(instrument: Instrument, told: dict[str, Any], keys: dict[str, str], time_ns: int) -> Ticker:
    values = {
        name: _figure(instrument, name, told[key])
        for name, key in keys.items()
        if key in told or name in _ALWAYS
    }
    return Ticker(instrument, _whole(told.get("timestamp", time_ns)), **values)


def _figure(instrument: Instrument, name: str, value: object) -> Decimal:
    if instrument.line == ProductLine.LINEAR:
        return _told(value)
    if name in _RATES:
        return _scaled(value, RATE_SCALE)
    if name in _QUANTITIES:
        return _scaled(value, instrument.qty_scale)
    return _scaled(value, instrument.value_scale if name == "turnover" else instrument.price_scale)


def _kline_reader(instrument: Instrument, scales: dict[str, Any] | None) -> Callable[[list[Any]], Kline]:
    """How to read one row; `scales`: the message, if it holds integers."""

    def number(value: object, key: str, usual: int) -> Decimal:
        return _told(value) if scales is None else _scaled(value, _whole(scales.get(key, usual)))

    def read(row: list[Any]) -> Kline:
        if len(row) != KLINE_CELLS:
            raise ValueError(f"a candle of {len(row)} cells")
        prices = [number(cell, "priceScale", instrument.price_scale) for cell in row[2:7]]
        volume = number(row[7], "qtyScale", instrument.qty_scale)
        turnover = number(row[8], "valueScale", instrument.value_scale)
        return Kline._make((instrument, _whole(row[1]), _whole(row[0]), *prices, volume, turnover))

    return read


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"no time, length or scale: {value!r}")
    return value


def _told(value: object) -> Decimal:
    """A decimal in a string; never through a float."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError(f"no decimal: {value!r}")
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > ADJUSTED_MAX:
        raise ValueError(f"no number anybody would trade at: {value!r}")
    return number


def _scaled(value: object, scale: int) -> Decimal:
    """An integer on a scale, made exact."""
    if type(value) is not int or not 0 <= scale <= SCALE_MAX:
        raise TypeError(f"no integer on a scale: {value!r}, {scale}")
    return Decimal(value).scaleb(-scale)
