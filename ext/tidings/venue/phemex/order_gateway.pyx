"""Phemex as the engine's OrderGateway: choose a lane, encode, sign, write; match what comes back.

One answer ends one request. What an answer means is decided here and nowhere else:

    HTTP 200 and a reply we understand        what it says: accepted or refused, with the venue's code
    HTTP 4xx with a business code, 401, 403, 429   refused: the gateway turned it away before the trading engine
    5xx, 408, 425, anything not understood    UNKNOWN: it may have been executed (phemex docs 2026, "HTTP return codes")
    a duplicate-ClOrdID code on our only send UNKNOWN: somebody between us and the venue repeated it, so it may be live
    "an amend is under way" to our only amend UNKNOWN: in the same way, it may be in force
    a code that is not in the table           UNKNOWN: the account stream will tell
    a refusal without a name, others behind   UNKNOWN: if an answer was lost on the way, it is the other's
    connection lost, last byte in the kernel  UNKNOWN; last byte never taken: UNSENT

An answer that names another order means that answers have shifted: the lane is closed and all its requests are
UNKNOWN. A request that was told UNKNOWN when its deadline passed hears no second UNKNOWN, but a late answer that does
tell its outcome.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE
from libc.stdint cimport int64_t

from tidings.clock cimport Clock
from tidings.engine.order_table cimport OrderTable
from tidings.engine.ports cimport OrderListener
from tidings.metrics.stages cimport Stages
from tidings.model.enums cimport (
    DENY_BAD_TERMS, DENY_CLOCK_UNSURE, DENY_LANES_FULL, DENY_NONE, DENY_NOT_CONNECTED, DENY_NOT_READY,
    EXEC_CANCEL_REJECTED, EXEC_UNKNOWN, EXEC_UNSENT, REQUEST_AMEND,
    REQUEST_CANCEL, REQUEST_CANCEL_ALL, REQUEST_CANCEL_MANY, REQUEST_NEW, REQUEST_PING, SOURCE_LOCAL, SOURCE_REPLY,
    STATUS_PENDING_NEW,
)
from tidings.model.execution_report cimport ExecutionReport, make_report
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.net.lane cimport Lane, LanePool, Request
from tidings.venue.phemex.answer_meaning cimport (
    code_of_status, echo_fits, is_client_error, is_doubtful, is_refusal, refusal_of,
)
from tidings.venue.phemex.budget cimport RequestBudget
from tidings.venue.phemex.order_decoder cimport OrderDecoder
from tidings.venue.phemex.order_encoder cimport OrderEncoder
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.http1 cimport Response

from tidings.errors import ConnectionLost, PeerError, UsageError
from tidings.venue.phemex.error_codes import AMEND_UNDER_WAY_CODES, leaves_a_create_open, refuses_a_change
from tidings.venue.phemex.replies import names_another_order


cdef bint _tells_no_verdict(int request_kind, ExecutionReport report) except -1:
    """Whether a code leaves open what our request did. Of an amend: "one is under way", and ours is the only one."""
    if request_kind == REQUEST_AMEND:
        return report.code in AMEND_UNDER_WAY_CODES
    return request_kind == REQUEST_NEW and leaves_a_create_open(report.code, report.text)


cdef enum:
    NS_PER_S = 1000000000
    REQUEST_BYTES_MAX = 65536
    CODE_ORDER_NOT_FOUND = 10002
    HTTP_OK = 200


cdef class PhemexOrderGateway(OrderGateway):
    """One account's way to the venue's order calls. `deadline_ns` per answer; `expiry_s` signed into every request."""

    def __init__(
        self, *, Clock clock not None, OrderEncoder encoder not None, OrderDecoder decoder not None,
        RequestBudget budget not None, Stages stages not None, OrderTable orders not None,
        int64_t deadline_ns, int64_t expiry_s,
    ):
        self.clock, self.encoder, self.decoder = clock, encoder, decoder
        self.budget, self.stages, self.orders = budget, stages, orders
        self.deadline_ns, self.expiry_s = deadline_ns, expiry_s
        self.buffer = ByteBuffer(REQUEST_BYTES_MAX)
        self.gate = DENY_NOT_READY
        self.symbol_gates = bytearray(budget.instrument_count)
        self.answers = AnswerDesk(self)
        self.bad_terms = ""
        self.batches = {}

    def plug(self, LanePool pool not None, OrderListener listener not None, on_lane_change=None, on_sent=None):
        """Connect the lanes below and the engine above; `on_sent()` is called behind every request."""
        self.pool, self.listener = pool, listener
        self.answers.on_lane_change = on_lane_change
        self.on_sent = on_sent

    def allow_orders(self, bint is_ready):
        """New orders and amends are denied (NOT_READY) until this is told True; cancels are always taken."""
        self.gate = DENY_NONE if is_ready else DENY_NOT_READY

    def deny_orders(self, int reason):
        """Deny new orders and amends of every symbol for `reason` from now on; DenyReason.NONE takes them again."""
        self.gate = reason

    def deny_symbol(self, Instrument instrument not None, int reason):
        """Deny new orders and amends of one symbol; DenyReason.NONE takes them again."""
        self.symbol_gates[instrument.index] = reason

    @property
    def is_ready(self):
        return self.gate == DENY_NONE

    @property
    def lane_listener(self):
        """What the lanes of this gateway's pool report to."""
        return self.answers

    def set_venue_clock(self, int64_t venue_wall_offset_ns):
        """Venue wall clock − our monotonic clock, as measured: expiries are on the venue's clock."""
        self.venue_wall_offset_ns = venue_wall_offset_ns
        self.expiry_valid_until_ns = 0

    # ---- Down ----------------------------------------------------------------------------------------------------

    cdef int take(self, int request_kind, Order order, int64_t now_ns) except -1:
        cdef int reason
        reason = DENY_NONE if request_kind > REQUEST_AMEND else self._gate_of(order.terms.instrument)
        if reason != DENY_NONE:
            return reason
        reason = self._choose_lane(request_kind, order)
        return reason if reason != DENY_NONE else self.budget.take(request_kind, order.terms.instrument, now_ns)

    cdef int _gate_of(self, Instrument instrument) noexcept:
        """Why no new order of an instrument may go; DENY_NONE: it may. Instruments that came later are not taken."""
        if self.gate != DENY_NONE:
            return self.gate
        if not 0 <= instrument.index < PyByteArray_GET_SIZE(self.symbol_gates):
            return DENY_NOT_READY
        return <unsigned char> PyByteArray_AS_STRING(self.symbol_gates)[instrument.index]

    cdef int send_new(self, Order order, int64_t now_ns) except -1:
        cdef int reason
        self._refresh_expiry(now_ns)
        self.buffer.clear()
        try:
            self.encoder.encode_new(order, self.buffer)
        except UsageError as error:         # nothing has been written: this order never existed
            self.bad_terms = str(error)
            return DENY_BAD_TERMS
        order.encoded_ns = self.clock.now_ns()
        if order.encoded_ns - now_ns > self.deadline_ns:
            return DENY_CLOCK_UNSURE        # the process stood still in between: the decision is of another time
        order.route = self.lane.index
        reason = self._write(order.handle, REQUEST_NEW, now_ns)
        if reason == DENY_NONE and self.lane.connection.send_returned_ns >= order.encoded_ns:
            order.written_ns = self.lane.connection.send_returned_ns
            self.stages.record_encode(order.encoded_ns - order.decided_ns)
            self.stages.record_write(order.written_ns - order.decided_ns)
        return reason

    cdef int send_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        self._refresh_expiry(now_ns)
        self.buffer.clear()
        try:
            self.encoder.encode_amend(order, price_ticks, qty_lots, self.buffer)
        except UsageError as error:         # nothing has been written: the order stays as it is
            self.bad_terms = str(error)
            return DENY_BAD_TERMS
        return self._write(order.handle, REQUEST_AMEND, now_ns)

    cdef int send_cancel(self, Order order, int64_t now_ns) except -1:
        self._refresh_expiry(now_ns)
        self.buffer.clear()
        self.encoder.encode_cancel(order, order.order_id_high != 0, self.buffer)
        return self._write(order.handle, REQUEST_CANCEL, now_ns)

    cdef int send_cancel_many(self, list orders, int64_t now_ns) except -1:
        cdef int reason
        self._refresh_expiry(now_ns)
        self.buffer.clear()
        self.encoder.encode_cancel_many((<Order?>orders[0]).terms.instrument, orders, self.buffer)
        self.last_batch -= 1
        reason = self._write(self.last_batch, REQUEST_CANCEL_MANY, now_ns)
        if reason == DENY_NONE:
            self.batches[self.last_batch] = [order.handle for order in orders]
        return reason

    cdef int prepare(self, OrderTerms terms) except -1:
        terms.template = self.encoder.make_template(terms)
        return 0

    def warm_lane(self, Lane lane not None, bint is_signed, int64_t now_ns):
        """Keep one given lane warm, if it is idle and up. False: not needed, or no budget."""
        if not lane.is_up or lane.in_flight_count or self.budget.take_ping(now_ns) != DENY_NONE:
            return False
        self.lane = lane
        self._refresh_expiry(now_ns)
        self.buffer.clear()
        self.encoder.encode_ping(is_signed, self.buffer)
        return self._write(0, REQUEST_PING, now_ns) == DENY_NONE

    cdef int _choose_lane(self, int request_kind, Order order) except -1:
        """The least busy lane; but what follows an unanswered create follows it on its own lane, or the two could
        change places.
        """
        if self.pool is None:
            return DENY_NOT_CONNECTED
        if request_kind != REQUEST_NEW and order.status == STATUS_PENDING_NEW and order.route >= 0:
            self.lane = <Lane>self.pool.lanes[order.route]
            if self.lane.is_up:
                return DENY_NONE if self.lane.in_flight_count < self.lane.depth_cap else DENY_LANES_FULL
        self.lane = self.pool.pick()
        if self.lane is not None:
            return DENY_NONE
        return DENY_LANES_FULL if self.pool.up_count() else DENY_NOT_CONNECTED

    cdef int _refresh_expiry(self, int64_t now_ns) except -1:
        """Expiry text changes once a second; every request lives at least expiry_s on the venue's clock."""
        cdef int64_t venue_now_ns
        if now_ns >= self.expiry_valid_until_ns:
            venue_now_ns = now_ns + self.venue_wall_offset_ns
            self.encoder.set_expiry(venue_now_ns // NS_PER_S + 1 + self.expiry_s)
            self.expiry_valid_until_ns = now_ns + NS_PER_S - venue_now_ns % NS_PER_S
        return 0

    cdef int _write(self, int64_t token, int request_kind, int64_t now_ns) except -1:
        try:
            self.lane.send(self.buffer.start, self.buffer.count, token, request_kind, now_ns + self.deadline_ns, now_ns)
        except ConnectionLost:
            return DENY_NOT_CONNECTED       # it went down between pick and send; nothing was written
        if self.on_sent is not None:
            self.on_sent()
        return DENY_NONE

    # ---- Up ------------------------------------------------------------------------------------------------------

    cdef int _answer(self, Lane lane, Request* request, Response* response, int64_t now_ns) except -1:
        cdef Order order
        self.budget.correct(response, now_ns)
        if request.kind == REQUEST_PING or request.kind == REQUEST_CANCEL_ALL:
            named = names_another_order(response.body[:response.body_bytes], "", "")
            return self._tell_shift(named, "no order") if named else 0
        if request.kind == REQUEST_CANCEL_MANY:
            self._answer_batch(lane, self.batches.get(request.token, []), response, now_ns)
            self.batches.pop(request.token, None)       # not before: if its answer chokes us, the batch still ends
            return 0
        order = self.orders.get(request.token)
        if order is None:
            return 0                        # done and forgotten while its answer was overdue
        return self._answer_one(lane, order, request, response, now_ns)

    cdef int _answer_one(self, Lane lane, Order order, Request* request, Response* response, int64_t now_ns) except -1:
        cdef int status = response.status
        cdef ExecutionReport report = self._outcome(order, request.kind, response, now_ns)
        if report is not None and request.kind == REQUEST_NEW and report.code and refuses_a_change(
            report.code, report.text
        ):
            self._close_shifted(order, request, f"code {report.code} {report.text}", now_ns)
        if is_doubtful(lane, order.handle, request.kind, report) and (report is not None or is_refusal(status)):
            text = "a refusal that names no order, while others are asked about on the same lane"
        elif report is None and is_refusal(status):
            return self._tell_one(
                order.handle, refusal_of(request.kind), request.kind, request.sent_ns, code_of_status(status),
                f"HTTP {status}", now_ns,
            )
        elif report is None:
            self.misunderstood_count += 1
            named = names_another_order(response.body[:response.body_bytes], order.cl_ord_id, order.symbol)
            if named:
                self._close_shifted(order, request, named, now_ns)
            text = f"HTTP {status} with a reply that tells no outcome"
        elif report.code and _tells_no_verdict(request.kind, report):
            text = f"code {report.code} {report.text}"
        else:
            if not echo_fits(order, report):
                self._close_shifted(order, request, report.cl_ord_id, now_ns)
            report.handle, report.request_kind, report.asked_ns = order.handle, request.kind, request.sent_ns
            self.has_told = True
            self.listener.on_report(report, now_ns)
            return 0
        if request.is_overdue:
            return 0                        # told UNKNOWN already, and this answer knows no better
        return self._tell_end(request, EXEC_UNKNOWN, text, now_ns)

    cdef ExecutionReport _outcome(self, Order order, int request_kind, Response* response, int64_t now_ns):
        """What the reply says became of the request; None: it does not say."""
        cdef int status = response.status
        if status == HTTP_OK or is_client_error(status):
            return self.decoder.decode_reply(
                request_kind, order.terms.instrument, status, response.body, response.body_bytes, now_ns
            )
        return None

    cdef int _close_shifted(self, Order order, Request* request, str named, int64_t now_ns) except -1:
        """Answers have shifted: raising closes the lane, and the requests behind this one are lost with it."""
        if not request.is_overdue:
            self._tell_end(request, EXEC_UNKNOWN, "the reply was another order's", now_ns)
        return self._tell_shift(named, f"order {order.cl_ord_id}")

    cdef int _tell_shift(self, str named, str asked) except -1:
        self.mismatch_count += 1
        raise PeerError(f"a reply names {named!r} where {asked} was asked about: answers have shifted")

    cdef int _answer_batch(self, Lane lane, list handles, Response* response, int64_t now_ns) except -1:
        """A bulk cancel is answered as a whole: an order that is not among those being cancelled was refused."""
        cdef Order order
        cdef ExecutionReport row, whole
        cdef list orders = [order for handle in handles if (order := self.orders.get(handle)) is not None]
        cdef list rows
        lane.is_in_doubt = lane.is_in_doubt or lane.in_flight_count > 0     # until it names an order of the batch
        if not orders:
            return 0
        whole = self._outcome(<Order> orders[0], REQUEST_CANCEL_MANY, response, now_ns)
        if whole is None or whole.code:
            return self._end_batch(orders, whole, response.status, now_ns)
        rows = self.decoder.decode_bulk(
            (<Order> orders[0]).terms.instrument, response.status, response.body, response.body_bytes, now_ns
        )
        if rows is None:
            return self._end_batch(orders, None, response.status, now_ns)
        told = {row.cl_ord_id or row.order_id: row for row in rows}
        strange = told.keys() - {name for order in orders for name in (order.cl_ord_id, order.order_id)}
        if strange and len(orders) == len(handles):
            self._tell_shift(strange.pop(), "a bulk cancel")
        if told:                            # as in is_doubtful
            lane.is_in_doubt = lane.named_last in handles
            lane.named_last = handles[0]
        for order in orders:
            row = told.get(order.cl_ord_id) or told.get(order.order_id)
            if row is None:
                row = make_report(EXEC_CANCEL_REJECTED, SOURCE_REPLY, now_ns)
                row.code, row.text = CODE_ORDER_NOT_FOUND, "not among the orders the venue is cancelling"
            row.handle, row.request_kind = order.handle, REQUEST_CANCEL
            self.has_told = True
            self.listener.on_report(row, now_ns)
        return 0

    cdef int _end_batch(self, list orders, ExecutionReport refusal, int status, int64_t now_ns) except -1:
        """A bulk cancel that was refused as a whole, or whose answer tells nothing."""
        cdef Order order
        cdef int exec_type = EXEC_CANCEL_REJECTED if refusal is not None or is_refusal(status) else EXEC_UNKNOWN
        cdef int code = 0 if exec_type == EXEC_UNKNOWN else code_of_status(status)
        code = refusal.code if refusal is not None else code
        text = refusal.text if refusal is not None else f"HTTP {status} to a bulk cancel"
        self.misunderstood_count += exec_type == EXEC_UNKNOWN
        for order in orders:
            self._tell_one(order.handle, exec_type, REQUEST_CANCEL, 0, code, text, now_ns)
        return 0

    cdef int _tell_end(self, Request* request, int exec_type, str text, int64_t now_ns) except -1:
        """A request ended without an answer that tells its outcome."""
        if request.kind == REQUEST_CANCEL_MANY:
            for handle in self.batches.pop(request.token, ()):
                self._tell_one(handle, exec_type, REQUEST_CANCEL, request.sent_ns, 0, text, now_ns)
            return 0
        if request.kind == REQUEST_PING or request.kind == REQUEST_CANCEL_ALL:
            return 0
        return self._tell_one(request.token, exec_type, request.kind, request.sent_ns, 0, text, now_ns)

    cdef int _tell_one(
        self, int64_t handle, int exec_type, int request_kind, int64_t asked_ns, int code, str text, int64_t now_ns
    ) except -1:
        cdef bint is_ours = exec_type == EXEC_UNKNOWN or exec_type == EXEC_UNSENT
        cdef ExecutionReport report = make_report(exec_type, SOURCE_LOCAL if is_ours else SOURCE_REPLY, now_ns)
        report.handle, report.request_kind, report.code, report.text = handle, request_kind, code, text
        report.asked_ns = asked_ns
        self.has_told = True
        self.listener.on_report(report, now_ns)
        return 0


cdef class AnswerDesk(LaneListener):
    """The gateway's ear on its lanes."""

    def __init__(self, PhemexOrderGateway gateway not None):
        self.gateway = gateway

    cdef int on_answer(self, Lane lane, Request* request, Response* response, int64_t now_ns) except -1:
        self.gateway.has_told = False
        try:
            return self.gateway._answer(lane, request, response, now_ns)
        except Exception as error:
            # The lane has let go of the request, and the error will close it: here is the last chance to end it.
            if not self.gateway.has_told and not request.is_overdue:
                self.gateway._tell_end(request, EXEC_UNKNOWN, f"its answer could not be taken in: {error}", now_ns)
            raise

    cdef int on_lost(self, Lane lane, Request* request, bint reached_kernel, object cause, int64_t now_ns) except -1:
        if request.is_overdue:
            return 0                        # told already when its deadline passed
        return self.gateway._tell_end(
            request, EXEC_UNKNOWN if reached_kernel else EXEC_UNSENT, f"connection lost: {cause}", now_ns
        )

    cdef int on_overdue(self, Lane lane, Request* request, int64_t now_ns) except -1:
        return self.gateway._tell_end(request, EXEC_UNKNOWN, "no answer before the deadline", now_ns)

    cdef int on_lane_up(self, Lane lane, int64_t now_ns) except -1:
        if self.on_lane_change is not None:
            self.on_lane_change(lane.index, True, None)
        return 0

    cdef int on_lane_down(self, Lane lane, object cause, int64_t now_ns) except -1:
        if self.on_lane_change is not None:
            self.on_lane_change(lane.index, False, cause)
        return 0
