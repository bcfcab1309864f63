"""Request budgets: several exact sliding logs asked together, in integers, in amortised constant time.

The venue says "500 a minute" but not whether its minute is fixed or slides. A log of send times in a ring is safe under
both and still gives the whole burst after a quiet minute; a token bucket or GCRA gives one or the other.

Each spending is held for the window and a margin. The venue counts arrivals, we count decisions, and a journey takes
between nothing and J. Requests that arrive within one window were sent within window + J; so while no window + J of
ours holds more than the capacity, no window of the venue's does, fixed or sliding, wherever it begins. Clocks are not
compared, only lengths of time, which differ by some 0.01 s a minute.

J is bounded by the connection: bytes that TCP has not delivered after about 2 s (three retransmissions: 0.2 + 0.4 +
0.8 s) belong to a lane that is given up. A larger margin costs throughput for ever: 2 s leave 60/62 = 96.8 % of a
minute's budget in the long run, and all of it for a burst. Hence 2 s unless told otherwise.
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport INT64_MAX, int64_t

from tidings.errors import UsageError

MARGIN_NS = 2_000_000_000

cdef enum:
    CAPACITY_MAX = 1_000_000        # 16 bytes of log each; the largest at the venue is 5,000


@cython.final
cdef class Bucket:

    def __cinit__(self):
        self.log = NULL

    def __dealloc__(self):
        PyMem_Free(self.log)

    def __init__(
        self, str name not None, int64_t capacity, int64_t window_ns, *, int64_t margin_ns=MARGIN_NS, reserve=None
    ):
        cdef int64_t reserved = capacity // 10 if reserve is None else reserve
        if not 0 < capacity <= CAPACITY_MAX:
            raise UsageError(f"bucket {name}: capacity must be 1 to {CAPACITY_MAX}, was {capacity}")
        if window_ns <= 0 or margin_ns < 0:
            raise UsageError(f"bucket {name}: window_ns must be positive and margin_ns not negative, "
                             f"were {window_ns} and {margin_ns}")
        if not 0 <= reserved < capacity:
            raise UsageError(f"bucket {name}: reserve must be 0 to {capacity - 1}, was {reserved}")
        self.name = name
        self.capacity = capacity
        self.window_ns = window_ns
        self.margin_ns = margin_ns
        self.reserve = reserved
        self.used = self.blocked_until_ns = 0
        self.first_slot = self.spending_count = 0
        PyMem_Free(self.log)                # __init__ may be called twice
        self.slot_count = capacity          # each spending weighs at least 1, so the log cannot need more
        self.log = <Spending*> PyMem_Malloc(self.slot_count * sizeof(Spending))
        if self.log == NULL:
            self.slot_count = 0
            raise MemoryError

    def __repr__(self):
        return f"<Bucket {self.name} used {self.used} of {self.capacity}, {self.reserve} for cancels only>"

    def used_at(self, int64_t now_ns):
        self.release(now_ns)
        return self.used

    cpdef int64_t room(self, bint is_cancel, int64_t now_ns) noexcept:
        if self.blocked_until_ns != 0 and is_blocked(self, now_ns):
            return 0
        self.release(now_ns)
        return self.capacity - self.used - (0 if is_cancel else self.reserve)

    cpdef void spend(self, int64_t weight, int64_t now_ns) noexcept:
        cdef Spending* newest
        if weight <= 0:
            return
        self.used += weight
        if self.spending_count > 0:
            newest = spending_at(self, self.spending_count - 1)
            if self.spending_count == self.slot_count:
                # Spent without asking for room: joins the newest, held as long as the later of the two.
                newest.weight += weight
                newest.sent_ns = max(newest.sent_ns, now_ns)
                return
            now_ns = max(now_ns, newest.sent_ns)        # the log stays sorted whatever the caller's clock does
        newest = spending_at(self, self.spending_count)
        newest.sent_ns = now_ns
        newest.weight = weight
        self.spending_count += 1

    cpdef void correct(self, int64_t remaining, int64_t now_ns) noexcept:
        # What others sent (another process, another key of the user) may be new: hold it a whole window.
        self.release(now_ns)
        self.spend(self.capacity - self.used - max(remaining, <int64_t> 0), now_ns)

    cpdef void block_until(self, int64_t until_ns) noexcept:
        self.blocked_until_ns = max(self.blocked_until_ns, until_ns)

    cpdef int64_t next_room_ns(self, int64_t weight, bint is_cancel, int64_t now_ns) noexcept:
        cdef int64_t limit = self.capacity - (0 if is_cancel else self.reserve)
        cdef int64_t earliest_ns = now_ns
        cdef int64_t used
        cdef Py_ssize_t i = 0
        cdef Spending* spending
        if weight > limit:
            return INT64_MAX
        if self.blocked_until_ns != 0 and is_blocked(self, now_ns):
            earliest_ns = self.blocked_until_ns
        self.release(now_ns)
        used = self.used
        while used + weight > limit:
            spending = spending_at(self, i)
            used -= spending.weight
            earliest_ns = max(earliest_ns, spending.sent_ns + self.window_ns + self.margin_ns)
            i += 1
        return earliest_ns

    cdef void release(self, int64_t now_ns) noexcept:
        """Drop the spendings that no window of the venue's can hold any more: each once, so O(1) over time."""
        cdef int64_t kept_since_ns = now_ns - self.window_ns - self.margin_ns
        while self.spending_count > 0 and self.log[self.first_slot].sent_ns <= kept_since_ns:
            self.used -= self.log[self.first_slot].weight
            self.first_slot = self.first_slot + 1 if self.first_slot + 1 < self.slot_count else 0
            self.spending_count -= 1


