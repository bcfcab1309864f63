"""Pre-trade checks, in a fixed order, before anything reaches the wire.

    may anything go       killed, halted, disabled, too many open
    is the order sane     price, quantity, value, collar
    what could come of it reducing only, position, gross, net, the strategy's share (engine/exposure)
    does it make sense    our own order on the other side, the same order a moment ago
    is it too much        quantity and value within the window, messages within a second (engine/risk_windows)

A check takes nothing; `enter` takes what the check let through, in the same call chain, and `withdraw` gives it back if
no byte left. An amend must pass as if it were new, and takes only what it adds.

Every limit has a value: there is no "unlimited". A price that is not known denies too: the collar of an order is the
last price the venue told, and an order without one would be an order without a collar.
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM
from libc.stdint cimport int64_t

from tidings.engine.exposure cimport (
    Cell, Exposure, OpenOrder, OwnPositions, SymbolExposure, gross_e4, has_price, highest, is_closing, lowest,
    net_long_e4, net_short_e4, saturated, worst_long, worst_short,
)
from tidings.engine.price_rules cimport is_beyond_collar, lots_of_money, market_reach, money_e4
from tidings.engine.risk_owner cimport OwnerRisk
from tidings.engine.risk_symbols cimport RiskSymbols
from tidings.engine.risk_windows cimport RecentOrders, RollingSum, order_key
from tidings.model.enums cimport (
    DENY_BAD_PRICE, DENY_BAD_QTY, DENY_DUPLICATE_ORDER, DENY_HALTED, DENY_KILLED, DENY_MAX_GROSS, DENY_MAX_NET,
    DENY_MAX_NOTIONAL, DENY_MAX_OPEN_ORDERS, DENY_MAX_POSITION, DENY_MAX_POSITION_NOTIONAL, DENY_MAX_QTY,
    DENY_NO_REFERENCE_PRICE, DENY_NONE, DENY_ORDER_RATE, DENY_PRICE_COLLAR, DENY_REDUCING, DENY_REPEATED_EXECUTIONS,
    DENY_SELF_MATCH, DENY_STRATEGY_GROSS, DENY_STRATEGY_HALTED, DENY_STRATEGY_NOTIONAL, DENY_STRATEGY_RATE,
    DENY_STRATEGY_WINDOW, DENY_SYMBOL_HALTED, DENY_WINDOW_NOTIONAL, DENY_WINDOW_QTY, INST_CLOSE_ON_TRIGGER, SIDE_BUY,
    SIDE_SELL, STATUS_NEW, STATUS_PARTIALLY_FILLED, TRADING_HALTED, TRADING_REDUCING, TRIGGER_NONE,
)
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport EFFECT_FILL, Order, int128_t, trigger_ticks, would_change
from tidings.model.terms cimport OrderTerms

from tidings.engine.risk_limits import RiskLimits
from tidings.model.enums import TradingState

cdef enum:
    NS_PER_S = 1000000000
    RECENT_MAX = 1 << 16                # orders within the duplicate window that are remembered at most


@cython.final
cdef class Risk:
    """Limits of one engine. A symbol's largest order starts as the venue's own limit (see engine/risk_symbols)."""

    def __init__(self, instruments, limits=None):
        limits = RiskLimits() if limits is None else limits
        self.exposure = Exposure(instruments)
        self.symbols = RiskSymbols(self.exposure.instruments, limits.window_ns, limits.max_window_orders)
        self.notional = RollingSum(limits.max_window_e4, limits.window_ns)
        self.messages = RollingSum(limits.max_orders_per_s, NS_PER_S)
        recent_count = limits.max_orders_per_s * (limits.duplicate_window_ns // NS_PER_S + 1)
        self.recent = RecentOrders(limits.duplicate_window_ns, min(recent_count, RECENT_MAX))
        self.owners = [OwnerRisk(0, "", limits.strategy, limits.window_ns)]
        self.adopt(limits)

    # ---- Before the wire -----------------------------------------------------------------------------------------

    cdef int check_new(self, Order order, int open_count, int64_t now_ns) noexcept:
        cdef int reason = self._check_permission(order.terms)
        cdef int64_t twin
        if reason != DENY_NONE:
            return reason
        if open_count >= self.max_open:
            return self._deny(DENY_MAX_OPEN_ORDERS, open_count + 1, self.max_open)
        reason = self._check_terms(order, order.price_ticks, order.order_qty_lots)
        if reason != DENY_NONE:
            return reason
        reason = self._check_room(order, order.price_ticks, now_ns)
        if reason != DENY_NONE:
            return reason
        self.key = order_key(order)
        twin = self.recent.newest(self.key, now_ns)
        # Once the first was heard of, the same again is a decision; before, it is a loop, or a blind repetition.
        if twin and self.exposure.is_unanswered(twin):
            return self._deny(DENY_DUPLICATE_ORDER, twin, 0)
        return DENY_NONE

    cdef int check_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) noexcept:
        """An amended order must pass as if it were new. What only shrinks an order always may, halted or not."""
        cdef bint keeps_price = price_ticks == 0 or price_ticks == order.price_ticks
        cdef int reason
        self.more_lots = self.more_e4 = 0
        if self.is_killed:
            return DENY_KILLED
        if not order.terms.qty_in_quote and qty_lots != 0 and qty_lots <= order.cum_qty_lots:
            return DENY_BAD_QTY
        if price_ticks != 0 and not has_price(order.terms):
            return DENY_BAD_PRICE
        if keeps_price and 0 < qty_lots < order.order_qty_lots and not would_change(order, &order.amend_triggers):
            return DENY_NONE
        reason = self._check_permission(order.terms)
        if reason != DENY_NONE:
            return reason
        reason = self._check_terms(order, price_ticks or order.price_ticks, qty_lots or order.order_qty_lots)
        if reason != DENY_NONE:
            return reason
        self._count_more(order, price_ticks, qty_lots)
        return self._check_room(order, price_ticks or order.price_ticks, now_ns)

    cdef void _count_more(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        """What an amend adds to what is counted of the order: the larger of both stays until it is settled."""
        cdef OpenOrder* counted = &self.exposure.slots[order.handle & self.exposure.mask]
        cdef int64_t lots = max(order.order_qty_lots, qty_lots) - order.cum_qty_lots
        if counted.handle != order.handle:
            return                                  # not counted so far: all of it is new
        if order.terms.qty_in_quote:
            lots = self.more_lots - order.cum_qty_lots
        else:
            self.more_e4 = order.terms.instrument.notional_e4(
                max(order.price_ticks, price_ticks) if has_price(order.terms)
                else max(counted.value_ticks, order.amend_triggers.stop_px_ticks), lots)
        self.more_lots = max(<int64_t> 0, lots - counted.lots)
        self.more_e4 = max(<int64_t> 0, self.more_e4 - counted.notional_e4)

    cdef void enter(self, Order order, int64_t now_ns) noexcept:
        self.exposure.enter(order)
        self._spend(order.terms, now_ns)
        self.recent.add(self.key, order.handle, now_ns)

    cdef void withdraw(self, Order order) noexcept:
        self.exposure.withdraw(order)
        self._give_back(order.terms)
        self.recent.take_back(self.key)

    cdef void enter_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) noexcept:
        self.exposure.enter_amend(order, price_ticks, qty_lots)
        self._spend(order.terms, now_ns)

    cdef void withdraw_amend(self, Order order) noexcept:
        self.exposure.follow(order)
        self._give_back(order.terms)

    cdef void follow(self, Order order, int effect, int64_t now_ns) noexcept:
        self.exposure.follow(order)
        if effect & EFFECT_FILL and order.terms.owner < len(self.owners):
            self.trip_count += (<OwnerRisk> PyList_GET_ITEM(self.owners, order.terms.owner)).note_execution(now_ns)

    # ---- May anything go -----------------------------------------------------------------------------------------

    cdef int _deny(self, int reason, int64_t asked, int64_t allowed) noexcept:
        self.asked, self.allowed = asked, allowed
        return reason

    cdef int _deny_owner(self, int reason, OwnerRisk owner, int64_t asked, int64_t allowed) noexcept:
        self.denied_owner = owner.index
        return self._deny(reason, asked, allowed)

    cdef int _check_permission(self, OrderTerms terms) noexcept:
        cdef OwnerRisk owner
        if self.is_killed:
            return DENY_KILLED
        if self.state == TRADING_HALTED:
            return DENY_HALTED
        if not self.exposure.knows(terms.instrument):
            return DENY_NO_REFERENCE_PRICE          # an instrument these limits were not made for
        if self.symbols.limits[terms.instrument.index].state == TRADING_HALTED:
            return DENY_SYMBOL_HALTED
        if terms.owner >= len(self.owners):
            return DENY_STRATEGY_HALTED             # a strategy nobody announced
        owner = <OwnerRisk> PyList_GET_ITEM(self.owners, terms.owner)
        if owner.is_tripped:
            return self._deny_owner(DENY_REPEATED_EXECUTIONS, owner, owner.executions.most, owner.executions.most)
        if owner.state == TRADING_HALTED:
            return self._deny_owner(DENY_STRATEGY_HALTED, owner, 0, 0)
        return DENY_NONE

    # ---- Is the order sane ---------------------------------------------------------------------------------------

    cdef int _check_terms(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        cdef bint priced = has_price(order.terms)
        cdef bint waits = order.terms.trigger != TRIGGER_NONE
        self.more_lots = self.more_e4 = 0
        if (priced and price_ticks <= 0) or (waits and trigger_ticks(order) <= 0):
            return DENY_BAD_PRICE
        if qty_lots <= 0:
            # Nothing to trade, unless the order closes whatever the position is when it triggers.
            return DENY_NONE if qty_lots == 0 and order.terms.exec_inst & INST_CLOSE_ON_TRIGGER else DENY_BAD_QTY
        return self._check_value(order, price_ticks if priced else 0, qty_lots)

    cdef int _check_value(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        """Quantity, value and collar. `price_ticks` 0: at whatever the price will be, valued at the reference."""
        cdef Instrument instrument = order.terms.instrument
        cdef int64_t max_qty_lots = self.symbols.limits[instrument.index].max_qty_lots
        cdef int64_t reference = self.exposure.symbols[instrument.index].reference_ticks
        cdef int reason
        if order.terms.trigger != TRIGGER_NONE:
            reference = trigger_ticks(order)        # it works at its trigger price, not at today's
        if reference == 0:
            return DENY_NO_REFERENCE_PRICE
        if order.terms.qty_in_quote:
            # Worth what it spends, and as many lots as that buys.
            self.more_e4 = money_e4(qty_lots, instrument.value_scale)
            qty_lots = lots_of_money(instrument, self.more_e4, min(price_ticks or reference, reference), self.collar_bp)
        else:
            self.more_e4 = instrument.notional_e4(price_ticks or reference, qty_lots)
        self.more_lots = qty_lots
        if max_qty_lots and qty_lots > max_qty_lots:
            return self._deny(DENY_MAX_QTY, qty_lots, max_qty_lots)
        reason = self._check_size(order.terms)
        if reason != DENY_NONE:
            return reason
        if price_ticks and is_beyond_collar(order.terms.side, price_ticks, reference, self.collar_bp):
            return self._deny(DENY_PRICE_COLLAR, price_ticks, reference)
        return DENY_NONE

    cdef int _check_size(self, OrderTerms terms) noexcept:
        """The value of a single order."""
        cdef OwnerRisk owner = <OwnerRisk> PyList_GET_ITEM(self.owners, terms.owner)
        if self.more_e4 > self.max_notional_e4:
            return self._deny(DENY_MAX_NOTIONAL, self.more_e4, self.max_notional_e4)
        if self.more_e4 > owner.max_notional_e4:
            return self._deny_owner(DENY_STRATEGY_NOTIONAL, owner, self.more_e4, owner.max_notional_e4)
        return DENY_NONE

    # ---- What could come of it -----------------------------------------------------------------------------------

    cdef int _check_room(self, Order order, int64_t price_ticks, int64_t now_ns) noexcept:
        cdef OrderTerms terms = order.terms
        cdef OwnerRisk owner = <OwnerRisk> PyList_GET_ITEM(self.owners, terms.owner)
        cdef int reason = DENY_NONE
        if not self._shrinks(terms):
            if self.state == TRADING_REDUCING or owner.state == TRADING_REDUCING:
                return DENY_REDUCING
            if self.symbols.limits[terms.instrument.index].state == TRADING_REDUCING:
                return DENY_REDUCING
            reason = self._check_exposure(terms)
        if reason == DENY_NONE:
            reason = self._check_self_match(order, price_ticks)
        return reason if reason != DENY_NONE else self._check_windows(terms, now_ns)

    cdef bint _shrinks(self, OrderTerms terms) noexcept:
        """Whether the position is surely smaller afterwards, whatever becomes of the other open orders."""
        cdef Cell* cell = &self.exposure.symbols[terms.instrument.index].cells[terms.pos_side]
        cdef int128_t orders
        if is_closing(terms):
            return True
        if terms.side == SIDE_BUY:
            orders = cell.buy_lots + cell.closing_buy_lots + cell.foreign_buy_lots + self.more_lots
            return highest(cell) < 0 and orders <= -<int128_t> highest(cell)
        orders = cell.sell_lots + cell.closing_sell_lots + cell.foreign_sell_lots + self.more_lots
        return lowest(cell) > 0 and orders <= lowest(cell)

    cdef int _check_exposure(self, OrderTerms terms) noexcept:
        cdef Exposure exposure = self.exposure
        cdef OwnerRisk owner = <OwnerRisk> PyList_GET_ITEM(self.owners, terms.owner)
        cdef OwnPositions own = <OwnPositions> PyList_GET_ITEM(exposure.owners, terms.owner)
        cdef int128_t net
        cdef int reason
        if self.more_lots <= 0 and self.more_e4 <= 0:
            return DENY_NONE                        # an amend that adds nothing
        reason = self._check_position(terms)
        if reason != DENY_NONE:
            return reason
        if gross_e4(&exposure.totals) + self.more_e4 > self.max_gross_e4:
            return self._deny(DENY_MAX_GROSS, saturated(gross_e4(&exposure.totals) + self.more_e4), self.max_gross_e4)
        net = net_long_e4(&exposure.totals) if terms.side == SIDE_BUY else net_short_e4(&exposure.totals)
        if net + self.more_e4 > self.max_net_e4:
            return self._deny(DENY_MAX_NET, saturated(net + self.more_e4), self.max_net_e4)
        if gross_e4(&own.totals) + self.more_e4 > owner.max_gross_e4:
            return self._deny_owner(
                DENY_STRATEGY_GROSS, owner, saturated(gross_e4(&own.totals) + self.more_e4), owner.max_gross_e4)
        return DENY_NONE

    cdef int _check_position(self, OrderTerms terms) noexcept:
        cdef SymbolExposure* symbol = &self.exposure.symbols[terms.instrument.index]
        cdef Cell* cell = &symbol.cells[terms.pos_side]
        cdef int64_t max_lots = self.symbols.limits[terms.instrument.index].max_position_lots
        cdef int128_t worst = (worst_long(cell) if terms.side == SIDE_BUY else worst_short(cell)) + self.more_lots
        cdef int64_t worst_e4
        if max_lots and worst > max_lots:
            return self._deny(DENY_MAX_POSITION, saturated(worst), max_lots)
        if symbol.reference_ticks == 0 or worst <= 0:
            # Only a conditional order comes here without a known price: its own value was limited at its trigger.
            return DENY_NONE
        worst_e4 = terms.instrument.notional_e4(symbol.reference_ticks, saturated(worst))
        if worst_e4 > self.max_position_e4:
            return self._deny(DENY_MAX_POSITION_NOTIONAL, worst_e4, self.max_position_e4)
        return DENY_NONE

    # ---- Does it make sense --------------------------------------------------------------------------------------

    cdef int _check_self_match(self, Order order, int64_t price_ticks) noexcept:
        """Whether an open order of ours stands where this one would trade. What waits for a trigger is not there."""
        cdef SymbolExposure* symbol = &self.exposure.symbols[order.terms.instrument.index]
        cdef bint buys = order.terms.side == SIDE_BUY
        cdef int other = SIDE_SELL if buys else SIDE_BUY
        cdef int64_t nearest
        if symbol.first_listed[other] < 0:
            return DENY_NONE
        if order.terms.trigger != TRIGGER_NONE and order.status not in (STATUS_NEW, STATUS_PARTIALLY_FILLED):
            return DENY_NONE
        if not has_price(order.terms):
            price_ticks = market_reach(order.terms.side, symbol.reference_ticks)
        if price_ticks < symbol.bound_ticks[other] if buys else price_ticks > symbol.bound_ticks[other]:
            return DENY_NONE
        nearest = self.exposure.nearest_own(order.terms.instrument.index, other)
        if price_ticks < nearest if buys else price_ticks > nearest:
            return DENY_NONE
        return self._deny(DENY_SELF_MATCH, price_ticks, nearest)

    # ---- Is it too much ------------------------------------------------------------------------------------------

    cdef int _check_windows(self, OrderTerms terms, int64_t now_ns) noexcept:
        cdef RollingSum lots = <RollingSum> PyList_GET_ITEM(self.symbols.windows, terms.instrument.index)
        cdef OwnerRisk owner = <OwnerRisk> PyList_GET_ITEM(self.owners, terms.owner)
        if lots.room(now_ns) < self.more_lots:
            return self._deny(DENY_WINDOW_QTY, saturated(<int128_t> lots.used + self.more_lots), lots.limit)
        if self.notional.room(now_ns) < self.more_e4:
            return self._deny(
                DENY_WINDOW_NOTIONAL, saturated(<int128_t> self.notional.used + self.more_e4), self.notional.limit)
        if owner.notional.room(now_ns) < self.more_e4:
            return self._deny_owner(
                DENY_STRATEGY_WINDOW, owner, saturated(<int128_t> owner.notional.used + self.more_e4),
                owner.notional.limit)
        if self.messages.room(now_ns) < 1:
            return self._deny(DENY_ORDER_RATE, self.messages.used + 1, self.messages.limit)
        if owner.messages.room(now_ns) < 1:
            return self._deny_owner(DENY_STRATEGY_RATE, owner, owner.messages.used + 1, owner.messages.limit)
        return DENY_NONE

    cdef OwnerRisk _owner_of(self, OrderTerms terms):
        """Whose windows count it. An amend that only shrinks is not asked whether its strategy was announced."""
        return self.owners[terms.owner if terms.owner < len(self.owners) else 0]

    cdef void _spend(self, OrderTerms terms, int64_t now_ns) noexcept:
        cdef OwnerRisk owner = self._owner_of(terms)
        (<RollingSum> PyList_GET_ITEM(self.symbols.windows, terms.instrument.index)).add(self.more_lots, now_ns)
        self.notional.add(self.more_e4, now_ns)
        owner.notional.add(self.more_e4, now_ns)
        self.messages.add(1, now_ns)
        owner.messages.add(1, now_ns)

    cdef void _give_back(self, OrderTerms terms) noexcept:
        cdef OwnerRisk owner = self._owner_of(terms)
        (<RollingSum> PyList_GET_ITEM(self.symbols.windows, terms.instrument.index)).take_back(self.more_lots)
        self.notional.take_back(self.more_e4)
        owner.notional.take_back(self.more_e4)
        self.messages.take_back(1)
        owner.messages.take_back(1)

    cdef void set_reference(self, int index, int64_t price_ticks) noexcept:
        self.exposure.set_reference(index, price_ticks)

    # ---- The cold side: limits, states, strategies ---------------------------------------------------------------

    def adopt(self, limits not None):
        """Other limits of the account, from now on; what was counted stays counted. Lengths of windows stay."""
        if limits.window_ns != self.notional.window_ns or limits.duplicate_window_ns != self.recent.window_ns:
            raise ValueError("the lengths of the windows are fixed when the engine starts")
        self.max_notional_e4, self.max_position_e4 = limits.max_notional_e4, limits.max_position_e4
        self.max_gross_e4, self.max_net_e4 = limits.max_gross_e4, limits.max_net_e4
        self.collar_bp = self.exposure.collar_bp = limits.collar_bp
        self.max_open = limits.max_open
        self.notional.set_limit(limits.max_window_e4)
        self.messages.set_limit(limits.max_orders_per_s)
        self.limits = limits

    def owner(self, str name not None, limits=None):
        """The OwnerRisk of a strategy, by name; made when first asked for, with `limits` or those of the unnamed."""
        for owner in self.owners:
            if owner.name == name:
                return owner
        index = self.exposure.add_owner()
        self.owners.append(OwnerRisk(index, name, limits or self.limits.strategy, self.limits.window_ns))
        return self.owners[index]

    def set_state(self, state):
        """What of new orders is taken of the account; its symbols and strategies have states of their own."""
        self.state = TradingState(state)

    def set_killed(self, bint is_killed):
        """The kill switch: nothing new and no amend, whatever else is allowed."""
        self.is_killed = is_killed

    def set_reference_price(self, Instrument instrument not None, int64_t price_ticks):
        """Tell the last known price of an instrument, in ticks."""
        self.set_reference(instrument.index, price_ticks)

    def reference_price(self, Instrument instrument not None):
        """The last known price in ticks; 0: none."""
        return self.exposure.reference_price(instrument)

    def check(self, Order order not None, int open_count=0, int64_t now_ns=0):
        """The DenyReason for a new order, 0 if it may go: for tests and dry runs."""
        return self.check_new(order, open_count, now_ns)
