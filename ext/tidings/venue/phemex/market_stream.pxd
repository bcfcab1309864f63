"""Order book and trade pushes, straight from their bytes into books and prints."""

from libc.stdint cimport int64_t

from tidings.market.book cimport Book, BookUpdate, Level
from tidings.market.book_index cimport BookIndex
from tidings.model.instrument cimport Instrument
from tidings.wire.json_cursor cimport JsonCursor, JsonValue


cdef class MarketListener:
    # Both after the state is final, so a listener may do as it likes, except feed the stream that is calling.
    cpdef object book_changed(self, Book book, int64_t now_ns)
    cpdef object trade_printed(self, object trade, int64_t now_ns)


ctypedef struct Rows:
    # A run of equally long arrays, their cells behind each other in MarketStream.cells.
    Py_ssize_t first_cell
    Py_ssize_t row_count

ctypedef struct MarketMessage:
    JsonValue[12] top           # by the slots of market_stream.pyx
    int content                 # slot of the data it carries, -1: none
    bint is_regular             # the data has the shape its key promises, and there is no other
    Rows asks, bids, trades


cdef class MarketStream:
    cdef BookIndex books
    cdef MarketListener listener
    cdef bint wants_trades      # the listener has a trade_printed of its own: else no Trade is made
    # Scratch, kept from message to message. Cells borrow the message's bytes.
    cdef JsonValue* cells
    cdef Level* levels
    cdef Py_ssize_t cell_count, cell_capacity
    # What came, in messages.
    cdef readonly int64_t book_count, trade_count       # understood
    cdef readonly int64_t ignored_count                 # data of a kind or symbol we do not follow
    cdef readonly int64_t malformed_count               # could not be read, or off the instrument's grid
    cdef readonly int64_t second_try_count              # the cursor did not understand, so orjson was asked

    # True: a data push, taken. False: an answer, or no JSON object at all: for the session.
    cdef bint feed_text(self, const char* text, Py_ssize_t text_bytes, int64_t now_ns) except -1

    cdef bint _take(self, MarketMessage* message, int64_t now_ns) except -1
    cdef int _take_book(self, MarketMessage* message, Book book, int64_t now_ns) except -1
    cdef int _take_trades(self, MarketMessage* message, Instrument instrument, int64_t now_ns) except -1
    cdef bint _read_update(self, MarketMessage* message, Instrument instrument, BookUpdate* update) except -1
    cdef bint _read_levels(self, Rows* rows, Instrument instrument, bint is_scaled, bint is_snapshot,
                           Level* levels) noexcept
    cdef int _lose_all(self, int event, int64_t now_ns) except -1
    # Walking the text. False: it is no whole JSON object.
    cdef bint _scan(self, JsonCursor* cursor, MarketMessage* message) except -1
    cdef int _scan_content(self, JsonCursor* cursor, MarketMessage* message, int slot) except -1
    cdef bint _scan_sides(self, JsonCursor* cursor, MarketMessage* message) except -1
    cdef bint _scan_rows(self, JsonCursor* cursor, int row_cells, Rows* rows) except -1
    cdef bint _grow(self) except -1
