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

What the venue says is left is a moment old: counted when a request arrived, heard when its answer did, up to 2 J after
the request was sent. What we sent a window + 3 J ago may still be in that count; so the log keeps it that long, lest
our own requests be taken for somebody else's and held a second time.

An engine that starts does not know what was sent before it. If the log lies in a page that outlives the process, it
does, exactly: the monotonic clock goes on over a restart, and after a reboot it makes old spendings look younger than
they are. Else a bucket is doubted: taken for full but for a few first requests, until the venue says what is left.

Who asks matters. An order leaves the reserve alone, and heeds what the venue says is left. A cancel may use the reserve
and heeds only what we have sent ourselves: if others have used up the budget it is refused, which costs nothing, and
tells how long to wait. Both wait while the venue says "wait"; a kill does not even do that. So the log tells, of each
spending, how much of it we know only from the venue.
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from tidings.errors import UsageError

MARGIN_NS = 2_000_000_000

cdef enum:
    CAPACITY_MAX = 1_000_000        # 32 bytes of log each; the largest at the venue is 5,000
    JOURNEYS_REMEMBERED = 3         # one to hold a spending, two for the answer that tells of it
    DOUBTED_ROOM_PART = 10          # of a doubted bucket, this part may be used: enough to connect and ask

cdef int64_t LAYOUT = 0x74696467_4C4F4732       # of the page: slots of (sent_ns, weight, told), counted by one cursor


