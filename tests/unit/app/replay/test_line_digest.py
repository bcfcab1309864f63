"""Lines are digested as the standard library would, however long they are and however many."""

import hashlib
import struct

import pytest
from market_instruments import LINEAR

from tidings.app.replay.line_digest import LineDigest
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent

MIB = 1024 * 1024


def book_of(levels: int) -> Book:
    book = Book(LINEAR)
    bids = [(900_000 - place, 1 + place) for place in range(levels)]
    book.apply_snapshot(bids, [(900_001, 7)], sequence=9, depth=0, venue_time_ns=11, received_ns=13)
    return book


def packed(book: Book, state: int = 1, cause: int = -1) -> bytes:
    """As book.pyi lays it out."""
    numbers = [state, cause, 9, 11, 13, 0, book.bid_count, book.offer_count]
    levels = [number for level in (*book.bids(), *book.offers()) for number in level]
    return struct.pack(f"<{len(numbers) + len(levels)}q", *numbers, *levels)


@pytest.mark.parametrize("levels", [0, 1, 30, 16384])
def test_a_books_bytes_are_its_numbers(levels: int) -> None:
    assert book_of(levels).as_bytes() == packed(book_of(levels))


def test_a_stale_book_tells_its_cause() -> None:
    book = book_of(2)
    book.mark_stale(FeedEvent.SILENCE)
    assert book.as_bytes() == packed(book, state=2, cause=6)
    assert Book(LINEAR).as_bytes() == struct.pack("<8q", 0, -1, *[0] * 6)


def test_lines_of_all_lengths_are_digested() -> None:
    digest, expected = LineDigest(), hashlib.sha256()
    small, large = book_of(30), book_of(16384)
    for number in range(300):
        line = b"x" * (number * number)
        digest.add(line)
        expected.update(line + b"\n")
        book = large if number % 50 == 7 else small
        digest.add_book(b"0 on_book BTCUSDT", book, number)
        expected.update(b"0 on_book BTCUSDT" + packed(book) + struct.pack("<q", number) + b"\n")
        if number % 100 == 99:
            assert digest.hexdigest() == expected.hexdigest()


def test_a_line_that_is_too_long_is_refused_and_not_taken() -> None:
    digest = LineDigest()
    digest.add(b"x" * MIB)
    for add in (digest.add, lambda text: digest.add_book(text, book_of(1), 1)):
        with pytest.raises(ValueError, match="1048577 bytes"):
            add(b"x" * (MIB + 1))
    assert digest.hexdigest() == hashlib.sha256(b"x" * MIB + b"\n").hexdigest()
