"""Recorded market data through the live decoders: a stream per recorded connection, books, and who hears of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tidings.app.market.heard_market import HeardMarket
from tidings.app.market.market_listeners import tell, tell_state
from tidings.engine.risk import Risk
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.market.kline import Kline
from tidings.market.ticker import Ticker
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_figures import FigureReader
from tidings.venue.phemex.market_stream import MarketStream
from tidings.venue.phemex.market_topics import BOOK, KLINE_PREFIX, TICKER
from tidings.venue.phemex.products import Products


class ReplayMarket(HeardMarket):
    """The face of app/market/market_watch that strategies and listeners use, fed from a recording."""

    def __init__(self, products: Products, risk: Risk) -> None:
        super().__init__(risk)
        self._products = products
        self.streams: dict[int, MarketStream] = {}  # by connection
        self._followed: Counter[tuple[str, str]] | None = None  # None: not recorded, so all that came is told
        self.on_left: Callable[[list[tuple[str, str]]], None] = lambda channels: None
        self._figures = FigureReader(products, lambda instrument: self._is_followed(instrument.symbol, TICKER))

    # ---- From the recording --------------------------------------------------------------------------------------

    def take(self, source: int, message: bytes, now_ns: int) -> None:
        """One message as it came on a connection; answers to requests change nothing."""
        stream = self.streams.get(source)
        if stream is None:
            stream = self.streams[source] = MarketStream(self._products.instruments, self)
        stream.feed(message, now_ns)

    def turn_stale(self, source: int, symbol: str, cause: FeedEvent, now_ns: int) -> None:
        """A connection's end or silence, as it was recorded for a book."""
        stream = self.streams.get(source)
        book = stream.book(symbol) if stream is not None else None
        if book is not None and book.mark_stale(cause):
            self.state_changed(book, cause, now_ns)
            self.book_changed(book, now_ns)

    def lose(self, source: int, cause: FeedEvent, now_ns: int) -> None:
        """The same of everything a connection brought: where books are not told of one by one."""
        stream = self.streams.get(source)
        if stream is not None:
            stream.mark_stale(now_ns, cause)

    def lose_all(self, now_ns: int) -> None:
        """Messages are missing in the recording, nobody knows of which connection: as if all had been cut."""
        for source in sorted(self.streams):
            self.lose(source, FeedEvent.DISCONNECTED, now_ns)

    def follow(self, channels: Iterable[tuple[str, str]], count: int) -> None:
        """Channels, of a symbol each, are followed once more (`count` 1) or once less (-1)."""
        self._followed = Counter() if self._followed is None else self._followed
        for symbol, word in channels:
            was_followed = self._is_followed(symbol, word)
            left = self._followed[symbol, word] + count
            self._followed[symbol, word] = max(0, left)  # whoever leaves what nobody follows leaves nothing
            is_followed = self._is_followed(symbol, word)
            if word == BOOK:
                books = {book for stream in self.streams.values() if (book := stream.book(symbol)) is not None}
                (self.muted.difference_update if is_followed else self.muted.update)(books)
            elif word.startswith(KLINE_PREFIX) and is_followed and not was_followed:
                self._figures.forget(symbol, int(word.removeprefix(KLINE_PREFIX)))

    # ---- For the engine ------------------------------------------------------------------------------------------

    async def subscribe(self, instruments: list[Instrument], channels: Iterable[str] = ()) -> None:
        """Nothing: what was recorded comes, and no more."""

    def unsubscribe(self, instruments: Iterable[Instrument], channels: Iterable[str] = ()) -> None:
        """What a callback leaves is left at once, if that was recorded: it may be told more of the same message."""
        words = tuple(channels)
        self.on_left([*dict.fromkeys((found.symbol, word) for found in instruments for word in words)])

    def book(self, symbol: str) -> Book | None:
        """The book of a symbol, of the connection that told of it last; None where its "book" was not followed."""
        if not self._is_followed(symbol, BOOK):
            return None
        books = [book for stream in self.streams.values() if (book := stream.book(symbol)) is not None]
        return max(books, key=lambda book: book.received_ns, default=None)

    def books(self) -> Iterator[Book]:
        """All that were ever told of, by symbol and connection."""
        for symbol in sorted(self._products.instruments):
            for source in sorted(self.streams):
                book = self.streams[source].book(symbol)
                if book is not None and book.received_ns:
                    yield book

    # ---- MarketListener ------------------------------------------------------------------------------------------

    def state_changed(self, book: Book, event: int, now_ns: int) -> None:
        if book not in self.muted:
            tell_state(self._listeners.state, book, FeedEvent(event), now_ns)

    def figures_came(self, message: bytes, now_ns: int) -> bool:
        figures = self._figures.read(message)
        for figure in figures or ():
            if isinstance(figure, Kline):
                if self._is_followed(figure.symbol, f"{KLINE_PREFIX}{figure.interval_s}"):
                    tell(self._listeners.kline, figure, now_ns)
            elif isinstance(figure, Ticker):
                tell(self._listeners.ticker, figure, now_ns)
            elif self._is_followed(figure.symbol, figure.kind):
                tell(self._listeners.tick, figure, now_ns)
        return figures is not None

    def _is_followed(self, symbol: str, word: str) -> bool:
        return self._followed is None or self._followed[symbol, word] > 0
