"""Market data for `async for`: an iterator subscribes by itself, never grows, and ends with its loop or the session.

    async for book in phemex.books("BTCUSDT"):
        print(book.best_bid_ticks, book.best_offer_ticks)

A loop that is slower than the market sees the newest state, not every step (books, tickers, ticks, candles by their
beginning). Trades have no newest state: so many wait, of more the oldest are lost, counted in `dropped_count` and
logged. The hot path pays a look-up and a store for each news, no copy and no task.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable
from operator import attrgetter
from typing import Any, Generic, Self, TypeVar

from tidings.app.engine import Engine
from tidings.errors import ConnectionLost, UsageError
from tidings.market.book import Book
from tidings.market.book_copy import copy_of
from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.model.instrument import Instrument
from tidings.session.mailboxes import Mailbox, Newest, Queue
from tidings.venue.phemex.market_topics import BOOK, KLINE_PREFIX, TICKER, TRADE

log = logging.getLogger("tidings.market")

NewsT = TypeVar("NewsT")
TRADES_MAX = 10_000
TELL_INTERVAL_NS = 10_000_000_000  # between two warnings of what a loop has lost
KLINES_MAX = 2_000  # a candle's subscription begins with a thousand of the past


class MarketIterator(Generic[NewsT]):
    """For one loop. `async with` it, or `close` it, to end it at a certain moment; else it ends with its loop.

    Iterate only in the session's event loop. Raises what `subscribe` raises, at the first step.
    """

    def __init__(
        self,
        engine: Engine,
        instruments: list[Instrument],
        words: tuple[str, ...],
        mailbox: Mailbox[Any],
        heard: dict[str, Callable[[Any, int], None]],
        *,
        finish: Callable[[Any], NewsT] = lambda news: news,
        bell: Bell,
    ) -> None:
        self._engine, self._instruments, self._words = engine, instruments, words
        self._mailbox, self._heard, self._finish, self._bell = mailbox, heard, finish, bell
        self._leave: list[Callable[[], object]] = []
        self._told_dropped = self._tell_next_ns = 0
        self.is_closed = False

    @property
    def conflated_count(self) -> int:
        """States that a newer one has replaced before this loop came to them."""
        return self._mailbox.conflated_count

    @property
    def dropped_count(self) -> int:
        """News that are lost because this loop did not come in time."""
        return self._mailbox.dropped_count

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> NewsT:
        if not self._leave and not self.is_closed:
            await self._begin()
        while not self.is_closed:
            if len(self._mailbox):
                self._tell_of_drops()
                return self._finish(self._mailbox.take())
            await self._bell.wait()
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the loop: nothing more is heard, and who waits is released. Twice is once."""
        self.is_closed = True
        for leave in self._leave:
            leave()
        self._bell.ring()

    async def _begin(self) -> None:
        """Listen, then follow: so nothing that comes at once is missed."""
        market = self._engine.market
        self._leave_with(market.remove_listener, market.add_listener(**self._heard))
        try:
            await market.subscribe(self._instruments, self._words)
        except BaseException as error:
            was_closed = self.is_closed  # by its session, which takes the connection with it
            self.close()
            if was_closed and isinstance(error, ConnectionLost):
                return
            raise
        self._leave_with(market.unsubscribe, self._instruments, self._words)
        if self.is_closed:  # meanwhile
            self.close()
            return
        if BOOK in self._words:  # what is followed already is not told anew
            for instrument in self._instruments:
                book = market.book(instrument.symbol)
                if book is not None and book.is_live:
                    self._mailbox.put(book)

    def _leave_with(self, act: Callable[..., object], *arguments: Any) -> None:
        """What ends with this iterator, also with one that nobody holds any more, after a `break`."""
        loop = asyncio.get_running_loop()
        self._leave.append(weakref.finalize(self, _soon, loop, self._engine, act, *arguments))

    def _tell_of_drops(self) -> None:
        """At most once in a while: a loop that is too slow loses something at nearly every step."""
        lost = self._mailbox.dropped_count - self._told_dropped
        if lost and (now_ns := self._engine.clock.read_now_ns()) >= self._tell_next_ns:
            self._told_dropped += lost
            self._tell_next_ns = now_ns + TELL_INTERVAL_NS
            symbols = ", ".join(instrument.symbol for instrument in self._instruments)
            log.warning("%s of %s: %d are lost: the loop is too slow", "/".join(self._words), symbols, lost)


