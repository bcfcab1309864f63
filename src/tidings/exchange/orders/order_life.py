"""What happens to orders in the engine of one instrument: the book's side of their lives.

    Created ──place──▶ New ──fill──▶ PartiallyFilled ──fill──▶ Filled
       │                └─────────── remove ──────────────▶ Canceled
       └─register─▶ Untriggered ──trigger──▶ Triggered ──place──▶ …
                         └────── remove ──▶ Deactivated

Each public method is one engine event: it changes book, orders and ledgers, collects a report of every step, and ends
with `Outbox.flush`. The request side (`order_desk`) has checked and replied before; it never sees what happens here.
"""

from collections.abc import Callable
from typing import Any

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.ledgers import Fill
from tidings.exchange.accounts.positions import Position
from tidings.exchange.catalogue import Line
from tidings.exchange.error_codes import (
    TE_ORD_STATUS_CANNOT_CANCEL,
    TE_ORD_STATUS_CANNOT_REPLACE,
    TE_PRICE_WORSE_THAN_BANKRUPT,
    TE_QTY_TOO_SMALL,
    TE_REDUCE_ONLY_ABORT,
    sentence_of,
)
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BookOrder, Outcome, Stay
from tidings.exchange.orders.attached import attached_requests
from tidings.exchange.orders.event_words import code_and_reason, new_trade_type, removal
from tidings.exchange.orders.order_requests import AmendOrder
from tidings.exchange.orders.orders import (
    CANCELED,
    CREATED,
    DEACTIVATED,
    FILLED,
    NEW,
    PARTIALLY_FILLED,
    REJECTED,
    TRIGGERED,
    UNTRIGGERED,
    Order,
    take_conditions,
)
from tidings.exchange.orders.protection import bounded_price, protective_price
from tidings.exchange.orders.triggers import TriggerWatch, direction
from tidings.exchange.venue_state import VenueState


