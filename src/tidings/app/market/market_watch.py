"""Public market data: what is followed, the books kept of it, who hears of it, and last prices for the collar."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tidings.app.links.venue_access import VenueAccess
from tidings.app.market.book_gate import OPEN_GATE, BookGate, worth_of
from tidings.app.market.heard_market import HeardMarket
from tidings.app.market.market_feed import MarketFeed
from tidings.app.market.market_feeds import MarketFeeds
from tidings.app.market.market_listeners import MarketCallbacks, tell, tell_state
from tidings.app.market.resync import ASK_AGAIN_NS, SnapshotRequests, why_ask
from tidings.app.recording.session_recording import Recording
from tidings.app.strategies.strategy_errors import StrategyErrors
from tidings.app.world import World
from tidings.engine.risk import Risk
from tidings.market.book import Book
from tidings.market.feed_state import UNTOLD, FeedEvent
from tidings.market.kline import Kline
from tidings.market.ticker import Ticker
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_figures import FigureReader
from tidings.venue.phemex.market_topics import BOOK, BOOKS_AND_TRADES, KLINE_PREFIX, TICKER, Topic, topic_of
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.rate_groups import STREAM_CONNECTIONS_MAX

if TYPE_CHECKING:
    from tidings.app.engine import Engine
    from tidings.app.recording.event_tap import EventTap

log = logging.getLogger("tidings.market")

NS_PER_S = 1_000_000_000
STALL_NS = 15 * NS_PER_S
Followed = tuple[str, str]  # symbol and channel word


class MarketWatch(HeardMarket):
    """Nothing is connected before the first subscription. Whoever subscribes is counted: a channel is followed until
    all have unsubscribed.
    """

    def __init__(
        self,
        access: VenueAccess,
        products: Products,
        risk: Risk,
        world: World,
        *,
        connections_max: int = STREAM_CONNECTIONS_MAX,
        stall_ns: int = STALL_NS,
        gate: BookGate | None = None,
    ) -> None:
        super().__init__(risk)
        self._products, self._clock, self._gate = products, world.clock, gate or OPEN_GATE

        def make_feed(number: int) -> MarketFeed:
            feed = MarketFeed(number, access, products, self, world, stall_ns)
            if self.recording is not None:
                feed.feed.tap = self.recording.market_tap(number)
            return feed

        self.recording: Recording | None = None  # of every message, set before anything is followed
        self.tap: EventTap | None = None  # on what else a replay has to know
        self.feeds = MarketFeeds(make_feed, connections_max)
        self.figures = FigureReader(products, lambda instrument: (instrument.symbol, TICKER) in self._followed)
        self.snapshot_requests = SnapshotRequests()
        self.state_counts: Counter[FeedEvent] = Counter()  # what happened to books; SNAPSHOT: turned live
        self._followed: Counter[Followed] = Counter()
        self._topics: dict[Followed, Topic] = {}
        self._books: dict[str, Book] = {}
        self._errors = StrategyErrors(world.clock, log)

    def add_listener(self, **callbacks: Any) -> MarketCallbacks:
        """The same; what a listener raises, and has no `on_error` for, is logged each ten seconds at most."""
        return super().add_listener(**{"on_error": self._errors.hear, **callbacks})

    # ---- What is followed ----------------------------------------------------------------------------------------

    async def subscribe(self, instruments: list[Instrument], channels: Iterable[str] = BOOKS_AND_TRADES) -> None:
        """Follow these channels ("book", "trade", "kline:60", "ticker", "index", …) of these instruments, once more.

        Raises UsageError for what the venue does not have and beyond its limits, ConnectionLost when it does not
        answer, PeerError when it refuses; nothing more is followed then.
        """
        words = tuple(channels)
        asked = {(found.symbol, word): topic_of(found, word, self._products) for found in instruments for word in words}
        for followed, topic in asked.items():
            self._topics[followed] = topic
            self._followed[followed] += 1
            if self._followed[followed] == 1:
                self._forget_candles(*followed)  # not when they were left: they may have come for a while yet
        if self.tap is not None:
            self.tap.followed(asked, 1, self._clock.read_now_ns())
        try:
            self.feeds.place(asked.values())
            self._keep_books(asked)
            await self.feeds.answered(asked.values())
        except BaseException:
            self._release(asked)
            raise

    def unsubscribe(self, instruments: list[Instrument], channels: Iterable[str] = BOOKS_AND_TRADES) -> None:
        """Take back one `subscribe` of these; what nobody follows any more is ended. Nothing else happens at once."""
        words = tuple(channels)
        self._release(dict.fromkeys((found.symbol, word) for found in instruments for word in words))

    def _release(self, asked: Iterable[Followed]) -> None:
        released = list(asked)
        if self.tap is not None:
            self.tap.followed(released, -1, self._clock.read_now_ns())
        for followed in released:
            self._followed[followed] -= 1
            if self._followed[followed] > 0:
                continue
            del self._followed[followed]
            topic = self._topics.pop(followed, None)
            if topic is None:
                continue
            symbol, word = followed
            if word == BOOK:
                self._forget_book(symbol)
            if topic not in self._topics.values():
                self.feeds.drop(topic)
        kept = [book for book in self.muted if any(feed.stream.book(book.symbol) is book for feed in self.feeds)]
        self.muted.intersection_update(kept)

    def _keep_books(self, asked: dict[Followed, Topic]) -> None:
        for (symbol, word), topic in asked.items():
            feed = self.feeds.of(topic)
            book = feed.stream.book(symbol) if word == BOOK and feed is not None else None
            if book is not None and self._books.get(symbol) is not book:
                self._books[symbol] = book
                self.muted.discard(book)
                self.snapshot_requests.note(symbol, self._clock.read_now_ns())
                self._gate.judge(book)

    def _forget_book(self, symbol: str) -> None:
        book = self._books.pop(symbol, None)
        if book is not None:
            self.muted.add(book)
            self._gate.leave(book.instrument)
            self.snapshot_requests.forget(symbol)

    def _forget_candles(self, symbol: str, word: str) -> None:
        """Whoever follows them now hears the whole past that their subscription begins with."""
        if word.startswith(KLINE_PREFIX):
            self.figures.forget(symbol, int(word.removeprefix(KLINE_PREFIX)))

    async def stop(self) -> None:
        await self.feeds.stop()

    def book(self, symbol: str) -> Book | None:
        """The book of a symbol whose "book" is followed; None for others."""
        return self._books.get(symbol)

    def doubts(self) -> dict[str, str]:
        """Symbol → why its book is not live; those that are live are left out."""
        return {symbol: worth_of(book) for symbol, book in self._books.items() if not book.is_live}

    def followed(self) -> list[Followed]:
        """What is followed now: (symbol, channel word)."""
        return sorted(self._followed)

    # ---- MarketListener ------------------------------------------------------------------------------------------

    def state_changed(self, book: Book, event: int, now_ns: int) -> None:
        if self.tap is not None and event in UNTOLD:
            self.tap.book_lost(book, FeedEvent(event), self._source_of(book), now_ns)
        if book in self.muted:
            return
        cause = FeedEvent(event)
        self.state_counts[cause] += 1
        if cause == FeedEvent.MISMATCH:
            log.warning("book of %s was wrong until this snapshot: a change had been lost", book.symbol)
        self._gate.judge(book)
        tell_state(self._listeners.state, book, cause, now_ns)

    def figures_came(self, message: bytes, now_ns: int) -> bool:
        figures = self.figures.read(message)
        for figure in figures or ():
            if isinstance(figure, Kline):
                if (figure.symbol, f"{KLINE_PREFIX}{figure.interval_s}") in self._followed:  # it may linger
                    tell(self._listeners.kline, figure, now_ns)
            elif isinstance(figure, Ticker):
                tell(self._listeners.ticker, figure, now_ns)
            elif (figure.symbol, figure.kind) in self._followed:  # contracts may share an index
                tell(self._listeners.tick, figure, now_ns)
        return figures is not None

    def _source_of(self, book: Book) -> int:
        """The number of the connection that keeps it."""
        return next((feed.number for feed in self.feeds if feed.stream.book(book.symbol) is book), 0)

    # ---- Doubt ---------------------------------------------------------------------------------------------------

    def on_timer(self, now_ns: int) -> None:
        """Call about once a second: silent books and stalled connections are found, doubtful books asked for again.

        A live book that missed its regular snapshot is asked for before it counts as silent.
        """
        for feed in self.feeds:
            feed.on_timer(now_ns)
            if feed.up_ns is None or now_ns - feed.up_ns < ASK_AGAIN_NS:
                continue  # a new connection asks for everything by itself
            for topic in feed.topics:
                book = self._books.get(topic.symbol) if topic.is_book else None
                if book is not None:
                    self.book_in_doubt(book, now_ns)

    def book_in_doubt(self, book: Book, now_ns: int) -> None:
        """A book that cannot be trusted: ask for a snapshot now instead of waiting for the venue's next one."""
        reason = why_ask(book, now_ns)
        topic = self._topics.get((book.symbol, BOOK))
        feed = self.feeds.of(topic) if topic is not None else None
        if not reason or topic is None or feed is None or feed.up_ns is None:
            return
        if self.snapshot_requests.is_due(book.symbol, now_ns):
            level = logging.DEBUG if book.is_live else logging.WARNING  # a quiet market is late now and then
            log.log(level, "book of %s is %s: asking for a snapshot", book.symbol, reason)
            feed.ask_again(topic)


def lay_market(engine: Engine) -> MarketWatch:
    """An engine's market data, as its settings say; nothing is connected yet."""
    gate = BookGate(engine.readiness, engine.products.listed()) if engine.settings.stale_book == "deny" else None
    has_account_stream = engine.credentials is not None  # it is one of the venue's connections, too
    return make_market(engine, engine.risk, STREAM_CONNECTIONS_MAX - has_account_stream, gate)


def make_market(engine: Engine, risk: Risk, connections_max: int, gate: BookGate | None = None) -> MarketWatch:
    """`connections_max`: what the venue leaves; the settings may say fewer."""
    settings = engine.settings
    return MarketWatch(
        engine.access,
        engine.products,
        risk,
        engine.world,
        connections_max=min(settings.market_connections or connections_max, connections_max),
        stall_ns=round(settings.market_stall_s * NS_PER_S),
        gate=gate,
    )
