"""Public market data: what is followed, the books kept of it, who hears of it, and last prices for the collar."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from tidings.app.feed import StreamFeed
from tidings.app.market_listeners import MarketCallbacks, MarketListeners, log_error, tell, tell_state
from tidings.app.venue_access import VenueAccess
from tidings.app.world import World
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy, overridden
from tidings.errors import UsageError
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.market.kline import Kline
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_figures import FigureReader
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.venue.phemex.market_topics import BOOKS_AND_TRADES, TICKER, Topic, topic_of
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.rate_groups import STREAM_SUBSCRIPTIONS_MAX
from tidings.venue.phemex.stream_session import StreamSession

log = logging.getLogger("tidings.market")

START_LIMIT_S = 10.0
ASK_AGAIN_NS = 5_000_000_000  # a book that turns stale at once again is not asked for in a storm


class MarketWatch(MarketListener):
    """Nothing is connected before the first subscription."""

    def __init__(self, access: VenueAccess, products: Products, risk: Risk, world: World) -> None:
        self._access, self._products, self._risk, self._world = access, products, risk, world
        self._stream = MarketStream(products.instruments, self)
        self.figures = FigureReader(products, lambda instrument: (instrument.symbol, TICKER) in self._followed)
        self._feed: StreamFeed | None = None
        self._followed: Counter[tuple[str, str]] = Counter()  # (symbol, channel word) → how often asked for
        self._topics: set[Topic] = set()
        self._listeners = MarketListeners()
        self._strategy: MarketCallbacks | None = None
        self._asked_ns: dict[str, int] = {}
        self.refresh_count = 0  # snapshots asked for because a book could not be trusted
        self.state_counts: Counter[FeedEvent] = Counter()  # what happened to books, SNAPSHOT: turned live

    # ---- Who hears -----------------------------------------------------------------------------------------------

    def add_listener(self, **callbacks: Any) -> MarketCallbacks:
        """Hear what is followed: `book`, `trade`, `kline`, `ticker`, `tick` are called with (news, now_ns), `state`
        with (book, event, now_ns); `on_error` with a callback's exception. Give the result to `remove_listener`.
        """
        listener = MarketCallbacks(**callbacks)
        self._listeners.add(listener)
        return listener

    def remove_listener(self, listener: MarketCallbacks) -> None:
        """It hears nothing any more; nothing happens if it did not anyway."""
        self._listeners.remove(listener)

    def listen(self, strategy: Strategy | None, on_error: Callable[[Exception, Any], None] = log_error) -> None:
        """Let a strategy hear what is followed, None: none; its exceptions go to `on_error`."""
        if self._strategy is not None:
            self.remove_listener(self._strategy)
            self._strategy = None
        if strategy is not None:
            names = ("book", "trade", "kline", "ticker", "tick")
            heard = {name: overridden(strategy, f"on_{name}") for name in names}
            self._strategy = self.add_listener(**heard, on_error=on_error)

    # ---- What is followed ----------------------------------------------------------------------------------------

    async def subscribe(self, instruments: list[Instrument], channels: Iterable[str] = BOOKS_AND_TRADES) -> None:
        """Follow these channels ("book", "trade", "kline:60", "ticker", "index", …) of these instruments.

        Raises ConnectionLost when the stream does not come up, UsageError for what the venue does not have.
        """
        words = tuple(channels)
        asked = {(found.symbol, word): topic_of(found, word, self._products) for found in instruments for word in words}
        new = [topic for topic in dict.fromkeys(asked.values()) if topic not in self._topics]
        if len(self._topics) + len(new) > STREAM_SUBSCRIPTIONS_MAX:
            raise UsageError(f"one stream takes at most {STREAM_SUBSCRIPTIONS_MAX} subscriptions")
        self._topics.update(new)
        self._followed.update(asked.keys())
        requests = [(f"{topic.channel}.subscribe", list[object](topic.params)) for topic in new]
        if self._feed is not None:
            for method, params in requests:
                self._feed.subscribe(method, params)
            return
        self._feed = StreamFeed(
            "market",
            dialer=self._world.make_dialer(self._access.stream, self._world.clock, self._access.tls),
            url=self._access.stream_url,
            session=StreamSession(subscriptions=tuple(requests)),
            decode=self._stream.feed,
            clock=self._world.clock,
            random_source=self._world.chance,
            on_down=self._on_down,
        )
        try:
            await self._feed.start(START_LIMIT_S)
        except BaseException:
            self._feed = None
            self._topics.clear()
            self._followed.clear()
            raise

    async def stop(self) -> None:
        if self._feed is not None:
            await self._feed.stop()
            self._feed = None

    def book(self, symbol: str) -> Book | None:
        """The book of a subscribed symbol."""
        return self._stream.book(symbol)

    # ---- MarketListener ------------------------------------------------------------------------------------------

    def book_changed(self, book: Book, now_ns: int) -> None:
        if book.is_two_sided:
            self._risk.set_reference_price(book.instrument, (book.best_bid_ticks + book.best_offer_ticks) // 2, now_ns)
        elif book.stale_cause is not None:
            self._ask_again(book, now_ns)
        tell(self._listeners.book, book, now_ns)

    def state_changed(self, book: Book, event: int, now_ns: int) -> None:
        cause = FeedEvent(event)
        self.state_counts[cause] += 1
        if cause == FeedEvent.MISMATCH:
            log.warning("book of %s was wrong until this snapshot: a change had been lost", book.symbol)
        tell_state(self._listeners.state, book, cause, now_ns)

    def trade_printed(self, trade: Trade, now_ns: int) -> None:
        tell(self._listeners.trade, trade, now_ns)

    def figures_came(self, message: bytes, now_ns: int) -> bool:
        figures = self.figures.read(message)
        for figure in figures or ():
            if isinstance(figure, Kline):
                tell(self._listeners.kline, figure, now_ns)
            elif isinstance(figure, Ticker):
                tell(self._listeners.ticker, figure, now_ns)
            elif (figure.symbol, figure.kind) in self._followed:  # contracts may share an index
                tell(self._listeners.tick, figure, now_ns)
        return figures is not None

    def _ask_again(self, book: Book, now_ns: int) -> None:
        """A stale book: ask for a snapshot now instead of waiting for the venue's next one, up to a minute away."""
        if self._feed is None or now_ns - self._asked_ns.get(book.symbol, -ASK_AGAIN_NS) < ASK_AGAIN_NS:
            return
        self._asked_ns[book.symbol] = now_ns
        self.refresh_count += 1
        log.warning("book of %s is stale: %s: asking for a snapshot", book.symbol, book.stale_cause)
        topic = topic_of(book.instrument, "book", self._products)
        self._feed.subscribe(f"{topic.channel}.subscribe", list(topic.params))

    def on_timer(self, now_ns: int) -> None:
        """Call about once a second: a book that has been silent for too long turns stale."""
        self._stream.on_timer(now_ns)

    def _on_down(self, cause: str) -> None:
        log.warning("market stream down: %s: books are stale until it is back", cause)
        self._stream.mark_stale(self._world.clock.read_now_ns())
