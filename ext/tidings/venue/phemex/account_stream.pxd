"""The private streams aop (COIN-M), aop_p (USD-M) and wo (spot): messages in, reports, positions and balances out."""

from libc.stdint cimport int64_t

from tidings.model.execution_report cimport ExecutionReport
from tidings.venue.phemex.account_state cimport AccountStateReader, PositionUpdate, WalletUpdate
from tidings.venue.phemex.order_events cimport OrderEventReader, RowKind
from tidings.wire.json_cursor cimport JsonCursor, JsonValue


cdef class AccountListener:
    """Hears one message's news, executions and orders first; only whole, well-formed messages are told at all."""

    # source SNAPSHOT: state and history after subscribing, so a finished order is no news, but an execution never seen
    # before counts. report.handle is 0: the ClOrdID or the order id tells whose it is.
    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1
    cdef int on_position(self, PositionUpdate position, int64_t now_ns) except -1
    cdef int on_wallet(self, WalletUpdate wallet, int64_t now_ns) except -1
    # One snapshot message of this ProductLine is complete; there is one for each account currency.
    cdef int on_snapshot_end(self, int line, int64_t now_ns) except -1


cdef class AccountStream:
    cdef AccountListener listener
    cdef readonly OrderEventReader orders
    cdef readonly AccountStateReader states
    cdef readonly int64_t message_count         # account messages told
    cdef readonly int64_t ignored_count         # other messages: acknowledgements, tickers, shapes we do not know
    cdef readonly int64_t second_try_count      # messages the cursor did not understand, so that orjson was asked
    # The message being read.
    cdef int line                               # ProductLine, -1: not an account message
    cdef list executions, rows, positions, wallets
    cdef JsonValue[16] top

    # True: an account message, and the listener was told. False: some other message. Raises PeerError if it is not
    # JSON, or if a known key holds another shape than documented: then nothing was told and the stream must be
    # subscribed anew, since what was lost is not known.
    cdef bint feed(self, const char* text, Py_ssize_t count, int64_t now_ns) except -1

    cdef bint _scan(self, JsonCursor* cursor, int64_t now_ns) except -1
    cdef bint _scan_container(self, JsonCursor* cursor, int slot, int64_t now_ns) except -1
    cdef bint _scan_spot_orders(self, JsonCursor* cursor, int64_t now_ns) except -1
    cdef bint _scan_reports(self, JsonCursor* cursor, RowKind kind, int64_t now_ns) except -1
    cdef bint _scan_positions(self, JsonCursor* cursor) except -1
    cdef bint _scan_wallets(self, JsonCursor* cursor) except -1
    cdef int _tell(self, int64_t now_ns) except -1
    cdef int _forget(self) except -1
