"""Candles and the figures of a day against a slow reference that keeps every trade and looks through all of them."""

from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.exchange.markets import candles as candles_module
from tidings.exchange.markets.candle import Candle
from tidings.exchange.markets.candles import RESOLUTIONS_S, Candles

S = 1_000_000_000
START_S = 1_760_000_040  # a minute, and nothing longer
GAPS_NS = st.one_of(st.integers(0, 90 * S), st.integers(0, 4_000 * S), st.integers(0, 200_000 * S))
TRADES = st.lists(st.tuples(GAPS_NS, st.integers(95, 105), st.integers(1, 9)), max_size=60)


class Reference:
    """All trades, and answers made anew from them. What was before are trades too: a minute's four prices."""

    def __init__(self) -> None:
        self.trades: list[tuple[int, int, int, int]] = []  # second, price, quantity, value

    def candles(self, resolution_s: int) -> list[tuple]:
        found: dict[int, tuple] = {}
        for second, price, qty, value in self.trades:
            start_s = second - second % resolution_s
            _, length_s, first, high, low, _, volume, turnover = found.get(
                start_s, (start_s, resolution_s, price, price, price, price, 0, 0)
            )
            high, low = max(high, price), min(low, price)
            found[start_s] = (start_s, length_s, first, high, low, price, volume + qty, turnover + value)
        return [found[start_s] for start_s in sorted(found)]

    def rows(self, resolution_s: int) -> list[tuple]:
        candles = self.candles(resolution_s)
        closes = [candles[0][2], *(candle[5] for candle in candles)] if candles else []
        return [(close, *candle) for close, candle in zip(closes, candles, strict=False)]

    def day(self, now_s: int, last_price: int) -> tuple:
        """The minutes that began in the 24 hours up to the end of the present one."""
        inside = [t for t in self.trades if t[0] >= now_s - now_s % 60 + 60 - 86_400]
        if not inside:
            return last_price, last_price, last_price, 0, 0
        prices = [price for _, price, _, _ in inside]
        return prices[0], max(prices), min(prices), sum(t[2] for t in inside), sum(t[3] for t in inside)


class Before:
    """What was before, as minutes of a list."""

    def __init__(self, reference: Reference, minutes: int) -> None:
        self.end_s = START_S
        self._reference = Reference()
        for number in range(minutes):
            second = START_S - 60 * (minutes - number)
            price = 90 + number * number % 23
            for price_now, qty in ((price, 1), (price + 3, 0), (price - 3, 0), (price + 1, 2)):
                self._reference.trades.append((second, price_now, qty, 7 * qty))
        reference.trades += self._reference.trades

    def candles(self, rung_s: int, from_s: int, to_s: int) -> list[Candle]:
        return [Candle(*row) for row in self._reference.candles(rung_s) if from_s <= row[0] < to_s]


def as_rows(rows) -> list[tuple]:
    return [(row.last_close, *astuple(row.candle)) for row in rows]


@settings(deadline=None)
@given(TRADES, st.sampled_from([0, 1, 70, 3_000]), st.data())
def test_rows_are_those_of_a_reference_that_keeps_every_trade(trades, minutes_before, data):
    reference = Reference()
    candles = Candles(Before(reference, minutes_before) if minutes_before else None)
    now_ns = START_S * S
    for gap_ns, price, qty in trades:
        now_ns += gap_ns
        candles.trade(now_ns, price, qty, price * qty)
        reference.trades.append((now_ns // S, price, qty, price * qty))
    resolution_s = data.draw(st.sampled_from(RESOLUTIONS_S))
    wanted = reference.rows(resolution_s)
    count = data.draw(st.sampled_from([1, 2, 5, 1_000]))
    assert as_rows(candles.last(resolution_s, count))[-count:] == wanted[-count:]
    row = candles.current(resolution_s)
    assert as_rows([row] if row else []) == wanted[-1:]
    from_s = START_S + data.draw(st.integers(-300_000, now_ns // S - START_S + 1))
    to_s = from_s + data.draw(st.integers(0, 400_000))
    assert as_rows(candles.between(resolution_s, from_s, to_s)) == [r for r in wanted if from_s <= r[1] < to_s]
    before_s = now_ns // S // resolution_s * resolution_s
    assert as_rows(candles.last(resolution_s, count, before_s)) == [r for r in wanted if r[1] < before_s][-count:]


@pytest.mark.parametrize("resolution_s", RESOLUTIONS_S)
def test_a_candle_of_the_past_is_whole_wherever_a_query_ends(resolution_s):
    reference = Reference()
    candles = Candles(Before(reference, 3_000))
    begin_s = (START_S - 150_000) // resolution_s * resolution_s
    wanted = [row for row in reference.rows(resolution_s) if row[1] == begin_s]
    for length_s in (60, resolution_s // 2 // 60 * 60 or 60, resolution_s):
        assert as_rows(candles.between(resolution_s, begin_s, begin_s + length_s)) == wanted


@settings(deadline=None)
@given(TRADES, st.sampled_from([0, 2_000]), st.sets(st.integers(0, 59)))
def test_a_day_is_kept_up_whenever_it_is_asked_for(trades, minutes_before, asked):
    reference = Reference()
    candles = Candles(Before(reference, minutes_before) if minutes_before else None)
    now_ns = START_S * S
    for number, (gap_ns, price, qty) in enumerate(trades):
        if number in asked:
            assert candles.day(now_ns + gap_ns, 77) == reference.day((now_ns + gap_ns) // S, 77)
        now_ns += gap_ns
        candles.trade(now_ns, price, qty, price * qty)
        reference.trades.append((now_ns // S, price, qty, price * qty))
        assert candles.current(60) is not None
    assert candles.day(now_ns, 77) == reference.day(now_ns // S, 77)
    assert candles.day(now_ns + 86_400 * S, 77) == (77, 77, 77, 0, 0)


@pytest.mark.parametrize("resolution_s", RESOLUTIONS_S)
def test_the_present_candle_grows_with_every_trade(resolution_s):
    reference, candles = Reference(), Candles()
    for number in range(300):
        second = START_S + 37 * number
        candles.trade(second * S, 100 + number % 7, 1, 5)
        reference.trades.append((second, 100 + number % 7, 1, 5))
        assert as_rows([candles.current(resolution_s)]) == reference.rows(resolution_s)[-1:]


def test_a_late_trade_counts_for_the_present_minute():
    candles = Candles()
    candles.trade((START_S + 61) * S, 100, 1, 1)
    candles.trade((START_S + 59) * S, 90, 1, 1)
    (row,) = candles.last(60, 5)
    assert as_rows([row]) == [(100, START_S + 60, 60, 100, 100, 90, 90, 2, 2)]


def test_each_rung_keeps_a_bounded_number(monkeypatch):
    monkeypatch.setattr(candles_module, "KEPT_MAX", 10)
    reference, candles = Reference(), Candles()
    for minute in range(1_000):
        candles.trade((START_S + 60 * minute) * S, 100 + minute, 1, 1)
        reference.trades.append((START_S + 60 * minute, 100 + minute, 1, 1))
    assert sum(len(closed) for closed in candles._closed.values()) <= 10 * len(candles_module.LADDER_S)
    assert as_rows(candles.last(60, 8)) == reference.rows(60)[-8:]
    assert as_rows(candles.last(3_600, 8)) == reference.rows(3_600)[-8:], "longer ones reach further back"
    assert as_rows(candles.last(31_104_000, 8)) == reference.rows(31_104_000)
