"""One push of the market streams, walked over once (phemex docs 2026, "Subscribe OrderBook", "Subscribe Trade").

    {"book":{"asks":[[price,qty],…],"bids":[…]},"depth":30,"sequence":n,"symbol":…,"timestamp":ns,"type":"incremental"}
    {"sequence":n,"symbol":…,"trades":[[ns,side,price,qty],…],"type":"incremental"}

The levels come before the symbol, so they are noted as they are written; whoever knows the instrument puts them on its
grid. Keys are asked for by name; what else a message carries is walked over. A text that is JSON is always walked to
its end, whatever shape it has, because the symbol that tells whose fault it is may come last.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawRealloc
from libc.string cimport memset

from tidings.market.book cimport SIDE_LEVELS_MAX
from tidings.model.execution_report cimport UNSET
from tidings.venue.phemex.level_text cimport WrittenLevel, WrittenNumber, read_plain_level
from tidings.wire.digits cimport SCALE_MAX
from tidings.wire.json_cursor cimport (
    FAULT_NONE, JSON_ABSENT, JSON_ARRAY, JSON_END, JSON_OBJECT, JSON_STRING, JsonCursor, JsonValue, json_enter,
    json_is_at_end, json_next_element, json_pick_in_order, json_plain, json_read, json_scaled, json_skip, json_start,
    json_text,
)
from tidings.wire.json_keys cimport JsonKeyOrder, JsonKeys

from decimal import Decimal

cdef enum:
    ITEMS_MIN = 256             # a snapshot of the usual feed has 60 levels, and one of trades 800 cells
    LEVELS_MAX = 2 * SIDE_LEVELS_MAX
    CELLS_MAX = 16384           # twenty times the 200 trades of a snapshot (phemex docs 2026, "Subscribe Trade")
    LEVEL_CELLS = 2
    # `{"book`, `{"depth`, `{"dts` and `{"sequence` begin the four kinds of push: their fifth byte chooses a forecast of
    # the keys to come. A wrong choice costs time, nothing else.
    KIND_BYTE = 4
    KEY_ORDERS = 8

cdef enum:                      # slots of SIDES
    SIDES_ASKS
    SIDES_BIDS

# In the order of the slots of `top`.
_TOP_NAMES = (
    "symbol", "sequence", "timestamp", "depth", "type", "book", "orderbook_p", "trades", "trades_p", "id", "result",
    "error",
)
cdef JsonKeys TOP = JsonKeys(*_TOP_NAMES)
cdef JsonKeys SIDES = JsonKeys("asks", "bids")


cdef class MarketMessage:
    def __dealloc__(self):
        PyMem_RawFree(self.written)
        PyMem_RawFree(self.cells)

    cdef bint read_text(self, const char* text, Py_ssize_t text_bytes) except -1:
        cdef JsonCursor cursor
        json_start(&cursor, text, text_bytes)
        if self._scan(&cursor):
            return True
        if cursor.fault == FAULT_NONE:
            return False
        self.second_try_count += 1
        self.plain = json_plain(cursor.fault, text, text_bytes)
        if self.plain is None:
            return False
        json_start(&cursor, PyBytes_AS_STRING(self.plain), PyBytes_GET_SIZE(self.plain))
        return self._scan(&cursor)

    cdef bint _scan(self, JsonCursor* cursor) except -1:
        cdef JsonKeyOrder* order = self.key_orders
        cdef int slot, step
        if cursor.end - cursor.at > KIND_BYTE:
            order += cursor.at[KIND_BYTE] & (KEY_ORDERS - 1)
        memset(self.top, 0, sizeof(self.top))
        self.content = -1
        self.is_regular = True
        self.asks.first = self.asks.count = self.bids.first = self.bids.count = 0
        self.written_count = self.cell_count = 0
        if not json_enter(cursor, JSON_OBJECT):
            return False
        step = json_pick_in_order(cursor, &TOP.table, order, self.top)
        while step >= 0:
            self.is_regular &= self._scan_content(cursor, step)
            step = json_pick_in_order(cursor, &TOP.table, order, self.top)
        for slot in range(TOP_TRADES_P, TOP_BOOK - 1, -1):      # of two kinds, the book's counts: it has more to lose
            if self.top[slot].kind != JSON_ABSENT:
                self.is_regular &= self.content < 0 and self.top[slot].kind >= JSON_OBJECT
                self.content = slot
        return step == JSON_END and json_is_at_end(cursor)

    cdef bint _scan_content(self, JsonCursor* cursor, int slot) except -1:
        """The object or array at the cursor, which the key of `slot` holds."""
        if TOP_BOOK <= slot <= TOP_ORDERBOOK_P and self.top[slot].kind == JSON_OBJECT:
            return self._scan_sides(cursor)
        if TOP_TRADES <= slot <= TOP_TRADES_P and self.top[slot].kind == JSON_ARRAY:
            return self._scan_trades(cursor)
        json_skip(cursor)
        return False

    cdef bint _scan_sides(self, JsonCursor* cursor) except -1:
        """`{"asks":[…],"bids":[…]}`; False if it is not that."""
        cdef JsonValue[2] sides
        cdef bint is_regular = True
        cdef int slot
        memset(sides, 0, sizeof(sides))
        json_enter(cursor, JSON_OBJECT)
        slot = json_pick_in_order(cursor, &SIDES.table, &self.side_order, sides)
        while slot >= 0:
            if sides[slot].kind == JSON_ARRAY:
                is_regular &= self._scan_levels(cursor, &self.asks if slot == SIDES_ASKS else &self.bids)
            else:
                json_skip(cursor)
            slot = json_pick_in_order(cursor, &SIDES.table, &self.side_order, sides)
        return is_regular and sides[SIDES_ASKS].kind == JSON_ARRAY and sides[SIDES_BIDS].kind == JSON_ARRAY

    cdef bint _scan_levels(self, JsonCursor* cursor, Run* run) except -1:
        """An array of levels, as written; False if there are too many, or one is of another shape."""
        cdef bint is_regular = True
        cdef const char* behind
        cdef int step
        run.first = self.written_count
        json_enter(cursor, JSON_ARRAY)
        step = json_next_element(cursor)
        while step > 0:
            if not grow(<void**> &self.written, &self.written_capacity, sizeof(WrittenLevel), self.written_count + 1,
                        LEVELS_MAX):
                self.written_count, is_regular = 0, False       # walk on: the symbol is still to come
            behind = read_plain_level(cursor.at, cursor.end, &self.written[self.written_count])
            if behind is not NULL:
                cursor.at = behind
            elif not scan_level(cursor, &self.written[self.written_count]):
                is_regular = False
            self.written_count += 1
            step = json_next_element(cursor)
        run.count = self.written_count - run.first
        return is_regular

    cdef bint _scan_trades(self, JsonCursor* cursor) except -1:
        """An array of trades, as cells; False if there are too many, or one is of another shape."""
        cdef bint is_regular = True
        cdef int step
        json_enter(cursor, JSON_ARRAY)
        step = json_next_element(cursor)
        while step > 0:
            if not grow(<void**> &self.cells, &self.cell_capacity, sizeof(JsonValue), self.cell_count + TRADE_CELLS,
                        CELLS_MAX):
                self.cell_count, is_regular = 0, False
            if not scan_row(cursor, TRADE_CELLS, self.cells + self.cell_count):
                is_regular = False
            self.cell_count += TRADE_CELLS
            step = json_next_element(cursor)
        return is_regular

    cdef bint is_for_session(self) noexcept:
        return self.content < 0 and (
            self.top[TOP_ID].kind != JSON_ABSENT
            or self.top[TOP_RESULT].kind != JSON_ABSENT
            or self.top[TOP_ERROR].kind != JSON_ABSENT
        )

    # ---- For Python ----------------------------------------------------------------------------------------------

    def read(self, bytes text not None):
        self.text = text
        return self.read_text(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))

    @property
    def key(self):
        return TOP.names[self.content].decode() if self.content >= 0 else None

    @property
    def is_answer(self):
        return self.is_for_session()

    @property
    def symbol(self):
        return json_text(&self.top[TOP_SYMBOL]) if self.top[TOP_SYMBOL].kind == JSON_STRING else None

    def ask_levels(self):
        return written_levels(self, &self.asks)

    def bid_levels(self):
        return written_levels(self, &self.bids)


cdef bint grow(
    void** items, Py_ssize_t* capacity, Py_ssize_t item_bytes, Py_ssize_t needed, Py_ssize_t limit
) except -1:
    cdef Py_ssize_t more = max(capacity[0], <Py_ssize_t> ITEMS_MIN)
    cdef void* moved
    if needed <= capacity[0]:
        return True
    if needed > limit:
        return False
    while more < needed:
        more *= 2
    moved = PyMem_RawRealloc(items[0], more * item_bytes)
    if moved is NULL:
        raise MemoryError()
    items[0], capacity[0] = moved, more
    return True


cdef bint scan_level(JsonCursor* cursor, WrittenLevel* level) noexcept nogil:
    """A level in any spelling; False if it is not two cells."""
    cdef JsonValue[LEVEL_CELLS] cells
    if not scan_row(cursor, LEVEL_CELLS, cells):
        return False
    note_number(&cells[0], &level.price)
    note_number(&cells[1], &level.qty)
    return True


cdef void note_number(const JsonValue* cell, WrittenNumber* number) noexcept nogil:
    """With as few decimals as it needs, however it is spelled."""
    for number.decimals in range(SCALE_MAX + 1):
        if json_scaled(cell, number.decimals, &number.mantissa):
            return
    number.mantissa = UNSET


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


cdef list written_levels(MarketMessage message, const Run* run):
    cdef Py_ssize_t index
    return [
        (decimal(&message.written[index].price), decimal(&message.written[index].qty))
        for index in range(run.first, run.first + run.count)
    ] if message.is_regular else []


cdef object decimal(const WrittenNumber* number):
    return None if number.mantissa == UNSET else Decimal(number.mantissa).scaleb(-number.decimals)
