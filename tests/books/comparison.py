"""The compiled stream beside a book in dicts: the same levels, in the same order, after every message."""

import random
from dataclasses import dataclass

from market_instruments import INSTRUMENTS

from tests.books.told_market import Market
from tidings.market.feed_state import FeedState
from tidings.model.enums import ProductLine
from tidings.venue.phemex.market_stream import MarketListener, MarketStream


@dataclass
class Comparison:
    """What was compared, and the first difference: "" if there is none."""

    incremental_count: int = 0
    snapshot_count: int = 0
    difference: str = ""


def compare(line: ProductLine, incrementals: int, seed: int) -> Comparison:
    """Tell so many changes, and whole books in between; look after each."""
    market = Market(line, random.Random(seed))
    stream = MarketStream(INSTRUMENTS, MarketListener())
    book, done = stream.book(market.instrument.symbol), Comparison()
    while done.incremental_count < incrementals and not done.difference:
        message = market.next_message()
        now_ns = done.incremental_count + done.snapshot_count
        if not stream.feed(message, now_ns):
            done.difference = f"message {now_ns} was not taken: {message!r}"
        elif book.state is not FeedState.LIVE:
            done.difference = f"the book is {book.state.name} ({book.stale_cause}) after {message!r}"
        elif (book.bids(), book.offers()) != (market.reference.bids(), market.reference.offers()):
            done.difference = f"levels differ after message {now_ns}: {message!r}"
        if market.is_snapshot:
            done.snapshot_count += 1
        else:
            done.incremental_count += 1
    told = done.incremental_count + done.snapshot_count
    if not done.difference and (stream.book_count, stream.malformed_count, book.mismatch_count) != (told, 0, 0):
        done.difference = f"{stream.book_count} of {told} taken, {stream.malformed_count} not understood"
    return done
