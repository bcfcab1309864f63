"""A market with listeners: what a live market and a replayed one have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tidings.app.market.market_listeners import MarketCallbacks, MarketListeners, log_error
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy, overridden
from tidings.venue.phemex.market_desk import MarketDesk

HEARD: Final = ("book", "trade", "kline", "ticker", "tick")  # by strategies, as on_book, …


class HeardMarket(MarketDesk):
    """Books and trades are told by the compiled desk, the rest by whoever derives from this."""

    def __init__(self, risk: Risk) -> None:
        super().__init__(risk)
        self._listeners = MarketListeners()
        self._strategy: MarketCallbacks | None = None

    def add_listener(self, **callbacks: Any) -> MarketCallbacks:
        """Hear what is followed: `book`, `trade`, `kline`, `ticker`, `tick` are called with (news, now_ns), `state`
        with (book, event, now_ns); `on_error` with a callback's exception. Give the result to `remove_listener`.
        """
        listener = MarketCallbacks(**callbacks)
        self._listeners.add(listener)
        self.hear_by(self._listeners.book, self._listeners.trade)
        return listener

    def remove_listener(self, listener: MarketCallbacks) -> None:
        """It hears nothing any more; nothing happens if it did not anyway."""
        self._listeners.remove(listener)
        self.hear_by(self._listeners.book, self._listeners.trade)

    def listen(self, strategy: Strategy | None, on_error: Callable[[BaseException, Any], None] = log_error) -> None:
        """Let a strategy hear what is followed, None: none; its exceptions go to `on_error`."""
        if self._strategy is not None:
            self.remove_listener(self._strategy)
            self._strategy = None
        if strategy is not None:
            heard = {name: overridden(strategy, f"on_{name}") for name in HEARD}
            self._strategy = self.add_listener(**heard, on_error=on_error)
