"""Market data over several connections: the venue's limits kept, each lost and found alone, stalls, ends."""

import asyncio
import json
import random

import pytest
import pytest_asyncio
from market_server import MarketServer, live, many, snapshot
from session_lines import until

import tidings
from tidings.errors import PeerError, UsageError
from tidings.market.feed_state import FeedEvent
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.venue.phemex.market_topics import BOOK, topic_of

S_NS = 1_000_000_000


@pytest_asyncio.fixture
async def server(certificates):
    async with MarketServer(certificates.server_context()) as running:
        yield running
    assert running.broken == [], "the venue's limits"


@pytest_asyncio.fixture
async def phemex(server, certificates):
    ca_file = str(certificates.ca_file)
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=ca_file, rate_limits=False
    ) as session:
        yield session


# ---- Limits ----------------------------------------------------------------------------------------------------------


async def test_a_hundred_books_are_spread_over_five_connections_and_no_more_are_taken(server, phemex):
    symbols = many(100)
    await phemex.subscribe(*symbols[:97], channels=[BOOK])
    await phemex.subscribe(*symbols[97:], channels=[BOOK])
    await until(lambda: live(phemex, symbols) == symbols, "every book")
    assert [len(held) for held in server.live] == [20] * 5
    with pytest.raises(UsageError, match=r"1 more subscriptions, 100 there are: the venue allows 100 \(5 connections"):
        await phemex.subscribe("BTCUSDT", channels=[BOOK])
    assert len(phemex.engine.market.followed()) == 100
    phemex.unsubscribe(symbols[0], channels=[BOOK])
    await phemex.subscribe("BTCUSDT", channels=[BOOK])
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book that took its place")
    assert [len(held) for held in server.live] == [20] * 5


async def test_too_much_at_once_is_refused_whole(server, phemex):
    with pytest.raises(UsageError, match=r"102 more subscriptions, 0 there are.*order book and trades of a symbol are"):
        await phemex.subscribe(*many(51))
    assert (phemex.engine.market.followed(), server.streams) == ([], [])


async def test_fewer_connections_by_setting(server, certificates):
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file), rate_limits=False,
        market_connections=1,
    ) as phemex:  # fmt: skip
        with pytest.raises(UsageError, match="the venue allows 20"):
            await phemex.subscribe(*many(11))


async def test_requests_are_paced_and_pings_too(server, phemex):
    for _ in range(4):
        for symbol in many(5):
            await phemex.subscribe(symbol)
            phemex.unsubscribe(symbol)
    await until(lambda: not server.streams or not any(server.live), "the last to end")
    assert len(server.subscribed) > 20


# ---- Shared, and ended -----------------------------------------------------------------------------------------------


async def test_what_two_follow_ends_with_the_second(server, phemex):
    for _ in range(2):
        await phemex.subscribe("BTCUSDT")
    assert len(server.subscribed) == 2
    phemex.unsubscribe("BTCUSDT")
    assert phemex.engine.market.followed() == [("BTCUSDT", "book"), ("BTCUSDT", "trade")]
    phemex.unsubscribe("BTCUSDT")
    assert phemex.engine.market.book("BTCUSDT") is None
    await until(lambda: not server.streams, "a connection that brings nothing to be closed")


async def test_a_symbol_named_twice_counts_once(server, phemex):
    await phemex.subscribe("BTCUSDT")
    await phemex.subscribe("BTCUSDT", "BTCUSDT", channels=[BOOK, BOOK])
    phemex.unsubscribe("BTCUSDT", "BTCUSDT", channels=[BOOK, BOOK])
    assert phemex.engine.market.followed() == [("BTCUSDT", "book"), ("BTCUSDT", "trade")]


async def test_a_trade_subscription_ends_alone_and_books_only_all_at_once(server, phemex):
    first, second, third = many(3)
    heard = []
    await phemex.subscribe(first, second, third)
    await until(lambda: len(live(phemex, many(3))) == 3, "the books")
    phemex.engine.market.add_listener(book=lambda book, now_ns: heard.append(book.symbol))
    phemex.unsubscribe(first)
    await until(lambda: server.unsubscribed == [("trade_p", json.dumps([first]))], "the end of its trades")
    await server.push(snapshot(first, sequence=101))
    await server.push(snapshot(second, sequence=101))
    await until(lambda: second in heard, "news")
    assert heard == [second], "a book that lingers is not heard"
    phemex.unsubscribe(second, channels=[BOOK])
    phemex.unsubscribe(third, channels=[BOOK])
    await until(lambda: ("orderbook_p", "[]") in server.unsubscribed, "the end of all books")


