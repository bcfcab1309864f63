"""Order book and trade pushes, straight from their bytes into books and prints."""

from libc.stdint cimport int64_t

from tidings.market.book cimport Book, BookUpdate, Level
from tidings.market.book_index cimport BookIndex
from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.market_message cimport MarketMessage, Run
from tidings.wire.frame_reader cimport MessageTaker


cdef class MarketListener:
    # All after the state is final, so a listener may do as it likes, except feed the stream that is calling.
    cpdef object book_changed(self, Book book, int64_t now_ns)
    cpdef object trade_printed(self, object trade, int64_t now_ns)
    # Before book_changed: the book turned live, or `event` (FeedEvent) made it stale or showed that it was wrong.
    cpdef object state_changed(self, Book book, int event, int64_t now_ns)
    # A data push that is no book and no trade; True: it was for the listener.
    cpdef bint figures_came(self, bytes message, int64_t now_ns) except -1


ctypedef struct BookWorth:
    # What a book was worth before something happened to it.
    int feed_state
    int64_t stale_count, mismatch_count, corrected_count


cdef class MarketStream(MessageTaker):
    cdef BookIndex books
    cdef MarketListener listener
    cdef bint wants_trades      # the listener has a trade_printed of its own: else no Trade is made
    cdef bint wants_figures     # and a figures_came: else no bytes object is made
    cdef MarketMessage message  # the one being taken
    cdef Level* levels          # its levels on the grid: bids, then offers
    cdef Py_ssize_t level_capacity
    # What came, in messages.
    cdef readonly int64_t book_count, trade_count       # understood
    cdef readonly int64_t ignored_count                 # data of a kind or symbol we do not follow
    cdef readonly int64_t malformed_count               # could not be read, or off the instrument's grid

    # True: a data push, taken. False: an answer, or no JSON object at all: for the session.
    cdef bint feed_text(self, const char* text, Py_ssize_t text_bytes, int64_t now_ns) except -1

    cdef int _tell(self, Book book, const BookWorth* before, int64_t now_ns) except -1
    cdef int _take_book(self, Book book, int64_t now_ns) except -1
    cdef int _take_trades(self, Instrument instrument, int64_t now_ns) except -1
    cdef bint _read_update(self, Instrument instrument, BookUpdate* update) except -1
    cdef bint _read_levels(self, const Run* run, Instrument instrument, bint is_scaled, bint is_snapshot,
                           Level* levels) noexcept
    cdef int _lose_all(self, int64_t now_ns) except -1
    cdef int _mark_all(self, int event, int64_t now_ns) except -1