class OrderLife:
    """The engine of one instrument. It is its book's listener."""

    def __init__(self, state: VenueState, market: Market) -> None:
        self._state = state
        self._rules = state.config.rules
        self.market = market
        self.watch = TriggerWatch(market)
        self._now_ns = 0  # of the current event
        self.after_flow: Callable[[int], None] | None = None  # told when prices may have moved
        self._to_attach: list[Order] = []  # orders whose first fill calls for take-profit and stop-loss
        market.book.set_listener(self)

    # Engine events.

    def place(self, order: Order, now_ns: int) -> None:
        """A new order reaches the book."""
        self._begin(now_ns)
        if not order.is_done:
            order.pending = "" if order.pending == "New" else order.pending
            self._enter(order, "New", trade_type=new_trade_type(self._rules))
        self._end()

    def register(self, order: Order, now_ns: int) -> None:
        """A conditional order begins to wait for its trigger."""
        self._begin(now_ns)
        if not order.is_done:
            order.pending = "" if order.pending == "New" else order.pending
            self.watch.add(order)
            self._tell(order, "Registered")
        self._end()

    def replace(self, order: Order, request: AmendOrder, action_time_ns: int, now_ns: int) -> None:
        """An amend reaches the book: the order takes its new terms and goes to the end of the queue."""
        self._begin(now_ns)
        order.pending = "" if order.pending == "Replace" else order.pending
        is_early = order.ord_status == CREATED  # it has overtaken its order: the book has nothing to change yet
        if is_early:
            order.ledger.reserve(order, order.leaves_qty, order.price)
        if is_early or order.is_done:
            self._refuse_change(order, "Replace", TE_ORD_STATUS_CANNOT_REPLACE, action_time_ns)
        else:
            order.action, order.action_time_ns = "Replace", action_time_ns
            self._take_terms(order, request)
        self._end()

    def remove(self, order: Order, action: str, action_time_ns: int, now_ns: int) -> None:
        """A cancel reaches the book."""
        self._begin(now_ns)
        order.pending = ""
        if not order.is_done:
            order.action, order.action_time_ns = action, action_time_ns
            self._take_off(order, "Canceled")
        elif action == "Cancel":  # cancel-all means those that are still there
            self._refuse_change(order, action, TE_ORD_STATUS_CANNOT_CANCEL, action_time_ns)
        self._end()

    def reject(self, order: Order, code: int, now_ns: int) -> None:
        """The trading engine refused a new order: its owner's stream hears of it too."""
        self._begin(now_ns)
        order.ord_status = REJECTED
        message = "" if self._rules.reject_message == "empty" else sentence_of(code)
        self._tell(order, "CreateRejected", code=code, message=message)
        self._end()

    def reject_accepted(self, order: Order, code: int, now_ns: int) -> None:
        """The venue refuses after all what it has accepted: only the stream tells."""
        if not order.is_done:
            order.pending = ""
            order.ledger.release(order)
            self.reject(order, code, now_ns)
            order.leaves_qty = 0
            self._state.store.close(order)

    def expel(self, order: Order, code: int, now_ns: int) -> None:
        """The venue takes an order off by itself; a `code` below 1000 is a reason of the matching engine."""
        self._begin(now_ns)
        if not order.is_done:
            self._take_off(order, "Aborted", *code_and_reason(code))
        self._end()

    def flow(self, cancels: list[BookOrder], submits: list[tuple[BookOrder, Stay]], now_ns: int) -> None:
        """One tick of the background market: its orders have no owner and are told to nobody."""
        self._begin(now_ns)
        if cancels or submits:
            self.market.next_sequence(now_ns)
        for resting in cancels:
            if resting.level is not None:
                self.market.book.cancel(resting)
        for order, stay in submits:
            self.market.book.submit(order, stay)
        self._end_move()

    def play(self, change: Callable[[], None], now_ns: int) -> None:
        """Something recorded happens to the book."""
        self._begin(now_ns)
        self.market.next_sequence(now_ns)
        change()
        self._end_move()

    def touch_position(self, account: ContractAccount, now_ns: int) -> None:
        """A setting of a position changed: publish it."""
        self._begin(now_ns)
        self._state.outbox.touch(account, self.market.instrument.symbol)
        self._end()

    # The book's listener.

    def on_fill(self, maker: BookOrder, taker: BookOrder, price: int, qty: int) -> None:
        """Book both sides of a trade and report them."""
        market, instrument = self.market, self.market.instrument
        value = instrument.value(qty, price)
        index = market.note_fill(taker.side, price, qty, value, self._now_ns)
        self._state.counters.trades += 1
        for order, is_maker in ((maker, True), (taker, False)):
            if isinstance(order, Order):
                fill = Fill(price, qty, value, is_maker, market.sequence, self._now_ns)
                self._fill(order, fill, 2 * index + is_maker)
            else:
                order.cum_value += value
                self._state.house.trade(instrument, order.side, qty, value)

    def on_self_trade_cancel(self, maker: BookOrder) -> None:
        """A resting order made way for its owner's other order."""
        if isinstance(maker, Order):
            self._finish(maker, CANCELED, "Canceled")

    # Steps.

    def _begin(self, now_ns: int) -> None:
        self._now_ns = now_ns

    def _end(self) -> None:
        """Attach what fills call for, fire triggers until none is left, and publish."""
        while self._to_attach:
            self._attach(self._to_attach.pop(0))
        if self.watch.waiting:
            self._fire_triggers()
        self._state.outbox.flush(self._now_ns)

    def _end_move(self) -> None:
        """End an event that may have moved prices."""
        self._end()
        if self.after_flow is not None:
            self.after_flow(self._now_ns)

    def _enter(self, order: Order, exec_status: str, **details: Any) -> None:
        """Let `order` meet the book and report what becomes of it."""
        market = self.market
        sequence = market.next_sequence(self._now_ns)
        if order.reduce_only and not self._fit_to_position(order):
            self._finish(order, CANCELED, "Aborted", code=TE_REDUCE_ONLY_ABORT)
            return
        outcome = market.book.refusal(order, order.stay)
        if outcome is None:
            order.added_seq = sequence
            order.ord_status = PARTIALLY_FILLED if order.cum_qty else NEW
            self._tell(order, exec_status, **details)
            outcome = market.book.submit(order, order.stay)
        if outcome is Outcome.RESTS:
            if order.reduce_only:
                self._position_of(order).reducers[order] = None
        elif not order.is_done:
            status, exec_status, reason = removal(outcome, self._rules)
            self._finish(order, status, exec_status, cxl_rej_reason=reason)

    def _fill(self, order: Order, fill: Fill, index: int) -> None:
        instrument = self.market.instrument
        order.cum_qty += fill.qty
        order.cum_value += fill.value
        settlement = order.ledger.settle(order, fill)
        order.cum_fee += settlement.fee
        if order.quote_left is not None and order.takeable_qty(fill.price) == 0:
            order.leaves_qty = 0  # what is left of the budget buys less than one lot
            order.ledger.release(order)
        is_filled = order.leaves_qty == 0
        order.ord_status = FILLED if is_filled else PARTIALLY_FILLED
        self._tell(
            order, "MakerFill" if fill.is_maker else "TakerFill", trade_type="Trade",
            exec_id=self._state.identifiers.exec_id(instrument.symbol, fill.sequence, index),
            exec_qty=fill.qty, exec_price=fill.price, exec_value=fill.value, exec_fee=settlement.fee,
            fee_rate_er=fill.fee_rate_er(instrument), fee_currency=settlement.fee_currency,
            last_liquidity_ind="AddedLiquidity" if fill.is_maker else "RemovedLiquidity",
            closed_size=settlement.closed_size, closed_pnl=settlement.closed_pnl,
        )  # fmt: skip
        if is_filled:
            order.ledger.release(order)
            self._state.store.close(order)
        if (order.take_profit or order.stop_loss) and not order.has_attached:
            order.has_attached = True
            self._to_attach.append(order)
        if instrument.line is not Line.SPOT:
            self._follow_position(self._position_of(order), order)

    def _follow_position(self, position: Position, taker: Order) -> None:
        """Keep reduce-only orders within a position that has changed, and drop what a closed one leaves behind."""
        for reducer in [*position.reducers, *((taker,) if taker.reduce_only and taker.level is None else ())]:
            room = position.room(reducer.side)
            if reducer.is_done or reducer.leaves_qty <= room:
                continue
            if room == 0:
                self._take_off(reducer, "Aborted", code=TE_REDUCE_ONLY_ABORT)
            else:
                self._shrink(reducer, room)
        for waiting in list(self.watch.waiting):
            if waiting.is_position_sized and self._position_of(waiting) is position and not position.room(waiting.side):
                self._take_off(waiting, "Aborted")

    def _shrink(self, order: Order, leaves_qty: int) -> None:
        if order.level is not None:
            self.market.book.shrink(order, leaves_qty)
        order.leaves_qty = leaves_qty
        order.order_qty = order.cum_qty + leaves_qty
        order.ledger.reserve(order, leaves_qty, order.price)
        self._tell(order, "Replaced", trade_type=self._rules.amend_trade_type)

    def _take_terms(self, order: Order, request: AmendOrder) -> None:
        """Give `order` the amend's new terms; a working one goes back through the book."""
        waits = order.ord_status == UNTRIGGERED
        new_qty = order.order_qty if request.qty is None else request.qty
        new_price = order.price if request.price is None else request.price
        leaves_qty = new_qty - order.cum_qty
        is_over = leaves_qty <= 0 and not waits  # what waits may get its quantity when it triggers
        if not waits and not is_over and (code := order.ledger.reserve(order, leaves_qty, new_price)):
            order.ledger.reserve(order, order.leaves_qty, order.price)
            self._tell(order, "CancelRejected", code=code)
            return
        if request.new_cl_ord_id:
            self._state.store.rename(order, request.new_cl_ord_id)
        if is_over:
            self._take_off(order, "ReplaceToCanceled")
            return
        if order.level is not None:
            self.market.book.cancel(order)
        order.price, order.order_qty, order.leaves_qty = new_price, new_qty, leaves_qty
        old_peg = order.peg_offset, order.peg_price_type
        take_conditions(order, request)
        if waits:
            self.watch.amended(order, old_peg, has_new_stop=request.stop_px is not None)
            self._tell(order, "Replaced", trade_type=self._rules.amend_trade_type)
        else:
            self._enter(order, "Replaced", trade_type=self._rules.amend_trade_type)

    def _take_off(self, order: Order, exec_status: str, code: int = 0, reason: int = 0) -> None:
        """End an order that has not traded out: cancelled, or deactivated if it never triggered."""
        if order.level is not None:
            self.market.next_sequence(self._now_ns)
            self.market.book.cancel(order)
        waits = order.ord_status == UNTRIGGERED
        self._finish(order, DEACTIVATED if waits else CANCELED, exec_status, code=code, cxl_rej_reason=reason)

    def _finish(self, order: Order, status: str, exec_status: str, **details: Any) -> None:
        """Report the end of an order with its cancelled quantity (execQty of a cancel, observed), and close it."""
        canceled_qty = 0 if order.ord_status == UNTRIGGERED or order.quote_left is not None else order.leaves_qty
        order.ord_status = status
        order.leaves_qty = 0
        self.watch.remove(order)
        order.ledger.release(order)
        self._tell(order, exec_status, exec_qty=canceled_qty, **details)
        self._state.store.close(order)

    def _refuse_change(self, order: Order, action: str, code: int, action_time_ns: int) -> None:
        """A request came too late: the order is as it was, and the requester is told."""
        self._tell(order, "CancelRejected", code=code, action=action, action_time_ns=action_time_ns, is_news=False)

    def _fit_to_position(self, order: Order) -> bool:
        """Cut a reduce-only order down to what it can reduce; False if that is nothing."""
        room = self._position_of(order).room(order.side)
        if order.leaves_qty > room:
            order.leaves_qty = room
            order.order_qty = order.cum_qty + room
            order.ledger.reserve(order, room, order.price)
        return order.leaves_qty > 0

    # Triggers.

    def _fire_triggers(self) -> None:
        while fired := self.watch.fired():
            for order in fired:
                if order in self.watch.waiting:  # not removed by what another one caused
                    self._trigger(order)

    def _trigger(self, order: Order) -> None:
        self.watch.remove(order)
        order.trigger_time_ns = self._now_ns
        if order.is_position_sized:
            order.order_qty = order.leaves_qty = self._position_of(order).room(order.side)
            if order.order_qty == 0:
                self._finish(order, DEACTIVATED, "Aborted", code=TE_REDUCE_ONLY_ABORT)
                return
        if order.is_market:
            order.price = bounded_price(order, self.protective_price(order.side))
        if order.quote_qty and not order.size_by_quote():
            self._finish(order, DEACTIVATED, "Aborted", code=TE_QTY_TOO_SMALL)
            return
        order.ord_status = TRIGGERED
        is_beyond = bounded_price(order, order.price) != order.price
        code = TE_PRICE_WORSE_THAN_BANKRUPT if is_beyond else order.ledger.reserve(order, order.leaves_qty, order.price)
        if code:
            self._finish(order, REJECTED, "Aborted", code=code)
            return
        if order.close_on_trigger:
            self._make_way(order)
        self._tell(order, "PendingNew")
        self._enter(order, "New", trade_type=new_trade_type(self._rules))

    def _make_way(self, order: Order) -> None:
        """What the account cannot carry beside a closing order goes: orders of its side, the newest first."""
        account = order.ledger
        for other in reversed(self._state.store.open_orders(order.owner, order.instrument.symbol)):
            if not isinstance(account, ContractAccount) or account.available_balance() >= 0:
                return
            is_rival = other.side == order.side and other.pos_side == order.pos_side and not other.reduce_only
            if is_rival and other.level is not None:
                self._take_off(other, "Canceled")

    def protective_price(self, side: int) -> int:
        """The limit that a market order gets."""
        return protective_price(self.market, side, self._rules)

    def _attach(self, parent: Order) -> None:
        """Create the take-profit and stop-loss orders that close the position `parent` has opened."""
        for request in attached_requests(parent):
            order_id = self._state.identifiers.order_id()
            order = Order(request, self.market.instrument, parent.owner, order_id, self._now_ns)
            order.ledger = parent.ledger
            order.ord_status = UNTRIGGERED
            order.stop_direction = direction(order.ord_type, order.side)
            self._state.store.add(order)
            self.watch.add(order)
            self._tell(order, "Registered")

    # Reports.

    def _tell(self, order: Order, exec_status: str, *, is_news: bool = True, **details: Any) -> None:
        """Report what just happened to `order` on its owner's stream, and keep it in history."""
        if is_news:
            order.transact_time_ns = self._now_ns
            order.exec_status = exec_status
        sequence = 0 if order.ord_status == REJECTED else self.market.sequence
        report = order.report(exec_status, self._now_ns, exec_seq=sequence, **details)
        order.ledger.stamp(report, order)
        if is_news:
            self._state.store.record(order, report)
        self._state.outbox.add(order, report)

    def _position_of(self, order: Order) -> Position:
        account = order.ledger
        if not isinstance(account, ContractAccount):
            raise TypeError("only contract orders have positions")
        return account.position_of(order)
