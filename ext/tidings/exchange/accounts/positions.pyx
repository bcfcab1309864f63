"""A position in one contract: signed quantity, entry value, realised profit, and what its open orders need.

Value, not price, is kept: the average entry price is derived from it, so that nothing is lost by rounding and money
is conserved (over all accounts, balances and entry values always add up to what was put in, less fees).
"""

from collections import deque

from tidings.exchange.accounts.margin cimport (
    bankruptcy,
    liquidation_price,
    order_cost as cost_of_orders,
    position_cost,
    unrealised_pnl as profit_at,
)
from tidings.exchange.reports cimport OrderReport, PositionState

from tidings.exchange.accounts.margin import initial_margin_er, value_to_cost_er
from tidings.exchange.accounts.position_terms import TERMS_MAX, PositionTerm
from tidings.exchange.accounts.risk_limits import step_for, step_of_size
from tidings.exchange.catalogue import ONE_ER, Line
from tidings.exchange.markets.matching import BUY, SELL

MERGED = "Merged"
LONG = "Long"
SHORT = "Short"
NORMAL = "Normal"
LIQUIDATING = "Liq"  # the venue's word is not known; its integer enum calls such events Liq
cdef object _USD_M = Line.USD_M
_QTY, _VALUE, _LOSS = range(3)  # of open orders


