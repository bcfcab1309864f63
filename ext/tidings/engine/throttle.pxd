"""Request budgets: several exact sliding logs asked together, in integers, in constant time."""

from libc.stdint cimport int64_t


cdef enum:
    DIMENSIONS_MAX = 4              # group, symbol, all-symbols, IP


cdef class Bucket:
    """At most `capacity` weight in any `window_ns`. Shareable: engines of one process share the IP's."""
    cdef readonly str name
    cdef readonly int64_t capacity, window_ns
    cdef readonly int64_t reserve           # of the capacity, only cancels may use this much
    cdef int64_t room(self, bint is_cancel, int64_t now_ns) noexcept        # weight that may be sent now
    cdef void spend(self, int64_t weight, int64_t now_ns) noexcept
    cdef void correct(self, int64_t remaining, int64_t now_ns) noexcept     # the venue's word: only ever lowers what is left
    cdef void block_until(self, int64_t until_ns) noexcept                  # retry-after
    cdef int64_t next_room_ns(self, int64_t weight, bint is_cancel, int64_t now_ns) noexcept


cdef class Cost:
    """What one kind of request costs: up to DIMENSIONS_MAX buckets and their weights."""
    cdef list buckets
    cdef int64_t[4] weights
    cdef int count
    # All have room and all are spent, or nothing is. True: taken.
    cdef bint take(self, bint is_cancel, int64_t now_ns) noexcept
    cdef int64_t next_take_ns(self, bint is_cancel, int64_t now_ns) noexcept
