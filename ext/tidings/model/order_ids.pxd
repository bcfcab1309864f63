"""ClOrdIDs (tag 11) of one session: fixed width, unique over restarts, sorted by time."""

from libc.stdint cimport int64_t


cdef enum:
    PREFIX_BYTES = 10
    COUNTER_DIGITS = 10
    CL_ORD_ID_BYTES = 20                # of the ids made here; the venue takes up to 40
    USER_CL_ORD_ID_BYTES_MAX = 40


cdef class ClOrdIDMaker:
    cdef char prefix_text[10]           # no final zero
    cdef readonly int64_t last_counter  # the newest given out, 0: none yet
    cdef readonly int64_t session_wall_ms

    cdef int64_t take(self) noexcept nogil      # the next counter; 0: none left
    # Writes CL_ORD_ID_BYTES characters at `out` and returns their count; `counter` comes from take().
    cdef int write(self, int64_t counter, char* out) noexcept nogil
    # The counter, or 0 if the text is not an id of this session.
    cdef int64_t parse(self, const char* text, Py_ssize_t count) noexcept nogil


cdef inline bint is_cl_ord_id(const char* text, Py_ssize_t count) noexcept nogil:
    """Whether `text` may be a ClOrdID: [A-Za-z0-9._-]{1,40}, which needs no escaping in a URL, in JSON or in FIX."""
    cdef Py_ssize_t i
    cdef char c
    if not 0 < count <= USER_CL_ORD_ID_BYTES_MAX:
        return False
    for i in range(count):
        c = text[i]
        if not (c"a" <= c <= c"z" or c"A" <= c <= c"Z" or c"0" <= c <= c"9" or c == c"." or c == c"_" or c == c"-"):
            return False
    return True
