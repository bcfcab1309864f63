"""Each symbol's own limits, window and state."""

cimport cython
from libc.stdint cimport int64_t

from tidings.model.instrument cimport Instrument


ctypedef struct SymbolLimits:
    int64_t max_qty_lots            # per order; 0: only its value binds (the venue tells no maximum)
    int64_t max_position_lots       # either way, at worst; 0: only its value binds
    int state                       # TradingState
    bint has_own_window             # most within the window was given, and does not follow the largest order


@cython.final
cdef class RiskSymbols:
    cdef SymbolLimits* limits                   # by instrument index
    cdef list windows                           # RollingSum of lots by instrument index
    cdef list instruments                       # by index; None: no such instrument
    cdef int64_t window_orders
    cdef SymbolLimits* _of(self, Instrument instrument) except NULL