cdef inline Spending* spending_at(Bucket bucket, Py_ssize_t age_rank) noexcept:
    """The log's slot number `age_rank` from the oldest; wraps by subtraction, which is cheaper than a division."""
    cdef Py_ssize_t slot = bucket.first_slot + age_rank
    return &bucket.log[slot if slot < bucket.slot_count else slot - bucket.slot_count]


cdef bint is_blocked(Bucket bucket, int64_t now_ns) noexcept:
    """Whether a retry-after still holds. An absurd one is cut to a window: then the venue's count is gone anyway."""
    bucket.blocked_until_ns = min(bucket.blocked_until_ns, now_ns + bucket.window_ns + bucket.margin_ns)
    if now_ns < bucket.blocked_until_ns:
        return True
    bucket.blocked_until_ns = 0
    return False


@cython.final
cdef class Cost:

    def __init__(self, *charges):
        totals = {}
        for bucket, weight in charges:
            if not isinstance(bucket, Bucket) or not isinstance(weight, int) or weight <= 0:
                raise UsageError(f"a cost is made of (Bucket, positive weight) pairs, was {bucket!r}, {weight!r}")
            totals[bucket] = totals.get(bucket, 0) + weight     # one bucket named twice must be asked for the sum
        if len(totals) > DIMENSIONS_MAX:
            raise UsageError(f"a request costs at most {DIMENSIONS_MAX} buckets, was {len(totals)}")
        self.buckets = list(totals)
        self.count = len(totals)
        for i, weight in enumerate(totals.values()):
            self.weights[i] = weight

    def __repr__(self):
        return f"<Cost {', '.join(f'{bucket.name} {weight}' for bucket, weight in self.charges)}>"

    @property
    def charges(self):
        return tuple((self.buckets[i], self.weights[i]) for i in range(self.count))

    cpdef bint take(self, bint is_cancel, int64_t now_ns) noexcept:
        cdef int i
        for i in range(self.count):
            if (<Bucket> PyList_GET_ITEM(self.buckets, i)).room(is_cancel, now_ns) < self.weights[i]:
                return False
        for i in range(self.count):
            (<Bucket> PyList_GET_ITEM(self.buckets, i)).spend(self.weights[i], now_ns)
        return True

    cpdef int64_t next_take_ns(self, bint is_cancel, int64_t now_ns) noexcept:
        cdef int64_t latest_ns = now_ns
        cdef Bucket bucket
        cdef int i
        for i in range(self.count):
            bucket = self.buckets[i]
            latest_ns = max(latest_ns, bucket.next_room_ns(self.weights[i], is_cancel, now_ns))
        return latest_ns
