"""Positions and balances as the account streams tell them."""

from libc.stdint cimport int64_t

from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.order_events cimport SymbolTable
from tidings.wire.json_cursor cimport JsonCursor, JsonValue
from tidings.wire.json_keys cimport JsonKeyOrder


cdef class PositionUpdate:
    """One position after an event. Immutable once it is handed up."""
    cdef readonly Instrument instrument
    cdef readonly int source                # ReportSource: STREAM or SNAPSHOT
    cdef readonly int pos_side              # PosSide
    cdef readonly int is_hedged             # -1: not told
    cdef readonly int64_t net_qty_lots      # signed; UNSET: not told or off the grid
    # avg_entry_px = mantissa / 10**scale; 0 when flat.
    cdef readonly int64_t avg_entry_mantissa
    cdef readonly int avg_entry_scale
    # leverage = mantissa / 10**scale; sign as the venue has it: ≤ 0 cross, > 0 isolated.
    cdef readonly int64_t leverage_mantissa
    cdef readonly int leverage_scale
    cdef readonly int64_t exec_seq, transact_time_ns, data_version


cdef class WalletUpdate:
    """One balance. Immutable once it is handed up."""
    cdef readonly str currency
    cdef readonly int line                  # ProductLine the balance belongs to
    cdef readonly int source                # ReportSource: STREAM or SNAPSHOT
    # balance = balance_mantissa / 10**scale, and so on.
    cdef readonly int64_t balance_mantissa
    cdef readonly int balance_scale
    cdef readonly int64_t used_mantissa     # in margin (contracts) or locked by orders (spot)
    cdef readonly int used_scale
    cdef readonly int64_t update_time_ns    # venue wall clock; 0: not told (contracts)


cdef class AccountStateReader:
    cdef SymbolTable symbols
    cdef JsonKeyOrder[2] position_orders    # how each line writes its positions, by ProductLine
    cdef dict value_scales                  # (line, currency) → exponent of its integer values
    cdef readonly int64_t unknown_count     # rows of symbols or currencies we do not know: left out, they have no scale

    # The object at the cursor, or None if we do not know its symbol or currency. `is_good` False: broken.
    cdef PositionUpdate read_position(self, JsonCursor* cursor, int line, bint* is_good)
    cdef WalletUpdate read_wallet(self, JsonCursor* cursor, int line, bint* is_good)
    cdef bint _read_amounts(self, WalletUpdate wallet, JsonValue* row) except -1
