"""Between a stream and who listens: the collar's reference, silence about muted books, and mistakes of listeners."""

from asyncio import CancelledError

import pytest
from market_instruments import INSTRUMENTS, INVERSE, LINEAR
from market_messages import INVERSE_CHANGE, INVERSE_SNAPSHOT, INVERSE_TRADES

from tidings.app.limits.risk_limits import make_risk
from tidings.config import load_settings
from tidings.engine.risk import Risk
from tidings.market.feed_state import FeedEvent
from tidings.venue.phemex.market_desk import MarketDesk
from tidings.venue.phemex.market_stream import MarketStream
from tidings.venue.phemex.products import Products


class Desk(MarketDesk):
    def __init__(self, risk: Risk) -> None:
        super().__init__(risk)
        self.doubts: list[tuple[str, int]] = []

    def book_in_doubt(self, book, now_ns):
        self.doubts.append((book.symbol, now_ns))


@pytest.fixture
def risk() -> Risk:
    return make_risk(load_settings("local", environ={}), Products(INSTRUMENTS))


@pytest.fixture
def desk(risk) -> Desk:
    return Desk(risk)


@pytest.fixture
def stream(desk) -> MarketStream:
    return MarketStream(INSTRUMENTS, desk)


def test_the_middle_of_a_live_book_is_the_collars_reference(stream, risk):
    stream.feed(INVERSE_SNAPSHOT, 1)  # 612500 bid, 612501 offered
    assert risk.reference_price(INVERSE) == 612500
    stream.feed(INVERSE_CHANGE, 2)  # 612499 bid
    assert risk.reference_price(INVERSE) == 612500
    stream.feed(INVERSE_CHANGE.replace(b"612499", b"612490").replace(b"4137", b"4138").replace(b"612500", b"612499"), 3)
    assert risk.reference_price(INVERSE) == (612493 + 612501) // 2


def test_prices_whose_sum_is_beyond_64_bits_have_a_middle(stream, risk):
    stream.feed(
        b'{"depth":30,"orderbook_p":{"asks":[["600000000000000000.1","1"]],"bids":[["500000000000000000","1"]]},'
        b'"sequence":1,"symbol":"BTCUSDT","timestamp":1,"type":"snapshot"}',
        1,
    )
    assert risk.reference_price(LINEAR) == 5_500_000_000_000_000_000


def test_listeners_hear_books_and_trades_in_their_order(stream, desk):
    heard = []
    desk.hear_by(
        ((lambda book, now_ns: heard.append((1, book.symbol, now_ns)), None),
         (lambda book, now_ns: heard.append((2, book.symbol, now_ns)), None)),
        ((lambda trade, now_ns: heard.append((trade.qty_lots, now_ns)), None),),
    )  # fmt: skip
    stream.feed(INVERSE_SNAPSHOT, 5)
    stream.feed(INVERSE_TRADES, 6)
    assert heard == [(1, "BTCUSD", 5), (2, "BTCUSD", 5), (120, 6), (7, 6)]


@pytest.mark.parametrize("error", [ValueError("no"), CancelledError()])
def test_a_mistake_is_its_listeners_own(stream, desk, error):
    heard, mistakes = [], []

    def bad(book, now_ns):
        raise error

    desk.hear_by(
        ((bad, lambda error, callback: mistakes.append((error, callback))),
         (lambda book, now_ns: heard.append(now_ns), None)),
        (),
    )  # fmt: skip
    stream.feed(INVERSE_SNAPSHOT, 5)
    assert (heard, mistakes) == ([5], [(error, bad)])


def test_a_book_that_is_not_live_is_in_doubt_and_no_reference(stream, desk, risk):
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.feed(INVERSE_CHANGE.replace(b"[612499000,44]", b"[612700000,44]"), 2)
    assert stream.book("BTCUSD").stale_cause is FeedEvent.CROSSED
    assert (desk.doubts, risk.reference_price(INVERSE)) == ([("BTCUSD", 2)], 612500)


def test_a_muted_book_is_nobodys_news_and_no_reference(stream, desk, risk):
    heard = []
    desk.hear_by(((lambda book, now_ns: heard.append(now_ns), None),), ())
    desk.muted.add(stream.book("BTCUSD"))
    stream.feed(INVERSE_SNAPSHOT, 1)
    stream.mark_stale(2)
    assert (heard, desk.doubts, risk.reference_price(INVERSE)) == ([], [], 0)
    desk.muted.clear()
    stream.feed(INVERSE_SNAPSHOT, 3)
    assert heard == [3]
