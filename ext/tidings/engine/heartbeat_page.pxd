"""The memory that an engine and its watchdog share: signs of life, symbols that may have open orders, and the fence."""

cimport cython
from libc.stdint cimport int64_t


@cython.final
cdef class HeartbeatPage:
    cdef object memory                      # keeps what `words` points into alive
    cdef int64_t* words
    cdef unsigned char* marks               # one per instrument: 1 as soon as an order in it may be open
    cdef unsigned char* names
    cdef int slot_count                     # instruments enlisted by this process
    cdef readonly int64_t epoch             # of the engine that beats here by this object; 0: none

    # Before an order's bytes leave: mark its instrument, then look at the fence. False: the watchdog has taken over.
    cdef bint may_send(self, int index) noexcept
    cdef int _write_name(self, int index, int line, bytes name) except -1
    cdef bint _is_settled(self) noexcept
