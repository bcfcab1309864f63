"""One book: levels, depth, and when it may be traded on."""

import pytest
from market_instruments import LINEAR

from tidings.errors import UsageError
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent, FeedState

BIDS = [(1000, 5), (998, 7), (990, 1)]
OFFERS = [(1001, 2), (1004, 9)]


@pytest.fixture
def book() -> Book:
    """Live, at number 10."""
    book = Book(LINEAR)
    assert book.apply_snapshot(BIDS, OFFERS, sequence=10, depth=30, venue_time_ns=111, received_ns=5)
    return book


def best(book: Book) -> tuple[int, int, int, int]:
    return book.best_bid_ticks, book.best_bid_lots, book.best_offer_ticks, book.best_offer_lots


def test_a_new_book_awaits_its_snapshot():
    book = Book(LINEAR)
    assert (book.symbol, book.instrument, book.state) == ("BTCUSDT", LINEAR, FeedState.AWAITED)
    assert (best(book), book.bids(), book.offers()) == ((0, 0, 0, 0), [], [])
    assert not book.is_live and not book.is_two_sided


def test_a_snapshot_is_the_book(book):
    assert (book.bids(), book.offers(), best(book)) == (BIDS, OFFERS, (1000, 5, 1001, 2))
    assert (book.sequence, book.venue_time_ns, book.received_ns, book.depth) == (10, 111, 5, 30)
    assert (book.state, book.is_two_sided, book.is_crossed, book.stale_cause) == (FeedState.LIVE, True, False, None)


def test_a_snapshot_may_come_in_any_order():
    book = Book(LINEAR)
    book.apply_snapshot(BIDS[::-1], OFFERS[::-1], sequence=1)
    assert (book.bids(), book.offers()) == (BIDS, OFFERS)


def test_a_second_snapshot_leaves_nothing_of_the_first(book):
    book.apply_snapshot([(900, 1)], [(905, 1)], sequence=11, depth=30)
    assert (book.bids(), book.offers()) == ([(900, 1)], [(905, 1)])


def test_changes_set_insert_and_delete(book):
    assert book.apply_incremental([(1000, 0), (998, 8), (995, 3), (500, 0)], [(1002, 4)], sequence=47, depth=30)
    assert book.bids() == [(998, 8), (995, 3), (990, 1)]
    assert book.offers() == [(1001, 2), (1002, 4), (1004, 9)]
    assert (book.sequence, book.state) == (47, FeedState.LIVE)


def test_a_book_knows_when_it_was_whole(book):
    assert (Book(LINEAR).snapshot_ns, book.snapshot_ns) == (0, 5)
    book.apply_incremental([(1000, 6)], [], sequence=11, depth=30, received_ns=8)
    assert (book.snapshot_ns, book.received_ns) == (5, 8)
    book.apply_snapshot(BIDS, OFFERS, sequence=12, depth=30, received_ns=9)
    assert book.snapshot_ns == 9


def test_the_last_of_two_changes_of_one_price_counts(book):
    book.apply_incremental([(999, 3), (999, 4), (997, 2), (997, 0)], [], sequence=11, depth=30)
    assert book.bids() == [(1000, 5), (999, 4), (998, 7), (990, 1)]


def test_what_falls_out_of_the_depth_is_cut_after_the_whole_message(book):
    book.apply_incremental([(999, 1), (1000, 0)], [(1002, 1), (1003, 1)], sequence=11, depth=2)
    assert book.bids() == [(999, 1), (998, 7)]
    assert book.offers() == [(1001, 2), (1002, 1)]


def test_a_side_may_be_empty(book):
    book.apply_incremental([(price, 0) for price, _ in BIDS], [], sequence=11, depth=30)
    assert (book.bid_count, book.offer_count, best(book)) == (0, 2, (0, 0, 1001, 2))
    assert (book.is_live, book.is_two_sided) == (True, False)


def test_levels_are_read_one_by_one(book):
    assert [book.bid_at(index) for index in range(book.bid_count)] == BIDS
    assert [book.offer_at(index) for index in range(book.offer_count)] == OFFERS
    for index in (-1, 3):
        with pytest.raises(IndexError, match=f"level {index} of a side with 3"):
            book.bid_at(index)


def test_a_change_before_the_snapshot_is_ignored():
    book = Book(LINEAR)
    assert not book.apply_incremental([(1000, 5)], [(1001, 1)], sequence=3)
    assert (book.bids(), book.state, book.sequence) == ([], FeedState.AWAITED, 0)


def test_numbers_may_jump_forward_and_stand_still(book):
    assert book.apply_incremental([(999, 1)], [], sequence=640, depth=30)
    assert book.apply_incremental([(999, 2)], [], sequence=640, depth=30)
    assert (book.is_live, book.bid_at(1)) == (True, (999, 2))


@pytest.mark.parametrize("apply", [Book.apply_incremental, Book.apply_snapshot])
def test_a_number_going_backwards_makes_it_stale_and_changes_no_level(book, apply):
    assert apply(book, [(999, 1)], [], sequence=9, depth=30)
    assert (book.state, book.stale_cause, book.stale_count) == (FeedState.STALE, FeedEvent.SEQUENCE_BACK, 1)
    assert (book.bids(), book.sequence, book.is_two_sided) == (BIDS, 10, False)


