"""The compiled book and stream against dicts: whatever is told, the same levels in the same order."""

import json
import random
from decimal import Decimal

import pytest
from book import DictBook
from hypothesis import given, settings
from hypothesis import strategies as st
from market_instruments import INSTRUMENTS, INVERSE, LINEAR, SPOT

from tidings.market.book import Book
from tidings.market.feed_state import FeedState
from tidings.model.enums import ProductLine
from tidings.venue.phemex.market_stream import MarketListener, MarketStream

MESSAGES = 3000

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


class Market:
    """A random book that never crosses, told as the venue tells it: 30 levels, sometimes whole."""

    def __init__(self, line: ProductLine, chance: random.Random) -> None:
        self.instrument = {ProductLine.INVERSE: INVERSE, ProductLine.LINEAR: LINEAR, ProductLine.SPOT: SPOT}[line]
        self.chance, self.sequence, self.mid_ticks = chance, 0, 500_000
        self.reference = DictBook()

    def next_message(self) -> bytes:
        """What happens next; the reference has it already. The first one is a snapshot."""
        is_first = self.sequence == 0
        self.sequence += self.chance.randrange(1, 700)
        if is_first or self.chance.random() < 0.01:
            kind, bids, offers = "snapshot", self._levels(-1, 30), self._levels(+1, 30)
            self.reference.apply_snapshot(bids, offers, 30)
        else:
            kind, bids, offers = "incremental", *self._moves()
            self.reference.apply_incremental(bids, offers, 30)
        return self._text(kind, bids, offers)

    def _levels(self, sign: int, count: int) -> list[tuple[int, int]]:
        ticks = sorted(self.chance.sample(range(1, 80), count))
        return [(self.mid_ticks + sign * tick, self.chance.randrange(1, 10**6)) for tick in ticks]

    def _moves(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The middle moves by some ticks; what it passes is deleted, some levels are set or deleted at random."""
        before = self.mid_ticks
        self.mid_ticks += self.chance.randrange(-3, 4)
        passed = range(min(before, self.mid_ticks), max(before, self.mid_ticks) + 1)
        sides = []
        for sign, side in ((-1, self.reference.bid_levels), (+1, self.reference.offer_levels)):
            told = dict(self._levels(sign, self.chance.randrange(12)))
            told |= {ticks: 0 for ticks in told if self.chance.random() < 0.5}
            told |= {ticks: 0 for ticks in passed if ticks in side}
            sides.append(list(told.items()))
        return sides[0], sides[1]

    def _text(self, kind: str, bids: list[tuple[int, int]], offers: list[tuple[int, int]]) -> bytes:
        """By the standard library, in an order of keys that is not always the same."""
        key = "orderbook_p" if self.instrument.line == ProductLine.LINEAR else "book"
        fields = {
            key: {"asks": [self._level(*level) for level in offers], "bids": [self._level(*level) for level in bids]},
            "depth": 30, "sequence": self.sequence, "symbol": self.instrument.symbol, "type": kind,
        }  # fmt: skip
        names = sorted(fields) if self.chance.random() < 0.9 else self.chance.sample(sorted(fields), len(fields))
        separators = (",", ":") if self.chance.random() < 0.9 else (" , ", ": ")
        return json.dumps({name: fields[name] for name in names}, separators=separators).encode()

    def _level(self, ticks: int, lots: int) -> list[int] | list[str]:
        instrument = self.instrument
        if instrument.line == ProductLine.LINEAR:
            return [str(ticks * instrument.tick_size), str(Decimal(lots) * instrument.lot_size)]
        return [ticks * instrument.tick_mantissa, lots * instrument.lot_mantissa]


@pytest.mark.parametrize("line", ProductLine)
def test_stream_follows_thousands_of_random_messages(line):
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    market = Market(line, random.Random(seed))
    stream = MarketStream(INSTRUMENTS, MarketListener())
    book = stream.book(market.instrument.symbol)
    for now_ns in range(MESSAGES):
        assert stream.feed(market.next_message(), now_ns)
        assert (book.bids(), book.offers(), book.state) == (
            market.reference.bids(), market.reference.offers(), FeedState.LIVE,
        )  # fmt: skip
    assert (stream.book_count, stream.malformed_count, book.mismatch_count) == (MESSAGES, 0, 0)
