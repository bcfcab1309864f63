"""Phemex as the engine's OrderGateway: one account's order lanes."""

from libc.stdint cimport int64_t

from tidings.clock cimport Clock
from tidings.engine.order_table cimport OrderTable
from tidings.engine.ports cimport OrderGateway, OrderListener
from tidings.metrics.stages cimport Stages
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order
from tidings.net.lane cimport Lane, LaneListener, LanePool, Request
from tidings.venue.phemex.budget cimport RequestBudget
from tidings.venue.phemex.order_decoder cimport OrderDecoder
from tidings.venue.phemex.order_encoder cimport OrderEncoder
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.http1 cimport Response


cdef class PhemexOrderGateway(OrderGateway):
    # Who helps.
    cdef Clock clock
    cdef OrderEncoder encoder
    cdef OrderDecoder decoder
    cdef readonly LanePool pool
    cdef readonly RequestBudget budget
    cdef Stages stages
    cdef OrderTable orders
    cdef OrderListener listener
    cdef ByteBuffer buffer                      # one request at a time
    cdef AnswerDesk answers
    cdef object on_sent                         # () behind every request; None: nobody polls
    # Gates for new orders and amends: a DenyReason, for all symbols and for each by its index.
    cdef readonly int gate
    cdef bytearray symbol_gates
    # Deadlines and expiry.
    cdef readonly int64_t deadline_ns, expiry_s
    cdef readonly int64_t venue_wall_offset_ns  # venue wall clock − our monotonic clock
    cdef int64_t expiry_valid_until_ns          # our monotonic clock: the encoder's expiry text holds until then
    # Between take and send.
    cdef Lane lane
    cdef bint has_told                          # a report has gone up for the answer being taken in
    # Batches in flight, by their negative token.
    cdef dict batches
    cdef int64_t last_batch
    cdef readonly str bad_terms                 # why the last BAD_TERMS was said
    cdef readonly int64_t mismatch_count, misunderstood_count

    cdef int _gate_of(self, Instrument instrument) noexcept
    cdef int _choose_lane(self, int request_kind, Order order) except -1
    cdef int _refresh_expiry(self, int64_t now_ns) except -1
    cdef int _write(self, int64_t token, int request_kind, int64_t now_ns) except -1
    cdef int _answer(self, Lane lane, Request* request, Response* response, int64_t now_ns) except -1
    cdef int _answer_one(self, Lane lane, Order order, Request* request, Response* response, int64_t now_ns) except -1
    cdef ExecutionReport _outcome(self, Order order, int request_kind, Response* response, int64_t now_ns)
    cdef int _close_shifted(self, Order order, Request* request, str named, int64_t now_ns) except -1
    cdef int _tell_shift(self, str named, str asked) except -1
    cdef int _answer_batch(self, Lane lane, list handles, Response* response, int64_t now_ns) except -1
    cdef int _end_batch(self, list orders, ExecutionReport refusal, int status, int64_t now_ns) except -1
    cdef int _tell_end(self, Request* request, int exec_type, str text, int64_t now_ns) except -1
    cdef int _tell_one(
        self, int64_t handle, int exec_type, int request_kind, int64_t asked_ns, int code, str text, int64_t now_ns
    ) except -1


cdef class AnswerDesk(LaneListener):
    """The gateway's ear on its lanes: a LaneListener can not also be an OrderGateway."""
    cdef PhemexOrderGateway gateway             # a cycle on purpose: both live as long as the engine
    cdef object on_lane_change                  # (lane index, is_up, cause)
