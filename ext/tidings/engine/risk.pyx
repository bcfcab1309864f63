"""Pre-trade checks, in a fixed order, before anything reaches the wire.

Every limit has a value: there is no "unlimited". A price that is not known denies too: the collar of an order is the
last price the venue told, and an order without one would be an order without a collar.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport INT64_MAX, int64_t

from tidings.model.enums cimport (
    DENY_BAD_PRICE, DENY_BAD_QTY, DENY_HALTED, DENY_MAX_IN_FLIGHT, DENY_MAX_NOTIONAL, DENY_MAX_QTY,
    DENY_NO_REFERENCE_PRICE, DENY_NONE, DENY_PRICE_COLLAR, INST_CLOSE_ON_TRIGGER, ORD_LIMIT, ORD_LIMIT_IF_TOUCHED,
    ORD_STOP_LIMIT, SIDE_BUY, TRIGGER_NONE,
)
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order

cdef enum:
    BASIS_POINTS = 10000
    SYMBOLS_MAX = 1 << 20


@cython.final
cdef class Risk:
    """Limits of one engine. A symbol's `max_qty_lots` starts at the venue's own limit and is set with `limit_qty`."""

    def __init__(self, instruments, *, int64_t max_notional_e4, int collar_bp=2000, int max_open=200):
        if max_notional_e4 <= 0 or not 0 < collar_bp < BASIS_POINTS or max_open <= 0:
            raise ValueError(
                f"limits must be positive, the collar below 100 %: was max_notional_e4={max_notional_e4},"
                f" collar_bp={collar_bp}, max_open={max_open}"
            )
        self.max_notional_e4 = max_notional_e4
        self.collar_bp = collar_bp
        self.max_open = max_open
        listed = list(instruments)
        symbol_count = 1 + max((instrument.index for instrument in listed), default=0)
        if symbol_count > SYMBOLS_MAX:
            raise ValueError(f"instrument indexes must be dense, below {SYMBOLS_MAX}: was {symbol_count - 1}")
        PyMem_Free(self.symbols)                # __init__ may be called twice
        self.symbol_count = 0
        self.symbols = <SymbolRisk*> PyMem_Calloc(symbol_count, sizeof(SymbolRisk))
        if self.symbols == NULL:
            raise MemoryError("no memory for the limits")
        self.symbol_count = symbol_count
        for instrument in listed:
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
        """An amended order must pass as if it were new. What only shrinks an order always may, halted or not."""
        cdef bint keeps_price = price_ticks == 0 or price_ticks == order.price_ticks
        if not order.terms.qty_in_quote and qty_lots != 0 and qty_lots <= order.cum_qty_lots:
            return DENY_BAD_QTY
        if price_ticks != 0 and not _has_price(order):
            return DENY_BAD_PRICE
        if keeps_price and 0 < qty_lots < order.order_qty_lots:
            return DENY_NONE
        if self.is_halted:
            return DENY_HALTED
        return self._check_terms(order, price_ticks or order.price_ticks, qty_lots or order.order_qty_lots)

    cdef int _check_terms(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        cdef bint has_price = _has_price(order)
        cdef bint waits = order.terms.trigger != TRIGGER_NONE
        if order.terms.instrument.index >= self.symbol_count:
            return DENY_NO_REFERENCE_PRICE          # an instrument these limits were not made for
        if (has_price and price_ticks <= 0) or (waits and order.stop_px_ticks <= 0):
            return DENY_BAD_PRICE
        if qty_lots <= 0:
            # Nothing to trade, unless the order closes whatever the position is when it triggers.
            return DENY_NONE if qty_lots == 0 and order.terms.exec_inst & INST_CLOSE_ON_TRIGGER else DENY_BAD_QTY
        if order.terms.qty_in_quote:
            return self._check_money(order.terms.instrument, qty_lots)
        return self._check_value(order, price_ticks if has_price else 0, qty_lots)

    cdef int _check_value(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        """Quantity, value and collar. `price_ticks` 0: at whatever the price will be, valued at the reference."""
        cdef SymbolRisk* symbol = &self.symbols[order.terms.instrument.index]
        cdef int64_t reference = symbol.reference_ticks
        if symbol.max_qty_lots and qty_lots > symbol.max_qty_lots:
            return DENY_MAX_QTY
        if order.terms.trigger != TRIGGER_NONE:
            reference = order.stop_px_ticks         # it works at its trigger price, not at today's
        if reference == 0:
            return DENY_NO_REFERENCE_PRICE
        if order.terms.instrument.notional_e4(price_ticks or reference, qty_lots) > self.max_notional_e4:
            return DENY_MAX_NOTIONAL
        if price_ticks and _is_beyond_collar(order.terms.side, price_ticks, reference, self.collar_bp):
            return DENY_PRICE_COLLAR
        return DENY_NONE

    cdef int _check_money(self, Instrument instrument, int64_t money) noexcept:
        return DENY_NONE if _money_e4(money, instrument.value_scale) <= self.max_notional_e4 else DENY_MAX_NOTIONAL

    cdef void set_reference(self, int index, int64_t price_ticks, int64_t now_ns) noexcept:
        if price_ticks > 0 and 0 <= index < self.symbol_count:
            self.symbols[index].reference_ticks = price_ticks
            self.symbols[index].reference_ns = now_ns

    def limit_qty(self, Instrument instrument not None, int64_t max_qty_lots):
        """Largest order of one instrument, in lots; 0: only the notional limit binds (the venue tells no maximum)."""
        self._check_index(instrument)
        if max_qty_lots < 0:
            raise ValueError(f"{instrument.symbol}: the largest order must be ≥ 0 lots: was {max_qty_lots}")
        self.symbols[instrument.index].max_qty_lots = max_qty_lots

    def set_reference_price(self, Instrument instrument not None, int64_t price_ticks, int64_t now_ns):
        """Tell the last known price of an instrument, in ticks."""
        self.set_reference(instrument.index, price_ticks, now_ns)

    def reference_price(self, Instrument instrument not None):
        """The last known price in ticks; 0: none."""
        self._check_index(instrument)
        return self.symbols[instrument.index].reference_ticks

    cdef int _check_index(self, Instrument instrument) except -1:
        if instrument.index >= self.symbol_count:
            raise ValueError(f"{instrument.symbol} is not among the instruments these limits were made for")
        return 0

    def check(self, Order order not None, int open_count=0):
        """The DenyReason for a new order, 0 if it may go: for tests and dry runs."""
        return self.check_new(order, open_count)


cdef inline bint _has_price(Order order) noexcept:
    return order.terms.ord_type in (ORD_LIMIT, ORD_STOP_LIMIT, ORD_LIMIT_IF_TOUCHED)


cdef inline bint _is_beyond_collar(int side, int64_t price_ticks, int64_t reference_ticks, int collar_bp) noexcept:
    """Only the aggressive side is collared: a buy far above the reference, a sell far below."""
    # Divided first, and differences compared: nothing here can overflow.
    cdef int64_t room_ticks = reference_ticks // BASIS_POINTS * collar_bp
    room_ticks += reference_ticks % BASIS_POINTS * collar_bp // BASIS_POINTS
    if side == SIDE_BUY:
        return price_ticks - reference_ticks > room_ticks
    return reference_ticks - price_ticks > room_ticks


cdef inline int64_t _money_e4(int64_t money, int scale) noexcept:
    """Money in units of 10**-scale as units of 10**-4, rounded up; at most the largest int64."""
    while scale > 4:
        money = money // 10 + (money % 10 > 0)
        scale -= 1
    while scale < 4:
        if money > INT64_MAX // 10:
            return INT64_MAX
        money *= 10
        scale += 1
    return money
