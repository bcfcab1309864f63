"""The venue's words and numbers about orders, read from JSON values into ours. Shared by replies and streams.

`values` are what json_pick() found; an absent, null or unreadable one becomes UNSET, 0 or -1, never a guess.
"""

from libc.stdint cimport int64_t, uint64_t

from tidings.model.execution_report cimport UNSET, ExecutionReport
from tidings.model.instrument cimport Instrument
from tidings.wire.json_cursor cimport JsonValue


cdef enum StatusWord:           # ordStatus; slots of a word table
    WORD_CREATED = 0
    WORD_INIT
    WORD_UNTRIGGERED
    WORD_TRIGGERED
    WORD_DEACTIVATED
    WORD_REJECTED
    WORD_NEW
    WORD_PARTIALLY_FILLED
    WORD_FILLED
    WORD_CANCELED

cdef enum ExecWord:             # execStatus
    EXEC_WORD_ABORTED = 0
    EXEC_WORD_MAKER_FILL
    EXEC_WORD_TAKER_FILL
    EXEC_WORD_EXPIRED
    EXEC_WORD_CANCELED
    EXEC_WORD_CREATE_REJECTED
    EXEC_WORD_NEW
    EXEC_WORD_INIT
    EXEC_WORD_PENDING_NEW
    EXEC_WORD_PENDING_CANCEL
    EXEC_WORD_PENDING_REPLACE
    EXEC_WORD_CANCEL_REJECTED
    EXEC_WORD_REPLACED
    EXEC_WORD_REPLACE_TO_CANCELED
    EXEC_WORD_RE_ADDED
    EXEC_WORD_WAIT_TO_SEND_NEW
    EXEC_WORD_REGISTERED
    EXEC_WORD_NEW_REJECTED


cdef int status_word(const JsonValue* value) noexcept nogil         # StatusWord, -1: none we know
cdef int status_of_word(int word) noexcept nogil                    # OrdStatus, -1: none we know
cdef int exec_word(const JsonValue* value) noexcept nogil           # ExecWord, -1: none we know
cdef int side_of(const JsonValue* value) noexcept nogil             # Side, 0: none
cdef bint is_word(const JsonValue* value, const char* word, Py_ssize_t word_bytes) noexcept nogil

# On the instrument's grid, else UNSET. `is_scaled`: an integer at the grid's scale (Ep, Ev), not a decimal (Rp, Rq).
cdef int64_t price_ticks_of(const JsonValue* value, Instrument instrument, bint is_scaled) noexcept
cdef int64_t qty_lots_of(const JsonValue* value, Instrument instrument, bint is_scaled) noexcept

cdef int64_t int_of(const JsonValue* value, int64_t otherwise) noexcept nogil
# value = mantissa / 10**scale, exactly; False if it is no number or longer than 64 bits.
cdef bint decimal_of(const JsonValue* value, int64_t* mantissa, int* scale) noexcept nogil
# False (and 0, 0) if it is not the text of a UUID.
cdef bint uuid_of(const JsonValue* value, uint64_t* high, uint64_t* low) noexcept nogil
cdef int copy_cl_ord_id(ExecutionReport report, const JsonValue* value) except -1


cdef inline int64_t unless_zero(int64_t ticks) noexcept nogil:
    """A price of zero means that there is none (phemex docs 2026, order samples)."""
    return ticks if ticks else UNSET
