"""What a session says of the market beside the hot path: iterators of the present, and the past on request."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar
from weakref import WeakSet

from tidings.app.engine import Engine
from tidings.errors import UsageError
from tidings.market.book import Book
from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.model.instrument import Instrument
from tidings.session import market_iterators
from tidings.session.history import History
from tidings.session.market_iterators import TRADES_MAX, MarketIterator
from tidings.session.order_desk import OrderDesk
from tidings.venue.phemex.market_topics import BOOKS_AND_TRADES

NewsT = TypeVar("NewsT")


class MarketFace:
    """A part of `Phemex`. Iterators subscribe by themselves; several of one symbol may run at once."""

    engine: Engine
    desk: OrderDesk

    @cached_property
    def history(self) -> History:
        """Klines, trades and funding rates of the past: `async for kline in phemex.history.klines(…)`."""
        return History(self.engine)

    async def subscribe(self, *symbols: str, channels: Iterable[str] = BOOKS_AND_TRADES) -> None:
        """Follow these channels of these symbols: "book", "trade", "kline:60" (seconds), "ticker", "index", "mark",
        "funding", "predicted_funding" (docs/market_data.md). The strategy hears them.
        """
        self.desk.check_entered()
        await self.engine.market.subscribe([self.desk.instrument(symbol) for symbol in symbols], _words(channels))

    def unsubscribe(self, *symbols: str, channels: Iterable[str] = BOOKS_AND_TRADES) -> None:
        """Take back one `subscribe` of these: what nobody else follows is ended."""
        self.desk.check_entered()
        self.engine.market.unsubscribe([self.desk.known(symbol) for symbol in symbols], _words(channels))

    def books(self, *symbols: str) -> MarketIterator[Book]:
        """Order books, each a copy that stays valid; a slow loop sees the newest. Look at `book.is_live`."""
        return self._opened(market_iterators.books(self.engine, self._followed(symbols)))

    def trades(self, *symbols: str, most: int = TRADES_MAX) -> MarketIterator[Trade]:
        """Every trade; while the loop is busy up to `most` wait, and the oldest of more are lost, counted and told."""
        if most < 1:
            raise UsageError(f"most: at least one trade must be able to wait: was {most}")
        return self._opened(market_iterators.trades(self.engine, self._followed(symbols), most))

    def klines(self, symbol: str, interval_s: int) -> MarketIterator[Kline]:
        """A candle whenever it changes; at first those of the past, unless somebody follows them already."""
        if not isinstance(interval_s, int):  # "60" would be followed, and none of its candles be the one meant
            raise UsageError(f"interval_s: whole seconds were expected: was {interval_s!r}")
        return self._opened(market_iterators.klines(self.engine, self._followed((symbol,)), interval_s))

    def tickers(self, *symbols: str) -> MarketIterator[Ticker]:
        """The figures of 24 hours, about once a second."""
        return self._opened(market_iterators.tickers(self.engine, self._followed(symbols)))

    def ticks(self, symbol: str, *kinds: TickKind | str) -> MarketIterator[PriceTick]:
        """Index and mark price of a contract, or what `kinds` names: "index", "mark", "funding", …"""
        try:
            wanted = frozenset(map(TickKind, kinds or (TickKind.INDEX, TickKind.MARK)))
        except ValueError as error:
            raise UsageError(f"{error}: expected {', '.join(TickKind)}") from error
        return self._opened(market_iterators.ticks(self.engine, self._followed((symbol,)), wanted))

    def close_iterators(self) -> None:
        """End every loop over the market: the session ends."""
        for iterator in list(self._iterators):
            iterator.close()

    @cached_property
    def _iterators(self) -> WeakSet[MarketIterator[Any]]:
        return WeakSet()

    def _opened(self, iterator: MarketIterator[NewsT]) -> MarketIterator[NewsT]:
        self._iterators.add(iterator)
        return iterator

    def _followed(self, symbols: tuple[str, ...]) -> list[Instrument]:
        if not self.engine.is_open:
            raise UsageError("the session is not open: iterate inside `async with`")
        if not symbols:
            raise UsageError("name at least one symbol")
        return [self.engine.products.tradable(symbol) for symbol in dict.fromkeys(symbols)]


def _words(channels: Iterable[str]) -> tuple[str, ...]:
    """Raises UsageError for a text, whose letters are no channels: taken back, they would be nothing, silently."""
    words = () if isinstance(channels, str) else tuple(channels)
    if isinstance(channels, str) or not all(isinstance(word, str) for word in words):
        raise UsageError(f"channels are texts in a list, like [\"book\"]: was {channels!r}")
    return words
