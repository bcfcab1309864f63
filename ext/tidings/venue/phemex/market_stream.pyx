"""`book`, `orderbook_p`, `trades` and `trades_p` pushes (phemex docs 2026, "Subscribe OrderBook", "Subscribe Trade").

A push names its symbol behind its levels, so the cells of all rows are noted first (where they are, not what they say),
then read on the grid of the instrument, then applied: a message changes its book whole or not at all.

    {"book":{"asks":[[price,qty],…],"bids":[…]},"depth":30,"sequence":n,"symbol":…,"timestamp":ns,"type":"incremental"}

COIN-M and spot write integers on the instrument's scales, USD-M decimals in strings (`orderbook_p`, `trades_p`).

A push that is JSON but not what it should be makes its book stale; text that is no JSON could have been about any book,
so it makes all of them stale. Keys are asked for by name; what else a message carries is walked over.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawRealloc
from libc.stdint cimport int64_t
from libc.string cimport memset

from tidings.market.book cimport (
    EVENT_DISCONNECTED, EVENT_MALFORMED, EVENT_SILENCE, FEED_LIVE, SIDE_LEVELS_MAX, Book, BookUpdate, Level,
)
from tidings.market.book_index cimport BookIndex
from tidings.model.enums cimport LINE_LINEAR, SIDE_BUY
from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.order_values cimport int_of, price_ticks_of, qty_lots_of, side_of
from tidings.wire.json_cursor cimport (
    FAULT_NONE, JSON_ABSENT, JSON_ARRAY, JSON_OBJECT, JSON_STRING, JsonCursor, JsonValue, json_enter, json_is_at_end,
    json_next_element, json_pick, json_plain, json_read, json_skip, json_start, json_word, JSON_END,
)
from tidings.wire.json_keys cimport JsonKeys

from tidings.market.trade import Trade
from tidings.model.enums import Side

cdef enum:
    CELLS_MIN = 1024            # 256 levels: the usual feed never needs more
    CELLS_MAX = 2 * 2 * SIDE_LEVELS_MAX

# The venue repeats the whole book every 60 s (phemex docs 2026, "Subscribe OrderBook"): one missed, and half a minute.
cdef int64_t SILENCE_LIMIT_NS = 90_000_000_000

cdef enum:                      # slots of TOP
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

cdef enum:                      # slots of SIDES
    SIDES_ASKS
    SIDES_BIDS

cdef enum:                      # slots of TYPES
    TYPE_SNAPSHOT
    TYPE_INCREMENTAL

cdef enum:                      # cells of a level, and of a trade
    LEVEL_PRICE = 0
    LEVEL_QTY = 1
    LEVEL_CELLS = 2
    TRADE_TIME = 0
    TRADE_SIDE = 1
    TRADE_PRICE = 2
    TRADE_QTY = 3
    TRADE_CELLS = 4

cdef JsonKeys TOP = JsonKeys(
    "symbol", "sequence", "timestamp", "depth", "type", "book", "orderbook_p", "trades", "trades_p", "id", "result",
    "error",
)
cdef JsonKeys SIDES = JsonKeys("asks", "bids")
cdef JsonKeys TYPES = JsonKeys("snapshot", "incremental")
cdef object BUY = Side.BUY
cdef object SELL = Side.SELL


cdef class MarketListener:
    cpdef object book_changed(self, Book book, int64_t now_ns):
        """Nothing, unless overridden."""

    cpdef object trade_printed(self, object trade, int64_t now_ns):
        """Nothing, unless overridden."""


cdef class MarketStream:
    def __init__(self, instruments not None, MarketListener listener not None):
        self.books = BookIndex(instruments.values())
        self.listener = listener
        self.wants_trades = type(listener).trade_printed is not (<object> MarketListener).trade_printed

    def __dealloc__(self):
        PyMem_RawFree(self.cells)
        PyMem_RawFree(self.levels)

    def feed(self, bytes message not None, int64_t now_ns):
        return self.feed_text(PyBytes_AS_STRING(message), PyBytes_GET_SIZE(message), now_ns)

    cdef bint feed_text(self, const char* text, Py_ssize_t text_bytes, int64_t now_ns) except -1:
        cdef JsonCursor cursor
        cdef MarketMessage message
        cdef bytes plain = None
        json_start(&cursor, text, text_bytes)
        if not self._scan(&cursor, &message):
            if cursor.fault != FAULT_NONE:
                self.second_try_count += 1
                plain = json_plain(cursor.fault, text, text_bytes)
            if plain is not None:
                json_start(&cursor, PyBytes_AS_STRING(plain), PyBytes_GET_SIZE(plain))
            if plain is None or not self._scan(&cursor, &message):
                self.malformed_count += 1
                self._lose_all(EVENT_MALFORMED, now_ns)
                return False
        return self._take(&message, now_ns)

    cdef bint _take(self, MarketMessage* message, int64_t now_ns) except -1:
        cdef const JsonValue* symbol = &message.top[TOP_SYMBOL]
        cdef Book book
        if message.content < 0:
            if message.top[TOP_ID].kind or message.top[TOP_RESULT].kind or message.top[TOP_ERROR].kind:
                return False
            self.ignored_count += 1
            return True
        if symbol.kind != JSON_STRING:
            self.malformed_count += 1
            self._lose_all(EVENT_MALFORMED, now_ns)
            return True
        book = self.books.find(symbol.start, symbol.count)
        if book is None:
            self.ignored_count += 1
        elif message.content <= TOP_ORDERBOOK_P:
            self._take_book(message, book, now_ns)
        else:
            self._take_trades(message, book.instrument, now_ns)
        return True

    cdef int _take_book(self, MarketMessage* message, Book book, int64_t now_ns) except -1:
        cdef BookUpdate update
        cdef bint has_changed
        update.received_ns = now_ns
        if self._read_update(message, book.instrument, &update):
            self.book_count += 1
            has_changed = book.apply(&update)
        else:
            self.malformed_count += 1
            has_changed = book.apply_event(EVENT_MALFORMED)
        if has_changed:
            self.listener.book_changed(book, now_ns)
        return 0

    cdef bint _read_update(self, MarketMessage* message, Instrument instrument, BookUpdate* update) except -1:
        """False if anything is missing, out of range or off the grid."""
        cdef bint is_scaled = message.content == TOP_BOOK
        cdef int kind = json_word(&message.top[TOP_TYPE], &TYPES.table)
        update.is_snapshot = kind == TYPE_SNAPSHOT
        update.sequence = int_of(&message.top[TOP_SEQUENCE], -1)
        update.depth = int_of(&message.top[TOP_DEPTH], -1)
        update.venue_time_ns = int_of(&message.top[TOP_TIMESTAMP], 0)       # the docs' samples leave it out
        update.bids, update.bid_count = self.levels, message.bids.row_count
        update.offers, update.offer_count = self.levels + message.bids.row_count, message.asks.row_count
        return (
            message.is_regular
            and is_scaled == (instrument.line != LINE_LINEAR)
            and kind >= 0
            and update.sequence >= 0
            and 0 <= update.depth <= SIDE_LEVELS_MAX
            and self._read_levels(&message.bids, instrument, is_scaled, update.is_snapshot, self.levels)
            and self._read_levels(&message.asks, instrument, is_scaled, update.is_snapshot, <Level*> update.offers)
        )

    cdef bint _read_levels(self, Rows* rows, Instrument instrument, bint is_scaled, bint is_snapshot,
                           Level* levels) noexcept:
        """Cells into ticks and lots; a snapshot has no level without lots."""
        cdef const JsonValue* cell = self.cells + rows.first_cell
        cdef Py_ssize_t index
        for index in range(rows.row_count):
            levels[index].price_ticks = price_ticks_of(cell + LEVEL_PRICE, instrument, is_scaled)
            levels[index].qty_lots = qty_lots_of(cell + LEVEL_QTY, instrument, is_scaled)
            if levels[index].price_ticks <= 0 or levels[index].qty_lots < is_snapshot:
                return False            # what cannot be read is UNSET, far below zero
            cell += LEVEL_CELLS
        return True

    cdef int _take_trades(self, MarketMessage* message, Instrument instrument, int64_t now_ns) except -1:
        """Old trades, as the snapshot after each subscription tells them, are no news."""
        cdef int kind = json_word(&message.top[TOP_TYPE], &TYPES.table)
        cdef bint is_scaled = message.content == TOP_TRADES
        cdef list trades = None
        if message.is_regular and kind >= 0 and is_scaled == (instrument.line != LINE_LINEAR):
            trades = read_trades(self.cells + message.trades.first_cell, message.trades.row_count, instrument,
                                 is_scaled, self.wants_trades and kind == TYPE_INCREMENTAL)
        if trades is None:
            self.malformed_count += 1
            return 0
        self.trade_count += 1
        for trade in trades:
            self.listener.trade_printed(trade, now_ns)
        return 0

    cdef int _lose_all(self, int event, int64_t now_ns) except -1:
        cdef Book book
        for book in list(self.books):
            if book.apply_event(event):
                self.listener.book_changed(book, now_ns)
        return 0

    def book(self, str symbol not None):
        return self.books.get(symbol)

    def mark_stale(self):
        cdef Book book
        return [book for book in self.books if book.apply_event(EVENT_DISCONNECTED)]

    def on_timer(self, int64_t now_ns):
        cdef Book book
        for book in list(self.books):
            if book.feed_state == FEED_LIVE and now_ns - book.received_ns > SILENCE_LIMIT_NS:
                book.apply_event(EVENT_SILENCE)
                self.listener.book_changed(book, now_ns)

    # ---- Walking the text ----------------------------------------------------------------------------------------

    cdef bint _scan(self, JsonCursor* cursor, MarketMessage* message) except -1:
        cdef int slot, step
        memset(message, 0, sizeof(MarketMessage))
        message.content = -1
        message.is_regular = True
        self.cell_count = 0
        if not json_enter(cursor, JSON_OBJECT):
            return False
        step = json_pick(cursor, &TOP.table, message.top)
        while step >= 0:
            self._scan_content(cursor, message, step)
            step = json_pick(cursor, &TOP.table, message.top)
        for slot in range(TOP_TRADES_P, TOP_BOOK - 1, -1):      # of two kinds, the book's counts: it has more to lose
            if message.top[slot].kind != JSON_ABSENT:
                message.is_regular &= message.content < 0 and message.top[slot].kind >= JSON_OBJECT
                message.content = slot
        return step == JSON_END and json_is_at_end(cursor)

    cdef int _scan_content(self, JsonCursor* cursor, MarketMessage* message, int slot) except -1:
        """The object or array at the cursor, which the key of `slot` holds."""
        if TOP_BOOK <= slot <= TOP_ORDERBOOK_P and message.top[slot].kind == JSON_OBJECT:
            message.is_regular &= self._scan_sides(cursor, message)
        elif TOP_TRADES <= slot <= TOP_TRADES_P and message.top[slot].kind == JSON_ARRAY:
            message.is_regular &= self._scan_rows(cursor, TRADE_CELLS, &message.trades)
        else:
            message.is_regular = False
            json_skip(cursor)
        return 0

    cdef bint _scan_sides(self, JsonCursor* cursor, MarketMessage* message) except -1:
        """`{"asks":[…],"bids":[…]}`; False if it is not that."""
        cdef JsonValue[2] sides
        cdef bint is_regular = True
        cdef int slot
        memset(sides, 0, sizeof(sides))
        json_enter(cursor, JSON_OBJECT)
        slot = json_pick(cursor, &SIDES.table, sides)
        while slot >= 0:
            if sides[slot].kind == JSON_ARRAY:
                is_regular &= self._scan_rows(
                    cursor, LEVEL_CELLS, &message.asks if slot == SIDES_ASKS else &message.bids
                )
            else:
                json_skip(cursor)
            slot = json_pick(cursor, &SIDES.table, sides)
        return is_regular and sides[SIDES_ASKS].kind == JSON_ARRAY and sides[SIDES_BIDS].kind == JSON_ARRAY

    cdef bint _scan_rows(self, JsonCursor* cursor, int row_cells, Rows* rows) except -1:
        """Note the cells of an array of rows; False if a row has another shape or there are too many."""
        cdef bint is_regular = True
        cdef int step
        rows.first_cell = self.cell_count
        json_enter(cursor, JSON_ARRAY)
        step = json_next_element(cursor)
        while step > 0:
            if self.cell_count + row_cells > self.cell_capacity and not self._grow():
                self.cell_count, is_regular = 0, False          # walk on: the symbol is still to come
            is_regular &= scan_row(cursor, row_cells, self.cells + self.cell_count)
            self.cell_count += row_cells
            step = json_next_element(cursor)
        rows.row_count = (self.cell_count - rows.first_cell) // row_cells
        return is_regular

    cdef bint _grow(self) except -1:
        """Twice the cells, and the levels they can make; False at the limit."""
        cdef Py_ssize_t capacity = max(2 * self.cell_capacity, <Py_ssize_t> CELLS_MIN)
        cdef void* moved
        if capacity > CELLS_MAX:
            return False
        moved = PyMem_RawRealloc(self.levels, capacity // LEVEL_CELLS * sizeof(Level))
        if moved is NULL:
            raise MemoryError()
        self.levels = <Level*> moved
        moved = PyMem_RawRealloc(self.cells, capacity * sizeof(JsonValue))
        if moved is NULL:
            raise MemoryError()
        self.cells, self.cell_capacity = <JsonValue*> moved, capacity
        return True


cdef bint scan_row(JsonCursor* cursor, int row_cells, JsonValue* cells) noexcept nogil:
    """One row of exactly `row_cells` cells; False if it is not that, or broken. `cells` has room for them."""
    cdef JsonValue surplus
    cdef JsonValue* cell
    cdef int step, count = 0
    if not json_read(cursor, cells):
        return False
    if cells.kind != JSON_ARRAY:
        if cells.kind == JSON_OBJECT:
            json_skip(cursor)
        return False
    json_enter(cursor, JSON_ARRAY)
    step = json_next_element(cursor)
    while step > 0:
        cell = cells + count if count < row_cells else &surplus
        if not json_read(cursor, cell):
            return False
        if cell.kind >= JSON_OBJECT:
            json_skip(cursor)
        count += 1
        step = json_next_element(cursor)
    return step == JSON_END and count == row_cells


cdef list read_trades(const JsonValue* cells, Py_ssize_t row_count, Instrument instrument, bint is_scaled,
                      bint is_wanted):
    """Rows as trades, oldest first (none if they are not wanted); None if any cannot be read."""
    cdef list trades = []
    cdef const JsonValue* row
    cdef int64_t time_ns, price_ticks, qty_lots
    cdef int side
    cdef Py_ssize_t index
    for index in range(row_count):
        row = cells + index * TRADE_CELLS
        time_ns = int_of(row + TRADE_TIME, -1)
        side = side_of(row + TRADE_SIDE)
        price_ticks = price_ticks_of(row + TRADE_PRICE, instrument, is_scaled)
        qty_lots = qty_lots_of(row + TRADE_QTY, instrument, is_scaled)
        if time_ns < 0 or side == 0 or price_ticks <= 0 or qty_lots <= 0:
            return None
        if is_wanted:
            trades.append(Trade(instrument, BUY if side == SIDE_BUY else SELL, price_ticks, qty_lots, time_ns))
    if row_count > 1 and int_of(cells, 0) >= int_of(cells + (row_count - 1) * TRADE_CELLS, 0):
        trades.reverse()        # newest first, as the docs have it
    return trades