@cython.final
cdef class Bucket:

    def __cinit__(self):
        self.log = NULL

    def __dealloc__(self):
        self.let_go()

    cdef void let_go(self) noexcept:
        """Free the log, unless it lies in a page."""
        if self.owns_log:
            PyMem_Free(self.log)
        self.log, self.owns_log = NULL, False

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
        self.let_go()                       # __init__ may be called twice
        self.name = name
        self.capacity = capacity
        self.window_ns = window_ns
        self.margin_ns = margin_ns
        self.reserve = reserved
        # Each spending weighs at least 1: so many are held, and no more are remembered behind them.
        self.slot_count = 2 * capacity
        self.log = <BucketLog*> PyMem_Calloc(self.log_bytes, 1)
        if self.log == NULL:
            raise MemoryError
        self.owns_log = True
        self.clear()

    cdef void clear(self) noexcept:
        """An empty log."""
        self.used = self.told_used = self.released_weight = 0
        self.first_slot = self.spending_count = self.released_count = 0
        self.is_doubted = False
        self.log.layout = LAYOUT
        self.log.slot_count = self.slot_count
        self.log.cursor = 0
        self.log.blocked_until_ns = 0

    def __repr__(self):
        return f"<Bucket {self.name} used {self.used} of {self.capacity}, {self.reserve} for cancels only>"

    @property
    def has_page(self):
        return not self.owns_log

    @property
    def log_bytes(self):
        return sizeof(BucketLog) + <Py_ssize_t> self.slot_count * sizeof(Spending)

    @property
    def blocked_until_ns(self):
        return self.log.blocked_until_ns

    def used_at(self, int64_t now_ns):
        self.release(now_ns)
        return self.used

    def keep_in(self, page not None, int64_t now_ns):
        """Move the log into a page that outlives the process. True: it held one, and what was sent before is known."""
        cdef unsigned char[::1] held = page
        cdef bint is_known
        if not self.owns_log or self.is_doubted:
            raise UsageError(f"bucket {self.name}: give it its page once, and before it is doubted")
        if held.shape[0] < self.log_bytes:
            raise UsageError(f"bucket {self.name}: its page must have {self.log_bytes} bytes, had {held.shape[0]}")
        sent = [
            (spending_at(self, i).weight, spending_at(self, i).told_weight, spending_at(self, i).sent_ns)
            for i in range(self.spending_count)
        ]
        self.let_go()
        self.page = held                    # keeps the memory where it is
        self.log = <BucketLog*> &held[0]
        is_known = self.recall(now_ns)
        if not is_known:
            self.clear()
        for weight, told_weight, sent_ns in sent:
            self.hold(weight, told_weight, sent_ns)
        return is_known

    cdef bint recall(self, int64_t now_ns) noexcept:
        """Take over what the page holds; False if that cannot be the log of the last minute."""
        cdef uint64_t first = self.log.cursor >> 32
        cdef uint64_t count = self.log.cursor & 0xFFFFFFFF
        cdef int64_t before_ns = -INT64_MAX
        cdef Spending* spending
        cdef Py_ssize_t i
        if self.log.layout != LAYOUT or self.log.slot_count != self.slot_count:
            return False
        if first >= <uint64_t> self.slot_count or count > <uint64_t> self.slot_count:
            return False
        self.first_slot, self.spending_count = first, count
        self.used = self.told_used = self.released_weight = 0
        self.released_count = 0
        for i in range(self.spending_count):
            spending = spending_at(self, i)
            if not before_ns <= spending.sent_ns <= now_ns or not 0 <= spending.weight <= CAPACITY_MAX:
                return False                        # of another boot, or torn
            if not 0 <= spending.told_weight <= spending.weight:
                return False
            before_ns = spending.sent_ns
            self.used += spending.weight
            self.told_used += spending.told_weight
        self.release(now_ns)
        return True

    def doubt(self, int64_t now_ns):
        """Nobody knows what was sent before: taken for full but for a tenth, until `correct` says."""
        cdef int64_t room = max(self.reserve, self.capacity // DOUBTED_ROOM_PART, <int64_t> 1)
        if self.capacity <= room:
            return
        self.hold(self.capacity - room, self.capacity - room, now_ns)
        self.doubted_slot = slot_at(self, self.spending_count - 1)
        self.is_doubted = True

    cpdef int64_t room(self, int priority, int64_t now_ns) noexcept:
        if priority < PRIORITY_KILL and self.log.blocked_until_ns != 0 and is_blocked(self, now_ns):
            return 0
        self.release(now_ns)
        return self.capacity - self.used + (0 if heeds_told(self, priority) else self.told_used) - kept(self, priority)

    cpdef void spend(self, int64_t weight, int64_t now_ns) noexcept:
        self.hold(weight, 0, now_ns)

    cdef void hold(self, int64_t weight, int64_t told_weight, int64_t now_ns) noexcept:
        """Count `weight` from now on, `told_weight` of it only because the venue says so."""
        cdef Spending* newest
        if weight <= 0:
            return
        self.used += weight
        self.told_used += told_weight
        if self.spending_count == self.slot_count and self.released_count:
            self.forget_oldest()
        if self.spending_count > 0:
            newest = spending_at(self, self.spending_count - 1)
            if self.spending_count == self.slot_count:
                # Spent without asking for room: joins the newest, held as long as the later of the two.
                newest.weight += weight
                newest.told_weight += told_weight
                newest.sent_ns = max(newest.sent_ns, now_ns)
                return
            now_ns = max(now_ns, newest.sent_ns)        # the log stays sorted whatever the caller's clock does
        newest = spending_at(self, self.spending_count)
        newest.sent_ns = now_ns
        newest.weight = weight
        newest.told_weight = told_weight
        self.spending_count += 1
        self.keep_cursor()

    cpdef void correct(self, int64_t remaining, int64_t now_ns) noexcept:
        cdef int64_t told = self.capacity - min(max(remaining, <int64_t> 0), self.capacity)
        cdef Spending* doubted
        self.release(now_ns)
        if self.is_doubted:
            # Held as if none of ours were in it: those few are counted twice, for one window.
            doubted = &self.log.slots[self.doubted_slot]
            self.used += told - doubted.weight
            self.told_used += told - doubted.told_weight
            doubted.weight = doubted.told_weight = told
            self.is_doubted = False
            return
        # What others sent (another process, another key of the user) may be new: hold it a whole window.
        told -= self.used + self.released_weight
        self.hold(told, told, now_ns)

    cpdef void block_until(self, int64_t until_ns) noexcept:
        self.log.blocked_until_ns = max(self.log.blocked_until_ns, until_ns)

    cpdef int64_t next_room_ns(self, int64_t weight, int priority, int64_t now_ns) noexcept:
        cdef int64_t limit = self.capacity - kept(self, priority)
        cdef int64_t earliest_ns = now_ns
        cdef bint counts_told = heeds_told(self, priority)
        cdef int64_t used
        cdef Py_ssize_t i
        cdef Spending* spending
        if weight > limit:
            return INT64_MAX
        if priority < PRIORITY_KILL and self.log.blocked_until_ns != 0 and is_blocked(self, now_ns):
            earliest_ns = self.log.blocked_until_ns
        self.release(now_ns)
        used, i = self.used - (0 if counts_told else self.told_used), self.released_count
        while used + weight > limit:
            spending = spending_at(self, i)
            used -= spending.weight - (0 if counts_told else spending.told_weight)
            earliest_ns = max(earliest_ns, spending.sent_ns + self.window_ns + self.margin_ns)
            i += 1
        return earliest_ns

    cdef void release(self, int64_t now_ns) noexcept:
        """Let go of the spendings that no window of the venue's can hold any more: each once, so O(1) over time."""
        cdef int64_t held_since_ns = now_ns - self.window_ns - self.margin_ns
        cdef int64_t kept_since_ns = now_ns - self.window_ns - JOURNEYS_REMEMBERED * self.margin_ns
        cdef Spending* oldest
        while self.released_count < self.spending_count:
            oldest = spending_at(self, self.released_count)
            if oldest.sent_ns > held_since_ns:
                break
            if self.is_doubted and slot_at(self, self.released_count) == self.doubted_slot:
                self.is_doubted = False
            self.used -= oldest.weight
            self.told_used -= oldest.told_weight
            self.released_weight += oldest.weight
            self.released_count += 1
        while self.released_count > 0 and self.log.slots[self.first_slot].sent_ns <= kept_since_ns:
            self.forget_oldest()

    cdef void forget_oldest(self) noexcept:
        """Drop a spending that is released already."""
        self.released_weight -= self.log.slots[self.first_slot].weight
        self.first_slot = self.first_slot + 1 if self.first_slot + 1 < self.slot_count else 0
        self.spending_count -= 1
        self.released_count -= 1
        self.keep_cursor()

    cdef void keep_cursor(self) noexcept:
        self.log.cursor = <uint64_t> self.first_slot << 32 | <uint64_t> self.spending_count


cdef inline Py_ssize_t slot_at(Bucket bucket, Py_ssize_t age_rank) noexcept:
    """The log's slot number `age_rank` from the oldest; wraps by subtraction, which is cheaper than a division."""
    cdef Py_ssize_t slot = bucket.first_slot + age_rank
    return slot if slot < bucket.slot_count else slot - bucket.slot_count


cdef inline Spending* spending_at(Bucket bucket, Py_ssize_t age_rank) noexcept:
    return &bucket.log.slots[slot_at(bucket, age_rank)]


cdef inline int64_t kept(Bucket bucket, int priority) noexcept:
    """Of the capacity, what a request of this priority leaves alone."""
    return 0 if priority >= PRIORITY_CANCEL or bucket.is_doubted else bucket.reserve


cdef inline bint heeds_told(Bucket bucket, int priority) noexcept:
    """Whether a request of this priority heeds what we know only from the venue, or do not know yet."""
    return priority == PRIORITY_ORDER or (priority == PRIORITY_CANCEL and bucket.is_doubted)


cdef bint is_blocked(Bucket bucket, int64_t now_ns) noexcept:
    """Whether a retry-after still holds. An absurd one is cut to a window: then the venue's count is gone anyway."""
    cdef int64_t longest_ns = now_ns + bucket.window_ns + bucket.margin_ns
    bucket.log.blocked_until_ns = min(bucket.log.blocked_until_ns, longest_ns)
    if now_ns < bucket.log.blocked_until_ns:
        return True
    bucket.log.blocked_until_ns = 0
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

    cpdef bint take(self, int priority, int64_t now_ns) noexcept:
        cdef int i
        for i in range(self.count):
            if (<Bucket> PyList_GET_ITEM(self.buckets, i)).room(priority, now_ns) < self.weights[i]:
                return False
        for i in range(self.count):
            (<Bucket> PyList_GET_ITEM(self.buckets, i)).spend(self.weights[i], now_ns)
        return True

    cpdef int64_t next_take_ns(self, int priority, int64_t now_ns) noexcept:
        cdef int64_t latest_ns = now_ns
        cdef Bucket bucket
        cdef int i
        for i in range(self.count):
            bucket = self.buckets[i]
            latest_ns = max(latest_ns, bucket.next_room_ns(self.weights[i], priority, now_ns))
        return latest_ns
