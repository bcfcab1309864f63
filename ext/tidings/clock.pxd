"""Time for everything above: one object, read by few, passed as `now_ns` to the rest."""

from libc.stdint cimport int64_t


cdef class Clock:
    cdef int64_t now_ns(self) noexcept      # monotonic: for stamps, deadlines, budgets
    cdef int64_t wall_ns(self) noexcept     # Unix time: for the venue


cdef class ManualClock(Clock):
    # Driven by tests and replay; stands still until told.
    cdef public int64_t manual_now_ns
    cdef public int64_t manual_wall_ns
