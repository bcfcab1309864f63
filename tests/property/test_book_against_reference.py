"""The compiled book and stream against dicts: whatever is told, the same levels in the same order."""

import random

import pytest
from book import DictBook
from hypothesis import given, settings
from hypothesis import strategies as st
from market_instruments import LINEAR

from tests.books.comparison import compare
from tests.books.exchange_book import follow_exchange
from tidings.market.book import Book
from tidings.market.feed_state import FeedState
from tidings.model.enums import ProductLine

INCREMENTALS = 10_000  # of each line; a million: python -m tests.books

prices = st.integers(1, 60)
changes = st.lists(st.tuples(prices, st.integers(0, 5)), max_size=12)
levels = st.lists(st.tuples(prices, st.integers(1, 5)), max_size=12, unique_by=lambda level: level[0])
depths = st.sampled_from([0, 1, 3, 8])
updates = st.one_of(
    st.tuples(st.just("snapshot"), levels, levels, depths),
    st.tuples(st.just("incremental"), changes, changes, depths),
)


@settings(deadline=None)
@given(st.lists(updates, max_size=30))
def test_book_equals_two_dicts(told):
    book, reference, state = Book(LINEAR), DictBook(), FeedState.AWAITED
    for sequence, (kind, bids, offers, depth) in enumerate(told):
        if kind == "snapshot":
            book.apply_snapshot(bids, offers, sequence=sequence, depth=depth)
            reference.apply_snapshot(bids, offers, depth)
        else:
            book.apply_incremental(bids, offers, sequence=sequence, depth=depth)
            if state is FeedState.LIVE:
                reference.apply_incremental(bids, offers, depth)
        if kind == "snapshot" or state is FeedState.LIVE:
            state = FeedState.STALE if reference.is_crossed else FeedState.LIVE
        assert (book.bids(), book.offers(), book.state) == (reference.bids(), reference.offers(), state)


@pytest.mark.parametrize("line", ProductLine)
def test_stream_follows_thousands_of_random_messages(line):
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    comparison = compare(line, INCREMENTALS, seed)
    assert comparison.difference == ""
    assert comparison.incremental_count == INCREMENTALS and comparison.snapshot_count > 1


def test_a_book_that_forgets_one_change_is_noticed(monkeypatch):
    """The comparison would see it: at the very message."""
    apply = DictBook.apply_incremental
    calls = []

    def forget(self, bids, offers, depth=0):
        calls.append(1)
        apply(self, bids[1:] if len(calls) == 500 else bids, offers, depth)

    monkeypatch.setattr(DictBook, "apply_incremental", forget)
    assert "levels differ" in compare(ProductLine.LINEAR, INCREMENTALS, seed=3).difference
    assert len(calls) < 700


@pytest.mark.parametrize("symbol", ["BTCUSD", "BTCUSDT", "sBTCUSDT"])
def test_stream_ends_at_the_exchanges_own_book(symbol):
    comparison = follow_exchange(symbol, poll_count=3500, seed=5)
    assert comparison.difference == ""
    assert comparison.incremental_count > 500 and comparison.snapshot_count == 2
