"""Figures of a market that are none of its book: index, mark, and those of the last 24 hours, as MDEntryTypes (269).

They come from the venue's table of 24 hours each second, index and mark of contracts on every change besides; the later
word counts. Volume and open interest are MDEntrySize (271), the others MDEntryPx (270).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.field_text import Fields, decimal_text
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.ticker import Ticker
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_topics import TICKER

INDEX, OPENING, MARK, HIGH, LOW, VOLUME, OPEN_INTEREST = b"3", b"4", b"6", b"7", b"8", b"B", b"C"
FIGURES: Final = (INDEX, OPENING, MARK, HIGH, LOW, VOLUME, OPEN_INTEREST)
_SIZES: Final = (VOLUME, OPEN_INTEREST)
_NOT_OF_SPOT: Final = {MARK: "mark price", OPEN_INTEREST: "open interest"}
_TICKS: Final = {TickKind.INDEX: INDEX, TickKind.MARK: MARK}  # what FIX calls a settlement price is our mark price


class Figure(NamedTuple):
    """A value, and when the venue told it."""

    value: Decimal
    venue_time_ns: int


def channels_of(instrument: Instrument, types: Iterable[bytes]) -> list[str]:
    """What must be followed to know these."""
    wanted = set(types) & set(FIGURES)
    is_contract = instrument.line != ProductLine.SPOT
    ticks = [kind.value for kind, entry_type in _TICKS.items() if entry_type in wanted and is_contract]
    return [TICKER, *ticks] if wanted else []


def lacking(instrument: Instrument, types: Iterable[bytes]) -> str:
    """What of these an instrument has not, in words; "": it has all."""
    if instrument.line != ProductLine.SPOT:
        return ""
    found = [f"{kind.decode()} ({_NOT_OF_SPOT[kind]})" for kind in sorted(types) if kind in _NOT_OF_SPOT]
    return f"{instrument.symbol} is spot and has no {', '.join(found)}" if found else ""


class LastFigures:
    """The last word on each symbol."""

    def __init__(self) -> None:
        self._told: dict[str, dict[bytes, Figure]] = {}
        self._whole: set[str] = set()

    def hear_ticker(self, ticker: Ticker) -> None:
        values = {
            INDEX: ticker.index_price, OPENING: ticker.open, MARK: ticker.mark_price, HIGH: ticker.high,
            LOW: ticker.low, VOLUME: ticker.volume, OPEN_INTEREST: ticker.open_interest,
        }  # fmt: skip
        for entry_type, value in values.items():
            if value is not None:
                self._note(ticker.symbol, entry_type, Figure(value, ticker.venue_time_ns))
        self._whole.add(ticker.symbol)

    def hear_tick(self, tick: PriceTick) -> None:
        if (entry_type := _TICKS.get(tick.kind)) is not None:
            self._note(tick.symbol, entry_type, Figure(tick.value, tick.venue_time_ns))

    def is_whole(self, symbol: str) -> bool:
        """Whether all there is of it has been told."""
        return symbol in self._whole

    def of(self, symbol: str, types: frozenset[bytes]) -> dict[bytes, Figure]:
        told = self._told.get(symbol, {})
        return {entry_type: told[entry_type] for entry_type in FIGURES if entry_type in types and entry_type in told}

    def forget(self, symbol: str) -> None:
        """Nobody asks for them any more: whoever does next is not told what was."""
        self._told.pop(symbol, None)
        self._whole.discard(symbol)

    def _note(self, symbol: str, entry_type: bytes, figure: Figure) -> None:
        told = self._told.setdefault(symbol, {})
        before = told.get(entry_type)
        if before is None or before.venue_time_ns <= figure.venue_time_ns:
            told[entry_type] = figure


def figure_fields(entry_type: bytes, figure: Figure) -> Fields:
    """270 or 271, 272 and 273 of one."""
    moment = timestamp(figure.venue_time_ns, 3)
    tag = 271 if entry_type in _SIZES else 270
    return [(tag, decimal_text(figure.value)), (272, moment[:8]), (273, moment[9:])]
