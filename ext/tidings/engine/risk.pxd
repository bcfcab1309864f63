"""Pre-trade checks, in a fixed order, before anything reaches the wire."""

cimport cython
from libc.stdint cimport int64_t

from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order


ctypedef struct SymbolRisk:
    int64_t max_qty_lots            # per order
    int64_t reference_ticks         # last known price; 0: none
    int64_t reference_ns            # when it was learnt


@cython.final
cdef class Risk:
    cdef SymbolRisk* symbols        # by instrument index
    cdef readonly int symbol_count
    cdef readonly int64_t max_notional_e4       # per order, in 10**-4 of the quote currency
    cdef readonly int collar_bp                 # how far a limit price may lie beyond the last known price, in 0.01 %
    cdef readonly int max_open                  # orders not done, unknown ones included
    cdef public bint is_halted

    cdef int check_new(self, Order order, int open_count) noexcept          # DenyReason
    cdef int check_amend(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef int _check_terms(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef int _check_value(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef int _check_money(self, Instrument instrument, int64_t money) noexcept
    cdef int _check_index(self, Instrument instrument) except -1
    cdef void set_reference(self, int index, int64_t price_ticks, int64_t now_ns) noexcept