cdef class Position:
    """One user's position in one contract, or one side of it in hedged mode."""

    __slots__ = (  # nothing but attributes in C; the state file reads their names here
        "account_id", "added_margin", "buy_leaves_loss", "buy_leaves_qty", "buy_leaves_value", "cum_closed_pnl",
        "cum_fee", "cum_funding_fee", "cur_term_pnl", "current", "data_ver", "deleverage_er", "exec_seq", "finished",
        "instrument", "last_funding_time_ns", "last_term_end_time_ns", "leverage_er", "net_qty", "pos_side", "reducers",
        "reducing", "req_num", "risk", "sell_leaves_loss", "sell_leaves_qty", "sell_leaves_value", "status", "term",
        "transact_time_ns", "user_id", "value",
    )

    def __init__(self, instrument, user_id, account_id, pos_side):
        self.instrument = instrument
        self.user_id = user_id
        self.account_id = account_id
        self.pos_side = pos_side
        self.status = NORMAL
        self.deleverage_er = 0  # its rank among its side: 0 is not deleveraged, 1 (scale 8) before all others
        self.net_qty = 0  # signed
        self.value = 0  # unsigned, at entry
        self.set_leverage(instrument.default_leverage_er)
        self.added_margin = 0  # isolated: assigned beyond the position's cost; below 0 what funding took of that
        self.buy_leaves_qty = self.buy_leaves_value = self.sell_leaves_qty = self.sell_leaves_value = 0
        self.buy_leaves_loss = self.sell_leaves_loss = 0  # see `order_loss`
        self.reducing = {BUY: [0, 0, 0], SELL: [0, 0, 0]}  # what of that is of reduce-only orders
        self.cum_closed_pnl = self.cum_fee = self.cum_funding_fee = self.cur_term_pnl = 0
        self.last_funding_time_ns = 0
        self.term = 1
        self.current = None  # the present term, or the last one while flat
        self.finished = deque(maxlen=TERMS_MAX)  # oldest first
        self.last_term_end_time_ns = 0
        self.req_num = 0
        self.data_ver = 0
        self.exec_seq = 0
        self.transact_time_ns = 0
        self.reducers = {}  # open reduce-only orders, which must never exceed it

    @property
    def side_word(self):
        """Buy, Sell or None."""
        return "None" if self.net_qty == 0 else ("Buy" if self.net_qty > 0 else "Sell")

    @property
    def is_cross(self):
        """Whether it shares the account's balance (leverage ≤ 0)."""
        return self.leverage_er <= 0

    @property
    def is_idle(self):
        """Whether it is flat and has no open orders."""
        return not (self.net_qty or self.buy_leaves_qty or self.sell_leaves_qty)

    def set_leverage(self, leverage_er):
        """Take a leverage; the risk limit follows it (phemex docs 2026, "Set RiskLimit")."""
        self.leverage_er = leverage_er
        self.risk = step_for(self.instrument, leverage_er)

    cpdef exposure(self, side):
        """What it would be worth, at entry and order prices, if all open orders on `side` that may add were filled."""
        held = self.value if self.net_qty * side >= 0 else -self.value
        return held + (self.buy_leaves_value if side == BUY else self.sell_leaves_value) - self.reducing[side][_VALUE]

    cpdef room(self, side):
        """How much an order on `side` can reduce it by."""
        return abs(self.net_qty) if self.net_qty * side < 0 else 0

    def trade(self, side, qty, value, now_ns):
        """Apply a fill; gives the size it closed and the profit that realised."""
        if self.net_qty * side >= 0:
            if self.net_qty == 0:
                self.cur_term_pnl = 0
            self._open(side, qty, value, now_ns)
            return 0, 0
        held = abs(self.net_qty)
        closed_qty = min(qty, held)
        entry_value = self.value * closed_qty // held
        exit_value = value * closed_qty // qty
        gain = exit_value - entry_value
        pnl = gain if (self.net_qty > 0) != self.instrument.is_inverse else -gain
        self.net_qty += side * closed_qty
        self.value -= entry_value
        if self.added_margin < 0:  # funding ate into what the position costs: its parts share that
            self.added_margin = -(-self.added_margin * (held - closed_qty) // held)
        self.cum_closed_pnl += pnl
        self.cur_term_pnl += pnl
        if self.current is not None:
            self.current.note_close(closed_qty, entry_value, exit_value, pnl, now_ns)
        if qty >= held:
            self._end_term(now_ns)
        if qty > held:
            self.cur_term_pnl = 0
            self._open(side, qty - held, value - exit_value, now_ns)
        return closed_qty, pnl

    cdef _open(self, side, qty, value, now_ns):
        if self.current is None or self.current.is_finished:
            self.current = PositionTerm(self.term, "Buy" if side == BUY else "Sell", self.leverage_er, now_ns)
        self.net_qty += side * qty
        self.value += value
        self.current.note_open(qty, value, now_ns)

    cdef _end_term(self, now_ns):
        self.term += 1
        self.last_term_end_time_ns = now_ns
        self.added_margin = 0
        if self.current is not None:
            self.current.is_finished = True
            self.finished.append(self.current)

    def terms(self):
        """The terms remembered, the present one last."""
        is_open = self.current is not None and not self.current.is_finished
        return [*self.finished, *([self.current] if self.current is not None and is_open else [])]

    def charge(self, fee):
        """Book a fee."""
        self.cum_fee += fee
        self.cur_term_pnl -= fee
        if self.current is not None:
            self.current.fee += fee

    def pay_funding(self, fee, now_ns):
        """Book a funding payment; negative if it is received."""
        self.cum_funding_fee += fee
        self.cur_term_pnl -= fee
        self.last_funding_time_ns = now_ns
        if self.current is not None:
            self.current.funding += fee

    def recount(self, order, qty, price, mark_price):
        """Count `order` among the open orders with `qty` at `price`; 0 takes it out."""
        value = self.instrument.value(qty, price)
        loss = 0
        if (price - mark_price) * order.side > 0:
            loss = max(0, -profit_at(self.instrument, qty * order.side, value, mark_price))
        self.count(order, qty, value, loss)

    def count(self, order, qty, value, loss=0):
        """Count `order` with `qty` worth `value` instead of what it was counted with; `loss` if it fills at once."""
        if order.side == BUY:
            self.buy_leaves_qty += qty - order.reserved_qty
            self.buy_leaves_value += value - order.reserved_value
            self.buy_leaves_loss += loss - order.reserved_loss
        else:
            self.sell_leaves_qty += qty - order.reserved_qty
            self.sell_leaves_value += value - order.reserved_value
            self.sell_leaves_loss += loss - order.reserved_loss
        if order.reduce_only:
            reducing = self.reducing[order.side]
            reducing[_QTY] += qty - order.reserved_qty
            reducing[_VALUE] += value - order.reserved_value
            reducing[_LOSS] += loss - order.reserved_loss
        order.reserved_qty, order.reserved_value, order.reserved_loss = qty, value, loss

    cpdef cost(self):
        """Margin of the position itself."""
        side = BUY if self.net_qty > 0 else SELL
        return position_cost(self.instrument, side, self.leverage_er, self.value) if self.net_qty else 0

    cpdef assigned(self, mark_price):
        """Balance held by the position: its cost, and a cross position's loss or an isolated one's added margin."""
        if not self.net_qty:
            return 0
        extra = max(0, -self.unrealised_pnl(mark_price)) if self.is_cross else self.added_margin
        return self.cost() + extra

    cpdef order_cost(self):
        """Margin of the open orders; what only reduces the position is free."""
        buys = self._side_cost(BUY, self.buy_leaves_qty, self.buy_leaves_value)
        return buys + self._side_cost(SELL, self.sell_leaves_qty, self.sell_leaves_value)

    def order_loss(self):
        """What open orders would lose at the mark price, as it was when they were counted, if they were filled.

        What only reduces the position is left out: its loss is the position's already.
        """
        if not (self.buy_leaves_loss or self.sell_leaves_loss):
            return 0
        buys = self._opening_share(BUY, self.buy_leaves_qty, self.buy_leaves_loss, _LOSS)
        return buys + self._opening_share(SELL, self.sell_leaves_qty, self.sell_leaves_loss, _LOSS)

    cdef _opening_share(self, side, qty, amount, kind):
        """The part of `amount`, of the open orders for `qty` on `side`, that belongs to what would open a position."""
        room = self.room(side)
        if qty <= room:
            return 0
        reducing = self.reducing[side]
        able_qty, able_amount = qty - reducing[_QTY], amount - reducing[kind]  # of the orders that may open one
        opening_qty = min(able_qty, qty - room)
        return able_amount if opening_qty == able_qty else able_amount * opening_qty // able_qty

    cdef _side_cost(self, side, qty, value):
        charged = self._opening_share(side, qty, value, _VALUE)
        return cost_of_orders(self.instrument, side, self.leverage_er, charged) if charged else 0

    cpdef used(self, mark_price):
        """All the balance it keeps from being used elsewhere."""
        return self.assigned(mark_price) + self.order_cost()

    cpdef unrealised_pnl(self, mark_price):
        """Profit at the mark price."""
        return profit_at(self.instrument, self.net_qty, self.value, mark_price) if self.net_qty else 0

    def margin(self, mark_price, shared_balance):
        """All that backs it; `shared_balance` is what the account has left for its cross positions, perhaps below 0."""
        assigned = self.assigned(mark_price)
        return max(0, assigned + shared_balance) if self.is_cross else assigned

    def bankrupt_price(self, mark_price, shared_balance):
        """Where that is lost."""
        return bankruptcy(self.instrument, self.net_qty, self.value, self.margin(mark_price, shared_balance))[0]

    def stamp(self, OrderReport report not None, mark_price):
        """Put the position on a report."""
        report.cur_assigned_pos_balance = self.assigned(mark_price)
        report.cur_leverage_er = self.leverage_er
        report.cur_pos_side = self.side_word
        report.cur_pos_size = abs(self.net_qty)
        report.cur_pos_term = self.term
        report.cur_pos_value = self.value
        report.cur_risk_limit = self.risk.limit

    cpdef PositionState state(self, mark_price, shared_balance, str pos_mode, others_profit=0):
        """A snapshot; `shared_balance` as for `margin`, what the account's other cross positions gain apart."""
        cdef PositionState state = PositionState.__new__(PositionState)
        cdef bint is_cross = self.leverage_er <= 0, is_flat = not self.net_qty
        cost, pnl = self.cost(), self.unrealised_pnl(mark_price)
        assigned = 0 if is_flat else cost + (max(0, -pnl) if is_cross else self.added_margin)  # as `assigned`
        margin = max(0, assigned + shared_balance + others_profit) if is_cross else assigned  # as `margin`
        state.pos_mode = pos_mode
        state.mark_price = mark_price
        state.pos_cost = cost
        state.unrealised_pnl = pnl
        state.assigned_pos_balance = assigned
        state.order_cost = self.order_cost()
        state.estimated_ord_loss = self.order_loss()
        state.used_balance = assigned + state.order_cost
        state.cross_shared_balance = max(0, shared_balance) if is_cross else 0
        state.avg_entry_price = self.instrument.average_price(abs(self.net_qty), self.value)
        state.bankrupt_price, state.bankrupt_comm = bankruptcy(self.instrument, self.net_qty, self.value, margin)
        state.liquidation_price = liquidation_price(
            self.instrument, self.net_qty, state.avg_entry_price, state.bankrupt_price, self._maintenance_er()
        )
        state.position_margin = 0 if is_flat else margin - state.bankrupt_comm
        # Value over the margin that really backs it; the set leverage while flat.
        state.display_leverage_er = self.leverage_er if is_flat or margin <= 0 else self.value * ONE_ER // margin
        self._describe_terms(state)
        self._describe_past(state)
        return state

    cdef _maintenance_er(self):
        """What liquidation asks for: the maintenance margin of the position's size, whatever step its leverage puts
        it on (259.9 USDT at 5x show 0.0275 and are liquidated 0.005 before bankruptcy, captured 2024).
        """
        if self.instrument.line is not _USD_M:
            return self.risk.maint_margin_er
        return min(self.risk.maint_margin_er, step_of_size(self.instrument, self.value).maint_margin_er)

    cdef void _describe_terms(self, PositionState state):
        """What it is and on which terms it is held."""
        instrument = self.instrument
        state.instrument = instrument
        state.user_id, state.account_id = self.user_id, self.account_id
        state.pos_side, state.side, state.status = self.pos_side, self.side_word, self.status
        state.size, state.value, state.free_qty = abs(self.net_qty), self.value, -self.net_qty
        state.leverage_er = self.leverage_er
        state.deleverage_er = self.deleverage_er if self.net_qty else 0
        state.init_margin_req_er = initial_margin_er(instrument, self.leverage_er)
        state.maint_margin_req_er, state.risk_limit = self.risk.maint_margin_er, self.risk.limit
        state.buy_value_to_cost_er = value_to_cost_er(instrument, BUY, self.leverage_er)
        state.sell_value_to_cost_er = value_to_cost_er(instrument, SELL, self.leverage_er)
        state.taker_fee_rate_er, state.maker_fee_rate_er = instrument.taker_fee_er, instrument.maker_fee_er

    cdef void _describe_past(self, PositionState state):
        """What became of it, and what waits in the book."""
        state.buy_leaves_qty, state.buy_leaves_value = self.buy_leaves_qty, self.buy_leaves_value
        state.sell_leaves_qty, state.sell_leaves_value = self.sell_leaves_qty, self.sell_leaves_value
        state.cum_closed_pnl, state.cum_transact_fee = self.cum_closed_pnl, self.cum_fee
        state.cum_funding_fee, state.cur_term_realised_pnl = self.cum_funding_fee, self.cur_term_pnl
        state.term, state.last_term_end_time_ns = self.term, self.last_term_end_time_ns
        state.last_funding_time_ns = self.last_funding_time_ns
        state.data_ver, state.exec_seq, state.transact_time_ns = self.data_ver, self.exec_seq, self.transact_time_ns


def used_by(dict held not None, mark_price not None):
    """What all positions in `held` (symbol → side → position) and their orders keep; `mark_price` knows prices."""
    cdef Position position
    cdef dict sides
    used = 0
    for symbol, sides in held.items():
        for position in sides.values():
            if position.net_qty or position.buy_leaves_qty or position.sell_leaves_qty:
                used += position.used(mark_price(symbol))
    return used


def profit_beside(Position position not None, dict held not None, mark_price not None):
    """What the other cross positions in `held` gain, which backs `position`; 0 if that is flat or isolated."""
    cdef Position other
    cdef dict sides
    if position.leverage_er > 0 or not position.net_qty:
        return 0
    profit = 0
    for symbol, sides in held.items():
        for other in sides.values():
            if other is not position and other.net_qty and other.leverage_er <= 0:
                profit += max(0, other.unrealised_pnl(mark_price(symbol)))
    return profit
