"""Who hears market data beside or as a strategy: callbacks by kind, in the order they were added.

A listener's exception goes to its `on_error` and to nobody else: it disturbs neither the feed nor other listeners.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tidings.errors import ENDS_PROGRAM
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade

log = logging.getLogger("tidings.market")

KINDS: Final = ("book", "trade", "kline", "ticker", "tick", "state")
OnError = Callable[[BaseException, Any], None]
Heard = tuple[tuple[Callable[..., None], OnError], ...]


def log_error(error: BaseException, callback: Any) -> None:
    """What becomes of a listener's exception if it does not say."""
    log.error("%s raised %r", getattr(callback, "__qualname__", callback), error, exc_info=error)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MarketCallbacks:
    """What one listener wants to hear; None: nothing of that kind."""

    book: Callable[[Book, int], None] | None = None
    trade: Callable[[Trade, int], None] | None = None
    kline: Callable[[Kline, int], None] | None = None
    ticker: Callable[[Ticker, int], None] | None = None
    tick: Callable[[PriceTick, int], None] | None = None
    # (book, event, now_ns): SNAPSHOT made it live, MISMATCH proved it was wrong until now, CORRECTED told other levels
    # without a proof, others made it stale.
    state: Callable[[Book, FeedEvent, int], None] | None = None
    on_error: OnError = log_error


class MarketListeners:
    """All listeners. They may be added and removed by a callback: it takes effect with the next news."""

    def __init__(self) -> None:
        self._all: list[MarketCallbacks] = []
        self.book: Heard = ()
        self.trade: Heard = ()
        self.kline: Heard = ()
        self.ticker: Heard = ()
        self.tick: Heard = ()
        self.state: Heard = ()

    def add(self, listener: MarketCallbacks) -> None:
        self._all.append(listener)
        self._sort()

    def remove(self, listener: MarketCallbacks) -> None:
        """Nothing, if it is gone already."""
        if listener in self._all:
            self._all.remove(listener)
            self._sort()

    def _sort(self) -> None:
        for kind in KINDS:
            heard = ((getattr(listener, kind), listener.on_error) for listener in self._all)
            setattr(self, kind, tuple((callback, on_error) for callback, on_error in heard if callback is not None))


def tell(heard: Heard, news: Any, now_ns: int) -> None:
    for callback, on_error in heard:
        try:
            callback(news, now_ns)
        except ENDS_PROGRAM:
            raise
        except BaseException as error:  # a listener's bug must not stop the feed
            on_error(error, callback)


def tell_state(heard: Heard, book: Book, event: FeedEvent, now_ns: int) -> None:
    for callback, on_error in heard:
        try:
            callback(book, event, now_ns)
        except ENDS_PROGRAM:
            raise
        except BaseException as error:
            on_error(error, callback)
