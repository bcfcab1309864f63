"""One candle: what was traded in a stretch of time, and how candles add up to longer ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple


@dataclass(slots=True)
class Candle:
    """Open, high, low, close on the price scale, volume on the quantity scale, turnover on the value scale."""

    start_s: int
    length_s: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int

    @property
    def end_ns(self) -> int:
        """The first moment that is not in it."""
        return (self.start_s + self.length_s) * 1_000_000_000

    def trade(self, price: int, qty: int, value: int) -> None:
        """Take in the newest trade."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += qty
        self.turnover += value

    def merge(self, later: "Candle") -> None:
        """Take in a candle that follows."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.turnover += later.turnover

    def widened(self, length_s: int) -> "Candle":
        """A candle of `length_s` in which nothing else was traded."""
        return replace(self, start_s=self.start_s // length_s * length_s, length_s=length_s)


class Row(NamedTuple):
    """A candle and the close of the one before it, as the venue shows them."""

    last_close: int
    candle: Candle


def fold(pieces: Iterable[Candle], length_s: int) -> Iterator[Candle]:
    """The candles of `length_s` that `pieces`, oldest first, add up to. They are new ones."""
    current: Candle | None = None
    for piece in pieces:
        if current is not None and piece.start_s // length_s * length_s == current.start_s:
            current.merge(piece)
            continue
        if current is not None:
            yield current
        current = piece.widened(length_s)
    if current is not None:
        yield current


def rows(candles: list[Candle]) -> list[Row]:
    """Each candle with the close before it; the first one's is its own open."""
    closes = [candles[0].open, *(candle.close for candle in candles)] if candles else []
    return [Row(close, candle) for close, candle in zip(closes, candles, strict=False)]
