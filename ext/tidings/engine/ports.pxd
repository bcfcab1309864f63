"""What the engine needs of a venue, and what a venue tells the engine. It knows nothing else about either side."""

from libc.stdint cimport int64_t

from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms


cdef class OrderGateway:
    """Down: requests. Each answers a DenyReason; DENY_NONE: handed to the transport, and one report will end it."""

    # A lane with room and a budget with tokens for this kind of request; takes the tokens. Cancels may use the reserve.
    cdef int take(self, int request_kind, Order order, int64_t now_ns) except -1
    # After a successful take, in the same call chain. DENY_NONE, or a reason and nothing was written.
    cdef int send_new(self, Order order, int64_t now_ns) except -1
    # price_ticks and qty_lots: the new absolute values, 0 leaves as is. qty_lots is the new total, not the rest.
    cdef int send_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1
    cdef int send_cancel(self, Order order, int64_t now_ns) except -1
    # One request for many orders of one instrument and position side.
    cdef int send_cancel_many(self, list orders, int64_t now_ns) except -1
    # Make what is constant about orders of these terms ahead of time (the encoded template).
    cdef int prepare(self, OrderTerms terms) except -1


cdef class OrderListener:
    """Up: reports. Called after bytes arrived or a deadline passed, never inside a call down."""

    # report.handle is set where the request told whose it is; else the ClOrdID tells.
    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1
