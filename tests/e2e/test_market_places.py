"""Places of a connection: who holds one that nobody asked for, and how it comes free."""

import asyncio
import json

import pytest_asyncio
from market_server import MarketServer, live, many
from session_lines import until

import tidings
from tidings.venue.phemex.market_topics import BOOK


@pytest_asyncio.fixture
async def server(certificates):
    async with MarketServer(certificates.server_context()) as running:
        yield running
    assert running.broken == [], "the venue's limits"


@pytest_asyncio.fixture
async def phemex(server, certificates):
    """A session with one connection."""
    ca_file = str(certificates.ca_file)
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=ca_file, rate_limits=False, market_connections=1
    ) as session:
        yield session


async def test_room_of_a_figure_that_nobody_follows_costs_no_book_its_life(server, phemex):
    (*held, another), states = many(19), []
    await phemex.subscribe(*held, channels=[BOOK])
    await phemex.subscribe("BTCUSDT", channels=["index", "mark"])
    await until(lambda: len(live(phemex, held)) == 18, "the books")
    phemex.engine.market.add_listener(state=lambda book, event, now_ns: states.append((book.symbol, event.name)))
    phemex.unsubscribe("BTCUSDT", channels=["mark"])
    await phemex.subscribe(another, channels=[BOOK])
    await until(lambda: live(phemex, [another]), "the book that took its place")
    assert states == [(another, "SNAPSHOT")]


async def test_the_last_candles_of_a_symbol_take_its_others_with_them(server, phemex):
    first = many(1)[0]
    await phemex.subscribe(first, channels=[BOOK, "kline:60", "kline:300"])
    phemex.unsubscribe(first, channels=["kline:60"])
    [feed] = phemex.engine.market.feeds
    assert feed.room == 17, "they linger: the venue ends all of a symbol or none"
    phemex.unsubscribe(first, channels=["kline:300"])
    await until(lambda: server.unsubscribed == [("kline_p", json.dumps([first]))], "the end of both")
    assert (feed.room, server.live) == (19, [{("orderbook_p", json.dumps([first]))}])


async def test_what_is_left_while_the_connection_is_down_does_not_linger(server, phemex):
    first, second = many(2)
    await phemex.subscribe(first, second, channels=[BOOK])
    await until(lambda: len(live(phemex, [first, second])) == 2, "the books")
    server.cut(server.holder(first))
    await until(lambda: not live(phemex, [first, second]), "the loss")
    phemex.unsubscribe(first, channels=[BOOK])
    [feed] = phemex.engine.market.feeds
    assert feed.room == 19
    again = asyncio.create_task(phemex.subscribe(first, channels=[BOOK]))
    await asyncio.sleep(0.01)
    assert not again.done(), "nobody has answered it"
    await again
    await until(lambda: len(live(phemex, [first, second])) == 2, "the books again")
