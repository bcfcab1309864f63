"""Request budgets: several exact sliding logs asked together, in integers, in amortised constant time."""

from libc.stdint cimport int64_t


cdef enum:
    DIMENSIONS_MAX = 4              # group, symbol, all-symbols, IP


ctypedef struct Spending:
    int64_t sent_ns
    int64_t weight


cdef class Bucket:
    """At most `capacity` weight in any `window_ns`. Shareable: engines of one process share the IP's."""
    cdef readonly str name
    cdef readonly int64_t capacity, window_ns
    cdef readonly int64_t margin_ns         # a spending is held this much longer: how unequal two journeys may be
    cdef readonly int64_t reserve           # of the capacity, only cancels may use this much
    cdef readonly int64_t used              # weight in the log, as of the last question
    cdef readonly int64_t blocked_until_ns  # the venue's retry-after, 0: none
    # The log: a ring of `slot_count` spendings, `spending_count` in use from `first_slot` on, oldest first.
    cdef Spending* log
    cdef Py_ssize_t slot_count, first_slot, spending_count

    cpdef int64_t room(self, bint is_cancel, int64_t now_ns) noexcept       # weight that may be sent now; ≤ 0: none
    cpdef void spend(self, int64_t weight, int64_t now_ns) noexcept
    cpdef void correct(self, int64_t remaining, int64_t now_ns) noexcept    # the venue's word: only lowers what is left
    cpdef void block_until(self, int64_t until_ns) noexcept                 # retry-after; held for one window at most
    # The earliest time at which `weight` has room if nothing else is spent; the largest int64 if it never can.
    cpdef int64_t next_room_ns(self, int64_t weight, bint is_cancel, int64_t now_ns) noexcept

    cdef void release(self, int64_t now_ns) noexcept


cdef class Cost:
    """What one kind of request costs: up to DIMENSIONS_MAX buckets and their weights."""
    cdef list buckets
    cdef int64_t[4] weights
    cdef int count
    # All have room and all are spent, or nothing is. True: taken.
    cpdef bint take(self, bint is_cancel, int64_t now_ns) noexcept
    cpdef int64_t next_take_ns(self, bint is_cancel, int64_t now_ns) noexcept
