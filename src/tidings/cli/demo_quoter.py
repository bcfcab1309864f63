"""The demo's strategy: quote both sides of a few symbols, follow the market by amending, renew a quote now and then
by cancelling it.

Short on purpose: it is the first strategy a newcomer reads. Everything happens in callbacks, in ticks and lots,
through armed orders.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidings.engine.strategy import Strategy
from tidings.model.enums import ProductLine, Side

if TYPE_CHECKING:
    from tidings.market.book import Book
    from tidings.model.execution_report import ExecutionReport
    from tidings.model.order import Order
    from tidings.session.armed_order import ArmedOrder
    from tidings.session.phemex import Phemex

MOVE_INTERVAL_NS = (
    400_000_000  # at most one request per side and this long: the venue allows 500 a minute for all contracts
)
LIFETIME_NS = 4_000_000_000  # a quote older than this is cancelled and placed anew
POSITION_QUOTES_MAX = 3  # stop buying (selling) when this many quotes' worth has been bought (sold) net


@dataclass
class Quote:
    """One side of one symbol: an armed order, and the live order fired from it (0: none)."""

    armed: ArmedOrder
    side: Side
    qty_lots: int
    handle: int = 0
    price_ticks: int = 0
    fired_ns: int = 0
    next_move_ns: int = 0


@dataclass
class Quoter(Strategy):
    """Quotes `sizes` (symbol → lots per quote) at the best bid and offer."""

    sizes: dict[str, int]
    quotes: dict[str, list[Quote]] = field(default_factory=dict)
    net_lots: dict[str, int] = field(default_factory=dict)
    events: dict[str, Counter[str]] = field(default_factory=dict)
    phemex: Phemex | None = None
    is_quoting: bool = True

    def on_start(self, session: Phemex, now_ns: int) -> None:
        self.phemex = session
        for symbol, lots in self.sizes.items():
            self.net_lots[symbol], self.events[symbol] = 0, Counter()
            self.quotes[symbol] = [Quote(session.arm(symbol, side.name, post_only=True), side, lots) for side in Side]

    def on_book(self, book: Book, now_ns: int) -> None:
        if not self.is_quoting or not book.is_two_sided:
            return
        for quote in self.quotes.get(book.symbol, ()):
            self._follow(quote, book.best_bid_ticks if quote.side == Side.BUY else book.best_offer_ticks, now_ns)

    def _follow(self, quote: Quote, touch_ticks: int, now_ns: int) -> None:
        """Keep one quote at the touch: place it, move it, or take an old one away."""
        if now_ns < quote.next_move_ns:
            return
        assert self.phemex is not None
        if quote.handle == 0:
            if self._may_quote(quote):
                handle = quote.armed.fire(touch_ticks, quote.qty_lots)
                if handle > 0:
                    quote.handle, quote.price_ticks, quote.fired_ns = handle, touch_ticks, now_ns
        elif now_ns - quote.fired_ns > LIFETIME_NS:
            self.phemex.cancel(quote.handle)
        elif touch_ticks != quote.price_ticks and self.phemex.amend(quote.handle, price_ticks=touch_ticks) == 0:
            quote.price_ticks = touch_ticks
        else:
            return
        quote.next_move_ns = now_ns + MOVE_INTERVAL_NS

    def _may_quote(self, quote: Quote) -> bool:
        net = self.net_lots[quote.armed.terms.instrument.symbol] * (1 if quote.side == Side.BUY else -1)
        if quote.armed.terms.instrument.line == ProductLine.SPOT and quote.side == Side.SELL:
            return True  # spot sells what the wallet holds
        return net < POSITION_QUOTES_MAX * quote.qty_lots

    # Every order event is counted: the demo's report is what the strategy heard.

    def on_ack(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.events[order.symbol]["acks"] += 1

    def on_fill(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.net_lots[order.symbol] += report.last_qty_lots if order.side == Side.BUY else -report.last_qty_lots
        self._note("fills", order)

    def on_amend(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._note("amends", order)

    def on_cancel(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._note("cancels", order)

    def on_reject(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._note("rejects", order)

    def on_unknown(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._note("unknown", order)

    def on_unsent(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._note("unsent", order)

    def _note(self, event: str, order: Order) -> None:
        """Count it; and a finished order's place is free for the next quote."""
        self.events[order.symbol][event] += 1
        for quote in self.quotes[order.symbol]:
            if quote.handle == order.handle:
                quote.handle = 0 if order.is_done else quote.handle
                quote.price_ticks = order.price_ticks

    def on_stop(self, now_ns: int) -> None:
        self.is_quoting = False
