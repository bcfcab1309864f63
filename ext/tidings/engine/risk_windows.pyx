"""Rolling windows of risk, each in constant time and without allocation once made.

`RollingSum` counts in spans of a thirty-second of its window and forgets whole spans only, so it holds an amount for
the window and up to a span longer: it errs to the strict side by at most 3 %, and needs no memory of single orders.
`ExecutionBreaker` remembers the times themselves. `RecentOrders` keeps two generations of an open-addressed table; the
older is forgotten when the younger is a window old, so whatever is a window young is in one of them.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t
from libc.string cimport memset

from tidings.model.order cimport Order
from tidings.model.scale cimport whole_steps
from tidings.model.terms cimport OrderTerms

cdef enum:
    MOST_MAX = 1 << 20
    MEMORY_MAX = 1 << 20


@cython.final
cdef class RollingSum:
    def __init__(self, int64_t limit, int64_t window_ns):
        if limit < 0 or window_ns < SPAN_COUNT:
            raise ValueError(f"a window needs a limit ≥ 0 and ≥ {SPAN_COUNT} ns: was {limit}, {window_ns}")
        self.limit, self.window_ns = limit, window_ns
        self.span_ns = window_ns // SPAN_COUNT + (window_ns % SPAN_COUNT > 0)
        self.span_end_ns = INT64_MIN
        self.used = 0
        self.running = 0
        memset(self.sums, 0, sizeof(self.sums))

    cdef int64_t room(self, int64_t now_ns) noexcept:
        if now_ns >= self.span_end_ns:
            self._pass_time(now_ns)
        return self.limit - self.used

    cdef void add(self, int64_t amount, int64_t now_ns) noexcept:
        if now_ns >= self.span_end_ns:
            self._pass_time(now_ns)
        amount = min(amount, INT64_MAX - self.used)     # what was never asked about may be of any size
        self.sums[self.running] += amount
        self.used += amount

    cdef void take_back(self, int64_t amount) noexcept:
        amount = min(amount, self.sums[self.running])
        self.sums[self.running] -= amount
        self.used -= amount

    cdef void _pass_time(self, int64_t now_ns) noexcept:
        """Begin the span `now_ns` lies in, forgetting those no window can hold any more."""
        cdef int64_t passed = RING_SLOTS
        if self.used and now_ns < self.span_end_ns + self.window_ns:
            passed = (now_ns - self.span_end_ns) // self.span_ns + 1
        if passed >= RING_SLOTS:
            memset(self.sums, 0, sizeof(self.sums))
            self.used = 0
            self.span_end_ns = now_ns + self.span_ns
            return
        self.span_end_ns += passed * self.span_ns
        while passed > 0:
            passed -= 1
            self.running = self.running + 1 if self.running < SPAN_COUNT else 0
            self.used -= self.sums[self.running]
            self.sums[self.running] = 0

    def set_limit(self, limit):
        """Another limit, at once; what was added stays counted."""
        self.limit = max(<int64_t> 0, <int64_t> whole_steps(limit))

    def used_at(self, int64_t now_ns):
        self.room(now_ns)
        return self.used

    def try_add(self, amount, int64_t now_ns):
        cdef int64_t wanted = whole_steps(amount)
        if wanted > self.room(now_ns):
            return False
        self.add(wanted, now_ns)
        return True

    def undo(self, amount):
        self.take_back(whole_steps(amount))


@cython.final
cdef class ExecutionBreaker:
    def __cinit__(self):
        self.times_ns = NULL

    def __dealloc__(self):
        PyMem_Free(self.times_ns)

    def __init__(self, int64_t most, int64_t window_ns):
        if not 0 < most <= MOST_MAX or window_ns <= 0:
            raise ValueError(f"a breaker takes 1 to {MOST_MAX} executions within > 0 ns: was {most}, {window_ns}")
        PyMem_Free(self.times_ns)           # __init__ may be called twice
        self.times_ns = <int64_t*> PyMem_Calloc(most, sizeof(int64_t))
        if self.times_ns == NULL:
            raise MemoryError("no memory for the breaker's times")
        self.most, self.window_ns, self.count = most, window_ns, 0

    cdef bint add(self, int64_t now_ns) noexcept:
        cdef int64_t slot = self.count % self.most
        self.times_ns[slot] = now_ns
        self.count += 1
        if self.count < self.most:
            return False
        slot = slot + 1 if slot + 1 < self.most else 0          # the oldest of the last `most`
        return now_ns - self.times_ns[slot] < self.window_ns

    def take_over(self, ExecutionBreaker before not None):
        """Count on from what another one has counted. What was counted trips nothing: the next one may."""
        cdef int64_t number
        for number in range(max(<int64_t> 0, before.count - before.most), before.count):
            self.add(before.times_ns[number % before.most])

    def arm(self):
        """Forget what was executed so far."""
        self.count = 0

    def note(self, int64_t now_ns):
        return self.add(now_ns)


@cython.final
cdef class RecentOrders:
    def __cinit__(self):
        self.young = self.old = NULL

    def __dealloc__(self):
        PyMem_Free(self.young)
        PyMem_Free(self.old)

    def __init__(self, int64_t window_ns, int64_t memory=1024):
        if window_ns < 0 or not 0 < memory <= MEMORY_MAX:
            raise ValueError(f"recent orders need a window ≥ 0 ns and 1 to {MEMORY_MAX}: was {window_ns}, {memory}")
        PyMem_Free(self.young)
        PyMem_Free(self.old)
        self.window_ns, self.memory = window_ns, memory
        self.slot_count = 64
        while self.slot_count < 4 * memory:                     # at most a quarter full: probes stay short
            self.slot_count *= 2
        self.young = <RecentOrder*> PyMem_Calloc(self.slot_count, sizeof(RecentOrder))
        self.old = <RecentOrder*> PyMem_Calloc(self.slot_count, sizeof(RecentOrder))
        if self.young == NULL or self.old == NULL:
            raise MemoryError("no memory for recent orders")
        self.young_count, self.young_since_ns = 0, INT64_MIN

    cdef int64_t newest(self, uint64_t key, int64_t now_ns) noexcept:
        cdef RecentOrder* slot = _find(self.young, self.slot_count, key)
        if slot.key == 0:
            slot = _find(self.old, self.slot_count, key)
        # Handle 0 is an empty slot, or an order that was taken back.
        return slot.handle if slot.handle and now_ns - slot.ordered_ns < self.window_ns else 0

    cdef void add(self, uint64_t key, int64_t handle, int64_t now_ns) noexcept:
        cdef RecentOrder* slot
        if self.window_ns == 0:
            return
        if now_ns >= self.young_since_ns + self.window_ns or self.young_count >= 2 * self.memory:
            # The second cause is more than `memory` orders in a window: then the oldest are forgotten early.
            self.old, self.young = self.young, self.old
            memset(self.young, 0, self.slot_count * sizeof(RecentOrder))
            self.young_count, self.young_since_ns = 0, now_ns
        slot = _find(self.young, self.slot_count, key)
        self.young_count += slot.key == 0
        slot.key, slot.ordered_ns, slot.handle = key, now_ns, handle

    cdef void take_back(self, uint64_t key) noexcept:
        _find(self.young, self.slot_count, key).handle = 0

    def newest_handle(self, uint64_t key, int64_t now_ns):
        return self.newest(key, now_ns)

    def note(self, uint64_t key, int64_t handle, int64_t now_ns):
        self.add(key, handle, now_ns)

    def undo(self, uint64_t key):
        self.take_back(key)


cdef inline RecentOrder* _find(RecentOrder* table, int64_t slot_count, uint64_t key) noexcept:
    """The slot that holds `key`, or the free one where it belongs."""
    cdef int64_t index = <int64_t> (key & <uint64_t> (slot_count - 1))
    while table[index].key != key and table[index].key != 0:
        index = (index + 1) & (slot_count - 1)
    return &table[index]


cdef inline uint64_t _mixed(uint64_t key, int64_t number) noexcept:
    """One round of splitmix64: every bit of the number moves every bit of the key."""
    key = (key ^ <uint64_t> number) * <uint64_t> 0xBF58476D1CE4E5B9
    key ^= key >> 27
    key *= <uint64_t> 0x94D049BB133111EB
    return key ^ (key >> 31)


cdef uint64_t order_key(Order order) noexcept:
    """What makes two orders the same for a person who sees both; never 0."""
    cdef OrderTerms terms = order.terms
    cdef uint64_t key = _mixed(terms.instrument.index, terms.side | terms.ord_type << 4 | terms.pos_side << 8)
    key = _mixed(key, terms.owner)
    key = _mixed(key, order.price_ticks)
    key = _mixed(key, order.order_qty_lots)
    return _mixed(key, order.stop_px_ticks) | 1
