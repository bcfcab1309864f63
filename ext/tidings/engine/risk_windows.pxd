"""Rolling windows of risk: how much was ordered lately, how often was executed, and what was ordered a moment ago."""

cimport cython
from libc.stdint cimport int64_t, uint64_t

from tidings.model.order cimport Order

cdef enum:
    SPAN_COUNT = 32                         # a window is counted in this many spans
    RING_SLOTS = 33                         # and one more: the span that is running


@cython.final
cdef class RollingSum:
    """At most `limit` in any `window_ns`."""
    cdef readonly int64_t limit, window_ns
    cdef int64_t used                       # Σ sums
    cdef int64_t span_ns, span_end_ns       # of the running span
    cdef int running                        # its slot
    cdef int64_t[33] sums

    cdef int64_t room(self, int64_t now_ns) noexcept            # what may still be added
    cdef void add(self, int64_t amount, int64_t now_ns) noexcept
    cdef void take_back(self, int64_t amount) noexcept          # of what was added at the last `now_ns`
    cdef void _pass_time(self, int64_t now_ns) noexcept


@cython.final
cdef class ExecutionBreaker:
    """Trips when `most` executions lie within `window_ns`."""
    cdef readonly int64_t most, window_ns
    cdef int64_t* times_ns                  # a ring of the last `most`
    cdef int64_t count                      # since it was made or armed
    cdef bint add(self, int64_t now_ns) noexcept                # True: tripped by this one


ctypedef struct RecentOrder:
    uint64_t key                            # 0: none
    int64_t ordered_ns
    int64_t handle


@cython.final
cdef class RecentOrders:
    """What was ordered within `window_ns`, by a 64-bit key of its numbers."""
    cdef readonly int64_t window_ns, memory
    cdef RecentOrder* young
    cdef RecentOrder* old
    cdef int64_t slot_count, young_count, young_since_ns

    cdef int64_t newest(self, uint64_t key, int64_t now_ns) noexcept     # its handle; 0: none within the window
    cdef void add(self, uint64_t key, int64_t handle, int64_t now_ns) noexcept
    cdef void take_back(self, uint64_t key) noexcept


# What makes two orders the same for a person who sees both: strategy, symbol, side, type, prices, quantity. Never 0.
cdef uint64_t order_key(Order order) noexcept
