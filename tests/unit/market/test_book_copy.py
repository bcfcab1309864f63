"""A copied book is what the book was, and stays it."""

import pytest
from market_instruments import LINEAR

from tidings.market.book import Book
from tidings.market.book_copy import copy_of
from tidings.market.feed_state import FeedEvent, FeedState

BIDS, OFFERS = [(100, 5), (99, 7)], [(101, 3), (104, 1)]


def book_of(offers=OFFERS):
    book = Book(LINEAR)
    book.apply_snapshot(BIDS, offers, sequence=40, depth=30, venue_time_ns=8, received_ns=9)
    return book


def shown(book):
    numbers = (book.sequence, book.depth, book.venue_time_ns, book.received_ns, book.snapshot_ns)
    return book.instrument, book.bids(), book.offers(), book.state, book.stale_cause, *numbers


def test_it_has_levels_numbers_and_state_of_its_own():
    book = book_of()
    copy = copy_of(book)
    assert shown(copy) == (LINEAR, BIDS, OFFERS, FeedState.LIVE, None, 40, 30, 8, 9, 9)
    book.apply_incremental([(100, 0)], [], sequence=41)
    assert (copy.best_bid_ticks, book.best_bid_ticks) == (100, 99)


def test_it_knows_when_the_last_whole_book_came():
    book = book_of()
    book.apply_incremental([(98, 1)], [], sequence=41, depth=30, venue_time_ns=9, received_ns=15)
    assert shown(copy_of(book)) == shown(book)
    assert (copy_of(book).snapshot_ns, copy_of(book).received_ns) == (9, 15)


@pytest.mark.parametrize("cause", [FeedEvent.SILENCE, FeedEvent.DISCONNECTED, FeedEvent.MALFORMED])
def test_a_stale_book_stays_stale_of_its_cause(cause):
    book = book_of()
    book.mark_stale(cause)
    assert shown(copy_of(book)) == shown(book)
    assert copy_of(book).stale_cause == cause


def test_a_book_whose_numbers_went_back_says_so():
    book = book_of()
    book.apply_incremental([], [], sequence=39)
    assert shown(copy_of(book)) == shown(book)
    assert copy_of(book).stale_cause == FeedEvent.SEQUENCE_BACK


def test_a_crossed_book_stays_crossed():
    book = book_of([(100, 1)])
    assert shown(copy_of(book)) == shown(book)
    assert copy_of(book).stale_cause == FeedEvent.CROSSED


def test_a_book_without_a_snapshot_is_awaited():
    assert copy_of(Book(LINEAR)).state == FeedState.AWAITED
