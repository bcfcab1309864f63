"""A digest of lines, taken in by the buffer: a book is written there without being an object in between."""

from typing import final

from tidings.market.book import Book

@final
class LineDigest:
    """SHA-256 of lines, each with a newline behind it. Raises ValueError for a text of more than a MiB."""

    def add(self, line: bytes) -> None: ...
    def add_book(self, head: bytes, book: Book, now_ns: int) -> None:
        """The line `head`, `book.as_bytes()`, and `now_ns` as 64 bits, little end first."""

    def hexdigest(self) -> str:
        """Of all lines so far; more may follow."""