async def test_a_book_followed_again_while_it_lingers_is_the_same_and_heard(server, phemex):
    first, second = many(2)
    heard = []
    phemex.engine.market.add_listener(book=lambda book, now_ns: heard.append(book.symbol))
    await phemex.subscribe(first, second)
    await until(lambda: len(live(phemex, many(2))) == 2, "the books")
    book = phemex.engine.market.book(first)
    phemex.unsubscribe(first)
    await phemex.subscribe(first)
    assert phemex.engine.market.book(first) is book
    heard.clear()
    await server.push(snapshot(first, sequence=101))
    await until(lambda: first in heard, "news")


async def test_a_book_that_lingers_keeps_its_place_until_the_connection_is_lost(server, certificates):
    ca_file, (first, *others, another) = str(certificates.ca_file), many(21)
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=ca_file, rate_limits=False, market_connections=2
    ) as phemex:
        await phemex.subscribe(first, *others, channels=[BOOK])
        await until(lambda: len(live(phemex, [first, *others])) == 20, "the books")
        phemex.unsubscribe(first, channels=[BOOK])
        await phemex.subscribe(first, channels=[BOOK])
        assert len(server.streams) == 1, "no other connection for what this one brings"
        phemex.unsubscribe(first, channels=[BOOK])
        server.cut(server.holder(others[0]))
        await until(lambda: not live(phemex, others), "the loss")
        await until(lambda: len(live(phemex, others)) == 19, "the books again")
        await phemex.subscribe(another, channels=[BOOK])
        wanted = {("orderbook_p", json.dumps([symbol])) for symbol in (*others, another)}
        assert server.live == [wanted], "the lost one's place is free, and it was not asked for again"


async def test_a_book_that_ended_is_not_live_when_it_is_followed_again(server, phemex):
    await phemex.subscribe("BTCUSDT")
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book")
    phemex.unsubscribe("BTCUSDT", channels=[BOOK])
    await until(lambda: server.unsubscribed == [("orderbook_p", "[]")], "its end")
    server.is_still = True
    await phemex.subscribe("BTCUSDT", channels=[BOOK])
    assert not phemex.engine.market.book("BTCUSDT").is_live
    server.is_still = False
    phemex.engine.market.on_timer(phemex.engine.clock.read_now_ns() + 6 * S_NS)
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book again")


async def test_symbols_in_quick_turns_on_a_full_connection_are_all_held_in_the_end(server, certificates):
    """Room is made again and again while requests wait for their turn."""
    chance, ca_file, wishes = random.Random(1), str(certificates.ca_file), []
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=ca_file, rate_limits=False, market_connections=1
    ) as phemex:
        held = many(20)
        await phemex.subscribe(*held, channels=[BOOK])
        for symbol in chance.sample(many(100)[20:], 60):
            phemex.unsubscribe(held.pop(chance.randrange(20)), channels=[BOOK])
            held.append(symbol)
            wishes.append(asyncio.create_task(phemex.subscribe(symbol, channels=[BOOK])))
            await asyncio.sleep(chance.choice([0, 0, 0.05, 0.3]))
        await asyncio.gather(*wishes)  # also those that were taken back before they were answered
        assert phemex.engine.market.followed() == [(symbol, BOOK) for symbol in sorted(held)]
        wanted = {("orderbook_p", json.dumps([symbol])) for symbol in held}
        await until(lambda: server.live == [wanted], "every book at the venue")
        await until(lambda: sorted(live(phemex, held)) == sorted(held), "every book")


async def test_a_refused_symbol_is_told_to_who_asked_and_costs_the_others_nothing(server, phemex):
    first, second = many(2)
    server.refused.add(second)
    await phemex.subscribe(first)
    with pytest.raises(PeerError, match=r"refused orderbook_p\.subscribe: 6001 invalid argument"):
        await phemex.subscribe(second)
    assert phemex.engine.market.followed() == [(first, "book"), (first, "trade")]
    await until(lambda: live(phemex, [first]), "the first book")
    assert len(server.streams) == 1


# ---- Lost and found --------------------------------------------------------------------------------------------------


