"""Order book and trade pushes into books and prints."""

from collections.abc import Mapping
from typing import final

from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.market.trade import Trade
from tidings.model.instrument import Instrument
from tidings.wire.frame_reader import MessageTaker

class MarketListener:
    """Inherit and override what you want to hear. Called when the state is final; an exception ends the `feed` call."""

    def book_changed(self, book: Book, now_ns: int) -> object:
        """Once per message that changed `book`, and when it turns stale: look at `book.is_live`."""

    def trade_printed(self, trade: Trade, now_ns: int) -> object:
        """Once per new trade, oldest first. The old ones told after each subscription are not repeated here."""

    def state_changed(self, book: Book, event: int, now_ns: int) -> object:
        """Before `book_changed`: `event` (a FeedEvent) made the book live (SNAPSHOT), made it stale, or a snapshot
        proved that it had been wrong until now (MISMATCH), or told other levels without a proof (CORRECTED).
        """

    def figures_came(self, message: bytes, now_ns: int) -> bool:
        """A data push that is neither book nor trade; False: nobody knows it."""

@final
class MarketStream(MessageTaker):
    """Sans-IO: messages in, books and callbacks out. Subscribing, also anew after a loss, is the caller's."""

    book_count: int
    """Book messages understood."""
    trade_count: int
    """Trade messages understood."""
    ignored_count: int
    """Data pushes of a kind or symbol we do not follow."""
    malformed_count: int
    """Messages that could not be read, or are off their instrument's grid."""
    second_try_count: int
    """Messages that the fast cursor did not understand, so that orjson was asked."""

    def __init__(self, instruments: Mapping[str, Instrument], listener: MarketListener) -> None: ...
    def feed(self, message: bytes, now_ns: int) -> bool:
        """True: a data push, taken (applied, ignored or refused, see the counters). False: for the session.

        False means an answer to a request, or text that is no JSON object: nobody knows whose update that was, so it
        makes every book stale.
        """

    def book(self, symbol: str) -> Book | None:
        """The book of `symbol`, always the same object; it may await its first snapshot. None: no such symbol."""

    def mark_stale(self, now_ns: int, cause: FeedEvent = ...) -> None:
        """The connection is gone (DISCONNECTED) or tells nothing (SILENCE): no book is live any more."""

    def on_timer(self, now_ns: int) -> None:
        """Turn books stale that were not told whole for 65 s: the venue repeats every book each 60 s."""
