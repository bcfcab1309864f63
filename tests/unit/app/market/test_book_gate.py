"""Orders on live books only, where the setting says so."""

import pytest
from market_instruments import INSTRUMENTS, INVERSE

from tidings.app.market.book_gate import BookGate
from tidings.app.readiness import Readiness
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.model.enums import DenyReason


class Gates:
    def __init__(self) -> None:
        self.symbols: dict[str, int] = {}

    def deny_orders(self, reason):
        raise AssertionError("a book is no reason for all symbols")

    def deny_symbol(self, instrument, reason):
        self.symbols[instrument.symbol] = reason


@pytest.fixture
def gates() -> Gates:
    return Gates()


def live_book() -> Book:
    book = Book(INVERSE)
    book.apply_snapshot([(1, 1)], [(2, 1)], sequence=1)
    return book


def test_without_a_live_book_orders_are_denied_and_the_cause_is_told(gates):
    readiness = Readiness(gates)
    gate = BookGate(readiness, INSTRUMENTS.values())
    assert set(gates.symbols.values()) == {DenyReason.STALE_BOOK}
    assert "not followed: subscribe first" in readiness.of("BTCUSD")
    gate.judge(Book(INVERSE))
    assert "awaited: no snapshot came yet" in readiness.of("BTCUSD")
    book = live_book()
    gate.judge(book)
    assert (gates.symbols["BTCUSD"], readiness.of("BTCUSD")) == (DenyReason.NONE, "")
    book.mark_stale(FeedEvent.SILENCE)
    gate.judge(book)
    assert (gates.symbols["BTCUSD"], readiness.of("BTCUSD")) == (
        DenyReason.STALE_BOOK, "its order book is stale: silence (setting stale_book)",
    )  # fmt: skip
    gate.leave(INVERSE)
    assert "not followed" in readiness.of("BTCUSD")
    assert gates.symbols["BTCUSDT"] == DenyReason.STALE_BOOK


def test_a_graver_cause_is_told_first_and_the_book_still_denies_when_it_is_gone(gates):
    readiness = Readiness(gates)
    BookGate(readiness, [INVERSE])
    readiness.deny(INVERSE, "position", DenyReason.HALTED, "odd")
    assert gates.symbols["BTCUSD"] == DenyReason.HALTED
    readiness.allow(INVERSE, "position")
    assert gates.symbols["BTCUSD"] == DenyReason.STALE_BOOK
