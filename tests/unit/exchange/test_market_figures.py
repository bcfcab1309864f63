"""Candle, ticker and tick feeds: texts in each line's style, told on change or each second."""

import json

import pytest

from tidings.exchange.catalogue import Line, load_catalogue
from tidings.exchange.markets.candle import Candle
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY
from tidings.exchange.streams.market_figures import KlineFeed, TickerFeed, TickFeed
from tidings.exchange.venue_rules import Rules

S = 1_000_000_000
T0_S = 1_790_000_040  # a minute, and nothing longer
T0 = T0_S * S
INSTRUMENTS = load_catalogue().instruments


class Before:
    """A thousand and more minutes before the first trade."""

    end_s = T0_S

    def candles(self, rung_s: int, from_s: int, to_s: int) -> list[Candle]:
        starts_s = range(max(from_s, T0_S - 60 * 1_500) // 60 * 60, min(to_s, T0_S), 60)
        return [Candle(start_s, 60, 590_000_000, 590_000_000, 590_000_000, 590_000_000, 1, 1) for start_s in starts_s]


def market(symbol: str, past=None) -> Market:
    prices = {"BTCUSD": 600_000_000, "BTCUSDT": 60_000 * 10**9, "sBTCUSDT": 60_000 * 10**8}
    return Market(INSTRUMENTS[symbol], prices[symbol], past)


def test_a_coin_m_kline_names_its_scales_and_tells_each_change_of_the_present_candle():
    coin_m = market("BTCUSD")
    feed = KlineFeed(coin_m, 60, Rules())
    assert feed.snapshot(T0) == [
        '{"kline":[],"priceScale":4,"sequence":10000000,"symbol":"BTCUSD","type":"snapshot","valueScale":8}'
    ]
    assert feed.poll(T0) == []
    coin_m.print_trade(BUY, 600_010_000, 4, 6666, T0 + 1)
    coin_m.print_trade(BUY, 600_000_000, 3, 5000, T0 + 2)
    text = (
        f'{{"kline":[[{T0_S},60,600010000,600010000,600010000,600000000,600000000,7,11666]],"priceScale":4,'
        '"sequence":10000000,"symbol":"BTCUSD","type":"%s","valueScale":8}'
    )
    assert feed.poll(T0 + 3) == [text % "incremental"]
    assert feed.poll(T0 + 4) == []
    assert feed.snapshot(T0 + 4) == [text % "snapshot"]


def test_a_spot_kline_names_the_scale_of_its_quantities_too():
    spot = market("sBTCUSDT")
    feed = KlineFeed(spot, 300, Rules())
    spot.print_trade(BUY, 60_000 * 10**8, 50_000_000, 3_000_000_000_000, T0)
    start_s = T0_S // 300 * 300
    assert feed.poll(T0 + 1) == [
        f'{{"kline":[[{start_s},300,6000000000000,6000000000000,6000000000000,6000000000000,6000000000000,50000000,'
        '3000000000000]],"priceScale":8,"qtyScale":8,"sequence":10000000,"symbol":"sBTCUSDT","type":"incremental",'
        '"valueScale":8}'
    ]


def test_a_usd_m_kline_has_strings():
    usd_m = market("BTCUSDT")
    feed = KlineFeed(usd_m, 60, Rules())
    usd_m.print_trade(BUY, 60_000_500_000_000, 2_000, 120_001_000_000_000, T0)
    assert feed.poll(T0 + 1) == [
        f'{{"kline_p":[[{T0_S},60,"60000.5","60000.5","60000.5","60000.5","60000.5","0.002","120.001"]],'
        '"priceScale":0,"sequence":10000000,"symbol":"BTCUSDT","type":"incremental"}'
    ]


def test_what_changed_between_two_polls_is_told_newest_first_the_ended_candle_included():
    coin_m = market("BTCUSD")
    feed = KlineFeed(coin_m, 60, Rules())
    for number in range(4):
        coin_m.print_trade(BUY, 600_000_000 + number, 1, 1, T0 + 30 * number * S)
    rows = json.loads(feed.poll(T0 + 91 * S)[0])["kline"]
    assert [(row[0], row[2], row[6]) for row in rows] == [
        (T0_S + 60, 600_000_001, 600_000_003), (T0_S, 600_000_000, 600_000_001),
    ]  # fmt: skip
    coin_m.print_trade(BUY, 600_000_004, 1, 1, T0 + 92 * S)
    assert [row[0] for row in json.loads(feed.poll(T0 + 93 * S)[0])["kline"]] == [T0_S + 60]


def test_a_snapshot_has_a_thousand_candles_newest_first():
    coin_m = market("BTCUSD", Before())
    feed = KlineFeed(coin_m, 60, Rules())
    rows = json.loads(feed.snapshot(T0)[0])["kline"]
    assert [row[0] for row in rows] == [T0_S - 60 * number for number in range(1, 1_001)]
    coin_m.print_trade(BUY, 600_000_000, 1, 1, T0)
    rows = json.loads(feed.snapshot(T0)[0])["kline"]
    assert [row[0] for row in rows] == [T0_S - 60 * number for number in range(1_000)]
    assert rows[0][2] == 590_000_000, "the close before it"
    for number in range(1, 5):
        coin_m.print_trade(BUY, 600_000_000 + number, 1, 1, T0 + 25 * number * S)
        reference = KlineFeed(coin_m, 60, Rules()).snapshot(T0)
        assert feed.snapshot(T0) == reference, "whatever was kept of an earlier one"
    assert [row[6] for row in json.loads(reference[0])["kline"][:3]] == [600_000_004, 600_000_002, 590_000_000]


def test_tickers_are_told_each_second_and_at_once_to_a_newcomer():
    asked = []

    def messages(now_ns: int) -> list[str]:
        asked.append(now_ns)
        return ["a", "b"]

    feed = TickerFeed(messages, T0)
    assert feed.snapshot(T0 + 5) == ["a", "b"]
    assert feed.poll(T0 + S - 1) == []
    assert feed.poll(T0 + S) == ["a", "b"]
    assert feed.poll(T0 + 2 * S - 1) == []
    assert feed.poll(T0 + 2 * S) == ["a", "b"]
    assert asked == [T0 + 5, T0 + S, T0 + 2 * S], "nothing is made that nobody hears"


@pytest.mark.parametrize(
    ("line", "symbol", "scale", "values", "texts"),
    [
        (Line.COIN_M, ".BTC", 4, (600_000_000, 599_999_999), ("600000000", "599999999")),
        (Line.USD_M, ".MBTCUSDT", 9, (60_000 * 10**9, 60_000 * 10**9 + 5), ('"60000"', '"60000.000000005"')),
        (Line.COIN_M, ".BTCFR", 8, (10_000, -599), ("10000", "-599")),
        (Line.USD_M, ".BTCUSDTFR8H", 8, (10_000, -599), ('"0.0001"', '"-0.00000599"')),
    ],
)
def test_a_tick_is_told_when_its_value_changes(line, symbol, scale, values, texts):
    now = {"value": values[0]}
    feed = TickFeed(line, symbol, scale, lambda now_ns: now["value"], T0)

    def text(last: str, time_ns: int) -> str:
        if line is Line.USD_M:
            return f'{{"tick_p":{{"last":{last},"symbol":"{symbol}","timestamp":{time_ns}}}}}'
        return f'{{"tick":{{"last":{last},"scale":{scale},"symbol":"{symbol}","timestamp":{time_ns}}}}}'

    assert feed.snapshot(T0) == [text(texts[0], T0)]
    assert feed.poll(T0 + 1) == []
    now["value"] = values[1]
    assert feed.poll(T0 + 2) == [text(texts[1], T0 + 2)]
    assert feed.poll(T0 + 3) == []
