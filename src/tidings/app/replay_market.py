"""Recorded market data through the live decoders: a stream per recorded connection, books, and who hears of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tidings.app.market_listeners import MarketCallbacks, MarketListeners, log_error, tell, tell_state
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy, overridden
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.market.kline import Kline
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.venue.phemex.market_figures import FigureReader
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.venue.phemex.market_topics import TICKER
from tidings.venue.phemex.products import Products

HEARD = ("book", "trade", "kline", "ticker", "tick")


class ReplayMarket(MarketListener):
    """The face of app/market_watch that strategies and listeners use, fed from a recording."""

    def __init__(self, products: Products, risk: Risk) -> None:
        self._products, self._risk = products, risk
        self._streams: dict[int, MarketStream] = {}  # by connection
        self._followed: Counter[tuple[str, str]] | None = None  # None: not recorded, so all that came is told
        self._figures = FigureReader(products, lambda instrument: self._is_followed(instrument.symbol, TICKER))
        self._listeners = MarketListeners()
        self._strategy: MarketCallbacks | None = None
        self.message_count = 0

    # ---- From the recording --------------------------------------------------------------------------------------

    def take(self, source: int, message: bytes, now_ns: int) -> None:
        """One message as it came on a connection; answers to requests change nothing."""
        stream = self._streams.get(source)
        if stream is None:
            stream = self._streams[source] = MarketStream(self._products.instruments, self)
        self.message_count += 1
        stream.feed(message, now_ns)

    def turn_stale(self, symbol: str, cause: FeedEvent, now_ns: int) -> None:
        """A connection's end or silence, as it was recorded for a book."""
        for stream in self._streams.values():
            book = stream.book(symbol)
            if book is not None and book.mark_stale(cause):
                self.state_changed(book, cause, now_ns)
                self.book_changed(book, now_ns)

    def lose(self, source: int, cause: FeedEvent, now_ns: int) -> None:
        """The same of everything a connection brought: where books are not told of one by one."""
        stream = self._streams.get(source)
        if stream is not None:
            stream.mark_stale(now_ns, cause)

    def follow(self, symbols: Iterable[str], channels: Iterable[str], count: int) -> None:
        """Channels are followed once more (`count` 1) or once less (-1)."""
        words = list(channels)
        self._followed = Counter() if self._followed is None else self._followed
        for symbol in symbols:
            for word in words:
                self._followed[symbol, word] += count

    # ---- For the engine ------------------------------------------------------------------------------------------

    def add_listener(self, **callbacks: Any) -> MarketCallbacks:
        listener = MarketCallbacks(**callbacks)
        self._listeners.add(listener)
        return listener

    def remove_listener(self, listener: MarketCallbacks) -> None:
        self._listeners.remove(listener)

    def listen(self, strategy: Strategy | None, on_error: Callable[[Exception, Any], None] = log_error) -> None:
        """Let a strategy hear what comes, None: none."""
        if self._strategy is not None:
            self.remove_listener(self._strategy)
            self._strategy = None
        if strategy is not None:
            heard = {name: overridden(strategy, f"on_{name}") for name in HEARD}
            self._strategy = self.add_listener(**heard, on_error=on_error)

    def book(self, symbol: str) -> Book | None:
        """The book of a symbol: of the connection that told of it last."""
        books = [book for stream in self._streams.values() if (book := stream.book(symbol)) is not None]
        return max(books, key=lambda book: book.received_ns, default=None)

    def books(self) -> Iterator[Book]:
        """All that were ever told of, by symbol and connection."""
        for symbol in sorted(self._products.instruments):
            for source in sorted(self._streams):
                book = self._streams[source].book(symbol)
                if book is not None and book.received_ns:
                    yield book

    # ---- MarketListener ------------------------------------------------------------------------------------------

    def book_changed(self, book: Book, now_ns: int) -> None:
        if book.is_two_sided:
            self._risk.set_reference_price(book.instrument, (book.best_bid_ticks + book.best_offer_ticks) // 2, now_ns)
        tell(self._listeners.book, book, now_ns)

    def state_changed(self, book: Book, event: int, now_ns: int) -> None:
        tell_state(self._listeners.state, book, FeedEvent(event), now_ns)

    def trade_printed(self, trade: Trade, now_ns: int) -> None:
        tell(self._listeners.trade, trade, now_ns)

    def figures_came(self, message: bytes, now_ns: int) -> bool:
        figures = self._figures.read(message)
        for figure in figures or ():
            if isinstance(figure, Kline):
                tell(self._listeners.kline, figure, now_ns)
            elif isinstance(figure, Ticker):
                tell(self._listeners.ticker, figure, now_ns)
            elif self._is_followed(figure.symbol, figure.kind):
                tell(self._listeners.tick, figure, now_ns)
        return figures is not None

    def _is_followed(self, symbol: str, word: str) -> bool:
        return self._followed is None or self._followed[symbol, word] > 0