async def test_a_lost_connection_makes_only_its_own_books_stale_and_asks_for_them_alone(server, phemex):
    symbols, states = many(25), []
    await phemex.subscribe(*symbols, channels=[BOOK])
    await until(lambda: live(phemex, symbols) == symbols, "every book")
    phemex.engine.market.add_listener(state=lambda book, event, now_ns: states.append((book.symbol, event)))
    server.subscribed.clear()
    server.cut(server.holder(symbols[24]))
    await until(lambda: live(phemex, symbols) == symbols and len(states) == 10, "the books to heal")
    assert states[:5] == [(symbol, FeedEvent.DISCONNECTED) for symbol in symbols[20:]]
    assert sorted(states[5:]) == [(symbol, FeedEvent.SNAPSHOT) for symbol in symbols[20:]]
    assert sorted(server.subscribed) == [("orderbook_p", json.dumps([symbol])) for symbol in symbols[20:]]
    assert phemex.engine.market.state_counts[FeedEvent.DISCONNECTED] == 5


async def test_what_is_refused_after_a_reconnect_is_asked_for_again(server, phemex):
    await phemex.subscribe("BTCUSDT")
    server.refused.add("BTCUSDT")
    server.cut(server.streams[0])
    [feed] = phemex.engine.market.feeds
    await until(lambda: feed.feed.reconnect_count == 1 and feed.up_ns is not None, "the new connection")
    server.refused.clear()
    server.subscribed.clear()
    phemex.engine.market.on_timer(phemex.engine.clock.read_now_ns() + 6 * S_NS)
    both = {(channel, json.dumps(["BTCUSDT"])) for channel in ("orderbook_p", "trade_p")}
    await until(lambda: set(server.subscribed) == both, "book and trades to be asked for")
    server.subscribed.clear()
    server.cut(server.streams[0])
    await until(lambda: set(server.subscribed) == both, "both to be followed by every connection from now on")


async def test_garbage_on_one_connection_is_no_news_of_the_others(server, phemex):
    symbols = many(22)
    await phemex.subscribe(*symbols, channels=[BOOK])
    await until(lambda: live(phemex, symbols) == symbols, "every book")
    phemex.engine.market.snapshot_requests._asked_ns.clear()  # as if the subscriptions were a while ago
    await server.push('{"book":', server.holder(symbols[21]))
    await until(lambda: phemex.engine.market.state_counts[FeedEvent.MALFORMED] == 2, "the doubt")
    assert live(phemex, symbols[:20]) == symbols[:20]
    await until(lambda: live(phemex, symbols) == symbols, "the books to heal")
    assert phemex.engine.market.snapshot_requests.count == 2


# ---- Stalls ----------------------------------------------------------------------------------------------------------


async def test_a_quiet_connection_proves_that_it_lives(server, phemex):
    await phemex.subscribe("BTCUSDT")
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book")
    market, clock = phemex.engine.market, phemex.engine.clock
    asked = len(server.subscribed)
    market.on_timer(clock.read_now_ns() + 16 * S_NS)
    await until(lambda: len(server.subscribed) == asked + 1, "the question")
    market.on_timer(clock.read_now_ns())
    assert [(feed.stall_count, feed.feed.reconnect_count) for feed in market.feeds] == [(0, 0)]


async def test_a_connection_that_answers_pings_only_is_given_up(server, phemex):
    await phemex.subscribe("BTCUSDT")
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book")
    market, clock, states = phemex.engine.market, phemex.engine.clock, []
    market.add_listener(state=lambda book, event, now_ns: states.append(event))
    server.is_still = True
    now_ns = clock.read_now_ns()
    for seconds in (14, 16, 20, 22):
        market.on_timer(now_ns + seconds * S_NS)
    [feed] = market.feeds
    assert feed.stall_count == 1
    assert states == [FeedEvent.SILENCE]
    await until(lambda: "no data for 2" in feed.feed.down_cause, "the end of the connection")
    server.is_still = False
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book to heal")
    assert states == [FeedEvent.SILENCE, FeedEvent.SNAPSHOT]


async def test_a_snapshot_that_never_comes_is_asked_for_again(server, phemex):
    server.is_still = True
    await phemex.subscribe("BTCUSDT", channels=[BOOK])
    market = phemex.engine.market
    assert not market.book("BTCUSDT").is_live
    server.is_still = False
    market.on_timer(phemex.engine.clock.read_now_ns() + 6 * S_NS)
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book")
    assert market.snapshot_requests.count == 1


