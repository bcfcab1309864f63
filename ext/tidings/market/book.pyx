"""One L2 book, rebuilt from snapshots and kept by changes.

Both sides are arrays sorted best first, so the best price is the first element, a limited depth is a limited count, and
a snapshot (which lists the best first) fills them by appending. A change finds its place by halving and moves what
lies behind it: at most thirty levels on the usual feed.

An update is one message. It is applied whole, then the book is looked at: a crossed one has lost something.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from cpython.number cimport PyNumber_Index
from libc.stdint cimport int64_t
from libc.string cimport memcmp, memcpy, memmove

cimport cython

from tidings.market.book_depth cimport SideSweep, is_beyond, lots_down_to, sweep_side
from tidings.model.instrument cimport Instrument
from tidings.model.scale cimport price_text

from tidings.errors import UsageError
from tidings.market.feed_state import FEED_TRANSITIONS, FeedEvent, FeedState
from tidings.market.sweep import Sweep, swept

cdef enum:
    SIDE_LEVELS_MIN = 64        # twice the usual feed's depth: such a book never allocates again
    STATE_COUNT = 3
    EVENT_COUNT = 9
    HEAD_COUNT = 8              # numbers before the levels in `as_bytes`

STATES = tuple(FeedState)
cdef int[STATE_COUNT][EVENT_COUNT] TRANSITIONS


cdef void fill_table():
    cdef int state, event
    for state in range(STATE_COUNT):
        for event in range(EVENT_COUNT):
            TRANSITIONS[state][event] = FEED_TRANSITIONS.get((state, event), state)


fill_table()


@cython.final
cdef class Book:
    def __cinit__(self, Instrument instrument not None):
        self.instrument = instrument
        self.feed_state = FEED_AWAITED
        self.last_cause = -1
        self.bid_side.sign = 1
        self.offer_side.sign = -1

    def __dealloc__(self):
        PyMem_RawFree(self.bid_side.levels)
        PyMem_RawFree(self.offer_side.levels)

    cdef bint apply(self, const BookUpdate* update) except -1:
        if not update.is_snapshot and self.feed_state != FEED_LIVE:
            return False
        if self.feed_state == FEED_LIVE and update.sequence < self.sequence:
            return self.apply_event(EVENT_SEQUENCE_BACK)
        if not (
            reserve(&self.bid_side, update.bid_count, update.is_snapshot)
            and reserve(&self.offer_side, update.offer_count, update.is_snapshot)
        ):
            return self.apply_event(EVENT_MALFORMED)
        if update.is_snapshot:
            self._compare(update)
            self.bid_side.count = self.offer_side.count = 0
            self.snapshot_ns = update.received_ns
        change_side(&self.bid_side, update.bids, update.bid_count, update.depth)
        change_side(&self.offer_side, update.offers, update.offer_count, update.depth)
        self.sequence = update.sequence
        self.venue_time_ns = update.venue_time_ns
        self.received_ns = update.received_ns
        self.depth = update.depth
        self.apply_event(EVENT_SNAPSHOT if update.is_snapshot else EVENT_INCREMENTAL)
        if is_crossed(&self.bid_side, &self.offer_side):
            self.apply_event(EVENT_CROSSED)
        return True

    cdef void _compare(self, const BookUpdate* snapshot) noexcept:
        """A snapshot of the very number we are at must show our levels: the one proof of a lost change there is."""
        if self.feed_state != FEED_LIVE or (
            is_same(&self.bid_side, snapshot.bids, snapshot.bid_count)
            and is_same(&self.offer_side, snapshot.offers, snapshot.offer_count)
        ):
            return
        if snapshot.sequence == self.sequence and snapshot.depth == self.depth:
            self.mismatch_count += 1
        else:
            self.corrected_count += 1

    cdef bint apply_event(self, int event) noexcept:
        cdef int before = self.feed_state
        self.feed_state = TRANSITIONS[before][event]
        if self.feed_state == before:
            return False
        if self.feed_state == FEED_STALE:
            self.last_cause = event
            self.stale_count += 1
        return True

    cdef bint is_tradable(self) noexcept:
        return self.feed_state == FEED_LIVE and self.bid_side.count > 0 and self.offer_side.count > 0

    cdef Py_ssize_t byte_count(self) noexcept:
        return sizeof(int64_t[HEAD_COUNT]) + (self.bid_side.count + self.offer_side.count) * sizeof(Level)

    cdef void write_bytes(self, char* at) noexcept:
        cdef int cause = self.last_cause if self.feed_state == FEED_STALE else -1
        cdef int64_t[HEAD_COUNT] head = [
            self.feed_state, cause, self.sequence, self.venue_time_ns, self.received_ns, self.depth,
            self.bid_side.count, self.offer_side.count,
        ]
        memcpy(at, head, sizeof(head))
        write_levels(write_levels(at + sizeof(head), &self.bid_side), &self.offer_side)

    # ---- For Python ----------------------------------------------------------------------------------------------

    def apply_snapshot(self, bids, offers, *, sequence, depth=0, venue_time_ns=0, received_ns=0):
        return apply_lists(self, True, bids, offers, sequence, depth, venue_time_ns, received_ns)

    def apply_incremental(self, bids, offers, *, sequence, depth=0, venue_time_ns=0, received_ns=0):
        return apply_lists(self, False, bids, offers, sequence, depth, venue_time_ns, received_ns)

    def mark_stale(self, cause):
        """Take in an event that no message carries; True if the book was live."""
        if cause not in (FeedEvent.MALFORMED, FeedEvent.SILENCE, FeedEvent.DISCONNECTED):
            raise UsageError(f"a book is marked stale for MALFORMED, SILENCE or DISCONNECTED: was {cause!r}")
        return self.apply_event(cause)

    @property
    def symbol(self):
        return self.instrument.symbol

    @property
    def state(self):
        return STATES[self.feed_state]

    @property
    def stale_cause(self):
        return FeedEvent(self.last_cause) if self.feed_state == FEED_STALE else None

    @property
    def is_live(self):
        return self.feed_state == FEED_LIVE

    @property
    def is_two_sided(self):
        return self.is_tradable()

    @property
    def is_crossed(self):
        return is_crossed(&self.bid_side, &self.offer_side)

    @property
    def best_bid_ticks(self):
        return self.bid_side.levels[0].price_ticks if self.bid_side.count else 0

    @property
    def best_bid_lots(self):
        return self.bid_side.levels[0].qty_lots if self.bid_side.count else 0

    @property
    def best_offer_ticks(self):
        return self.offer_side.levels[0].price_ticks if self.offer_side.count else 0

    @property
    def best_offer_lots(self):
        return self.offer_side.levels[0].qty_lots if self.offer_side.count else 0

    @property
    def bid_count(self):
        return self.bid_side.count

    @property
    def offer_count(self):
        return self.offer_side.count

    def bid_at(self, Py_ssize_t level_index):
        return level_at(&self.bid_side, level_index)

    def offer_at(self, Py_ssize_t level_index):
        return level_at(&self.offer_side, level_index)

    def bids(self, Py_ssize_t level_count=SIDE_LEVELS_MAX):
        return levels_of(&self.bid_side, level_count)

    def offers(self, Py_ssize_t level_count=SIDE_LEVELS_MAX):
        return levels_of(&self.offer_side, level_count)

    def bid_lots_to(self, int64_t price_ticks):
        return lots_to(&self.bid_side, price_ticks)

    def offer_lots_to(self, int64_t price_ticks):
        return lots_to(&self.offer_side, price_ticks)

    def sweep_bids(self, int64_t qty_lots):
        return sweep(&self.bid_side, qty_lots)

    def sweep_offers(self, int64_t qty_lots):
        return sweep(&self.offer_side, qty_lots)

    def as_bytes(self):
        cdef bytes taken = PyBytes_FromStringAndSize(NULL, self.byte_count())
        self.write_bytes(PyBytes_AS_STRING(taken))
        return taken

    def __repr__(self):
        return (
            f"<Book {self.symbol} {self.state.name}"
            f" {best_text(self.instrument, &self.bid_side)} / {best_text(self.instrument, &self.offer_side)}"
            f" sequence {self.sequence}>"
        )


cdef int change_side(BookSide* side, const Level* changes, Py_ssize_t change_count, int64_t depth) noexcept nogil:
    """The last of several changes of one price counts. What falls out of the depth is no longer told, so it is cut."""
    cdef Py_ssize_t index
    for index in range(change_count):
        set_level(side, changes[index].price_ticks, changes[index].qty_lots)
    if depth and side.count > depth:
        side.count = <Py_ssize_t> depth
    return 0


cdef inline void set_level(BookSide* side, int64_t price_ticks, int64_t qty_lots) noexcept nogil:
    """Set, insert or (0 lots) delete one level; there is room for one more."""
    cdef Py_ssize_t place = place_of(side, price_ticks)
    cdef Level* level = side.levels + place
    cdef Py_ssize_t behind = side.count - place
    if behind and level.price_ticks == price_ticks:
        if qty_lots:
            level.qty_lots = qty_lots
        else:
            memmove(level, level + 1, (behind - 1) * sizeof(Level))
            side.count -= 1
    elif qty_lots:
        memmove(level + 1, level, behind * sizeof(Level))
        level.price_ticks = price_ticks
        level.qty_lots = qty_lots
        side.count += 1


cdef inline Py_ssize_t place_of(const BookSide* side, int64_t price_ticks) noexcept nogil:
    """Where the level of this price is, or belongs."""
    cdef Py_ssize_t first = 0, count = side.count, half
    cdef int64_t rank = side.sign * price_ticks
    if count and side.sign * side.levels[count - 1].price_ticks > rank:
        return count                    # behind all others: each level of a snapshot
    while count > 0:
        half = count >> 1
        if side.sign * side.levels[first + half].price_ticks > rank:
            first += half + 1
            count -= half + 1
        else:
            count = half
    return first


cdef bint reserve(BookSide* side, Py_ssize_t level_count, bint is_snapshot) except -1:
    """Room for these levels, beside or instead of ours; False if they are more than any honest side has."""
    cdef Py_ssize_t capacity = max(side.capacity, <Py_ssize_t> SIDE_LEVELS_MIN)
    cdef Py_ssize_t needed = level_count if is_snapshot else side.count + level_count
    cdef Level* levels
    if needed <= side.capacity:
        return True
    if needed > SIDE_LEVELS_MAX:
        return False
    while capacity < needed:
        capacity *= 2
    levels = <Level*> PyMem_RawRealloc(side.levels, capacity * sizeof(Level))
    if levels is NULL:
        raise MemoryError()
    side.levels, side.capacity = levels, capacity
    return True


cdef inline bint is_crossed(const BookSide* bids, const BookSide* offers) noexcept nogil:
    return bids.count > 0 and offers.count > 0 and bids.levels[0].price_ticks >= offers.levels[0].price_ticks


cdef char* write_levels(char* at, const BookSide* side) noexcept:
    """What lies behind them."""
    cdef Py_ssize_t count = side.count * sizeof(Level)
    if count:
        memcpy(at, side.levels, count)
    return at + count


cdef bint is_same(const BookSide* side, const Level* levels, Py_ssize_t count) noexcept nogil:
    return side.count == count and (count == 0 or memcmp(side.levels, levels, count * sizeof(Level)) == 0)


cdef bint apply_lists(Book book, bint is_snapshot, bids, offers, sequence, depth, venue_time_ns, received_ns) except -1:
    cdef BookUpdate update
    cdef Level* levels
    bids, offers = list(bids), list(offers)
    update.is_snapshot = is_snapshot
    update.sequence = PyNumber_Index(sequence)
    update.depth = PyNumber_Index(depth)
    update.venue_time_ns = PyNumber_Index(venue_time_ns)
    update.received_ns = PyNumber_Index(received_ns)
    update.bid_count, update.offer_count = len(bids), len(offers)
    if not 0 <= update.depth <= SIDE_LEVELS_MAX or update.sequence < 0:
        raise UsageError(f"sequence must not be negative, depth 0 to {SIDE_LEVELS_MAX}: were {sequence}, {depth}")
    levels = <Level*> PyMem_RawMalloc((update.bid_count + update.offer_count) * sizeof(Level) + 1)
    if levels is NULL:
        raise MemoryError()
    try:
        copy_levels(levels, bids, is_snapshot)
        copy_levels(levels + update.bid_count, offers, is_snapshot)
        update.bids, update.offers = levels, levels + update.bid_count
        return book.apply(&update)
    finally:
        PyMem_RawFree(levels)


cdef int copy_levels(Level* levels, list pairs, bint is_snapshot) except -1:
    cdef Py_ssize_t index
    for index, (price_ticks, qty_lots) in enumerate(pairs):
        levels[index].price_ticks = PyNumber_Index(price_ticks)
        levels[index].qty_lots = PyNumber_Index(qty_lots)
        if levels[index].price_ticks <= 0 or levels[index].qty_lots < is_snapshot:
            raise UsageError(f"a level needs a price above 0, and lots above 0 (0 deletes, in changes only): "
                             f"was {price_ticks}, {qty_lots}")
    return 0


cdef tuple level_at(const BookSide* side, Py_ssize_t level_index):
    if not 0 <= level_index < side.count:
        raise IndexError(f"level {level_index} of a side with {side.count} levels")
    return side.levels[level_index].price_ticks, side.levels[level_index].qty_lots


cdef list levels_of(const BookSide* side, Py_ssize_t level_count):
    cdef Py_ssize_t index
    if level_count < 0:
        raise UsageError(f"the number of levels must not be negative: was {level_count}")
    return [(side.levels[index].price_ticks, side.levels[index].qty_lots)
            for index in range(min(level_count, side.count))]


cdef object lots_to(const BookSide* side, int64_t price_ticks):
    cdef int64_t qty_lots = lots_down_to(side, price_ticks)
    if qty_lots >= 0:
        return qty_lots
    return sum([lots for ticks, lots in levels_of(side, side.count) if not is_beyond(side, ticks, price_ticks)])


cdef object sweep(const BookSide* side, int64_t qty_lots):
    cdef SideSweep found
    if qty_lots <= 0:
        raise UsageError(f"the size to find must be above 0 lots: was {qty_lots}")
    if sweep_side(side, qty_lots, &found):
        return Sweep(qty_lots, found.qty_lots, found.cost, found.last_price_ticks)
    return swept(levels_of(side, side.count), qty_lots)


cdef str best_text(Instrument instrument, const BookSide* side):
    return price_text(instrument, side.levels[0].price_ticks) if side.count else "-"
