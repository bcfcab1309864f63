"""Request budgets: several exact sliding logs asked together, in integers, in amortised constant time."""

from libc.stdint cimport int64_t, uint64_t


cdef enum:
    DIMENSIONS_MAX = 4              # group, symbol, all-symbols, IP

cpdef enum:                         # who asks; False and True say whether it is a cancel
    PRIORITY_ORDER = 0              # leaves the reserve alone, and heeds what the venue says is left
    PRIORITY_CANCEL = 1             # heeds what we have sent ourselves, and the venue's retry-after
    PRIORITY_KILL = 2               # heeds what we have sent ourselves


ctypedef struct Spending:
    int64_t sent_ns
    int64_t weight
    int64_t told_weight             # of it, this much we know only from the venue


ctypedef struct BucketLog:
    # What a bucket must not forget: of its own, or in a page that outlives the process.
    int64_t layout                  # LAYOUT, and what its numbers mean
    int64_t slot_count
    # Oldest slot << 32 | spendings kept. One store changes both, so a kill at any instant leaves a whole log.
    uint64_t cursor
    int64_t blocked_until_ns        # the venue's retry-after, 0: none
    Spending[1] slots               # slot_count of them


cdef class Bucket:
    """At most `capacity` weight in any `window_ns`. Shareable: engines of one process share the IP's."""
    cdef readonly str name
    cdef readonly int64_t capacity, window_ns
    cdef readonly int64_t margin_ns         # a spending is held this much longer: how unequal two journeys may be
    cdef readonly int64_t reserve           # of the capacity, only cancels may use this much
    cdef readonly int64_t used              # weight held, as of the last question
    cdef readonly int64_t told_used         # of it, what we know only from the venue: sent by others, or before us
    cdef readonly bint is_doubted           # nobody knows what was sent before we were made; the venue has not said yet
    # The log: a ring of spendings, oldest first. Behind the ones held come those that an answer may still tell of.
    cdef BucketLog* log
    cdef Py_ssize_t slot_count, first_slot, spending_count      # the ring's: what the cursor says
    cdef Py_ssize_t released_count          # of the oldest, that many are not held any more
    cdef int64_t released_weight
    cdef int64_t doubted_slot               # where the doubt is held
    cdef bint owns_log
    cdef object page                        # what the log lies in, None: memory of our own

    cpdef int64_t room(self, int priority, int64_t now_ns) noexcept         # weight that may be sent now; ≤ 0: none
    cpdef void spend(self, int64_t weight, int64_t now_ns) noexcept
    cpdef void correct(self, int64_t remaining, int64_t now_ns) noexcept    # the venue's word: only lowers what is left
    cpdef void block_until(self, int64_t until_ns) noexcept                 # retry-after; held for one window at most
    # The earliest time at which `weight` has room if nothing else is spent; the largest int64 if it never can.
    cpdef int64_t next_room_ns(self, int64_t weight, int priority, int64_t now_ns) noexcept

    cdef void hold(self, int64_t weight, int64_t told_weight, int64_t now_ns) noexcept
    cdef void release(self, int64_t now_ns) noexcept
    cdef void forget_oldest(self) noexcept
    cdef void keep_cursor(self) noexcept
    cdef bint recall(self, int64_t now_ns) noexcept
    cdef void clear(self) noexcept
    cdef void let_go(self) noexcept


cdef class Cost:
    """What one kind of request costs: up to DIMENSIONS_MAX buckets and their weights."""
    cdef list buckets
    cdef int64_t[4] weights
    cdef int count
    # All have room and all are spent, or nothing is. True: taken.
    cpdef bint take(self, int priority, int64_t now_ns) noexcept
    cpdef int64_t next_take_ns(self, int priority, int64_t now_ns) noexcept
