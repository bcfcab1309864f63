"""Feeds: changes that turn one book into the next for a client that cuts, paces, snapshots each minute, trades once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY, SELL, BookOrder, Stay
from tidings.exchange.streams.market_feeds import (
    BOOK_INTERVAL_NS,
    SNAPSHOT_INTERVAL_NS,
    BookFeed,
    TradeFeed,
    changes,
)
from tidings.exchange.venue_rules import Rules

T0 = 1_790_000_000_000_000_000
BTCUSD = load_catalogue().instruments["BTCUSD"]
BTCUSDT = load_catalogue().instruments["BTCUSDT"]

BOOKS = st.dictionaries(st.integers(1, 40), st.integers(1, 5), max_size=30)


@given(BOOKS, BOOKS, st.sampled_from([0, 1, 5, 10]), st.booleans())
def test_a_client_that_applies_sorts_and_cuts_holds_the_new_book(before, after, depth, is_bid):
    def shown(book: dict[int, int]) -> list[tuple[int, int]]:
        return sorted(book.items(), reverse=is_bid)[: depth or None]

    client = dict(shown(before))
    for price, qty in changes(shown(before), shown(after), depth, is_descending=is_bid):
        client[price] = qty
    client = {price: qty for price, qty in client.items() if qty}
    assert sorted(client.items(), reverse=is_bid)[: depth or None] == shown(after)


def test_a_level_that_only_fell_out_of_the_depth_is_not_deleted():
    assert changes([(9, 1), (8, 1)], [(10, 1), (9, 1)], 2, is_descending=True) == [(10, 1)]
    assert changes([(9, 1), (8, 1)], [(9, 1), (7, 1)], 2, is_descending=True) == [(8, 0), (7, 1)]


@pytest.fixture
def market() -> Market:
    return Market(BTCUSD, 600_000_000)


def rest(market: Market, side: int, price: int, qty: int, now_ns: int) -> BookOrder:
    order = BookOrder(side, price, qty)
    market.next_sequence(now_ns)
    market.book.submit(order, Stay.REST)
    return order


def test_a_book_is_batched_and_silent_without_change(market):
    feed = BookFeed(market, 30, BOOK_INTERVAL_NS, T0, Rules())
    rest(market, BUY, 599_000_000, 7, T0 + 1)
    rest(market, SELL, 601_000_000, 5, T0 + 2)
    assert feed.poll(T0 + BOOK_INTERVAL_NS - 1) == []
    message = json.loads(feed.poll(T0 + BOOK_INTERVAL_NS)[0])
    assert message == {
        "book": {"asks": [[601_000_000, 5]], "bids": [[599_000_000, 7]]}, "depth": 30, "sequence": market.sequence,
        "symbol": "BTCUSD", "timestamp": T0 + 2, "type": "incremental",
    }
    assert feed.poll(T0 + 2 * BOOK_INTERVAL_NS) == []


def test_a_snapshot_for_a_newcomer_is_what_the_others_have_seen(market):
    feed = BookFeed(market, 30, BOOK_INTERVAL_NS, T0, Rules())
    seen = market.sequence
    order = rest(market, BUY, 599_000_000, 7, T0 + 1)
    assert json.loads(feed.snapshot(T0 + 2)[0])["book"]["bids"] == [], "the change is not published yet"
    assert json.loads(feed.snapshot(T0 + 2)[0])["sequence"] == seen
    feed.poll(T0 + BOOK_INTERVAL_NS)
    market.next_sequence(T0 + 3)
    market.book.cancel(order)
    assert json.loads(feed.poll(T0 + 2 * BOOK_INTERVAL_NS)[0])["book"]["bids"] == [[599_000_000, 0]]


def test_a_whole_snapshot_comes_every_minute_even_without_change(market):
    feed = BookFeed(market, 30, BOOK_INTERVAL_NS, T0, Rules())
    rest(market, BUY, 599_000_000, 7, T0 + 1)
    assert json.loads(feed.poll(T0 + BOOK_INTERVAL_NS)[0])["type"] == "incremental"
    assert feed.poll(T0 + SNAPSHOT_INTERVAL_NS - 1) == []
    message = json.loads(feed.poll(T0 + SNAPSHOT_INTERVAL_NS + BOOK_INTERVAL_NS)[0])
    assert (message["type"], message["book"]["bids"]) == ("snapshot", [[599_000_000, 7]])


def test_usd_m_books_carry_strings_and_the_gateways_times():
    market = Market(BTCUSDT, 61_000 * 10**9)
    feed = BookFeed(market, 5, BOOK_INTERVAL_NS, T0, Rules())
    rest(market, BUY, 60_999_500_000_000, 40_000, T0 + 1)
    (text,) = feed.poll(T0 + BOOK_INTERVAL_NS)
    message = json.loads(text)
    assert list(message) == ["depth", "dts", "mts", "orderbook_p", "sequence", "symbol", "timestamp", "type"]
    assert message["orderbook_p"]["bids"] == [["60999.5", "0.04"]]


def test_trades_are_told_once_newest_first(market):
    market.print_trade(BUY, 600_000_000, 1, 166, T0)
    feed = TradeFeed(market, Rules())
    assert json.loads(feed.snapshot(T0)[0])["trades"] == [[T0, "Buy", 600_000_000, 1]]
    assert feed.poll(T0 + 1) == []
    for number in (2, 3):
        market.print_trade(SELL, 600_000_000 + number, number, 1, T0 + number)
    assert len(json.loads(feed.snapshot(T0 + 5)[0])["trades"]) == 1, "a newcomer hears the rest with the others"
    message = json.loads(feed.poll(T0 + 5)[0])
    assert (message["type"], [row[3] for row in message["trades"]]) == ("incremental", [3, 2])
    assert feed.poll(T0 + 6) == []
