"""After a restart: every order whose end its client has not been told is taken up where the telling ended.

What an earlier process heard is in the order journal, what it told is in the chains; the difference is told now, each
execution under its own ExecID. Orders that may still be open are the engine's adopted ones, and go on from there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from tidings.app.truth.recovery import lived_again
from tidings.engine.strategy import Strategy
from tidings.errors import UsageError
from tidings.fix_gateway.execution_matrix import Event
from tidings.fix_gateway.market_data import MarketData
from tidings.fix_gateway.order_chains import OrderChain
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.order_news import (
    ACK,
    AMEND,
    CANCEL,
    FILL,
    REJECT,
    UNKNOWN,
    UNSENT,
)
from tidings.fix_gateway.reject_codes import OTHER
from tidings.market.book import Book
from tidings.market.trade import Trade
from tidings.model.enums import OrdType, Side
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order, make_order
from tidings.model.terms import OrderTerms

log = logging.getLogger("tidings.fix")

NEVER_SENT = "not sent: the gateway ended before it was"
FORGOTTEN = "its end is not known, the order journal does not have it any more: ask the venue"
RETOLD = ACK | FILL | CANCEL  # of a past life: what is about the order, not about requests that ended with it


class TakingUp(Strategy):
    """The engine's strategy while a gateway runs: it hears what became of adopted orders while nobody listened."""

    def __init__(self, desk: FixOrderDesk, market_data: Iterable[MarketData] = ()) -> None:
        self._desk = desk
        self._market_data = tuple(market_data)
        self._is_catching_up = False
        self.is_done = asyncio.Event()

    def on_start(self, session: Any, now_ns: int) -> None:
        """The engine tells of adopted orders right after this, in the same turn of the loop."""
        self._is_catching_up = True
        self._desk.phemex.engine.on_foreign = self._desk.hear_foreign
        adopted = {one.cl_ord_id: one.order for one in session.adopted_orders()}
        for chain in self._desk.chains.open_chains():
            self._take_up(chain, adopted.get(chain.engine_id))
        asyncio.get_running_loop().call_soon(self._catch_up_ends)

    def _catch_up_ends(self) -> None:
        """From here on each order's own listener hears everything."""
        self._is_catching_up = False
        for chain in self._desk.chains.open_chains():
            if chain.order is None:
                continue
            self._desk.news.settle_filled(chain, chain.order)
            if chain.order.handle and not chain.is_done:
                self._settle_requests(chain, chain.order)
        self.is_done.set()

    def _take_up(self, chain: OrderChain, adopted: Order | None) -> None:
        lived = self._retell(chain)
        if adopted is not None:
            chain.order = adopted
            self._desk.news.follow(chain, adopted.handle)
            self._desk.phemex.entry.attach(adopted, self._hear_live)
        elif lived is None:
            self._never_was(chain)

    def _retell(self, chain: OrderChain) -> Order | None:
        """Go through what the journal knows of it; what has been told already changes nothing."""
        engine, news = self._desk.phemex.engine, self._desk.news
        story = engine.home.past.stories.get(chain.engine_id)
        if story is None:
            return None
        order = None
        try:
            for effect, order, report in lived_again(story, engine.products):
                chain.order = order
                news.hear_chain(chain, effect & RETOLD, order, report)
                if effect & (REJECT | UNSENT) and order.is_done:
                    news.hear_chain(chain, effect & (REJECT | UNSENT), order, report)
        except UsageError as error:
            log.error("order %s cannot be told on: %s", chain.first_id, error)
        return order

    def _never_was(self, chain: OrderChain) -> None:
        """Written down, and never submitted: the process ended in between. One that has been told of was sent, whatever
        became of its journal.
        """
        instrument = self._desk.phemex.engine.products.find(chain.symbol)
        if instrument is None:
            return
        order = make_order(OrderTerms(instrument, Side(int(chain.side)), ord_type=OrdType.LIMIT))
        chain.order = order
        event, text = (Event.REJECT, NEVER_SENT) if chain.told_status == "A" else (Event.CANCELED, FORGOTTEN)
        if text is FORGOTTEN:
            log.error("order %s: %s", chain.first_id, text)
        self._desk.news.tell(chain, order, event, None, text=text, rej_reason=OTHER)
        self._desk.news.answer_what_is_left(chain, order)

    def _settle_requests(self, chain: OrderChain, order: Order) -> None:
        """Requests under way when the process ended: a cancel is made again, an amend shows its outcome."""
        entry, now_ns = self._desk.phemex.entry, self._desk.clock.read_now_ns()
        if chain.cancel is not None and not order.is_cancel_pending:
            chain.cancel.is_repeated = True
            entry.cancel_order(order, now_ns)
            self._desk.lost_cancels.begin(chain)  # it may have been denied: no room, or no connection yet
        if chain.replace is not None and not order.is_amend_pending:
            self._desk.news.settle_lost_replace(chain, order)

    def on_timer(self, now_ns: int) -> None:
        self._desk.link_news.look()

    def on_book(self, book: Book, now_ns: int) -> None:
        for client in self._market_data:
            client.on_book(book)

    def on_trade(self, trade: Trade, now_ns: int) -> None:
        for client in self._market_data:
            client.on_trade(trade)

    # ---- What the engine kept for the first strategy ------------------------------------------------------------

    def _hear_live(self, effect: int, order: Order, report: ExecutionReport) -> None:
        if not self._is_catching_up:
            self._desk.news.hear(effect, order, report)

    def _hear_kept(self, effect: int, order: Order, report: ExecutionReport) -> None:
        if self._is_catching_up:
            self._desk.news.hear(effect, order, report)

    def on_ack(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._hear_kept(ACK, order, report)

    def on_fill(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._hear_kept(FILL, order, report)

    def on_reject(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._hear_kept(REJECT, order, report)

    def on_cancel(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._hear_kept(CANCEL, order, report)

    def on_amend(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._hear_kept(AMEND, order, report)

    def on_unknown(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._hear_kept(UNKNOWN, order, report)

    def on_unsent(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._hear_kept(UNSENT, order, report)
