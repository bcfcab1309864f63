"""The made-up past: the same for the same seed, ending at the start price, and every resolution in agreement."""

from itertools import pairwise

import pytest

from tidings.exchange.catalogue import Line, load_catalogue
from tidings.exchange.markets.background_flow import start_price
from tidings.exchange.markets.candle import Candle
from tidings.exchange.markets.candles import LADDER_S, RESOLUTIONS_S, Candles
from tidings.exchange.markets.price_history import BEGIN_S, CACHED_PARENTS_MAX, STEP_PARENTS, PriceHistory

END_S = 1_760_012_345  # in the middle of a minute, an hour, a day
INSTRUMENTS = {symbol: i for symbol, i in load_catalogue().instruments.items() if i.is_listed}
DAY_S = 86_400


def history(symbol: str = "BTCUSDT", seed: int = 1) -> PriceHistory:
    instrument = INSTRUMENTS[symbol]
    return PriceHistory(instrument, seed, start_price(instrument), END_S)


def added_up(minutes: list[Candle], length_s: int) -> list[tuple]:
    """Longer candles, the slow way."""
    groups: dict[int, list[Candle]] = {}
    for minute in minutes:
        groups.setdefault(minute.start_s // length_s, []).append(minute)
    return [
        (number * length_s, group[0].open, max(m.high for m in group), min(m.low for m in group), group[-1].close,
         sum(m.volume for m in group), sum(m.turnover for m in group))
        for number, group in sorted(groups.items())
    ]  # fmt: skip


@pytest.mark.parametrize("symbol", INSTRUMENTS)
def test_all_resolutions_agree_with_the_minutes_to_the_last_unit(symbol):
    past = history(symbol)
    from_s = END_S // DAY_S * DAY_S - DAY_S
    minutes = past.candles(60, from_s, END_S)
    assert len(minutes) == (END_S - from_s) // 60
    for rung_s in LADDER_S[1:]:
        rows = [
            (c.start_s, c.open, c.high, c.low, c.close, c.volume, c.turnover)
            for c in history(symbol).candles(rung_s, from_s, END_S)
        ]
        assert rows == added_up(minutes, rung_s), rung_s


@pytest.mark.parametrize("symbol", INSTRUMENTS)
def test_minutes_are_on_the_grid_and_each_begins_where_the_last_one_ended(symbol):
    instrument = INSTRUMENTS[symbol]
    minutes = history(symbol).candles(60, END_S - 90_000, END_S)
    assert minutes[-1].close == start_price(instrument), "the market goes on from there"
    assert minutes[-1].start_s == END_S // 60 * 60 - 60, "the minute of the start belongs to the trades"
    for minute in minutes:
        assert minute.low <= min(minute.open, minute.close) <= max(minute.open, minute.close) <= minute.high
        assert minute.low >= instrument.min_price
        assert minute.open % instrument.tick_size == minute.high % instrument.tick_size == 0
        assert minute.low % instrument.tick_size == minute.close % instrument.tick_size == 0
        assert minute.volume > 0 == minute.volume % instrument.lot_size
        ends = instrument.value(minute.volume, minute.low), instrument.value_up(minute.volume, minute.high)
        assert min(ends) - 1 <= minute.turnover <= max(ends) + 1, "an average price within its range"
        if instrument.line is Line.USD_M:
            assert minute.turnover % instrument.value(instrument.lot_size, instrument.tick_size) == 0
    assert all(first.close == second.open for first, second in pairwise(minutes))
    assert all(second.start_s - first.start_s == 60 for first, second in pairwise(minutes))


def test_it_is_a_function_of_seed_instrument_and_time():
    whole = history().candles(60, END_S - 7_200, END_S)
    assert history().candles(60, END_S - 3_600, END_S - 1_800) == whole[60:90], "whatever was asked for before"
    assert history(seed=2).candles(60, END_S - 7_200, END_S) != whole
    assert [m.volume for m in history("ETHUSDT").candles(60, END_S - 7_200, END_S)] != [m.volume for m in whole]


def test_it_moves_like_a_market_and_not_out_of_bounds():
    days = history().candles(DAY_S, 0, END_S)
    assert days[0].start_s == BEGIN_S
    assert len(days) == (END_S - BEGIN_S) // DAY_S + 1
    price = start_price(INSTRUMENTS["BTCUSDT"])
    assert price * 0.3 < min(day.low for day in days) < price * 0.95
    assert price * 1.05 < max(day.high for day in days) < price * 3
    assert 0.001 < sorted((day.high - day.low) / day.open for day in days)[len(days) // 2] < 0.1


@pytest.mark.parametrize("resolution_s", RESOLUTIONS_S)
def test_candles_have_a_past_from_the_first_second(resolution_s):
    rows = Candles(history()).last(resolution_s, 1_000)
    assert len(rows) == min(1_000, (END_S // 60 * 60 - 1) // resolution_s - BEGIN_S // resolution_s + 1)
    assert all(first.candle.close == second.last_close for first, second in pairwise(rows))
    assert rows[-1].candle.close == start_price(INSTRUMENTS["BTCUSDT"])


@pytest.mark.parametrize("resolution_s", RESOLUTIONS_S)
def test_a_query_is_made_step_by_step_and_then_is_there(resolution_s):
    past, count = history(), 1_000
    candles, end_s = Candles(past), END_S // resolution_s * resolution_s
    from_s = end_s - count * resolution_s
    made = [0]
    for _ in candles.steps(resolution_s, from_s, end_s):
        made.append(len(past._shares) + len(past._days))
    assert len(made) > 2
    assert max(after - before for before, after in pairwise(made)) <= 2 * STEP_PARENTS + 2
    assert candles.steps(resolution_s, from_s, end_s) is None
    assert candles.last(resolution_s, count, end_s) == Candles(history()).last(resolution_s, count, end_s)
    assert len(past._shares) + len(past._days) == made[-1], "the query itself had nothing to make"


def test_the_largest_query_is_kept_whole_whatever_was_there_before():
    past, end_s = history(), END_S // 180 * 180
    candles = Candles(past)
    for first_s in (end_s - 9_000 * 180, end_s - 6_000 * 180):
        for _ in candles.steps(180, first_s, first_s + 2_000 * 180):
            pass
    assert candles.steps(180, end_s - 6_000 * 180, end_s - 4_000 * 180) is None
    assert len(past._shares) <= CACHED_PARENTS_MAX


def test_a_market_without_a_past_has_nothing_to_make():
    assert Candles().steps(60, 0, END_S) is None
