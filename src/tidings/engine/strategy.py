"""The class a strategy derives from: every method is optional, all are called inline by the engine.

The engine looks up once, at the start, which methods a strategy overrides; the others cost nothing. A callback may
submit, amend and cancel: the order's state is final before the call. An exception in a callback is logged (on stderr
where the program has set up no logging) and counted, never allowed to disturb the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidings.market.book import Book
    from tidings.market.kline import Kline
    from tidings.market.price_tick import PriceTick
    from tidings.market.ticker import Ticker
    from tidings.market.trade import Trade
    from tidings.model.execution_report import ExecutionReport
    from tidings.model.order import Order
    from tidings.model.position import Position

ORDER_CALLBACKS = (
    *("on_ack", "on_fill", "on_reject", "on_cancel", "on_amend", "on_unknown", "on_unsent"),
    "on_order",  # after whichever of those there is
)


class Strategy:
    """`now_ns` is the monotonic receive stamp of the bytes that caused the call; books are valid during the call.

    Orders that an earlier session left without a known end are told of, too: see `Phemex.adopted_orders`.
    """

    name: str = ""
    """Under which its orders, limits and positions are kept apart from those of others. "": it trades for the account
    as a whole; of several that run together, each without one goes by its class's name (docs/strategies.md)."""

    symbols: tuple[str, ...] = ()
    """What `tidings run` follows for it where no --symbols say otherwise; it is told those here before on_start."""

    def on_start(self, session: Any, now_ns: int) -> None:
        """Connected and ready; `session` is what `connect` gave: arm orders, subscribe books."""

    def on_book(self, book: Book, now_ns: int) -> None:
        """A subscribed order book changed, or what it is worth: look at `book.is_live`, and why not in
        `book.stale_cause`.
        """

    def on_trade(self, trade: Trade, now_ns: int) -> None:
        """Somebody traded on a subscribed symbol."""

    def on_kline(self, kline: Kline, now_ns: int) -> None:
        """A subscribed candle as it is by now; at first those of the past, oldest first."""

    def on_ticker(self, ticker: Ticker, now_ns: int) -> None:
        """The last 24 hours of a subscribed symbol, each second."""

    def on_tick(self, tick: PriceTick, now_ns: int) -> None:
        """A subscribed index price, mark price or funding rate changed."""

    def on_ack(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """The venue has the order: the first word of it, from whichever mouth. Once per order."""

    def on_fill(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """An execution, counted once; `order.cum_qty_lots` has it already. May come before the REST reply."""

    def on_reject(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """The venue refused the order, or a request to amend or cancel it (`report.exec_type` tells which)."""

    def on_cancel(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """The order is cancelled or expired, by us or not."""

    def on_amend(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """New price or quantity in force."""

    def on_unknown(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """A request went out and no clean answer came: it may be live. Never resent."""

    def on_unsent(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """A request's last byte never reached the kernel: it cannot have been executed."""

    def on_order(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """After each of those, and for what none of them tells (triggered, filled as told without the execution)."""

    def on_position(self, position: Position, now_ns: int) -> None:
        """What is held has changed, or the venue's word on it. Of a fill: just before its on_fill."""

    def on_timer(self, now_ns: int) -> None:
        """Called at the interval given to `run`, 100 ms by default."""

    def on_stop(self, now_ns: int) -> None:
        """The engine is stopping; requests may still be sent."""


def overridden(strategy: Strategy, name: str) -> Any:
    """The strategy's bound method `name`, or None if it does not override it."""
    inherited = getattr(Strategy, name)
    return getattr(strategy, name) if getattr(type(strategy), name, inherited) is not inherited else None
