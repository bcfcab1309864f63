"""Pre-trade checks, in a fixed order, before anything reaches the wire.

Every limit has a value: there is no "unlimited". A price that is not known denies too: the collar of an order is the
last price the venue told, and an order without one would be an order without a collar.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int64_t

from tidings.model.enums cimport (
    DENY_BAD_PRICE, DENY_BAD_QTY, DENY_HALTED, DENY_MAX_IN_FLIGHT, DENY_MAX_NOTIONAL, DENY_MAX_QTY, DENY_NO_REFERENCE_PRICE, DENY_NONE,
    DENY_PRICE_COLLAR, INST_CLOSE_ON_TRIGGER, ORD_LIMIT, ORD_LIMIT_IF_TOUCHED, ORD_STOP_LIMIT, SIDE_BUY, TRIGGER_NONE,
)
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order

cdef enum:
    BASIS_POINTS = 10000


cdef class Risk:
    """Limits of one engine. `max_qty_lots` per symbol starts at the venue's own limit and is lowered with `limit_qty`."""

    def __init__(self, instruments, *, int64_t max_notional_e4, int collar_bp=2000, int max_open=200):
        if max_notional_e4 <= 0 or not 0 < collar_bp < BASIS_POINTS or max_open <= 0:
            raise ValueError(
                f"limits must be positive, the collar below 100 %: was max_notional_e4={max_notional_e4},"
                f" collar_bp={collar_bp}, max_open={max_open}"
            )
        self.max_notional_e4 = max_notional_e4
        self.collar_bp = collar_bp
        self.max_open = max_open
        self.symbol_count = 1 + max((instrument.index for instrument in instruments), default=0)
        self.symbols = <SymbolRisk*>PyMem_Calloc(self.symbol_count, sizeof(SymbolRisk))
        if self.symbols == NULL:
            raise MemoryError("no memory for the limits")
        for instrument in instruments:
            self.limit_qty(instrument, (<Instrument?>instrument).max_qty_lots)

    def __dealloc__(self):
        PyMem_Free(self.symbols)

    cdef int check_new(self, Order order, int open_count) noexcept:
        if self.is_halted:
            return DENY_HALTED
        if open_count >= self.max_open:
            return DENY_MAX_IN_FLIGHT
        return self._check_terms(order, order.price_ticks, order.order_qty_lots)

    cdef int check_amend(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        """An amended order must pass as if it were new, except that a halt does not bind what reduces: amends may only shrink then."""
        if self.is_halted and (price_ticks or qty_lots >= order.order_qty_lots):
            return DENY_HALTED
        if qty_lots and qty_lots <= order.cum_qty_lots:
            return DENY_BAD_QTY
        return self._check_terms(order, price_ticks or order.price_ticks, qty_lots or order.order_qty_lots)

    cdef int _check_terms(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        cdef SymbolRisk* symbol = &self.symbols[order.terms.instrument.index]
        cdef int64_t reference = symbol.reference_ticks
        cdef bint has_price = order.terms.ord_type in (ORD_LIMIT, ORD_STOP_LIMIT, ORD_LIMIT_IF_TOUCHED)
        if qty_lots <= 0:
            # Nothing to trade, unless the order closes whatever the position is when it triggers.
            return DENY_NONE if qty_lots == 0 and order.terms.exec_inst & INST_CLOSE_ON_TRIGGER else DENY_BAD_QTY
        if has_price and price_ticks <= 0 or order.terms.trigger != TRIGGER_NONE and order.stop_px_ticks <= 0:
            return DENY_BAD_PRICE
        if order.terms.qty_in_quote:
            return DENY_NONE if _quote_money_e4(order.terms.instrument, qty_lots) <= self.max_notional_e4 else DENY_MAX_NOTIONAL
        if symbol.max_qty_lots and qty_lots > symbol.max_qty_lots:
            return DENY_MAX_QTY
        if order.terms.trigger != TRIGGER_NONE:
            reference = order.stop_px_ticks             # it works at its trigger price, not at today's
        if reference == 0:
            return DENY_NO_REFERENCE_PRICE
        if order.terms.instrument.notional_e4(price_ticks if has_price else reference, qty_lots) > self.max_notional_e4:
            return DENY_MAX_NOTIONAL
        if has_price and _is_beyond_collar(order.terms.side, price_ticks, reference, self.collar_bp):
            return DENY_PRICE_COLLAR
        return DENY_NONE

    cdef void set_reference(self, int index, int64_t price_ticks, int64_t now_ns) noexcept:
        if price_ticks > 0 and 0 <= index < self.symbol_count:
            self.symbols[index].reference_ticks = price_ticks
            self.symbols[index].reference_ns = now_ns

    def limit_qty(self, Instrument instrument not None, int64_t max_qty_lots):
        """Largest order of one instrument, in lots; 0: only the notional limit binds (the venue tells no maximum)."""
        if max_qty_lots < 0 or instrument.index >= self.symbol_count:
            raise ValueError(f"{instrument.symbol}: the largest order must be ≥ 0 lots: was {max_qty_lots}")
        self.symbols[instrument.index].max_qty_lots = max_qty_lots

    def set_reference_price(self, Instrument instrument not None, int64_t price_ticks, int64_t now_ns):
        """Tell the last known price of an instrument, in ticks."""
        self.set_reference(instrument.index, price_ticks, now_ns)

    def reference_price(self, Instrument instrument not None):
        """The last known price in ticks; 0: none."""
        return self.symbols[instrument.index].reference_ticks

    def check(self, Order order not None, int open_count=0):
        """The DenyReason for a new order, 0 if it may go: for tests and dry runs."""
        return self.check_new(order, open_count)


cdef inline bint _is_beyond_collar(int side, int64_t price_ticks, int64_t reference_ticks, int collar_bp) noexcept:
    """Only the aggressive side is collared: a buy far above the last price, a sell far below. Divides first: no overflow."""
    cdef int64_t room_ticks = reference_ticks // BASIS_POINTS * collar_bp + reference_ticks % BASIS_POINTS * collar_bp // BASIS_POINTS
    if side == SIDE_BUY:
        return price_ticks > reference_ticks + room_ticks
    return price_ticks < reference_ticks - room_ticks


cdef inline int64_t _quote_money_e4(Instrument instrument, int64_t money) noexcept:
    """A spot quantity in quote currency (units of its value scale) as 10**-4 units."""
    cdef int scale = instrument.value_scale
    while scale > 4:
        money = money // 10
        scale -= 1
    while scale < 4 and money < 1 << 58:
        money *= 10
        scale += 1
    return money
