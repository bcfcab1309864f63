"""Order book and trade pushes in the venue's shapes (phemex docs 2026, "Subscribe OrderBook", "Subscribe Trade")."""

import random
import sys

import pytest
from market_instruments import INSTRUMENTS, INVERSE, LINEAR
from market_messages import (
    INVERSE_CHANGE,
    INVERSE_SNAPSHOT,
    INVERSE_TRADES,
    LINEAR_CHANGE,
    LINEAR_SNAPSHOT,
    LINEAR_TRADES,
    PUSHES,
    SPOT_SNAPSHOT,
)

from tidings.market.feed_state import FeedEvent, FeedState
from tidings.market.trade import Trade
from tidings.model.enums import Side
from tidings.venue.phemex.market_stream import MarketListener, MarketStream


class Recorder(MarketListener):
    """Notes what it is told, as plain values: the book itself changes on."""

    def __init__(self) -> None:
        self.books: list[tuple[str, FeedState, int]] = []
        self.trades: list[tuple[Trade, int]] = []

    def book_changed(self, book, now_ns):
        self.books.append((book.symbol, book.state, now_ns))

    def trade_printed(self, trade, now_ns):
        self.trades.append((trade, now_ns))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def stream(recorder) -> MarketStream:
    return MarketStream(INSTRUMENTS, recorder)


def counts(stream: MarketStream) -> tuple[int, int, int, int]:
    return stream.book_count, stream.trade_count, stream.ignored_count, stream.malformed_count


# ---- Books -----------------------------------------------------------------------------------------------------------


def test_a_coin_m_snapshot_comes_in_ticks_and_lots(stream, recorder):
    assert stream.feed(INVERSE_SNAPSHOT, 5) is True
    book = stream.book("BTCUSD")
    assert book.bids() == [(612500, 1900), (612493, 8), (612480, 1)]
    assert book.offers() == [(612501, 320), (612510, 75)]
    assert (book.sequence, book.venue_time_ns, book.received_ns) == (4100, 1_800_000_000_100_000_001, 5)
    assert recorder.books == [("BTCUSD", FeedState.LIVE, 5)]


def test_a_usd_m_snapshot_comes_in_ticks_and_lots(stream):
    stream.feed(LINEAR_SNAPSHOT, 5)
    book = stream.book("BTCUSDT")
    assert book.bids() == [(612501, 3), (612499, 1000)]
    assert book.offers() == [(612502, 500), (612510, 12250)]


def test_a_spot_snapshot_comes_in_ticks_and_lots(stream):
    stream.feed(SPOT_SNAPSHOT, 5)
    book = stream.book("sBTCUSDT")
    assert book.bids() == [(6125013, 68665), (6124900, 1)]
    assert book.offers() == [(6125027, 17818)]


def test_changes_continue_the_snapshot(stream, recorder):
    for now_ns, push in enumerate((INVERSE_SNAPSHOT, LINEAR_SNAPSHOT, INVERSE_CHANGE, LINEAR_CHANGE)):
        assert stream.feed(push, now_ns) is True
    assert stream.book("BTCUSD").bids() == [(612499, 44), (612493, 8), (612480, 1)]
    assert stream.book("BTCUSDT").bids() == [(612501, 3), (612500, 2001), (612499, 1000)]
    assert stream.book("BTCUSDT").offers() == [(612502, 500)]
    assert [(symbol, now_ns) for symbol, _, now_ns in recorder.books] == [
        ("BTCUSD", 0), ("BTCUSDT", 1), ("BTCUSD", 2), ("BTCUSDT", 3),
    ]  # fmt: skip
    assert counts(stream) == (4, 0, 0, 0)


def test_a_change_before_the_snapshot_is_no_news(stream, recorder):
    assert stream.feed(INVERSE_CHANGE, 5) is True
    assert (recorder.books, stream.book("BTCUSD").state) == ([], FeedState.AWAITED)


def test_the_depth_a_message_names_cuts_the_book(stream):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.feed(INVERSE_CHANGE.replace(b'"depth":30', b'"depth":2'), 2)
    assert stream.book("BTCUSD").bids() == [(612499, 44), (612493, 8)]


