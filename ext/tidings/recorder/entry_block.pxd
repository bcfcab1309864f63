"""The entries of one block, where they lie: made one by one, or the market's fed on without being made."""

cimport cython
from libc.stdint cimport int64_t

from tidings.recorder.entry_ring cimport EntryHead


@cython.final
cdef class EntryBlock:
    cdef bytes content
    cdef const char* at             # the next entry's head
    cdef readonly int64_t number    # the next entry's
    cdef readonly int64_t left      # entries that are still to be taken
    cdef readonly int64_t wall_offset_ns, wall_offset_behind_ns
    cdef object entry_type, wall_offset_of
    cdef tuple kinds
    cdef int look_through(self, const char* end) except -1
    cdef void pass_by(self, const EntryHead* head) noexcept
