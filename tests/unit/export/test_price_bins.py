"""Bins keep the last quote and every extreme, however often two become one."""

import random

from tidings.export.price_bins import BINS_MAX, FIRST_WIDTH_NS, STALE_SPANS_MAX, Bin, PriceBins

MS = 1_000_000
T = 1_760_000_000_000_000_000


def test_quotes_and_trades_of_one_bin():
    prices = PriceBins()
    prices.note_quote(T, 100, 103, True)
    prices.note_trade(T + 10, 103, 5, True)
    prices.note_trade(T + 20, 99, 2, False)
    prices.note_quote(T + 30, 100, 101, True)
    assert prices.bins == {0: Bin(bid=100, ask=101, spread_max=3, low=99, high=103, bought=5, sold=2)}
    assert (prices.trade_count, prices.volume_lots, prices.time_of(0)) == (2, 7, T)


def test_an_empty_side_has_no_spread():
    prices = PriceBins()
    prices.note_quote(T, 100, 0, True)
    assert prices.bins == {0: Bin(bid=100)}


def test_a_long_recording_has_no_more_bins_and_no_less_volume():
    choose = random.Random(3)
    prices, now_ns, volume, highest = PriceBins(), T, 0, 0
    for _ in range(20_000):
        now_ns += choose.randrange(1, 50 * MS)
        price, qty = choose.randrange(1, 10**6), choose.randrange(1, 100)
        prices.note_trade(now_ns, price, qty, choose.random() < 0.5)
        volume, highest = volume + qty, max(highest, price)
    bins = prices.bins.values()
    assert len(bins) <= BINS_MAX
    assert sum(found.bought + found.sold for found in bins) == volume == prices.volume_lots
    assert max(found.high for found in bins) == highest
    assert prices.width_ns == FIRST_WIDTH_NS * 256  # 500 s in 3,000 bins of 2**8 ms
    assert prices.bins[(now_ns - prices.start_ns) // prices.width_ns].low <= price


def test_what_is_stale_is_a_span_of_time():
    prices = PriceBins()
    prices.note_quote(T, 100, 101, True)
    prices.note_quote(T + 5, 100, 101, False)
    prices.note_quote(T + 7, 100, 101, False)
    prices.note_quote(T + 9, 100, 101, True)
    prices.note_quote(T + 20, 100, 101, False)
    prices.end_stale(T + 30)
    assert prices.stale == [(T + 5, T + 9), (T + 20, T + 30)]


def test_spans_without_end_are_bounded():
    prices = PriceBins()
    for number in range(STALE_SPANS_MAX + 10):
        prices.note_quote(T + 2 * number, 100, 101, False)
        prices.note_quote(T + 2 * number + 1, 100, 101, True)
    assert len(prices.stale) == STALE_SPANS_MAX
    assert prices.stale[-1] == (T + 2 * STALE_SPANS_MAX - 2, T + 2 * (STALE_SPANS_MAX + 9) + 1)
