"""Exact conversion between what people write (str, int, Decimal) and what the engine counts in (ticks, lots)."""

from cpython.long cimport PyLong_Check
from libc.stdint cimport int64_t

from tidings.model.instrument cimport Instrument


cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object number, int* overflow) except? -1


# Into the grid. Raises GridError; zero passes only where it is allowed.
cpdef int64_t price_ticks(Instrument instrument, object value, bint zero_allowed=*) except? -1
cpdef int64_t qty_lots(Instrument instrument, object value, bint zero_allowed=*) except? -1
cpdef int64_t quote_qty_lots(Instrument instrument, object value) except? -1
cpdef int64_t offset_ticks(Instrument instrument, object value) except? -1

# The same for digits with at most one point and nothing else, in place; OFF_GRID for all that is not plainly on it.
cdef enum:
    OFF_GRID = -1
cdef int64_t price_ticks_of_text(Instrument instrument, const char* text, Py_ssize_t count) noexcept
cdef int64_t qty_lots_of_text(Instrument instrument, const char* text, Py_ssize_t count) noexcept

# Out of it, as text without trailing zeros or exponent, or as the same exact Decimal.
cpdef str price_text(Instrument instrument, object ticks)
cpdef str qty_text(Instrument instrument, object lots)
cpdef str quote_qty_text(Instrument instrument, object lots)
cpdef object price_decimal(Instrument instrument, object ticks)
cpdef object qty_decimal(Instrument instrument, object lots)
cpdef object quote_qty_decimal(Instrument instrument, object lots)

cdef int refuse_steps(object value) except -1


cdef inline int64_t whole_steps(object value) except? -1:
    """Ticks or lots given as a Python int. Cython's own conversion would cut 61250.9 to 61250 without a word."""
    cdef int overflow = 0
    cdef int64_t steps
    if not PyLong_Check(value):
        refuse_steps(value)
    steps = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        refuse_steps(value)
    return steps
