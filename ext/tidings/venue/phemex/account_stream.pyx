"""Account messages: `{"accounts_p":[…],"orders_p":[…],"positions_p":[…],"type":"incremental",…}` and their kin.

`type` may come last (as in the docs) or first (as on the wire), and a message that turns out broken must leave no half
of its news behind. So rows are read into lists first, and told when the closing brace has been seen: executions, then
orders, then positions, then balances.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.string cimport memset

from tidings.model.enums cimport EXEC_STATUS, EXEC_TRADE, LINE_INVERSE, LINE_LINEAR, LINE_SPOT, SOURCE_SNAPSHOT
from tidings.model.execution_report cimport ExecutionReport
from tidings.venue.phemex.account_state cimport AccountStateReader, PositionUpdate, WalletUpdate
from tidings.venue.phemex.order_events cimport (
    ROW_OF_CONTRACT, ROW_OF_SPOT_FILL, ROW_OF_SPOT_ORDER, OrderEventReader, RowKind, SymbolTable,
)
from tidings.venue.phemex.order_values cimport is_word
from tidings.wire.json_cursor cimport (
    FAULT_NONE, JSON_ARRAY, JSON_END, JSON_OBJECT, JsonCursor, JsonValue, json_enter, json_is_at_end,
    json_next_element, json_pick, json_plain, json_skip, json_start,
)
from tidings.wire.json_keys cimport JsonKeys

from tidings.errors import PeerError

cdef enum:
    ROWS_MAX = 10000            # of one kind in one message; a snapshot holds some hundred (phemex docs 2026)

cdef enum:                      # slots of ENVELOPE
    TOP_TYPE
    TOP_ORDERS
    TOP_POSITIONS
    TOP_ACCOUNTS
    TOP_ORDERS_P
    TOP_POSITIONS_P
    TOP_ACCOUNTS_P
    TOP_WALLETS

cdef enum:                      # slots of SPOT_ORDERS
    SPOT_OPEN
    SPOT_CLOSED
    SPOT_FILLS
    SPOT_SLOTS

cdef JsonKeys ENVELOPE = JsonKeys(
    "type", "orders", "positions", "accounts", "orders_p", "positions_p", "accounts_p", "wallets"
)
cdef JsonKeys SPOT_ORDERS = JsonKeys("open", "closed", "fills")


cdef class AccountListener:
    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1:
        return 0

    cdef int on_position(self, PositionUpdate position, int64_t now_ns) except -1:
        return 0

    cdef int on_wallet(self, WalletUpdate wallet, int64_t now_ns) except -1:
        return 0

    cdef int on_snapshot_end(self, int line, int64_t now_ns) except -1:
        return 0


cdef class AccountStream:
    def __init__(self, dict instruments not None, AccountListener listener not None):
        cdef SymbolTable symbols = SymbolTable(instruments)
        self.listener = listener
        self.orders = OrderEventReader(symbols)
        self.states = AccountStateReader(symbols)
        self.executions, self.rows, self.positions, self.wallets = [], [], [], []

    cdef bint feed(self, const char* text, Py_ssize_t count, int64_t now_ns) except -1:
        cdef JsonCursor cursor
        cdef bytes plain = None
        json_start(&cursor, text, count)
        if not self._scan(&cursor, now_ns):
            if cursor.fault != FAULT_NONE:
                self.second_try_count += 1
                plain = json_plain(cursor.fault, text, count)
            if plain is None:
                raise broken(text, count)
            json_start(&cursor, PyBytes_AS_STRING(plain), PyBytes_GET_SIZE(plain))
            if not self._scan(&cursor, now_ns):
                raise broken(text, count)
        if self.line < 0:
            self.ignored_count += 1
            return False
        self.message_count += 1
        self._tell(now_ns)
        return True

    def feed_message(self, bytes text not None, int64_t now_ns=0):
        return self.feed(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), now_ns)

    cdef bint _scan(self, JsonCursor* cursor, int64_t now_ns) except -1:
        """Read one whole message into our lists. False: broken."""
        cdef int step
        self._forget()
        if not json_enter(cursor, JSON_OBJECT):
            return False
        step = json_pick(cursor, &ENVELOPE.table, self.top)
        while step >= 0:
            if not self._scan_container(cursor, step, now_ns):
                return False
            step = json_pick(cursor, &ENVELOPE.table, self.top)
        return step == JSON_END and json_is_at_end(cursor)

    cdef bint _scan_container(self, JsonCursor* cursor, int slot, int64_t now_ns) except -1:
        """One known key's object or array. The key tells the product line, too."""
        if slot == TOP_TYPE:
            return json_skip(cursor)            # some other message's
        if slot == TOP_WALLETS or (slot == TOP_ORDERS and self.top[slot].kind == JSON_OBJECT):
            self.line = LINE_SPOT
        else:
            self.line = LINE_LINEAR if TOP_ORDERS_P <= slot <= TOP_ACCOUNTS_P else LINE_INVERSE
        if slot == TOP_ORDERS and self.line == LINE_SPOT:
            return self._scan_spot_orders(cursor, now_ns)
        if not json_enter(cursor, JSON_ARRAY):
            return False
        if slot == TOP_ORDERS or slot == TOP_ORDERS_P:
            return self._scan_reports(cursor, ROW_OF_CONTRACT, now_ns)
        if slot == TOP_POSITIONS or slot == TOP_POSITIONS_P:
            return self._scan_positions(cursor)
        return self._scan_wallets(cursor)

    cdef bint _scan_spot_orders(self, JsonCursor* cursor, int64_t now_ns) except -1:
        """`{"closed":[…],"fills":[…],"open":[…]}`."""
        cdef JsonValue[SPOT_SLOTS] kinds
        cdef int step
        memset(kinds, 0, sizeof(kinds))
        json_enter(cursor, JSON_OBJECT)
        step = json_pick(cursor, &SPOT_ORDERS.table, kinds)
        while step >= 0:
            if not json_enter(cursor, JSON_ARRAY):
                return False
            if not self._scan_reports(cursor, ROW_OF_SPOT_FILL if step == SPOT_FILLS else ROW_OF_SPOT_ORDER, now_ns):
                return False
            step = json_pick(cursor, &SPOT_ORDERS.table, kinds)
        return step == JSON_END

    cdef bint _scan_reports(self, JsonCursor* cursor, RowKind kind, int64_t now_ns) except -1:
        cdef ExecutionReport report
        cdef bint is_good = True
        cdef int step = json_next_element(cursor)
        while step > 0:
            report = self.orders.read(cursor, kind, self.line, now_ns, &is_good)
            if not is_good or len(self.rows) + len(self.executions) >= ROWS_MAX:
                return False
            if report is not None:
                # Contract rows come in time order, New before its fill; spot fills lie apart from their orders.
                (self.executions if kind == ROW_OF_SPOT_FILL else self.rows).append(report)
            step = json_next_element(cursor)
        return step == JSON_END

    cdef bint _scan_positions(self, JsonCursor* cursor) except -1:
        cdef PositionUpdate position
        cdef bint is_good = True
        cdef int step = json_next_element(cursor)
        while step > 0:
            position = self.states.read_position(cursor, self.line, &is_good)
            if not is_good or len(self.positions) >= ROWS_MAX:
                return False
            if position is not None:
                self.positions.append(position)
            step = json_next_element(cursor)
        return step == JSON_END

    cdef bint _scan_wallets(self, JsonCursor* cursor) except -1:
        cdef WalletUpdate wallet
        cdef bint is_good = True
        cdef int step = json_next_element(cursor)
        while step > 0:
            wallet = self.states.read_wallet(cursor, self.line, &is_good)
            if not is_good or len(self.wallets) >= ROWS_MAX:
                return False
            if wallet is not None:
                self.wallets.append(wallet)
            step = json_next_element(cursor)
        return step == JSON_END

    cdef int _tell(self, int64_t now_ns) except -1:
        """Hand up what the message said. Without the word `incremental` nothing in it is news."""
        cdef ExecutionReport report
        cdef PositionUpdate position
        cdef WalletUpdate wallet
        cdef bint is_news = is_word(&self.top[TOP_TYPE], b"incremental", 11)
        cdef bint is_snapshot = is_word(&self.top[TOP_TYPE], b"snapshot", 8)
        cdef int line = self.line
        # Taken out first: a listener may, through the strategy, close the stream or feed it again.
        reports, positions, wallets = self.executions + self.rows, self.positions, self.wallets
        self.executions, self.rows, self.positions, self.wallets = [], [], [], []
        for report in reports:
            if not is_news:
                report.source, report.reconciled = SOURCE_SNAPSHOT, True
                if report.exec_type != EXEC_TRADE:
                    report.exec_type = EXEC_STATUS
            self.listener.on_report(report, now_ns)
        for position in positions:
            if not is_news:
                position.source = SOURCE_SNAPSHOT
            self.listener.on_position(position, now_ns)
        for wallet in wallets:
            if not is_news:
                wallet.source = SOURCE_SNAPSHOT
            self.listener.on_wallet(wallet, now_ns)
        if is_snapshot:
            self.listener.on_snapshot_end(line, now_ns)
        return 0

    cdef int _forget(self) except -1:
        memset(self.top, 0, sizeof(self.top))
        self.line = -1
        self.executions.clear()
        self.rows.clear()
        self.positions.clear()
        self.wallets.clear()
        return 0


cdef object broken(const char* text, Py_ssize_t count):
    return PeerError(f"account stream: not a message we can read, subscribe anew: {text[:min(count, 60)]!r}")


cdef class AccountEvents(AccountListener):
    """Keeps what it hears, in order, until it is taken."""

    cdef list events

    def __init__(self):
        self.events = []

    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1:
        self.events.append(report)
        return 0

    cdef int on_position(self, PositionUpdate position, int64_t now_ns) except -1:
        self.events.append(position)
        return 0

    cdef int on_wallet(self, WalletUpdate wallet, int64_t now_ns) except -1:
        self.events.append(wallet)
        return 0

    cdef int on_snapshot_end(self, int line, int64_t now_ns) except -1:
        self.events.append(line)
        return 0

    def take(self):
        events, self.events = self.events, []
        return events
