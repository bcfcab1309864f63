"""One L2 book: both sides in sorted C arrays, changed in place."""

from libc.stdint cimport int64_t

from tidings.model.instrument cimport Instrument


cdef enum:
    SIDE_LEVELS_MAX = 16384     # of one side: far more than a full book of this venue shows, still only 256 KiB

# FeedState and FeedEvent of market/feed_state.py, same values.
cdef enum FeedStateCode:
    FEED_AWAITED = 0
    FEED_LIVE = 1
    FEED_STALE = 2

cdef enum FeedEventCode:
    EVENT_SNAPSHOT = 0
    EVENT_INCREMENTAL = 1
    EVENT_MISMATCH = 2
    EVENT_SEQUENCE_BACK = 3
    EVENT_CROSSED = 4
    EVENT_MALFORMED = 5
    EVENT_SILENCE = 6
    EVENT_DISCONNECTED = 7
    EVENT_CORRECTED = 8

ctypedef struct Level:
    int64_t price_ticks
    int64_t qty_lots            # in an update: 0 deletes the level

ctypedef struct BookSide:
    Level* levels               # best first
    Py_ssize_t count, capacity
    int64_t sign                # +1 bids, -1 offers: sign × price is larger for the better price

ctypedef struct BookUpdate:
    # One whole message, already checked: prices above zero, quantities not below.
    bint is_snapshot
    int64_t sequence
    int64_t venue_time_ns       # 0: not told
    int64_t received_ns
    int64_t depth               # levels per side the feed maintains; 0: all
    const Level* bids           # borrowed for the call
    Py_ssize_t bid_count
    const Level* offers
    Py_ssize_t offer_count


cdef class Book:
    cdef readonly Instrument instrument
    # What the feed is worth.
    cdef int feed_state         # FeedState
    cdef int last_cause         # FeedEvent that last made it stale, -1: none did
    cdef readonly int64_t stale_count, mismatch_count, corrected_count
    # Of the last update that was applied.
    cdef readonly int64_t sequence, venue_time_ns, received_ns, depth
    cdef readonly int64_t snapshot_ns       # when the last whole one was taken; 0: none was
    cdef BookSide bid_side, offer_side

    # True: the book is another than before (levels or state), so whoever follows it must hear. Allocates only when a
    # side grows beyond what it ever held.
    cdef bint apply(self, const BookUpdate* update) except -1
    # True: the state changed.
    cdef bint apply_event(self, int event) noexcept
    cdef bint is_tradable(self) noexcept
    # `as_bytes` without an object: how many, and into memory that has room for them.
    cdef Py_ssize_t byte_count(self) noexcept
    cdef void write_bytes(self, char* at) noexcept
    cdef void _compare(self, const BookUpdate* snapshot) noexcept
