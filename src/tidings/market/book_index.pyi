"""Books by symbol."""

from collections.abc import Iterable, Iterator
from typing import final

from tidings.market.book import Book
from tidings.model.instrument import Instrument

@final
class BookIndex:
    """One book per instrument, made when it is first asked for."""

    instruments: tuple[Instrument, ...]

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        """Raises UsageError for two instruments of one symbol."""

    def get(self, symbol: str) -> Book | None:
        """The book of `symbol`, always the same object; None if no instrument has that symbol."""

    def __iter__(self) -> Iterator[Book]:
        """The books made so far, in the order of their instruments."""