def test_keys_may_come_in_any_order_with_blanks_and_company(stream):
    push = (
        b'{ "type" : "snapshot", "symbol": "BTCUSD", "more": {"book": [[1, 2]]}, "depth": 5, "sequence": 1,\n'
        b' "book": {"bids": [ [ 612500000 , 3 ] ], "new": null, "asks": []} }'
    )
    assert stream.feed(push, 1) is True
    assert (stream.book("BTCUSD").bids(), stream.book("BTCUSD").venue_time_ns) == ([(612500, 3)], 0)


def test_escaped_keys_are_read_by_orjson(stream):
    assert stream.feed(LINEAR_SNAPSHOT.replace(b'"symbol"', b'"s\\u0079mbol"'), 1) is True
    assert (stream.second_try_count, stream.book("BTCUSDT").best_bid_ticks) == (1, 612501)


def test_a_full_book_of_thousands_of_levels_is_read(stream):
    asks = ",".join(f"[{612501000 + 1000 * index},{index + 1}]" for index in range(5000))
    push = f'{{"book":{{"asks":[{asks}],"bids":[]}},"depth":0,"sequence":1,"symbol":"BTCUSD","type":"snapshot"}}'
    stream.feed(push.encode(), 1)
    assert stream.book("BTCUSD").offers() == [(612501 + index, index + 1) for index in range(5000)]


def test_a_book_object_is_always_the_same(stream):
    book = stream.book("BTCUSD")
    assert (book.state, stream.book("XRPUSD")) == (FeedState.AWAITED, None)
    stream.feed(INVERSE_SNAPSHOT, 1)
    assert stream.book("BTCUSD") is book and book.is_two_sided


# ---- What is wrong with a book ---------------------------------------------------------------------------------------

