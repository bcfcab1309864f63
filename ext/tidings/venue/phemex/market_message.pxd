"""One push of the market streams as it is written, before anybody knows on which grid."""

from tidings.venue.phemex.level_text cimport WrittenLevel
from tidings.wire.json_cursor cimport JsonCursor, JsonValue
from tidings.wire.json_keys cimport JsonKeyOrder


cdef enum:                      # slots of MarketMessage.top
    TOP_SYMBOL
    TOP_SEQUENCE
    TOP_TIMESTAMP
    TOP_DEPTH
    TOP_TYPE
    TOP_BOOK                    # from here on: data
    TOP_ORDERBOOK_P
    TOP_TRADES
    TOP_TRADES_P
    TOP_ID                      # from here on: signs of an answer
    TOP_RESULT
    TOP_ERROR

cdef enum:                      # cells of each trade in MarketMessage.cells
    TRADE_TIME
    TRADE_SIDE
    TRADE_PRICE
    TRADE_QTY
    TRADE_CELLS

ctypedef struct Run:
    # Some elements of MarketMessage.written.
    Py_ssize_t first, count


cdef class MarketMessage:
    # The last message read. Values borrow its bytes.
    cdef JsonValue[12] top
    cdef int content            # slot of the data it carries, -1: none
    cdef readonly bint is_regular       # the data has the shape its key promises, and there is no other
    cdef Run asks, bids
    cdef WrittenLevel* written
    cdef Py_ssize_t written_count
    cdef JsonValue* cells       # four for each trade
    cdef Py_ssize_t cell_count
    # Kept from message to message.
    cdef Py_ssize_t written_capacity, cell_capacity
    cdef JsonKeyOrder[8] key_orders     # how each kind of push writes its keys
    cdef JsonKeyOrder side_order
    cdef bytes text, plain      # what is borrowed from, if read() or orjson made it
    cdef readonly long long second_try_count

    # False: no JSON object.
    cdef bint read_text(self, const char* text, Py_ssize_t text_bytes) except -1
    cdef bint is_for_session(self) noexcept

    cdef bint _scan(self, JsonCursor* cursor) except -1
    # False: not the shape its key promises.
    cdef bint _scan_content(self, JsonCursor* cursor, int slot) except -1
    cdef bint _scan_sides(self, JsonCursor* cursor) except -1
    cdef bint _scan_levels(self, JsonCursor* cursor, Run* run) except -1
    cdef bint _scan_trades(self, JsonCursor* cursor) except -1


# Room for `needed` items in a scratch array; False if they are more than `limit`, and nothing has changed.
cdef bint grow(
    void** items, Py_ssize_t* capacity, Py_ssize_t item_bytes, Py_ssize_t needed, Py_ssize_t limit
) except -1
