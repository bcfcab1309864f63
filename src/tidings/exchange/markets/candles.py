"""Candles of one instrument at every resolution, built from its trades as they happen, and its figures of a day.

A trade touches one candle, that of its minute. When a minute ends it is folded into its five minutes, those into their
quarter of an hour, and so on up a ladder of resolutions that divide each other; the venue's other resolutions are
folded from the largest rung that divides them when somebody asks. Minutes without a trade have no candle, as at the
venue (observed 2025). Each rung keeps a bounded number of candles, and what was before the first trade comes from
elsewhere (`Past`), so that there is a history from the first second.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final, Protocol

from tidings.exchange.markets.candle import Candle, Row, fold, rows
from tidings.exchange.markets.rolling_day import DAY_S, Day, RollingDay

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
MINUTE_NS: Final = MINUTE_S * 1_000_000_000
LADDER_S: Final = (60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400)  # each divides the next
# What the venue offers (phemex docs 2026, "Query kline"), and what clients of it use besides (ccxt).
RESOLUTIONS_S: Final = (
    *(60, 180, 300, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400),
    *(604_800, 2_592_000, 7_776_000, 31_104_000),
)
KEPT_MAX: Final = 6_000  # candles of a rung: 2000 rows of three minutes, the venue's largest answer, need that many


class Past(Protocol):
    """What was before trades began."""

    @property
    def end_s(self) -> int:
        """When it ends, at the beginning of a minute."""

    def candles(self, rung_s: int, from_s: int, to_s: int) -> list[Candle]:
        """Those of a rung that begin in [`from_s`, `to_s`), oldest first. What `end_s` cuts holds what was before."""


    def steps(self, rung_s: int, from_s: int, to_s: int) -> Iterator[None] | None:
        """What makes these candles, a little with each step; None if they are there."""


class Candles:
    """Every candle of one instrument."""

    def __init__(self, past: Past | None = None) -> None:
        self._past = past
        self._minute: Candle | None = None  # the present one
        self._open: dict[int, Candle] = {}  # by rung above the minute: what has been folded into its newest candle
        self._closed: dict[int, deque[Candle]] = {}  # by rung, oldest first
        self._day: RollingDay | None = None  # made when first asked for
        self._settled: dict[int, tuple[int, Row | None]] = {}  # by resolution: a minute, the newest row without it

    def trade(self, time_ns: int, price: int, qty: int, value: int) -> None:
        """Take in a trade. One that comes late counts for the present minute."""
        minute = self._minute
        if minute is not None:
            if time_ns < minute.end_ns:
                minute.trade(price, qty, value)
                return
            self._close(minute)
        self._minute = Candle(time_ns // MINUTE_NS * MINUTE_S, MINUTE_S, price, price, price, price, qty, value)

    def last(self, resolution_s: int, count: int, before_s: int | None = None) -> list[Row]:
        """The last `count` candles that begin before `before_s` (None: the present one too), oldest first."""
        rung_s = rung_of(resolution_s)
        live = (candle for candle in self._live(rung_s) if before_s is None or candle.start_s < before_s)
        # One candle more than is wanted, for the close before the first; it may be cut.
        newest_first = islice(live, (count + 1) * (resolution_s // rung_s) + len(LADDER_S))
        pieces = list(newest_first)[::-1]
        candles = list(fold(pieces, resolution_s))
        if len(candles) <= count and self._past is not None:
            end_s = self._past.end_s if before_s is None else min(self._past.end_s, before_s)
            missing = count + 2 - len(candles)
            from_s = (end_s // resolution_s - missing) * resolution_s
            candles = list(fold([*self._past.candles(rung_s, from_s, end_s), *pieces], resolution_s))
        return rows(candles)[-count:]

    def between(self, resolution_s: int, from_s: int, to_s: int) -> list[Row]:
        """The candles that begin in [`from_s`, `to_s`), oldest first."""
        rung_s, from_s = rung_of(resolution_s), -(-from_s // resolution_s) * resolution_s
        whole_s = -(-to_s // resolution_s) * resolution_s  # the last one that begins before `to_s` is not cut there
        pieces = self._past.candles(rung_s, from_s, min(whole_s, self._past.end_s)) if self._past is not None else []
        pieces += [candle for candle in reversed(list(self._live(rung_s))) if from_s <= candle.start_s]
        before = [row.candle for row in self.last(resolution_s, 1, from_s)]
        found = rows([*before, *fold(pieces, resolution_s)])[len(before) :]
        return [row for row in found if row.candle.start_s < to_s]

    def steps(self, resolution_s: int, from_s: int, to_s: int) -> Iterator[None] | None:
        """What makes the past that a query of [`from_s`, `to_s`) needs; None if it is there."""
        begin_s = (from_s // resolution_s - 3) * resolution_s  # `last` looks back so far for the close before
        return self._past.steps(rung_of(resolution_s), begin_s, to_s) if self._past is not None else None

    def current(self, resolution_s: int) -> Row | None:
        """The newest candle; None if there never was one. Cheap: most of it is folded once a minute."""
        minute = self._minute
        minute_s = minute.start_s if minute is not None else -1
        kept = self._settled.get(resolution_s)
        if kept is None or kept[0] != minute_s:
            kept = self._settled[resolution_s] = minute_s, self._without_minute(resolution_s)
        row = kept[1]
        if minute is None:
            return row
        if row is None:
            return Row(minute.open, minute.widened(resolution_s))
        if row.candle.start_s != minute_s // resolution_s * resolution_s:
            return Row(row.candle.close, minute.widened(resolution_s))
        candle = row.candle.widened(resolution_s)
        candle.merge(minute)
        return Row(row.last_close, candle)

    def day(self, now_ns: int, last_price: int) -> Day:
        """The figures of the 24 hours that end with the present minute."""
        from_s = now_ns // MINUTE_NS * MINUTE_S + MINUTE_S - DAY_S
        if self._day is None:
            hour_s = from_s // HOUR_S * HOUR_S
            past = self._past.candles(HOUR_S, hour_s, self._past.end_s) if self._past is not None else []
            self._day = RollingDay([*past, *self._closed.get(MINUTE_S, ())], self._minutes_of)
        return self._day.figures(from_s, self._minute, last_price)

    def _minutes_of(self, piece: Candle) -> list[Candle]:
        """The minutes of a piece of the past."""
        if self._past is None or piece.length_s == MINUTE_S:
            return []
        return self._past.candles(MINUTE_S, piece.start_s, min(piece.start_s + piece.length_s, self._past.end_s))

    def _close(self, minute: Candle) -> None:
        """Put a finished minute where it belongs, and whatever it finishes."""
        self._keep(minute)
        if self._day is not None:
            self._day.push(minute)
        child = minute
        for rung_s in LADDER_S[1:]:
            current = self._open.get(rung_s)
            if current is not None and current.start_s == child.start_s // rung_s * rung_s:
                current.merge(child)
                return
            self._open[rung_s] = child.widened(rung_s)
            if current is None:
                return
            self._keep(current)
            child = current

    def _keep(self, candle: Candle) -> None:
        closed = self._closed.get(candle.length_s)
        if closed is None:
            closed = self._closed[candle.length_s] = deque(maxlen=KEPT_MAX)
        closed.append(candle)

    def _live(self, rung_s: int) -> Iterator[Candle]:
        """What trades have made of a rung, newest first; its newest candle may come in pieces of lower rungs."""
        if self._minute is not None:
            yield self._minute
        for lower_s in LADDER_S[1:]:
            if lower_s <= rung_s and lower_s in self._open:
                yield self._open[lower_s]
        yield from reversed(self._closed.get(rung_s, ()))

    def _without_minute(self, resolution_s: int) -> Row | None:
        minute, self._minute = self._minute, None
        try:
            return next(iter(self.last(resolution_s, 1)), None)
        finally:
            self._minute = minute


def rung_of(resolution_s: int) -> int:
    """The largest rung that divides a resolution."""
    return max(rung_s for rung_s in LADDER_S if resolution_s % rung_s == 0)
