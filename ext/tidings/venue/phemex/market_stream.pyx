"""`book`, `orderbook_p`, `trades` and `trades_p` pushes into books and prints.

COIN-M and spot write integers on the instrument's scales (`book`, `trades`), USD-M decimals in strings (`orderbook_p`,
`trades_p`; phemex docs 2026, "Subscribe OrderBook", "Subscribe Trade"). A message is put on the grid whole before
anything of it is applied: it changes its book whole or not at all.

A push that is JSON but not what it should be makes its book stale; text that is no JSON could have been about any book,
so it makes all of them stale.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree
from libc.stdint cimport int64_t

cimport cython

from tidings.market.book cimport (
    EVENT_CORRECTED, EVENT_MALFORMED, EVENT_MISMATCH, EVENT_SILENCE, EVENT_SNAPSHOT, FEED_LIVE, SIDE_LEVELS_MAX, Book,
    BookUpdate, Level,
)
from tidings.market.book_index cimport BookIndex
from tidings.model.enums cimport LINE_LINEAR, SIDE_BUY
from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.level_text cimport WrittenLevel, steps_of
from tidings.venue.phemex.market_message cimport (
    TOP_BOOK, TOP_DEPTH, TOP_ORDERBOOK_P, TOP_SEQUENCE, TOP_SYMBOL, TOP_TIMESTAMP, TOP_TRADES, TOP_TYPE, TRADE_CELLS,
    TRADE_PRICE, TRADE_QTY, TRADE_SIDE, TRADE_TIME, MarketMessage, Run, grow,
)
from tidings.venue.phemex.order_values cimport int_of, price_ticks_of, qty_lots_of, side_of
from tidings.wire.frame_reader cimport MessageTaker
from tidings.wire.json_cursor cimport JSON_STRING, JsonValue, json_word
from tidings.wire.json_keys cimport JsonKeys

from tidings.errors import UsageError
from tidings.market.feed_state import FeedEvent
from tidings.market.trade import Trade
from tidings.model.enums import Side

# The venue repeats the whole book every 60 s (phemex docs 2026, "Subscribe OrderBook"). Changes prove nothing: what
# was lost before them is healed by a whole book only. One that was but late is asked for, and live again at once.
cdef int64_t SILENCE_LIMIT_NS = 65_000_000_000

cdef enum:
    LEVELS_MAX = 2 * SIDE_LEVELS_MAX

cdef enum:                      # slots of TYPES
    TYPE_SNAPSHOT
    TYPE_INCREMENTAL

cdef JsonKeys TYPES = JsonKeys("snapshot", "incremental")
cdef object BUY = Side.BUY
cdef object SELL = Side.SELL


cdef class MarketListener:
    cpdef object book_changed(self, Book book, int64_t now_ns):
        """Nothing, unless overridden."""

    cpdef object trade_printed(self, object trade, int64_t now_ns):
        """Nothing, unless overridden."""

    cpdef object state_changed(self, Book book, int event, int64_t now_ns):
        """Nothing, unless overridden."""

    cpdef bint figures_came(self, bytes message, int64_t now_ns) except -1:
        """Nothing, unless overridden."""
        return False


@cython.final
cdef class MarketStream(MessageTaker):
    def __cinit__(self, instruments not None, MarketListener listener not None):
        self.books = BookIndex(instruments.values())
        self.listener = listener
        self.message = MarketMessage()
        self.wants_trades = type(listener).trade_printed is not (<object> MarketListener).trade_printed
        self.wants_figures = type(listener).figures_came is not (<object> MarketListener).figures_came

    def __dealloc__(self):
        PyMem_RawFree(self.levels)

    def feed(self, bytes message not None, int64_t now_ns):
        return self.feed_text(PyBytes_AS_STRING(message), PyBytes_GET_SIZE(message), now_ns)

    cdef bint take_message(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        return self.feed_text(start, count, now_ns)

    cdef bint feed_text(self, const char* text, Py_ssize_t text_bytes, int64_t now_ns) except -1:
        cdef MarketMessage message = self.message
        cdef const JsonValue* symbol = &message.top[TOP_SYMBOL]
        cdef Book book
        if not message.read_text(text, text_bytes):
            self._lose_all(now_ns)
            return False
        if message.content < 0:
            if message.is_for_session():
                return False
            if not (self.wants_figures and self.listener.figures_came(text[:text_bytes], now_ns)):
                self.ignored_count += 1
        elif symbol.kind != JSON_STRING:
            self._lose_all(now_ns)
        else:
            book = self.books.find(symbol.start, symbol.count)
            if book is None:
                self.ignored_count += 1
            elif message.content <= TOP_ORDERBOOK_P:
                self._take_book(book, now_ns)
            else:
                self._take_trades(book.instrument, now_ns)
        return True

    cdef int _take_book(self, Book book, int64_t now_ns) except -1:
        cdef BookUpdate update
        cdef BookWorth before = worth_of(book)
        cdef bint has_changed
        update.received_ns = now_ns
        if self._read_update(book.instrument, &update):
            self.book_count += 1
            has_changed = book.apply(&update)
        else:
            self.malformed_count += 1
            has_changed = book.apply_event(EVENT_MALFORMED)
        if has_changed:
            self._tell(book, &before, now_ns)
        return 0

    cdef int _tell(self, Book book, const BookWorth* before, int64_t now_ns) except -1:
        if book.stale_count != before.stale_count:
            self.listener.state_changed(book, book.last_cause, now_ns)
        elif book.mismatch_count != before.mismatch_count:
            self.listener.state_changed(book, EVENT_MISMATCH, now_ns)
        elif book.corrected_count != before.corrected_count:
            self.listener.state_changed(book, EVENT_CORRECTED, now_ns)
        elif book.feed_state != before.feed_state:
            self.listener.state_changed(book, EVENT_SNAPSHOT, now_ns)
        self.listener.book_changed(book, now_ns)
        return 0

    cdef bint _read_update(self, Instrument instrument, BookUpdate* update) except -1:
        """False if anything is missing, out of range or off the grid."""
        cdef MarketMessage message = self.message
        cdef bint is_scaled = message.content == TOP_BOOK
        cdef int kind = json_word(&message.top[TOP_TYPE], &TYPES.table)
        cdef Level* offers
        if not message.is_regular or kind < 0 or is_scaled != (instrument.line != LINE_LINEAR):
            return False
        if not grow(<void**> &self.levels, &self.level_capacity, sizeof(Level), message.written_count, LEVELS_MAX):
            return False
        offers = self.levels + message.bids.count
        update.is_snapshot = kind == TYPE_SNAPSHOT
        update.sequence = int_of(&message.top[TOP_SEQUENCE], -1)
        update.depth = int_of(&message.top[TOP_DEPTH], -1)
        update.venue_time_ns = int_of(&message.top[TOP_TIMESTAMP], 0)       # the docs' samples leave it out
        update.bids, update.bid_count = self.levels, message.bids.count
        update.offers, update.offer_count = offers, message.asks.count
        return (
            update.sequence >= 0
            and 0 <= update.depth <= SIDE_LEVELS_MAX
            and self._read_levels(&message.bids, instrument, is_scaled, update.is_snapshot, self.levels)
            and self._read_levels(&message.asks, instrument, is_scaled, update.is_snapshot, offers)
        )

    cdef bint _read_levels(self, const Run* run, Instrument instrument, bint is_scaled, bint is_snapshot,
                           Level* levels) noexcept:
        """From what is written to ticks and lots; a snapshot has no level without lots."""
        cdef const WrittenLevel* written = self.message.written + run.first
        cdef int price_scale = 0 if is_scaled else instrument.price_scale
        cdef int qty_scale = 0 if is_scaled else instrument.qty_scale
        cdef Py_ssize_t index
        for index in range(run.count):
            levels[index].price_ticks = steps_of(&written[index].price, price_scale, instrument.tick_mantissa)
            levels[index].qty_lots = steps_of(&written[index].qty, qty_scale, instrument.lot_mantissa)
            if levels[index].price_ticks <= 0 or levels[index].qty_lots < is_snapshot:
                return False            # what cannot be read is far below zero
        return True

    cdef int _take_trades(self, Instrument instrument, int64_t now_ns) except -1:
        """Old trades, as the snapshot after each subscription tells them, are no news."""
        cdef MarketMessage message = self.message
        cdef int kind = json_word(&message.top[TOP_TYPE], &TYPES.table)
        cdef bint is_scaled = message.content == TOP_TRADES
        cdef list trades = None
        if message.is_regular and kind >= 0 and is_scaled == (instrument.line != LINE_LINEAR):
            trades = read_trades(message.cells, message.cell_count // TRADE_CELLS, instrument, is_scaled,
                                 self.wants_trades and kind == TYPE_INCREMENTAL)
        if trades is None:
            self.malformed_count += 1
            return 0
        self.trade_count += 1
        for trade in trades:
            self.listener.trade_printed(trade, now_ns)
        return 0

    cdef int _lose_all(self, int64_t now_ns) except -1:
        """Something was said about a book, and nobody can tell which."""
        self.malformed_count += 1
        self._mark_all(EVENT_MALFORMED, now_ns)
        return 0

    cdef int _mark_all(self, int event, int64_t now_ns) except -1:
        cdef Book book
        cdef BookWorth before
        for book in list(self.books):
            before = worth_of(book)
            if book.apply_event(event):
                self._tell(book, &before, now_ns)
        return 0

    @property
    def second_try_count(self):
        return self.message.second_try_count

    def book(self, str symbol not None):
        return self.books.get(symbol)

    def mark_stale(self, int64_t now_ns, cause=FeedEvent.DISCONNECTED):
        if cause not in (FeedEvent.SILENCE, FeedEvent.DISCONNECTED):
            raise UsageError(f"a whole stream goes stale by SILENCE or DISCONNECTED: was {cause!r}")
        self._mark_all(cause, now_ns)

    def on_timer(self, int64_t now_ns):
        cdef Book book
        cdef BookWorth before
        for book in list(self.books):
            if book.feed_state == FEED_LIVE and now_ns - book.snapshot_ns > SILENCE_LIMIT_NS:
                before = worth_of(book)
                book.apply_event(EVENT_SILENCE)
                self._tell(book, &before, now_ns)


cdef inline BookWorth worth_of(Book book) noexcept:
    return BookWorth(book.feed_state, book.stale_count, book.mismatch_count, book.corrected_count)


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
