"""Figures of the last 24 hours: open, high, low, volume and turnover, kept up minute by minute.

A minute comes in once and goes out once. Highs and lows wait in queues that hold only what can still become the
extreme, so neither a trade nor a question looks through the day. What was before the start may come in longer pieces;
one is split into its minutes when the day's beginning reaches it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from tidings.exchange.markets.candle import Candle

DAY_S: Final = 86_400


class Day(NamedTuple):
    """What a 24 h ticker shows of the past."""

    open: int
    high: int
    low: int
    volume: int
    turnover: int


class RollingDay:
    """The finished minutes of a day and their sums."""

    def __init__(self, pieces: Iterable[Candle], minutes_of: Callable[[Candle], list[Candle]]) -> None:
        """`pieces`: what was traded so far, oldest first; `minutes_of` splits those that are longer than a minute."""
        self._minutes_of = minutes_of
        self._minutes: deque[Candle] = deque()
        self._highs: deque[Candle] = deque()  # falling highs, oldest first
        self._lows: deque[Candle] = deque()  # rising lows
        self._volume = 0
        self._turnover = 0
        for piece in pieces:
            self.push(piece)

    def push(self, minute: Candle) -> None:
        """Take in the minute that has just ended; what is a day older than it goes."""
        self._expire(minute.start_s - DAY_S)
        self._minutes.append(minute)
        self._volume += minute.volume
        self._turnover += minute.turnover
        while self._highs and self._highs[-1].high <= minute.high:
            self._highs.pop()
        while self._lows and self._lows[-1].low >= minute.low:
            self._lows.pop()
        self._highs.append(minute)
        self._lows.append(minute)

    def figures(self, from_s: int, present: Candle | None, last_price: int) -> Day:
        """The figures of the minutes since `from_s` and of the `present` one; all prices the last one if there is none.

        Times never go back.
        """
        self._expire(from_s)
        if present is not None and present.start_s < from_s:
            present = None
        candles = [candle for candle in (self._minutes[0] if self._minutes else None, present) if candle is not None]
        if not candles:
            return Day(last_price, last_price, last_price, 0, 0)
        highs = [candle.high for candle in (*list(self._highs)[:1], *candles)]
        lows = [candle.low for candle in (*list(self._lows)[:1], *candles)]
        volume, turnover = self._volume, self._turnover
        if present is not None:
            volume, turnover = volume + present.volume, turnover + present.turnover
        return Day(candles[0].open, max(highs), min(lows), volume, turnover)

    def _expire(self, from_s: int) -> None:
        """Let go of the minutes before `from_s`."""
        minutes = self._minutes
        while minutes and minutes[0].start_s < from_s:
            old = minutes.popleft()
            self._volume -= old.volume
            self._turnover -= old.turnover
            if self._highs[0] is old:
                self._highs.popleft()
            if self._lows[0] is old:
                self._lows.popleft()
            if old.start_s + old.length_s > from_s:
                for minute in reversed(self._minutes_of(old)):
                    self._put_back(minute)

    def _put_back(self, minute: Candle) -> None:
        """Take in a minute that is older than all others."""
        self._minutes.appendleft(minute)
        self._volume += minute.volume
        self._turnover += minute.turnover
        if not self._highs or minute.high > self._highs[0].high:
            self._highs.appendleft(minute)
        if not self._lows or minute.low < self._lows[0].low:
            self._lows.appendleft(minute)
