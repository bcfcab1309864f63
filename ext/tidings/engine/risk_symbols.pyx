"""Each symbol's own limits, window and state, as the order path reads them: by the instrument's index."""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport INT64_MAX, int64_t

from tidings.engine.risk_windows cimport RollingSum
from tidings.model.instrument cimport Instrument

from tidings.model.enums import TradingState


@cython.final
cdef class RiskSymbols:
    def __cinit__(self):
        self.limits = NULL

    def __dealloc__(self):
        PyMem_Free(self.limits)

    def __init__(self, list instruments not None, int64_t window_ns, int64_t window_orders):
        PyMem_Free(self.limits)                 # __init__ may be called twice
        self.limits = <SymbolLimits*> PyMem_Calloc(len(instruments), sizeof(SymbolLimits))
        if self.limits == NULL:
            raise MemoryError("no memory for the symbols' limits")
        self.instruments, self.window_orders = instruments, window_orders
        self.windows = [RollingSum(INT64_MAX, window_ns) for _ in instruments]
        for instrument in instruments:
            if instrument is not None:
                self.limit_qty(instrument, (<Instrument> instrument).max_qty_lots)

    def limit_qty(self, Instrument instrument not None, int64_t max_qty_lots):
        """Largest order in lots; 0: only its value binds. A window that was given no limit follows: so many of them."""
        if max_qty_lots < 0:
            raise ValueError(f"{instrument.symbol}: the largest order must be ≥ 0 lots: was {max_qty_lots}")
        cdef SymbolLimits* limits = self._of(instrument)
        limits.max_qty_lots = max_qty_lots
        if limits.has_own_window:
            return
        most = min(<object> max_qty_lots * self.window_orders, INT64_MAX) if max_qty_lots else INT64_MAX
        (<RollingSum> self.windows[instrument.index]).set_limit(most)

    def limit_window_qty(self, Instrument instrument not None, int64_t max_window_lots):
        """Most that may be ordered within the window, in lots."""
        if max_window_lots <= 0:
            raise ValueError(f"{instrument.symbol}: the window must allow > 0 lots: was {max_window_lots}")
        self._of(instrument).has_own_window = True
        (<RollingSum> self.windows[instrument.index]).set_limit(max_window_lots)

    def limit_position(self, Instrument instrument not None, int64_t max_position_lots):
        """Largest position either way, in lots, at worst; 0: only its value binds."""
        if max_position_lots < 0:
            raise ValueError(f"{instrument.symbol}: the largest position must be ≥ 0 lots: was {max_position_lots}")
        self._of(instrument).max_position_lots = max_position_lots

    def limits_of(self, Instrument instrument not None):
        """(largest order, largest position, most within the window) in lots; 0: only its value binds."""
        cdef SymbolLimits* limits = self._of(instrument)
        cdef RollingSum window = <RollingSum> self.windows[instrument.index]
        return limits.max_qty_lots, limits.max_position_lots, window.limit if window.limit < INT64_MAX else 0

    def window_qty_used(self, Instrument instrument not None, int64_t now_ns):
        """Lots ordered within the window."""
        self._of(instrument)
        return (<RollingSum> self.windows[instrument.index]).used_at(now_ns)

    def set_state(self, Instrument instrument not None, state):
        """What of new orders is taken in this symbol."""
        self._of(instrument).state = TradingState(state)

    def state_of(self, Instrument instrument not None):
        """Its TradingState."""
        return TradingState(self._of(instrument).state)

    cdef SymbolLimits* _of(self, Instrument instrument) except NULL:
        if instrument.index >= len(self.instruments) or self.instruments[instrument.index] is None:
            raise ValueError(f"{instrument.symbol} is not among the instruments these limits were made for")
        return &self.limits[instrument.index]