async def test_a_book_may_be_left_when_it_is_told_to_be_silent(server, phemex):
    """Its connection is given up in the middle of a look at all of them."""
    market, first = phemex.engine.market, many(1)[0]
    await phemex.subscribe(first)
    await until(lambda: live(phemex, [first]), "the book")
    market.add_listener(book=lambda book, now_ns: book.is_live or phemex.unsubscribe(book.symbol))
    market.on_timer(phemex.engine.clock.read_now_ns() + 66 * S_NS)
    assert (market.followed(), list(market.feeds)) == ([], [])


async def test_a_live_book_that_misses_its_regular_snapshot_is_asked_for_before_it_is_stale(server, phemex):
    await phemex.subscribe("BTCUSDT", channels=[BOOK])
    await until(lambda: live(phemex, ["BTCUSDT"]), "the book")
    market, now_ns = phemex.engine.market, phemex.engine.clock.read_now_ns()
    market.feeds.of(topic_of(phemex.instrument("BTCUSDT"), BOOK, phemex.engine.products)).feed.session.heard(
        now_ns + 62 * S_NS
    )  # other books of the connection are told of
    market.on_timer(now_ns + 60 * S_NS)
    assert market.snapshot_requests.count == 0
    market.on_timer(now_ns + 62 * S_NS)
    assert (market.snapshot_requests.count, live(phemex, ["BTCUSDT"])) == (1, ["BTCUSDT"])
    await until(lambda: len(server.subscribed) == 2, "the question")


async def test_connections_that_die_young_are_made_ever_more_rarely(server, phemex):
    await phemex.subscribe("BTCUSDT", channels=[BOOK])
    [feed] = phemex.engine.market.feeds
    for _ in range(4):
        await until(lambda: server.streams and server.live[0], "a connection")
        server.cut(server.holder("BTCUSDT"))
        await until(lambda: not server.streams and not feed.feed.is_live, "its end, on both sides")
    began_s = asyncio.get_running_loop().time()
    await until(lambda: feed.feed.is_live, "the fifth")
    assert asyncio.get_running_loop().time() - began_s > 0.7, "0.2 s four times doubled, at most halved by chance"


# ---- What a recorder takes -------------------------------------------------------------------------------------------


async def test_a_recording_has_every_push_as_it_came_with_its_connections_number(server, certificates, tmp_path):
    symbols = many(21)
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file), rate_limits=False,
        record=str(tmp_path / "recording"),
    ) as phemex:  # fmt: skip
        await phemex.subscribe(*symbols, channels=[BOOK])
        await until(lambda: live(phemex, symbols) == symbols, "every book")
    entries = list(RecordingReader(tmp_path / "recording"))
    pushes = [(found.source, found.payload.decode()) for found in entries if found.kind is EntryKind.MARKET]
    books = sorted(push for push in pushes if '"id"' not in push[1])
    assert books == sorted((1 + place // 20, snapshot(symbol)) for place, symbol in enumerate(symbols))
    assert {found.source for found in entries if found.kind is EntryKind.FEED and b'"up"' in found.payload} == {1, 2}


async def test_who_waits_for_a_subscription_hears_of_the_end(server, phemex):
    server.is_silent = True
    waiting = asyncio.create_task(phemex.subscribe("BTCUSDT"))
    await until(lambda: server.streams, "the connection")
    await phemex.engine.market.stop()
    with pytest.raises(tidings.ConnectionLost, match="closed before it was answered"):
        await waiting
    assert phemex.engine.market.followed() == []
    await until(lambda: not server.streams, "the end")


async def test_stopping_ends_every_connection(server, phemex):
    await phemex.subscribe(*many(21), channels=[BOOK])
    await phemex.engine.market.stop()
    await asyncio.sleep(0)
    await until(lambda: not server.streams, "the end")


async def test_nothing_is_followed_behind_the_end_of_the_session(server, certificates):
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file), rate_limits=False
    ) as phemex:
        await phemex.subscribe(*many(1))
    with pytest.raises(UsageError, match="the session has ended"):
        await phemex.subscribe(*many(2))
    assert list(phemex.engine.market.feeds) == []
    await until(lambda: not server.streams, "the end of its only connection")
