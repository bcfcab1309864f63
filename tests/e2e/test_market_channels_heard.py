"""Candles, 24 h figures and ticks of a running exchange, as a strategy and a listener beside it hear them."""

import asyncio
import logging
from decimal import Decimal

import pytest
from phemex_client import RestClient
from session_lines import until

import tidings
from tidings.errors import UsageError
from tidings.market.price_tick import TickKind

CONTRACT_CHANNELS = ("kline:60", "ticker", *TickKind)
CHANNELS = {"BTCUSD": CONTRACT_CHANNELS, "BTCUSDT": CONTRACT_CHANNELS, "sBTCUSDT": ("kline:60", "ticker")}
# Where REST shows the same figures, and what a price of 1 is there.
TICKERS = {
    "BTCUSD": ("/md/v1/ticker/24hr", "openEp", 10**4),
    "BTCUSDT": ("/md/v3/ticker/24hr", "openRp", 1),
    "sBTCUSDT": ("/md/spot/ticker/24hr", "openEp", 10**8),
}


class Listener(tidings.Strategy):
    def __init__(self) -> None:
        self.klines, self.tickers, self.ticks = [], [], []

    def on_kline(self, kline, now_ns):
        self.klines.append(kline)

    def on_ticker(self, ticker, now_ns):
        self.tickers.append(ticker)

    def on_tick(self, tick, now_ns):
        self.ticks.append(tick)


async def test_a_strategy_and_a_listener_hear_every_channel_of_every_line(start_exchange, open_session):
    exchange = start_exchange("--seed", "5", "--no-rate-limits")
    phemex = await open_session(exchange)
    strategy, beside = Listener(), []
    running = asyncio.create_task(phemex.run(strategy))
    listener = phemex.engine.market.add_listener(kline=lambda kline, now_ns: beside.append(kline))
    for symbol, channels in CHANNELS.items():
        await phemex.subscribe(symbol, channels=channels)
    await until(lambda: {ticker.symbol for ticker in strategy.tickers} == CHANNELS.keys(), "a ticker of each line")
    await until(lambda: {kline.symbol for kline in strategy.klines} == CHANNELS.keys(), "a candle of each line")
    told = {(symbol, kind) for symbol in ("BTCUSD", "BTCUSDT") for kind in TickKind}
    await until(lambda: {(tick.symbol, tick.kind) for tick in strategy.ticks} == told, "every tick")
    assert beside == strategy.klines
    phemex.engine.market.remove_listener(listener)
    assert (phemex.engine.market.figures.malformed_count, phemex.engine.strategy_errors.count) == (0, 0)
    rest = RestClient(exchange.ready)
    for symbol, (path, key, unit) in TICKERS.items():
        ticker = next(ticker for ticker in strategy.tickers if ticker.symbol == symbol)
        shown = rest.public(path, f"symbol={symbol}").json["result"]
        assert ticker.open * unit == Decimal(shown[key])  # the only figure trades do not move
        kline = next(kline for kline in strategy.klines if kline.symbol == symbol)
        assert kline.low <= min(kline.open, kline.close) <= max(kline.open, kline.close) <= kline.high
    rest.close()
    running.cancel()



async def test_candles_that_are_followed_anew_begin_with_the_past_again(start_exchange, open_session):
    phemex = await open_session(start_exchange("--seed", "5", "--no-rate-limits"))
    market, heard = phemex.engine.market, {60: [], 300: []}
    market.add_listener(kline=lambda kline, now_ns: heard[kline.interval_s].append(kline.start_s))
    await phemex.subscribe("BTCUSDT", channels=["kline:60", "kline:300"])
    await until(lambda: all(len(starts) > 100 for starts in heard.values()), "the past")
    phemex.unsubscribe("BTCUSDT", channels=["kline:60"])  # it goes on unheard: the venue ends all of a symbol or none
    heard[60].clear()
    unheard = market.figures.figure_count - len(heard[300])
    await until(lambda: market.figures.figure_count - len(heard[300]) > unheard, "a candle that nobody follows")
    assert heard[60] == []
    await phemex.subscribe("BTCUSDT", channels=["kline:60"])
    await until(lambda: len(heard[60]) > 100, "the past once more")
    assert heard[60] == sorted(heard[60])


async def test_what_a_line_does_not_have_is_refused_and_nothing_is_followed(start_exchange, open_session):
    phemex = await open_session(start_exchange("--seed", "5", "--no-flow"))
    with pytest.raises(UsageError, match="sBTCUSDT: the venue tells no index"):
        await phemex.subscribe("sBTCUSDT", channels=("book", "index"))
    assert (phemex.engine.market.book("sBTCUSDT"), phemex.engine.market.followed()) == (None, [])


async def test_every_market_is_followed_at_once_over_several_connections(start_exchange, open_session):
    phemex = await open_session(start_exchange("--seed", "5", "--no-rate-limits"))
    symbols = [instrument.symbol for instrument in phemex.engine.products.listed()]
    klines = set()
    phemex.engine.market.add_listener(kline=lambda kline, now_ns: klines.add(kline.symbol))
    await phemex.subscribe(*symbols, channels=["book", "trade", "kline:60", "ticker"])
    books = [phemex.engine.market.book(symbol) for symbol in symbols]
    await until(lambda: all(book.is_live for book in books) and klines == set(symbols), "every book and candle")
    places = 3 * len(symbols) + 3  # one subscription has the 24 h figures of a line
    assert sum(len(feed.topics) for feed in phemex.engine.market.feeds) == places
    assert [len(feed.topics) for feed in phemex.engine.market.feeds][:-1] == [20] * (places // 20)
    assert sum(feed.stream.malformed_count for feed in phemex.engine.market.feeds) == 0


async def test_a_listener_that_fails_is_told_of_and_the_others_hear_on(start_exchange, open_session, caplog):
    phemex = await open_session(start_exchange("--seed", "5"))
    states = []
    phemex.engine.market.add_listener(book=lambda book, now_ns: 1 // 0)
    phemex.engine.market.add_listener(state=lambda book, event, now_ns: states.append((book.symbol, event.name)))
    with caplog.at_level(logging.ERROR, "tidings.market"):
        await phemex.subscribe("BTCUSDT")
        await until(lambda: states == [("BTCUSDT", "SNAPSHOT")], "the snapshot")
    await until(lambda: "ZeroDivisionError" in caplog.text, "the error told")
    books = []
    phemex.engine.market.add_listener(book=lambda book, now_ns: books.append(book.sequence))
    await until(lambda: len(books) > 3, "more books")
    assert caplog.text.count("ZeroDivisionError: ") == 1, "not once more for each book"