WRONG = {
    "a price off the grid": (b"612499000,44", b"612499001,44"),
    "a price of zero": (b"612499000,44", b"0,44"),
    "a negative price": (b"612499000,44", b"-612499000,44"),
    "a price with decimals": (b"612499000,44", b"612499000.5,44"),
    "a price beyond 64 bits": (b"612499000,44", b"61249900000000000000,44"),
    "a negative quantity": (b"612499000,44", b"612499000,-44"),
    "a quantity with decimals": (b"612499000,44", b"612499000,4.4"),
    "a quantity that is a word": (b"612499000,44", b'612499000,"many"'),
    "a quantity that is null": (b"612499000,44", b"612499000,null"),
    "a price that is an array": (b"612499000,44", b"[612499000],44"),
    "a level of one cell": (b"[612499000,44]", b"[612499000]"),
    "a level of three cells": (b"[612499000,44]", b"[612499000,44,1]"),
    "a level without cells": (b"[612499000,44]", b"[]"),
    "a level that is an object": (b"[612499000,44]", b'{"price":612499000}'),
    "a level that is a number": (b"[612499000,44]", b"612499000"),
    "a side that is null": (b'"asks":[]', b'"asks":null'),
    "a side that is an object": (b'"asks":[]', b'"asks":{}'),
    "a side that is missing": (b'"asks":[],', b""),
    "a book that is null": (b'{"asks":[],"bids":[[612500000,0],[612499000,44]]}', b"null"),
    "a book that is an array": (b'{"asks":[],"bids":[[612500000,0],[612499000,44]]}', b"[[612499000,44]]"),
    "the other line's key": (b'"book"', b'"orderbook_p"'),
    "two kinds of data": (b'"depth"', b'"trades":[],"depth"'),
    "no sequence": (b'"sequence":4137,', b""),
    "a negative sequence": (b'"sequence":4137', b'"sequence":-1'),
    "a sequence that is an object": (b'"sequence":4137', b'"sequence":{}'),
    "no depth": (b'"depth":30,', b""),
    "a depth out of range": (b'"depth":30', b'"depth":100000'),
    "no type": (b',"type":"incremental"', b""),
    "an unknown type": (b'"incremental"', b'"update"'),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_push_that_is_not_what_it_should_be_makes_its_book_stale(stream, recorder, wrong):
    stream.feed(LINEAR_SNAPSHOT, 1)
    stream.feed(INVERSE_SNAPSHOT, 1)
    before = stream.book("BTCUSD").bids(), stream.book("BTCUSD").offers()
    push = INVERSE_CHANGE.replace(*WRONG[wrong])
    assert push != INVERSE_CHANGE
    assert stream.feed(push, 2) is True
    book = stream.book("BTCUSD")
    assert (book.state, book.stale_cause, counts(stream)) == (FeedState.STALE, FeedEvent.MALFORMED, (2, 0, 0, 1))
    assert ((book.bids(), book.offers()), stream.book("BTCUSDT").is_live) == (before, True)
    assert recorder.books[-1] == ("BTCUSD", FeedState.STALE, 2)


NO_PRICES = [
    b"61250.05", b"61250.", b"", b"6.1e", b"0x1", b"-61250.1", b"0", b" 61250", b"061250", b"61250.5.5", b".5",
    b"922337203685477580.8", b"1234567890123456789012.1", b"1e400",
]  # fmt: skip


@pytest.mark.parametrize("price", NO_PRICES)
def test_a_decimal_that_is_none_or_off_the_grid_makes_its_book_stale(stream, price):
    stream.feed(LINEAR_SNAPSHOT, 1)
    assert stream.feed(LINEAR_CHANGE.replace(b'"61250"', b'"' + price + b'"'), 2) is True
    assert stream.book("BTCUSDT").stale_cause is FeedEvent.MALFORMED


def test_a_level_without_lots_has_no_place_in_a_snapshot(stream):
    stream.feed(INVERSE_SNAPSHOT.replace(b"612493000,8", b"612493000,0"), 1)
    assert (stream.book("BTCUSD").state, stream.malformed_count) == (FeedState.AWAITED, 1)


def test_a_stale_book_is_healed_by_the_next_snapshot_and_tells_both(stream, recorder):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.feed(INVERSE_CHANGE.replace(b"4137", b"4099"), 2)
    stream.feed(INVERSE_CHANGE, 3)
    stream.feed(INVERSE_SNAPSHOT, 4)
    assert recorder.books == [
        ("BTCUSD", FeedState.LIVE, 1), ("BTCUSD", FeedState.STALE, 2), ("BTCUSD", FeedState.LIVE, 4),
    ]  # fmt: skip


def test_levels_beyond_any_honest_book_make_it_stale(stream):
    stream.feed(INVERSE_SNAPSHOT, 1)
    asks = ",".join(f"[{612501000 + 1000 * index},1]" for index in range(40_000))
    push = INVERSE_CHANGE.replace(b'"asks":[]', f'"asks":[{asks}]'.encode()).replace(b'"depth":30', b'"depth":0')
    assert stream.feed(push, 2) is True
    assert (stream.book("BTCUSD").stale_cause, stream.malformed_count) == (FeedEvent.MALFORMED, 1)


NO_JSON_OBJECT = [
    b"", b" ", b"\0", b"[]", b"1", b"null", b'"book"', b"{", b"{]", b"\xff\xfe",
    INVERSE_CHANGE + b"}", INVERSE_CHANGE * 2, INVERSE_CHANGE.replace(b'"depth":30', b'"depth":30,"depth":30'),
]  # fmt: skip


@pytest.mark.parametrize("text", NO_JSON_OBJECT)
def test_text_that_is_no_json_object_could_have_been_any_book(stream, recorder, text):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.feed(LINEAR_SNAPSHOT, 1)
    assert stream.feed(text, 2) is False
    assert (stream.book("BTCUSD").is_live, stream.book("BTCUSDT").is_live) == (False, False)
    assert recorder.books[2:] == [("BTCUSD", FeedState.STALE, 2), ("BTCUSDT", FeedState.STALE, 2)]


@pytest.mark.parametrize("symbol", [b'"symbol":7,', b"", b'"symbol":null,', b'"symbol":["BTCUSD"],'])
def test_a_book_without_a_name_could_have_been_any(stream, symbol):
    stream.feed(LINEAR_SNAPSHOT, 1)
    assert stream.feed(INVERSE_CHANGE.replace(b'"symbol":"BTCUSD",', symbol), 2) is True
    assert (stream.book("BTCUSDT").is_live, stream.malformed_count) == (False, 1)


# ---- Trades ----------------------------------------------------------------------------------------------------------


def test_trades_are_told_oldest_first(stream, recorder):
    assert stream.feed(INVERSE_TRADES, 9) is True
    assert recorder.trades == [
        (Trade(INVERSE, Side.BUY, 612501, 120, 1_800_000_000_200_000_001), 9),
        (Trade(INVERSE, Side.SELL, 612500, 7, 1_800_000_000_200_000_002), 9),
    ]


def test_trades_listed_oldest_first_are_told_so_too(stream, recorder):
    rows = b'[[1,"Buy",612500000,1],[2,"Sell",612500000,2],[3,"Buy",612500000,3]]'
    stream.feed(b'{"sequence":1,"symbol":"BTCUSD","trades":' + rows + b',"type":"incremental"}', 9)
    assert [trade.venue_time_ns for trade, _ in recorder.trades] == [1, 2, 3]


def test_usd_m_trades_come_in_ticks_and_lots(stream, recorder):
    stream.feed(LINEAR_TRADES, 9)
    assert recorder.trades == [(Trade(LINEAR, Side.BUY, 612502, 17, 1_800_000_000_200_000_003), 9)]


def test_the_snapshot_of_old_trades_is_no_news(stream, recorder):
    assert stream.feed(INVERSE_TRADES.replace(b"incremental", b"snapshot"), 9) is True
    assert (recorder.trades, counts(stream)) == ([], (0, 1, 0, 0))


TRADES_WRONG = [
    (b'"Sell"', b'"Short"'), (b'"Sell"', b"2"), (b"612500000,7", b"612500001,7"), (b"612500000,7", b"612500000,0"),
    (b"612500000,7", b"0,7"), (b"612500000,7", b"612500000"), (b"612500000,7", b"612500000,7,7"),
    (b"[1800000000200000002", b"[null"), (b'"trades"', b'"trades_p"'), (b'"incremental"', b"1"),
    (b'"symbol":"BTCUSD"', b'"book":{},"symbol":"BTCUSD"'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), TRADES_WRONG)
def test_a_trade_that_cannot_be_read_takes_its_message_with_it(stream, recorder, old, new):
    stream.feed(INVERSE_SNAPSHOT, 1)
    assert stream.feed(INVERSE_TRADES.replace(old, new, 1), 2) is True
    assert (recorder.trades, counts(stream)) == ([], (1, 0, 0, 1))


def test_a_listener_may_leave_everything_out():
    stream = MarketStream(INSTRUMENTS, MarketListener())
    assert all(stream.feed(push, 1) for push in PUSHES)
    assert counts(stream) == (5, 2, 0, 0)


def test_an_error_of_the_listener_reaches_the_caller_after_the_book_is_whole():
    class Broken(MarketListener):
        def book_changed(self, book, now_ns):
            raise RuntimeError("a strategy's bug")

    stream = MarketStream(INSTRUMENTS, Broken())
    with pytest.raises(RuntimeError, match="a strategy's bug"):
        stream.feed(INVERSE_SNAPSHOT, 1)
    assert stream.book("BTCUSD").is_two_sided


# ---- What is not for us ----------------------------------------------------------------------------------------------

ANSWERS = [
    b'{"error":null,"id":1234,"result":{"status":"success"}}', b'{"error":null,"id":0,"result":"pong"}',
    b'{"error":{"code":6001,"message":"invalid argument"},"id":3,"result":null}', b'{"id":null}', b'{"result":1}',
]  # fmt: skip
OTHER_PUSHES = [
    b'{"tick":{"last":612503000,"scale":4,"symbol":".BTC","timestamp":1800000000300000000}}',
    b'{"market24h":{"close":612500000,"symbol":"BTCUSD"},"timestamp":1800000000300000000}',
    b'{"kline_p":[[1800000000,60,"1","1","1","1","1","1","1"]],"sequence":3,"symbol":"BTCUSDT","type":"incremental"}',
    b'{"data":[["BTCUSDT","1"]],"fields":["symbol","openRp"],"method":"perp_market24h_pack_p.update","timestamp":1}',
    b"{}",
    INVERSE_CHANGE.replace(b'"BTCUSD"', b'"ETHUSD"'),
    LINEAR_TRADES.replace(b'"BTCUSDT"', b'"ETHUSDT"'),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_are_for_the_session(stream, answer):
    assert stream.feed(answer, 1) is False
    assert counts(stream) == (0, 0, 0, 0)


@pytest.mark.parametrize("push", OTHER_PUSHES)
def test_other_pushes_are_taken_and_ignored(stream, recorder, push):
    stream.feed(INVERSE_SNAPSHOT, 1)
    assert stream.feed(push, 2) is True
    assert (counts(stream), stream.book("BTCUSD").is_live) == ((1, 0, 1, 0), True)


def test_only_bytes_are_fed(stream):
    with pytest.raises(TypeError):
        stream.feed(INVERSE_SNAPSHOT.decode(), 1)


# ---- Loss without a message ------------------------------------------------------------------------------------------


def test_a_lost_connection_makes_live_books_stale(stream, recorder):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.book("sBTCUSDT")
    for now_ns in (2, 3):
        stream.mark_stale(now_ns)
    assert stream.book("BTCUSD").stale_cause is FeedEvent.DISCONNECTED
    assert recorder.books[1:] == [("BTCUSD", FeedState.STALE, 2)]


def test_a_book_that_misses_its_regular_snapshot_is_stale(stream, recorder):
    stream.feed(INVERSE_SNAPSHOT, 10)
    stream.feed(INVERSE_CHANGE, 50_000_000_000)  # no proof that nothing was lost before it
    stream.on_timer(10 + 65_000_000_000)
    assert stream.book("BTCUSD").is_live
    stream.on_timer(11 + 65_000_000_000)
    assert stream.book("BTCUSD").stale_cause is FeedEvent.SILENCE
    stream.on_timer(12 + 65_000_000_000)
    assert recorder.books[2:] == [("BTCUSD", FeedState.STALE, 11 + 65_000_000_000)]


# ---- Any bytes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("push", PUSHES)
def test_every_truncation_is_refused(recorder, push):
    for cut in range(len(push)):
        stream = MarketStream(INSTRUMENTS, recorder)
        assert stream.feed(push[:cut], 1) is False
        assert counts(stream) == (0, 0, 0, 1)
    assert (recorder.books, recorder.trades) == ([], [])


def test_random_mutations_never_leave_a_wrong_book_live():
    chance = random.Random(20261122)
    for _ in range(4000):
        stream = MarketStream(INSTRUMENTS, Recorder())
        for push in PUSHES:
            damaged = bytearray(push)
            for _ in range(chance.randrange(3)):
                damaged[chance.randrange(len(damaged))] = chance.choice(b'0123456789[]{},":.-eE\\ \0\xff' + push[:20])
            stream.feed(bytes(damaged), 1)
        for symbol in INSTRUMENTS:
            book = stream.book(symbol)
            assert not (book.is_live and book.is_crossed)
            assert book.bids() == sorted(book.bids(), reverse=True)
            assert book.offers() == sorted(book.offers())
            assert all(price > 0 and lots > 0 for price, lots in book.bids() + book.offers())


def test_a_warm_stream_allocates_nothing_that_stays():
    stream = MarketStream(INSTRUMENTS, MarketListener())

    def feed_all(rounds: int) -> None:
        for _ in range(rounds):
            for push in PUSHES:
                stream.feed(push, 1)

    feed_all(50)
    before = sys.getallocatedblocks()
    feed_all(500)
    assert sys.getallocatedblocks() - before < 10