@pytest.mark.parametrize("bid_ticks", [1001, 1002])
def test_a_locked_or_crossed_book_is_stale(book, bid_ticks):
    assert book.apply_incremental([(bid_ticks, 1)], [], sequence=11, depth=30)
    assert (book.state, book.stale_cause, book.is_crossed) == (FeedState.STALE, FeedEvent.CROSSED, True)
    assert not book.is_two_sided


def test_a_message_that_crosses_only_half_way_through_is_fine(book):
    book.apply_incremental([(1002, 1)], [(1001, 0), (1003, 1)], sequence=11, depth=30)
    assert (book.is_live, best(book)) == (True, (1002, 1, 1003, 1))


def test_a_crossed_snapshot_is_stale():
    book = Book(LINEAR)
    assert book.apply_snapshot([(1001, 1)], [(1000, 1)], sequence=1)
    assert (book.state, book.stale_cause) == (FeedState.STALE, FeedEvent.CROSSED)


def test_a_stale_book_waits_for_a_snapshot_of_any_number(book):
    assert book.mark_stale(FeedEvent.DISCONNECTED)
    assert not book.mark_stale(FeedEvent.SILENCE)
    assert not book.apply_incremental([(999, 1)], [], sequence=11, depth=30)
    assert (book.bids(), book.stale_cause) == (BIDS, FeedEvent.DISCONNECTED)
    assert book.apply_snapshot([(900, 1)], [(901, 1)], sequence=1, depth=30)
    assert (book.is_live, book.sequence, book.stale_cause, book.stale_count) == (True, 1, None, 1)


def test_a_snapshot_of_our_number_proves_a_lost_change(book):
    book.apply_snapshot(BIDS, OFFERS, sequence=10, depth=30)
    assert book.mismatch_count == 0
    book.apply_snapshot(BIDS, [(1001, 3), (1004, 9)], sequence=10, depth=30)
    assert (book.mismatch_count, book.is_live, book.best_offer_lots) == (1, True, 3)
    book.apply_snapshot([(900, 1)], OFFERS, sequence=11, depth=30)
    assert book.mismatch_count == 1


def test_a_snapshot_of_another_number_may_only_be_counted_as_a_correction(book):
    book.apply_snapshot(BIDS, OFFERS, sequence=11, depth=30)
    assert (book.corrected_count, book.mismatch_count) == (0, 0)
    book.apply_snapshot([(900, 1)], OFFERS, sequence=12, depth=30)
    assert (book.corrected_count, book.mismatch_count, book.is_live) == (1, 0, True)
    book.apply_incremental([], [], sequence=13, depth=1)
    book.apply_snapshot([(900, 1)], OFFERS, sequence=13, depth=30)
    assert (book.corrected_count, book.mismatch_count) == (2, 0), "of another depth, it proves nothing either"
    book.mark_stale(FeedEvent.DISCONNECTED)
    book.apply_snapshot(BIDS, OFFERS, sequence=13, depth=30)
    assert book.corrected_count == 2, "a stale book is not believed anyway"


def test_more_levels_than_any_honest_side_make_it_stale(book):
    book.apply_snapshot([(1_000_000 - index, 1) for index in range(16_384)], [], sequence=11)
    assert (book.is_live, book.bid_count) == (True, 16_384)
    assert book.apply_incremental([(2_000_000, 1)], [], sequence=12)
    assert (book.state, book.stale_cause, book.bid_count) == (FeedState.STALE, FeedEvent.MALFORMED, 16_384)


def test_a_snapshot_too_large_to_be_one_replaces_nothing(book):
    assert book.apply_snapshot([(1_000_000 - index, 1) for index in range(16_385)], [], sequence=11)
    assert (book.state, book.bids(), book.sequence) == (FeedState.STALE, BIDS, 10)


@pytest.mark.parametrize("level", [(0, 1), (-1, 1), (1000, -1), (1000, 0)])
def test_levels_off_their_range_are_refused(book, level):
    with pytest.raises(UsageError, match="a level needs a price above 0"):
        book.apply_snapshot([level], [], sequence=11)
    assert book.bids() == BIDS


@pytest.mark.parametrize("level", [(1000.0, 1), ("1000", 1), (1000, 2.5), (1 << 63, 1)])
def test_only_integers_are_levels(book, level):
    with pytest.raises((TypeError, OverflowError)):
        book.apply_incremental([level], [], sequence=11)


@pytest.mark.parametrize(("sequence", "depth"), [(-1, 0), (11, -1), (11, 16_385)])
def test_sequence_and_depth_have_a_range(book, sequence, depth):
    with pytest.raises(UsageError, match="sequence must not be negative"):
        book.apply_incremental([], [], sequence=sequence, depth=depth)


def test_only_events_without_a_message_are_told_by_hand(book):
    with pytest.raises(UsageError, match="marked stale for"):
        book.mark_stale(FeedEvent.SNAPSHOT)


def test_repr_says_what_a_trader_wants_to_know(book):
    assert repr(book) == "<Book BTCUSDT LIVE 100 / 100.1 sequence 10>"
    assert repr(Book(LINEAR)) == "<Book BTCUSDT AWAITED - / - sequence 0>"
