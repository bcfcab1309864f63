"""What a session does with each change of a book and each print: the collar's reference, then whoever listens."""

from collections.abc import Callable
from typing import Any

from tidings.engine.risk import Risk
from tidings.market.book import Book
from tidings.venue.phemex.market_stream import MarketListener

class MarketDesk(MarketListener):
    """Compiled, because it stands between every message and every strategy. Derive from it for the rest."""

    muted: set[Book]
    """Books that are still told, and not followed any more: nobody hears of them."""

    def __init__(self, risk: Risk) -> None: ...
    def hear_by(
        self,
        book_heard: tuple[tuple[Callable[..., None], Callable[[BaseException, Any], None]], ...],
        trade_heard: tuple[tuple[Callable[..., None], Callable[[BaseException, Any], None]], ...],
    ) -> None:
        """Who hears from now on: (callback, its handler of exceptions), in this order."""

    def book_in_doubt(self, book: Book, now_ns: int) -> object:
        """A book that is not live changed: override it to ask for a snapshot."""
