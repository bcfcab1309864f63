"""How much a book holds down to a price, and what a size costs: worked by hand, and against Python's integers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_instruments import LINEAR

from tidings.errors import UsageError
from tidings.market.book import Book

BIDS = [(1000, 5), (998, 7), (990, 1)]
OFFERS = [(1001, 2), (1004, 9)]
INT64_MAX = 2**63 - 1


@pytest.fixture
def book() -> Book:
    book = Book(LINEAR)
    book.apply_snapshot(BIDS, OFFERS, sequence=10, depth=30)
    return book


def test_the_best_levels_are_as_many_as_asked_for(book):
    assert (book.bids(2), book.offers(1)) == ([(1000, 5), (998, 7)], [(1001, 2)])
    assert (book.bids(0), book.offers(99)) == ([], OFFERS)
    with pytest.raises(UsageError, match="negative"):
        book.bids(-1)


@pytest.mark.parametrize(("price_ticks", "lots"), [(1001, 0), (1000, 5), (999, 5), (998, 12), (990, 13), (1, 13)])
def test_lots_bid_at_a_price_or_above(book, price_ticks, lots):
    assert book.bid_lots_to(price_ticks) == lots


@pytest.mark.parametrize(("price_ticks", "lots"), [(1000, 0), (1001, 2), (1003, 2), (1004, 11), (9999, 11)])
def test_lots_offered_at_a_price_or_below(book, price_ticks, lots):
    assert book.offer_lots_to(price_ticks) == lots


def test_any_number_may_be_asked_for(book):
    for lowest in (-INT64_MAX - 1, -INT64_MAX):
        assert (book.bid_lots_to(lowest), book.offer_lots_to(lowest)) == (13, 0)
    assert (book.bid_lots_to(INT64_MAX), book.offer_lots_to(INT64_MAX)) == (0, 11)
    book.apply_snapshot([(10, INT64_MAX), (9, INT64_MAX)], [(11, INT64_MAX), (12, INT64_MAX)], sequence=11)
    assert (book.bid_lots_to(-INT64_MAX - 1), book.offer_lots_to(-INT64_MAX - 1)) == (2 * INT64_MAX, 0)


def test_a_size_within_the_best_level_costs_its_price(book):
    assert tuple(book.sweep_offers(2)) == (2, 2, 2002, 1001)
    assert book.sweep_offers(1).vwap_ticks == 1001


def test_a_size_over_several_levels_costs_their_mean(book):
    sweep = book.sweep_bids(6)
    assert tuple(sweep) == (6, 6, 5998, 998)
    assert (sweep.vwap_ticks, sweep.is_whole) == (Fraction(2999, 3), True)


def test_a_size_the_book_does_not_have_says_what_it_has(book):
    sweep = book.sweep_offers(20)
    assert tuple(sweep) == (20, 11, 11038, 1004)
    assert not sweep.is_whole


def test_an_empty_side_has_nothing():
    sweep = Book(LINEAR).sweep_bids(1)
    assert (tuple(sweep), sweep.vwap_ticks) == ((1, 0, 0, 0), None)


@pytest.mark.parametrize("qty_lots", [0, -1])
def test_no_size_is_refused(book, qty_lots):
    with pytest.raises(UsageError, match="above 0 lots"):
        book.sweep_bids(qty_lots)


big = st.integers(1, INT64_MAX)
sizes = st.one_of(st.integers(1, 50), big)


@given(st.dictionaries(st.one_of(st.integers(1, 50), big), sizes, max_size=8), sizes, st.integers(1, 60))
def test_sums_are_exact_beyond_64_bits(levels, asked_lots, price_ticks):
    book = Book(LINEAR)
    book.apply_snapshot(levels.items(), [], sequence=1)
    assert book.bid_lots_to(price_ticks) == sum(lots for ticks, lots in levels.items() if ticks >= price_ticks)
    units = [(ticks, levels[ticks]) for ticks in sorted(levels, reverse=True)]
    left_lots, cost = asked_lots, 0
    for ticks, lots in units:
        cost += ticks * min(lots, left_lots)
        left_lots -= min(lots, left_lots)
    sweep = book.sweep_bids(asked_lots)
    assert (sweep.qty_lots, sweep.cost_tick_lots) == (asked_lots - left_lots, cost)
