"""Loops in C around compiled calls that a Python call would drown. Compiled by benchmarks.compiled when asked for.

Each returns nanoseconds per call, one figure per batch; a batch costs two clock readings.
"""

from libc.stdint cimport int64_t
from libc.string cimport memcpy, memset
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, nanosleep, timespec
from posix.unistd cimport write

from tidings.engine.heartbeat_page cimport HeartbeatPage
from tidings.engine.order_entry cimport OrderEntry
from tidings.engine.ports cimport OrderGateway
from tidings.engine.risk cimport Risk
from tidings.engine.throttle cimport Cost
from tidings.journal.order_journal cimport OrderJournal
from tidings.model.enums cimport DENY_NONE, EXEC_CANCELED, REQUEST_NEW, SOURCE_LOCAL
from tidings.model.execution_report cimport ExecutionReport, make_report
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.venue.phemex.account_state cimport PositionUpdate, WalletUpdate
from tidings.venue.phemex.account_stream cimport AccountListener, AccountStream
from tidings.venue.phemex.market_stream cimport MarketStream
from tidings.venue.phemex.order_decoder cimport OrderDecoder
from tidings.venue.phemex.order_encoder cimport OrderEncoder
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.http1 cimport Response, ResponseListener, ResponseParser


cdef inline int64_t clock_ns() noexcept:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000000000 + now.tv_nsec


cdef class CountingListener(ResponseListener):
    """Hears responses and keeps two numbers of each, so that nothing is optimised away."""
    cdef public int64_t response_count, body_bytes_total

    cdef int on_response(self, Response* response, int64_t now_ns) except -1:
        self.response_count += 1
        self.body_bytes_total += response.body_bytes
        return 0


