"""The demo's strategy: quote both sides of a few symbols and follow the market.

Short on purpose: it is the first strategy a newcomer reads. Everything happens in callbacks, in ticks and lots, through
armed orders. A quote begins some spreads behind the best price; its first amend brings it to the front, a tick better
than the others where the spread has room, and later ones keep it there. When one side fills, the other is cancelled,
and both begin anew around the new market.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidings.engine.strategy import Strategy
from tidings.model.enums import Side

if TYPE_CHECKING:
    from tidings.market.book import Book
    from tidings.model.execution_report import ExecutionReport
    from tidings.model.order import Order
    from tidings.session.armed_order import ArmedOrder
    from tidings.session.phemex import Phemex

# One move per quote and this long: four quotes on contracts make 320 a minute and leave room for the cancels after
# fills, of the venue's 500 a minute for all contracts.
MOVE_INTERVAL_NS = 750_000_000
BEHIND_SPREADS = 4  # out of reach of whoever trades now
POSITION_QUOTES_MAX = 3  # no more buying (selling) once so many quotes' worth are held long (short)


@dataclass
class Quote:
    """One side of one symbol: an armed order, and the order last fired from it (handle 0: none yet)."""

    armed: ArmedOrder
    side: Side
    qty_lots: int
    handle: int = 0
    next_move_ns: int = 0

    @property
    def symbol(self) -> str:
        return self.armed.terms.instrument.symbol


class Quoter(Strategy):
    """Quotes `sizes` (symbol → quantity per quote, as text), and counts what it hears in `events`."""

    def __init__(self, sizes: dict[str, str]) -> None:
        self.sizes = sizes
        self.quotes: dict[str, list[Quote]] = {}
        # By symbol; also those of orders that an earlier session has left.
        self.events: defaultdict[str, Counter[str]] = defaultdict(Counter, {symbol: Counter() for symbol in sizes})

    def on_start(self, session: Phemex, now_ns: int) -> None:
        self.phemex = session
        for symbol, qty in self.sizes.items():
            _, qty_lots = session.on_grid(session.instrument(symbol), None, qty)
            self.quotes[symbol] = [Quote(session.arm(symbol, side, post_only=True), side, qty_lots) for side in Side]

    def on_book(self, book: Book, now_ns: int) -> None:
        if not book.is_two_sided:
            return
        for quote in self.quotes.get(book.symbol, ()):
            if now_ns >= quote.next_move_ns and self._move(quote, book):
                quote.next_move_ns = now_ns + MOVE_INTERVAL_NS

    def _move(self, quote: Quote, book: Book) -> bool:
        """Place the quote, or bring it to the front; False when it is where it should be."""
        spread_ticks = book.best_offer_ticks - book.best_bid_ticks
        if quote.side == Side.BUY:
            touch_ticks, inward = book.best_bid_ticks, 1
        else:
            touch_ticks, inward = book.best_offer_ticks, -1
        order = self.phemex.order(quote.handle)
        if order is None or order.is_done:
            if not self._may_add(quote):
                return False
            quote.handle = quote.armed.fire(touch_ticks - inward * BEHIND_SPREADS * spread_ticks, quote.qty_lots)
            self.events[quote.symbol]["orders" if quote.handle > 0 else "denied"] += 1
            return True
        if order.price_ticks == touch_ticks:
            return False
        front_ticks = touch_ticks + inward if spread_ticks > 2 else touch_ticks
        self.phemex.amend(quote.handle, price_ticks=front_ticks)
        return True

    def _may_add(self, quote: Quote) -> bool:
        net_lots = self.phemex.position(quote.symbol).net_qty_lots
        held_lots = net_lots if quote.side == Side.BUY else -net_lots
        return held_lots < POSITION_QUOTES_MAX * quote.qty_lots

    def on_fill(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        """The market came to one side: take the other away."""
        self.events[order.symbol]["fills"] += 1
        for quote in self.quotes.get(order.symbol, ()):
            if quote.side != order.side:
                self.phemex.cancel(quote.handle)

    def on_stop(self, now_ns: int) -> None:
        self.quotes.clear()  # books may still come, but move nothing any more

    # ---- The rest is only counted ---------------------------------------------------------------------------------

    def on_ack(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.events[order.symbol]["acks"] += 1

    def on_amend(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.events[order.symbol]["amends"] += 1

    def on_cancel(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.events[order.symbol]["cancels"] += 1

    def on_reject(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.events[order.symbol]["rejects"] += 1

    def on_unknown(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.events[order.symbol]["unknown"] += 1

    def on_unsent(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.events[order.symbol]["unsent"] += 1
