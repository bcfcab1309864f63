"""ClOrdIDs: a session prefix and a counter, both of fixed width."""

from libc.stdint cimport int64_t


cdef enum:
    PREFIX_BYTES = 10
    COUNTER_DIGITS = 10
    CL_ORD_ID_BYTES = 20


cdef class ClOrdIDMaker:
    cdef char prefix_text[10]
    # Writes CL_ORD_ID_BYTES bytes at `out` and returns their count. `counter` must be 1 … 9,999,999,999.
    cdef int write(self, int64_t counter, char* out) noexcept nogil
    # The counter, or 0 if the text is not an id of this session.
    cdef int64_t parse(self, const char* text, Py_ssize_t count) noexcept nogil
