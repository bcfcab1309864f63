"""Public order books and trades: one stream, the strategy's on_book and on_trade, and last prices for the collar."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from tidings.app.feed import StreamFeed
from tidings.app.venue_access import VenueAccess
from tidings.app.world import World
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy, overridden
from tidings.errors import UsageError
from tidings.market.book import Book
from tidings.market.trade import Trade
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.rate_groups import STREAM_SUBSCRIPTIONS_MAX
from tidings.venue.phemex.stream_session import StreamSession

log = logging.getLogger("tidings.market")

START_LIMIT_S = 10.0
ASK_AGAIN_NS = 5_000_000_000  # a book that turns stale at once again is not asked for in a storm
SYMBOLS_MAX = STREAM_SUBSCRIPTIONS_MAX // 2  # book and trades of each
_CHANNELS = {
    ProductLine.INVERSE: ("orderbook.subscribe", "trade.subscribe"),
    ProductLine.LINEAR: ("orderbook_p.subscribe", "trade_p.subscribe"),
    ProductLine.SPOT: ("orderbook.subscribe", "trade.subscribe"),
}


class MarketWatch(MarketListener):
    """Nothing is connected before the first subscription."""

    def __init__(self, access: VenueAccess, products: Products, risk: Risk, world: World) -> None:
        self._access, self._risk, self._world = access, risk, world
        self._stream = MarketStream(products.instruments, self)
        self._feed: StreamFeed | None = None
        self._symbols: set[str] = set()
        self._asked_ns: dict[str, int] = {}
        self.refresh_count = 0  # snapshots asked for because a book could not be trusted
        self._on_book: Callable[[Book, int], None] | None = None
        self._on_trade: Callable[[Trade, int], None] | None = None
        self._on_error: Callable[[Exception, Any], None] = lambda error, callback: None

    def listen(self, strategy: Strategy | None, on_error: Callable[[Exception, Any], None]) -> None:
        """Let a strategy hear books and trades, None: nobody; its exceptions go to `on_error`."""
        self._on_book = overridden(strategy, "on_book") if strategy is not None else None
        self._on_trade = overridden(strategy, "on_trade") if strategy is not None else None
        self._on_error = on_error

    async def subscribe(self, instruments: list[Instrument]) -> None:
        """Follow book and trades of these. Raises ConnectionLost when the stream does not come up."""
        new = [instrument for instrument in instruments if instrument.symbol not in self._symbols]
        requests: list[tuple[str, list[object]]] = [
            (channel, [found.symbol]) for found in new for channel in _CHANNELS[ProductLine(found.line)]
        ]
        if len(self._symbols) + len(new) > SYMBOLS_MAX:
            raise UsageError(f"one stream follows at most {SYMBOLS_MAX} symbols: the venue's limit of subscriptions")
        self._symbols.update(instrument.symbol for instrument in new)
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
            self._symbols.clear()
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
        if self._on_book is not None:
            self._call(self._on_book, book, now_ns)

    def _ask_again(self, book: Book, now_ns: int) -> None:
        """A stale book: ask for a snapshot now instead of waiting for the venue's next one, up to a minute away."""
        if self._feed is None or now_ns - self._asked_ns.get(book.symbol, -ASK_AGAIN_NS) < ASK_AGAIN_NS:
            return
        self._asked_ns[book.symbol] = now_ns
        self.refresh_count += 1
        log.warning("book of %s is stale: %s: asking for a snapshot", book.symbol, book.stale_cause)
        self._feed.subscribe(_CHANNELS[ProductLine(book.instrument.line)][0], [book.symbol])

    def on_timer(self, now_ns: int) -> None:
        """Call about once a second: a book that has been silent for too long turns stale."""
        self._stream.on_timer(now_ns)

    def trade_printed(self, trade: Trade, now_ns: int) -> None:
        if self._on_trade is not None:
            self._call(self._on_trade, trade, now_ns)

    def _call(self, callback: Callable[[Any, int], None], news: Any, now_ns: int) -> None:
        try:
            callback(news, now_ns)
        except Exception as error:  # a strategy's bug must not stop the feed
            self._on_error(error, callback)

    def _on_down(self, cause: str) -> None:
        log.warning("market stream down: %s: books are stale until it is back", cause)
        self._stream.mark_stale(self._world.clock.read_now_ns())
