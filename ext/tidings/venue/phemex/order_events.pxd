"""One row of an account stream (an order's event, a spot fill) as one ExecutionReport."""

from libc.stdint cimport int64_t

from tidings.model.execution_report cimport ExecutionReport
from tidings.model.instrument cimport Instrument
from tidings.wire.json_cursor cimport JsonCursor, JsonValue
from tidings.wire.json_keys cimport JsonKeyOrder


cdef enum RowKind:
    ROW_OF_CONTRACT             # COIN-M and USD-M: an order's event, executions among them
    ROW_OF_SPOT_ORDER           # spot: an order as it stands
    ROW_OF_SPOT_FILL            # spot: one execution


cdef class SymbolTable:
    """Instruments by the venue's symbol, straight from bytes; rows of one message mostly name one symbol."""
    cdef dict instruments       # str → Instrument
    cdef Instrument latest
    cdef Instrument find(self, const JsonValue* symbol)         # None: not in the catalogue


cdef class OrderEventReader:
    cdef readonly SymbolTable symbols
    cdef readonly int64_t unknown_symbol_count      # rows of symbols we do not know: left out, they have no scale
    cdef readonly int64_t unknown_word_count        # rows with a word we do not know: told as STATUS with that word
    cdef readonly int64_t funding_count             # funding settlements: rows that are no order's

    cdef JsonKeyOrder[2] contract_orders            # how each line writes its rows, by ProductLine
    cdef JsonKeyOrder spot_order, spot_fill

    # The object at the cursor as a report, or None if it is no order's or of an unknown symbol (counted). Its source is
    # left for the caller, who knows it only at the end of the message. False in `is_good`: broken, nothing to trust.
    cdef ExecutionReport read(self, JsonCursor* cursor, RowKind kind, int line, int64_t now_ns, bint* is_good)
    cdef ExecutionReport _report(self, JsonValue* row, RowKind kind, Instrument instrument, int64_t now_ns)
    cdef ExecutionReport _spot_fill(self, ExecutionReport report, JsonValue* row, Instrument instrument)
    cdef int _tell_event(self, ExecutionReport report, JsonValue* row) except -1
    cdef int _tell_execution(self, ExecutionReport report, JsonValue* row, Instrument instrument) except -1
    cdef int _tell_fee(self, ExecutionReport report, JsonValue* row, Instrument instrument) except -1