def take(Cost cost, int64_t step_ns, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of Cost.take, time moving by `step_ns` per call; raises if one is refused."""
    cdef int64_t start_ns, now_ns = 0
    cdef Py_ssize_t _call
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            now_ns += step_ns
            if not cost.take(False, now_ns):
                raise AssertionError("the budget ran out: the step is too short")
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


def may_send(HeartbeatPage page, int index, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of the question every order asks its watchdog's page; raises if the answer is no."""
    cdef int64_t start_ns
    cdef Py_ssize_t _call
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            if not page.may_send(index):
                raise AssertionError("the page is fenced")
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


def risk_checks(
    OrderEntry entry, OrderTerms terms, int64_t price_ticks, int64_t qty_lots, int64_t step_ns, Py_ssize_t batches,
    Py_ssize_t batch_calls, bint is_counted,
):
    """Samples of Risk.check_new for a new price each call; `is_counted`: and of counting it, and giving it back."""
    cdef Risk risk = entry.risk
    cdef Order order = entry.orders.draft(terms)
    cdef int64_t start_ns, now_ns = 1
    cdef Py_ssize_t call
    cdef list samples = []
    order.order_qty_lots = qty_lots
    order.handle = entry.orders.last_handle + 1             # as if added to the table
    for _ in range(batches):
        start_ns = clock_ns()
        for call in range(batch_calls):
            now_ns += step_ns
            order.price_ticks = price_ticks + call
            if risk.check_new(order, 50, now_ns) != DENY_NONE:
                raise AssertionError("an order was denied")
            if is_counted:
                risk.enter(order, now_ns)
                risk.withdraw(order)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


cdef struct PlainLimits:
    int64_t max_qty, max_value, collar, max_position, max_gross, max_in_second
    int64_t position, open_buys, gross, second_start_ns, in_second
    int64_t reference


cdef inline bint plain_check(PlainLimits* limits, int64_t price, int64_t qty, int64_t now_ns) noexcept:
    """Size, value, collar, position, gross, and how many in this second: no more than that."""
    cdef int64_t value = price * qty
    if qty <= 0 or qty > limits.max_qty or value > limits.max_value:
        return False
    if price - limits.reference > limits.collar or limits.position + limits.open_buys + qty > limits.max_position:
        return False
    if limits.gross + value > limits.max_gross:
        return False
    if now_ns - limits.second_start_ns >= 1000000000:
        limits.second_start_ns, limits.in_second = now_ns, 0
    return limits.in_second < limits.max_in_second


def plain_checks(int64_t price_ticks, int64_t qty_lots, int64_t step_ns, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of the least that deserves the name: a struct of sums and a handful of comparisons."""
    cdef PlainLimits limits = PlainLimits(
        max_qty=10**6, max_value=10**15, collar=10**6, max_position=10**9, max_gross=10**17, max_in_second=10**9,
        position=0, open_buys=0, gross=0, second_start_ns=0, in_second=0, reference=price_ticks)
    cdef int64_t start_ns, now_ns = 0, passed = 0
    cdef Py_ssize_t call
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for call in range(batch_calls):
            now_ns += step_ns
            passed += plain_check(&limits, price_ticks + call, qty_lots, now_ns)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    assert passed == batches * batch_calls
    return samples


def parse(bytes data, Py_ssize_t expected_body_bytes, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of ResponseParser.feed for one whole response per call."""
    cdef CountingListener listener = CountingListener()
    cdef ResponseParser parser = ResponseParser(listener)
    cdef const char* start = data
    cdef Py_ssize_t count = len(data), _call
    cdef int64_t start_ns
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            parser.feed(start, count, start_ns)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    assert listener.response_count == batches * batch_calls
    assert listener.body_bytes_total == listener.response_count * expected_body_bytes
    return samples


def encode(OrderEncoder encoder, Order order, int64_t price_ticks, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of OrderEncoder.encode_new for an armed order whose price changes with each call."""
    cdef ByteBuffer out = ByteBuffer()
    cdef int64_t start_ns
    cdef Py_ssize_t call
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for call in range(batch_calls):
            order.price_ticks = price_ticks + call
            out.clear()
            encoder.encode_new(order, out)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


cdef class MuteGateway(OrderGateway):
    """Takes every order and sends nothing, so that replies find orders in flight."""

    cdef int take(self, int request_kind, Order order, int64_t now_ns) except -1:
        return DENY_NONE

    cdef int send_new(self, Order order, int64_t now_ns) except -1:
        return DENY_NONE


cdef class ReplyPath(ResponseListener):
    """What a reply passes on its way up: parser, decoder, engine, strategy."""
    cdef OrderEntry entry
    cdef OrderDecoder decoder
    cdef int64_t handle             # whose reply comes next

    def __init__(self, OrderEntry entry not None):
        self.entry = entry
        self.decoder = OrderDecoder()

    cdef int on_response(self, Response* response, int64_t now_ns) except -1:
        cdef Order order = self.entry.orders.get(self.handle)
        cdef ExecutionReport report = self.decoder.decode_reply(
            REQUEST_NEW, order.terms.instrument, response.status, response.body, response.body_bytes, now_ns
        )
        report.handle = self.handle
        report.request_kind = REQUEST_NEW
        self.handle += 1
        return self.entry.on_report(report, now_ns)


cdef int _submit(OrderEntry entry, OrderTerms terms, int64_t price_ticks, Py_ssize_t count) except -1:
    cdef Order order
    for _ in range(count):
        order = entry.orders.draft(terms)
        order.price_ticks, order.order_qty_lots = price_ticks, 25
        if entry.submit(order, 1) != DENY_NONE:
            raise AssertionError("an order was denied")
    return 0


cdef int _cancel(OrderEntry entry, int64_t first_handle, Py_ssize_t count) except -1:
    cdef ExecutionReport report
    for handle in range(first_handle, first_handle + count):
        report = make_report(EXEC_CANCELED, SOURCE_LOCAL, 1)
        report.handle = handle
        entry.on_report(report, 1)
    return 0


def reply(
    OrderEntry entry, OrderTerms terms, bytes data, int64_t price_ticks, Py_ssize_t batches, Py_ssize_t batch_calls
):
    """Samples of one reply's whole way from its bytes to the strategy's on_ack. `entry` has a MuteGateway."""
    cdef ReplyPath path = ReplyPath(entry)
    cdef ResponseParser parser = ResponseParser(path)
    cdef const char* start = data
    cdef Py_ssize_t count = len(data)
    cdef int64_t start_ns, first_handle
    cdef list samples = []
    for _ in range(batches):
        first_handle = entry.orders.last_handle + 1
        _submit(entry, terms, price_ticks, batch_calls)
        path.handle = first_handle
        start_ns = clock_ns()
        for _call in range(batch_calls):
            parser.feed(start, count, start_ns)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
        _cancel(entry, first_handle, batch_calls)
    return samples


def submit(OrderEntry entry, OrderTerms terms, int64_t price_ticks, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of OrderEntry.submit. `entry` has a MuteGateway: what is measured ends where the gateway begins."""
    cdef int64_t start_ns, first_handle
    cdef list samples = []
    for _ in range(batches):
        first_handle = entry.orders.last_handle + 1
        start_ns = clock_ns()
        _submit(entry, terms, price_ticks, batch_calls)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
        _cancel(entry, first_handle, batch_calls)
    return samples


def append(OrderJournal journal, Order order, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of OrderJournal.note_new."""
    cdef int64_t start_ns
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            if journal.note_new(order, start_ns) != DENY_NONE:
                raise AssertionError("the journal is full")
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


def append_after_pause(OrderJournal journal, Order order, Py_ssize_t count, int64_t pause_ns):
    """Samples of single calls of OrderJournal.note_new, each after a pause in which others may run."""
    cdef int64_t start_ns
    cdef timespec pause
    cdef list samples = []
    pause.tv_sec, pause.tv_nsec = pause_ns // 1000000000, pause_ns % 1000000000
    for _ in range(count):
        with nogil:
            nanosleep(&pause, NULL)
        start_ns = clock_ns()
        journal.note_new(order, start_ns)
        samples.append(<double>(clock_ns() - start_ns))
    return samples


def copy_record(object memory, Py_ssize_t record_bytes, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of a bare copy of as many bytes into mapped memory, one behind the other."""
    cdef unsigned char[::1] target = memory
    cdef char[1024] record
    cdef int64_t start_ns
    cdef Py_ssize_t at = 0, size = len(memory)
    cdef list samples = []
    memset(record, 7, sizeof(record))
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            memcpy(&target[at], record, record_bytes)
            at = at + record_bytes if at + 2 * record_bytes <= size else 0
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


def write_record(int fd, Py_ssize_t record_bytes, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of write(2) of as many bytes."""
    cdef char[1024] record
    cdef int64_t start_ns
    cdef list samples = []
    memset(record, 7, sizeof(record))
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            if write(fd, record, record_bytes) != record_bytes:
                raise OSError("a write was short")
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


cdef class CountingAccount(AccountListener):
    """Hears an account stream; keeps the last report and how many came."""
    cdef readonly ExecutionReport last_report
    cdef readonly int64_t report_count, wallet_count

    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1:
        self.last_report = report
        self.report_count += 1
        return 0

    cdef int on_position(self, PositionUpdate position, int64_t now_ns) except -1:
        return 0

    cdef int on_wallet(self, WalletUpdate wallet, int64_t now_ns) except -1:
        self.wallet_count += 1
        return 0


def account_stream(AccountStream stream, bytes message, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of AccountStream.feed for one whole message."""
    cdef const char* start = message
    cdef Py_ssize_t count = len(message)
    cdef int64_t start_ns
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            stream.feed(start, count, start_ns)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


def book(MarketStream stream, bytes first, bytes second, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of MarketStream.feed_text for one message, two of them in turns."""
    cdef const char* texts[2]
    cdef Py_ssize_t[2] counts = [len(first), len(second)]
    cdef int64_t start_ns
    cdef Py_ssize_t call
    cdef list samples = []
    texts[0], texts[1] = first, second
    for _ in range(batches):
        start_ns = clock_ns()
        for call in range(batch_calls):
            stream.feed_text(texts[call & 1], counts[call & 1], start_ns)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples
