"""Orders only on a book that may be traded on, where the setting `stale_book` says "deny".

With "allow" nobody is asked: a strategy that follows no book has reasons of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from tidings.app.readiness import Readiness
from tidings.market.book import Book
from tidings.model.enums import DenyReason
from tidings.model.instrument import Instrument

CAUSE = "book"
NOT_FOLLOWED = "its order book is not followed: subscribe first (setting stale_book)"


class BookGate:
    """`judge` and `leave` keep the gate of a symbol as its book is."""

    def __init__(self, readiness: Readiness | None, instruments: Iterable[Instrument] = ()) -> None:
        """`readiness` None: it denies nothing."""
        self._readiness = readiness
        for instrument in instruments:
            self.leave(instrument)

    def judge(self, book: Book) -> None:
        """The book is followed, and this is what it is worth by now."""
        if self._readiness is None:
            return
        if book.is_live:
            self._readiness.allow(book.instrument, CAUSE)
        else:
            text = f"its order book is {worth_of(book)} (setting stale_book)"
            self._readiness.deny(book.instrument, CAUSE, DenyReason.STALE_BOOK, text)

    def leave(self, instrument: Instrument) -> None:
        """Its book is not followed any more."""
        if self._readiness is not None:
            self._readiness.deny(instrument, CAUSE, DenyReason.STALE_BOOK, NOT_FOLLOWED)


OPEN_GATE = BookGate(None)


def worth_of(book: Book) -> str:
    """Why a book that is not live is not, in words."""
    cause = book.stale_cause
    if cause is not None:
        return f"stale: {cause.name.lower().replace('_', ' ')}"
    return "awaited: no snapshot came yet"