class Bell:
    """Wakes one waiting loop; costs next to nothing where none waits."""

    def __init__(self) -> None:
        self.waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)
        self.waiter = None

    def wait(self) -> Awaitable[None]:
        """Until the next ring. Raises UsageError where another loop waits already."""
        if self.waiter is not None and not self.waiter.done():
            raise UsageError("one loop per iterator: ask the session for another one")
        self.waiter = asyncio.get_running_loop().create_future()
        return self.waiter


def _soon(loop: asyncio.AbstractEventLoop, engine: Engine, act: Callable[..., object], *arguments: Any) -> None:
    """In the session's loop, wherever a finalizer may run; a session that ends drops everything itself."""
    if engine.is_open and not loop.is_closed():
        loop.call_soon_threadsafe(act, *arguments)


def _into(
    mailbox: Mailbox[Any], bell: Bell, instruments: list[Instrument], is_meant: Callable[[Any], bool] | None = None
) -> Callable[[Any, int], None]:
    """A listener's callback, on the hot path. It must not hold the iterator, or that would never end by itself."""
    wanted, put = frozenset(instruments), mailbox.put

    def hear(news: Any, now_ns: int) -> None:
        if news.instrument in wanted and (is_meant is None or is_meant(news)):
            put(news)
            if bell.waiter is not None:
                bell.ring()

    return hear


def books(engine: Engine, instruments: list[Instrument]) -> MarketIterator[Book]:
    """Copies of books, made when they are read."""
    mailbox: Newest[Book] = Newest(attrgetter("instrument"), len(instruments))
    bell = Bell()
    heard = {"book": _into(mailbox, bell, instruments)}
    return MarketIterator(engine, instruments, (BOOK,), mailbox, heard, finish=copy_of, bell=bell)


def trades(engine: Engine, instruments: list[Instrument], most: int) -> MarketIterator[Trade]:
    mailbox: Queue[Trade] = Queue(most)
    bell = Bell()
    heard = {"trade": _into(mailbox, bell, instruments)}
    return MarketIterator(engine, instruments, (TRADE,), mailbox, heard, bell=bell)


def klines(engine: Engine, instruments: list[Instrument], interval_s: int) -> MarketIterator[Kline]:
    mailbox: Newest[Kline] = Newest(attrgetter("instrument", "start_s"), KLINES_MAX * len(instruments))
    bell = Bell()
    heard = {"kline": _into(mailbox, bell, instruments, lambda kline: kline.interval_s == interval_s)}
    return MarketIterator(engine, instruments, (f"{KLINE_PREFIX}{interval_s}",), mailbox, heard, bell=bell)


def tickers(engine: Engine, instruments: list[Instrument]) -> MarketIterator[Ticker]:
    mailbox: Newest[Ticker] = Newest(attrgetter("instrument"), len(instruments))
    bell = Bell()
    heard = {"ticker": _into(mailbox, bell, instruments)}
    return MarketIterator(engine, instruments, (TICKER,), mailbox, heard, bell=bell)


def ticks(engine: Engine, instruments: list[Instrument], kinds: frozenset[TickKind]) -> MarketIterator[PriceTick]:
    mailbox: Newest[PriceTick] = Newest(attrgetter("instrument", "kind"), len(instruments) * len(kinds))
    bell = Bell()
    heard = {"tick": _into(mailbox, bell, instruments, lambda tick: tick.kind in kinds)}
    return MarketIterator(engine, instruments, tuple(sorted(kinds)), mailbox, heard, bell=bell)
