"""The body of a reply to an order call, as one ExecutionReport: or None, which the caller must take for UNKNOWN."""

from libc.stdint cimport int64_t

from tidings.model.execution_report cimport ExecutionReport
from tidings.model.instrument cimport Instrument
from tidings.wire.json_cursor cimport JsonValue
from tidings.wire.json_keys cimport JsonKeyOrder


ctypedef struct Reply:
    JsonValue[3] top                # code, msg, data
    JsonValue[16] order             # by the slots of order_decoder.pyx
    JsonKeyOrder* key_orders        # by ProductLine
    bint has_order
    int64_t total                   # orders a cancel-all says it cancels, -1: not told


cdef class OrderDecoder:
    cdef readonly int64_t second_try_count      # replies the cursor did not understand, so that orjson was asked
    # Of the last CANCEL_ALL: how many orders the venue says it cancels, -1: not told. It calls that number unreliable.
    cdef readonly int64_t cancelled_count

    # None: not understood, so its outcome is UNKNOWN. Otherwise a report with source REPLY, without handle or symbol:
    # PENDING_NEW, UNTRIGGERED, PENDING_REPLACE, PENDING_CANCEL or what the reply says beyond that; or a refusal
    # (REJECTED, REPLACE_REJECTED, CANCEL_REJECTED) with the venue's code. An HTTP status other than 200 can only be a
    # refusal. CANCEL_MANY and CANCEL_ALL tell the outcome of the request, not of an order.
    cdef ExecutionReport decode_reply(self, int request_kind, Instrument instrument, int http_status,
                                      const char* body, Py_ssize_t body_bytes, int64_t now_ns)
    # The orders a bulk cancel reports on, as a list of reports; empty if it was refused, None as above.
    cdef list decode_bulk(self, Instrument instrument, int http_status,
                          const char* body, Py_ssize_t body_bytes, int64_t now_ns)

    cdef JsonKeyOrder[3] key_orders             # how each product line writes its orders, by ProductLine

    cdef ExecutionReport _decode(self, int request_kind, Instrument instrument, int http_status, list orders,
                                 const char* body, Py_ssize_t body_bytes, int64_t now_ns)
    cdef ExecutionReport _judge(self, int request_kind, Instrument instrument, int http_status, Reply* reply,
                                int64_t now_ns)
