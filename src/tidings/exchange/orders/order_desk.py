"""The request side of the order service: checks, replies, and what is sent on to the engine.

Every request is answered at once; what it causes in the book happens `matching_delay_ns` later (OrderLife), in the
order of arrival. A refusal is a code in the reply and, if it comes from the trading engine (11xxx), a Rejected event.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from tidings.exchange import error_codes as code
from tidings.exchange.accounts.contract_account import HEDGED, ContractAccount
from tidings.exchange.accounts.ledgers import Ledger
from tidings.exchange.accounts.positions import LONG, MERGED, NORMAL
from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.faults.order_faults import OrderFaults
from tidings.exchange.markets.matching import BUY, SelfTrade
from tidings.exchange.orders.amend_checks import changes, check_new_conditions
from tidings.exchange.orders.client_ids import check_form, check_new_id, is_used
from tidings.exchange.orders.order_checks import (
    Refused,
    UsedId,
    check_attached,
    check_condition,
    check_numbers,
    check_price,
    check_price_band,
    check_qty,
    check_quote_qty,
    check_value,
    check_words,
)
from tidings.exchange.orders.order_life import OrderLife
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.orders.orders import CANCELED, UNTRIGGERED, Order, take_conditions
from tidings.exchange.orders.protection import bounded_price
from tidings.exchange.orders.triggers import UNSPECIFIED, direction
from tidings.exchange.reports import OrderReport, Reply
from tidings.exchange.venue_state import VenueState

TRADING_ENGINE_CODES: Final = range(11_000, 12_000)
_CANNOT_TOUCH: Final = {
    "ImmediateOrCancel": code.TE_CANNOT_REPLACE_OR_CANCEL_IOC_ORDER,
    "FillOrKill": code.TE_CANNOT_REPLACE_OR_CANCEL_FOK_ORDER,
}


class OrderDesk:
    """Takes orders, amends and cancels of all users."""

    def __init__(
        self, state: VenueState, lives: dict[str, OrderLife], ledger_of: Callable[[int, Instrument], Ledger]
    ) -> None:
        self._state = state
        self._rules = state.config.rules
        self._lives = lives
        self._ledger_of = ledger_of
        self._faults = OrderFaults(state.faults)

    # Requests.

    def create(self, user_id: int, request: NewOrder, now_ns: int) -> Reply:
        """Check a new order and send it on."""
        self._state.counters.creates += 1
        try:
            life = self._life(request.symbol)
        except Refused as refused:
            return self._refuse(refused)
        instrument = life.market.instrument
        order_id = self._state.identifiers.order_id()
        try:
            check_words(request, instrument)
            self._check_id(user_id, request, instrument, now_ns)
            check_numbers(request, life.market, self._state.config)
            check_condition(request, life.market, self._state.config)
            order = self._make(user_id, request, life, order_id, now_ns)
        except Refused as refused:
            order = Order(request, instrument, user_id, order_id, now_ns)
            order.ledger = self._ledger_of(user_id, instrument)
            return self._reject(life, order, refused, now_ns)
        order.pending = "New"
        report = order.report("Registered" if order.ord_status == UNTRIGGERED else "PendingNew", now_ns)
        self._state.store.add(order)
        self._state.store.record(order, report)
        self._send_on(order, life, now_ns)
        return Reply(order=report)

    def amend(self, user_id: int, request: AmendOrder, now_ns: int) -> Reply:
        """Check an amend and send it on; the reply shows the new terms already."""
        self._state.counters.amends += 1
        try:
            life = self._life(request.symbol)
            order = self._find(user_id, request.symbol, request.order_id, request.orig_cl_ord_id, request.pos_side)
            self._check_can_change(order, "Replace")
            self._check_terms(order, request, life)
        except Refused as refused:
            return self._refuse(refused)
        order.pending = "Replace"
        self._later(now_ns, order, "amend", partial(life.replace, order, request, now_ns))
        return Reply(order=self._amended_view(order, request, now_ns))

    def cancel(self, user_id: int, request: CancelOrder, now_ns: int) -> Reply:
        """Send a cancel on."""
        try:
            self._life(request.symbol)
            order = self._find(user_id, request.symbol, request.order_id, request.cl_ord_id, request.pos_side)
            return Reply(order=self._cancel(order, "Cancel", now_ns))
        except Refused as refused:
            self._state.counters.cancels += 1
            return self._refuse(refused)

    def cancel_many(
        self, user_id: int, symbol: str, order_ids: Iterable[str], cl_ord_ids: Iterable[str], now_ns: int,
        pos_side: str = "",
    ) -> Reply:
        """Cancel all of the orders named that can be cancelled; refused only if none can."""
        names = [*((order_id, "") for order_id in order_ids), *(("", cl_ord_id) for cl_ord_id in cl_ord_ids)]
        reports, first_refusal = [], Refused(code.OM_ORDER_NOT_FOUND, "no order named")
        if 0 < self._rules.bulk_cancel_ids_max < len(names):
            return self._refuse(Refused(code.INVALID_PARAMETER, "too many ids"))
        for order_id, cl_ord_id in dict.fromkeys(names):
            try:
                order = self._find(user_id, symbol, order_id, cl_ord_id, pos_side)
                reports.append(self._cancel(order, "Cancel", now_ns))
            except Refused as refused:
                first_refusal = first_refusal if first_refusal.detail != "no order named" else refused
        return Reply(orders=reports) if reports else self._refuse(first_refusal)

    def cancel_all(self, user_id: int, symbols: Iterable[str], untriggered: bool, now_ns: int) -> Reply:
        """Cancel the active orders, or the waiting conditional ones, of `symbols`; how many were found."""
        count = 0
        for symbol in symbols:
            for order in self._state.store.open_orders(user_id, symbol):
                if (order.ord_status == UNTRIGGERED) == untriggered and order.pending != "Cancel":
                    self._cancel(order, "CancelAll", now_ns, is_forced=True)
                    count += 1
        return Reply(count=count)

    # Making an order.

    def _check_id(self, user_id: int, request: NewOrder, instrument: Instrument, now_ns: int) -> None:
        """Refuse a client id that was used before."""
        check_form(request.cl_ord_id, self._rules)
        store = self._state.store
        if is_used(store, user_id, instrument.symbol, request.cl_ord_id, self._rules):
            age_ns = now_ns - store.last_use_ns(user_id, request.cl_ord_id)
            wrong = self._faults.duplicate_code(instrument, user_id, age_ns, self._rules.duplicate_id_code)
            if wrong:
                raise UsedId(wrong, f"clOrdID {request.cl_ord_id!r} was used before")

    def _send_on(self, order: Order, life: OrderLife, now_ns: int) -> None:
        """Have a new order enter the book or begin to wait; a fault has it rejected there, or taken off again."""
        enter: Callable[[Order, int], None] = life.register if order.ord_status == UNTRIGGERED else life.place
        upset = self._faults.upset(order)
        if upset is not None and upset.fault.kind == "reject-after-accept":
            self._later(now_ns, order, "create", partial(life.reject_accepted, order, upset.fault.code))
            return
        self._later(now_ns, order, "create", partial(enter, order))
        if upset is not None:
            due_ns = now_ns + self._state.config.matching_delay_ns + upset.delay_ns()
            self._state.schedule.add(due_ns, partial(life.expel, order, upset.fault.code))

    def _make(self, user_id: int, request: NewOrder, life: OrderLife, order_id: str, now_ns: int) -> Order:
        """An order that has passed what depends on the account, with its money set aside."""
        instrument = life.market.instrument
        order = Order(request, instrument, user_id, order_id, now_ns)
        if self._rules.display_qty == "as-sent":
            order.display_qty = request.display_qty
        if not self._rules.self_trade_group:
            order.self_trade = SelfTrade.ALLOW
        order.ledger = ledger = self._ledger_of(user_id, instrument)
        self._check_count(order)
        if isinstance(ledger, ContractAccount):
            self._check_position(order, request, ledger, life)
        if order.is_conditional:
            order.ord_status = UNTRIGGERED
            order.stop_direction = direction(order.ord_type, order.side)
            return order  # its money is only needed once it triggers
        if order.is_market:
            order.price = bounded_price(order, life.protective_price(order.side))
        if order.quote_qty and not order.size_by_quote():
            raise Refused(code.TE_QTY_TOO_SMALL, "the quote quantity buys less than one lot")
        self._check_bankruptcy(order, order.price)
        self._set_aside(order, order.leaves_qty, order.price)
        return order

    def _set_aside(self, order: Order, qty: int, price: int) -> None:
        """Set aside what the order needs for `qty` at `price`."""
        if wrong := order.ledger.reserve(order, qty, price):
            if wrong == code.TE_NO_ENOUGH_AVAILABLE_BALANCE:
                wrong = self._rules.contract_balance_code
            raise Refused(wrong, "not enough available balance")

    def _check_position(self, order: Order, request: NewOrder, account: ContractAccount, life: OrderLife) -> None:
        instrument = life.market.instrument
        if instrument.line is Line.COIN_M:
            order.pos_side = MERGED  # accepted with any value and ignored (observed)
        position = account.position(instrument, order.pos_side)
        if position is None:
            mode = account.pos_mode(instrument.symbol)
            raise Refused(code.TE_ERR_INCONSISTENT_POS_MODE, f"posSide {order.pos_side!r} in {mode} mode")
        if position.status != NORMAL:
            raise Refused(code.TE_REJECT_DUE_TO_IN_PROCESS_OF_LIQ, "the position is being liquidated")
        position.req_num += 1
        order.req_num = position.req_num
        is_hedged = account.pos_mode(instrument.symbol) == HEDGED
        if is_hedged and (order.side == BUY) != (position.pos_side == LONG):
            order.reduce_only = True  # a sell on the long side, or a buy on the short side, can only close
        check_attached(
            request, life.market, self._state.config, has_position=position.net_qty != 0, is_closing=order.reduce_only
        )
        self._check_trailing_alone(order)
        if order.reduce_only and not position.room(order.side):
            raise Refused(_no_room_code(order, position.net_qty), "no position that this order could reduce")

    @staticmethod
    def _check_bankruptcy(order: Order, price: int) -> None:
        """Refuse to close a position at a price beyond its bankruptcy price."""
        if bounded_price(order, price) != price:
            raise Refused(code.TE_PRICE_WORSE_THAN_BANKRUPT, "the loss would be more than the position's margin")

    def _check_trailing_alone(self, order: Order) -> None:
        """A position has one trailing order that closes it, not two."""
        if order.peg_price_type == UNSPECIFIED or not order.is_position_sized:
            return
        for other in self._state.store.open_orders(order.owner, order.instrument.symbol):
            is_trailing = other.peg_price_type != UNSPECIFIED and other.is_position_sized
            if is_trailing and other.pos_side == order.pos_side:
                raise Refused(code.TE_TRAILING_ORDER_DUPLICATED, f"{other.order_id} trails already")

    def _check_count(self, order: Order) -> None:
        store, rules = self._state.store, self._rules
        most = rules.max_conditional_orders if order.is_conditional else rules.max_active_orders
        symbol = order.instrument.symbol
        if store.open_count(order.owner, symbol) < most:
            return  # whichever kind they are: the usual case costs no look at each order
        orders = store.open_orders(order.owner, symbol)
        waiting = sum(other.ord_status == UNTRIGGERED for other in orders)
        if order.is_conditional and waiting >= most:
            raise Refused(code.TE_SO_NUM_EXCEEDS, "too many conditional orders")
        if not order.is_conditional and len(orders) - waiting >= most:
            raise Refused(code.TE_AO_NUM_EXCEEDS, "too many active orders")

    # Changing an order.

    def _find(self, user_id: int, symbol: str, order_id: str, cl_ord_id: str, pos_side: str) -> Order:
        if not order_id and not cl_ord_id:
            raise Refused(code.AUTH_OR_PARAMETER_ERROR, "name the order by its id or by its client id")
        if order_id and cl_ord_id:
            raise Refused(code.INVALID_PARAMETER, "name the order by its id or by its client id, not both")
        order = self._state.store.find(user_id, symbol, order_id, cl_ord_id)
        if order is None:
            raise Refused(code.OM_ORDER_NOT_FOUND, f"no order {order_id or cl_ord_id!r} in {symbol}")
        if pos_side and order.instrument.line is Line.USD_M and pos_side != order.pos_side:
            raise Refused(code.TE_ERR_INCONSISTENT_POS_MODE, f"the order's posSide is {order.pos_side}")
        return order

    def _check_can_change(self, order: Order, action: str) -> None:
        """Refuse a change to a done order, and one that meets another change on its way."""
        if order.is_done:
            raise Refused(self._done_code(order, action), f"order is {order.ord_status}")
        if order.ord_type == "Market":
            raise Refused(code.TE_CANNOT_REPLACE_OR_CANCEL_MARKET_ORDER, "market order")
        if order.time_in_force in _CANNOT_TOUCH and order.ord_status != UNTRIGGERED:
            raise Refused(_CANNOT_TOUCH[order.time_in_force], order.time_in_force)
        if order.pending == "Cancel":
            is_cancel = action != "Replace"
            wrong = code.TE_ORD_ALREADY_PENDING_CANCEL if is_cancel else code.OM_ORDER_PENDING_CANCEL
            raise Refused(wrong, "a cancel is on its way")
        if order.pending == "Replace" and action == "Replace":
            raise Refused(code.TE_ORD_ALREADY_PENDING_REPLACE, "an amend is on its way")
        if order.pending and self._rules.pending_rule == "refuse":
            is_amend = order.pending == "Replace"
            raise Refused(code.OM_ORDER_PENDING_REPLACE if is_amend else code.OM_ORDER_PENDING, "not in the book yet")

    def _done_code(self, order: Order, action: str) -> int:
        if self._rules.done_order_code:
            return self._rules.done_order_code
        if action == "Replace":
            return code.TE_ORD_STATUS_CANNOT_REPLACE
        return code.TE_ORD_ALREADY_CANCELED if order.ord_status == CANCELED else code.TE_ORD_STATUS_CANNOT_CANCEL

    def _cancel(self, order: Order, action: str, now_ns: int, *, is_forced: bool = False) -> OrderReport:
        self._state.counters.cancels += 1
        if not is_forced:
            self._check_can_change(order, action)
        order.pending = "Cancel"
        life = self._lives[order.instrument.symbol]
        self._later(now_ns, order, "cancel", partial(life.remove, order, action, now_ns))
        return order.report("PendingCancel", now_ns, action=action, action_time_ns=now_ns, display_qty=0)

    def _check_terms(self, order: Order, request: AmendOrder, life: OrderLife) -> None:
        """Refuse an amend that changes nothing or asks for terms the order cannot have."""
        instrument, config = order.instrument, self._state.config
        self._take_amount(order, request)
        if not changes(order, request):
            raise Refused(code.TE_ORD_REPLACE_NOT_MODIFIED, "nothing to change")
        if request.price is not None and request.price != order.price:
            if order.is_market:
                raise Refused(code.TE_CANNOT_REPLACE_PRICE, "the order has no price of its own")
            check_price(request.price, instrument, config)
            if not order.is_conditional:
                check_price_band(request.price, order.side, life.market)
                self._check_bankruptcy(order, request.price)
        if request.qty is not None and request.qty != order.order_qty:
            if order.is_position_sized:
                raise Refused(code.TE_CANNOT_REPLACE_QTY, "the quantity comes from the position")
            check_qty(request.qty, instrument, config)
            if request.qty <= order.cum_qty:
                raise Refused(code.TE_REPLACE_TO_INVALID_QTY, "no more than is filled already")
        check_new_conditions(order, request, life.market, config)
        if request.new_cl_ord_id and request.new_cl_ord_id != order.cl_ord_id:
            check_new_id(self._state.store, order, request.new_cl_ord_id, config.rules)
        self._reserve_amend(order, request)

    def _take_amount(self, order: Order, request: AmendOrder) -> None:
        """An order is amended in the currency that it was sent in (phemex docs 2026, spot "Amend order")."""
        by_quote = order.qty_type == "ByQuote"
        if (request.qty if by_quote else request.quote_qty) is not None:
            raise Refused(code.TE_QTY_TYPE_INVALID, f"the order is {order.qty_type}")
        if request.quote_qty is not None:
            check_quote_qty(request.quote_qty, order.instrument, self._state.config)
            if order.ord_status != UNTRIGGERED:  # else it is sized when it triggers
                request.qty = order.instrument.qty_for(request.quote_qty, request.price or order.price)

    def _reserve_amend(self, order: Order, request: AmendOrder) -> None:
        """Set aside enough for the order's old terms and its new ones, whichever need more."""
        if order.ord_status == UNTRIGGERED:
            return
        leaves_qty = order.leaves_qty if request.qty is None else request.qty - order.cum_qty
        price = order.price if request.price is None else request.price
        old_value = order.instrument.value_up(order.leaves_qty, order.price)
        new_value = order.instrument.value_up(leaves_qty, price)
        if not order.reduce_only:
            check_value(new_value, order.instrument)
        pays_base = order.instrument.line is Line.SPOT and order.side != BUY
        if leaves_qty > order.leaves_qty if pays_base else new_value > old_value:
            self._set_aside(order, leaves_qty, price)

    def _amended_view(self, order: Order, request: AmendOrder, now_ns: int) -> OrderReport:
        report = order.report("PendingReplace", now_ns, action="Replace", action_time_ns=now_ns, display_qty=0)
        if request.price is not None:
            report.price = request.price
        if request.qty is not None:
            report.order_qty = request.qty
            report.leaves_qty = 0 if order.ord_status == UNTRIGGERED else request.qty - order.cum_qty
        report.leaves_value = order.instrument.value(report.leaves_qty, report.price)
        take_conditions(report, request)
        report.cl_ord_id = request.new_cl_ord_id or report.cl_ord_id
        if order.instrument.line is Line.USD_M and order.time_in_force == "GoodTillCancel":
            report.time_in_force = self._rules.amended_time_in_force
        return report

    # Common.

    def _life(self, symbol: str) -> OrderLife:
        life = self._lives.get(symbol)
        if life is not None:
            return life
        if symbol in self._state.catalogue.instruments:
            raise Refused(code.SYMBOL_NOT_LISTED, f"Symbol not listed {symbol}")
        raise Refused(code.TE_SYMBOL_INVALID, f"no symbol {symbol!r}")

    def _later(self, now_ns: int, order: Order, request: str, action: Callable[[int], None]) -> None:
        """Have `action` happen when the request has reached the book: behind the order's others, but for a fault."""
        due_ns = now_ns if self._state.is_stream_first else now_ns + self._state.config.matching_delay_ns
        order.due_ns = max(due_ns, order.due_ns)
        self._state.schedule.add(order.due_ns + self._faults.delay_ns(order, request), action)

    def _refuse(self, refused: Refused) -> Reply:
        self._state.counters.refused += 1
        return Reply(refused.code, detail=refused.detail)

    def _reject(self, life: OrderLife, order: Order, refused: Refused, now_ns: int) -> Reply:
        """Refuse a create; the account stream hears of what the trading engine refuses (observed 2025)."""
        if refused.code not in TRADING_ENGINE_CODES or isinstance(refused, UsedId):
            return self._refuse(refused)  # an event with the id of a live order could be taken for that order's end
        self._state.schedule.add(now_ns, partial(life.reject, order, refused.code))
        if self._rules.reject_style == "stream-only":
            return Reply(order=order.report("PendingNew", now_ns))
        return self._refuse(refused)


def _no_room_code(order: Order, net_qty: int) -> int:
    """Which code says that an order finds no position to reduce."""
    if not (order.close_on_trigger and order.is_conditional):
        return code.TE_QTY_NOT_MATCH_REDUCE_ONLY
    return code.TE_CONDITIONAL_CLOSE_POSITION_WRONG_SIDE if net_qty else code.TE_CONDITIONAL_NO_POSITION
