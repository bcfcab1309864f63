"""Abstract ports between the engine and a venue; see ports.pxd for the contract of each method."""

from libc.stdint cimport int64_t

from tidings.model.enums cimport DENY_NOT_CONNECTED
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms


cdef class OrderGateway:
    cdef int take(self, int request_kind, Order order, int64_t now_ns) except -1:
        return DENY_NOT_CONNECTED

    cdef int send_new(self, Order order, int64_t now_ns) except -1:
        return DENY_NOT_CONNECTED

    cdef int send_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        return DENY_NOT_CONNECTED

    cdef int send_cancel(self, Order order, int64_t now_ns) except -1:
        return DENY_NOT_CONNECTED

    cdef int send_cancel_many(self, list orders, int64_t now_ns) except -1:
        return DENY_NOT_CONNECTED

    cdef int prepare(self, OrderTerms terms) except -1:
        return 0


cdef class OrderListener:
    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1:
        return 0


cdef class PythonGateway(OrderGateway):
    """A gateway written in Python, for simulators and tests: it forwards each request to a method of `venue`.

    `venue` has take(kind, order, now_ns), send_new(order, now_ns), send_amend(order, price_ticks, qty_lots, now_ns),
    send_cancel(order, now_ns), send_cancel_many(orders, now_ns) and prepare(terms); all but prepare answer a
    DenyReason.
    """
    cdef object venue

    def __init__(self, venue not None):
        self.venue = venue

    cdef int take(self, int request_kind, Order order, int64_t now_ns) except -1:
        return self.venue.take(request_kind, order, now_ns)

    cdef int send_new(self, Order order, int64_t now_ns) except -1:
        return self.venue.send_new(order, now_ns)

    cdef int send_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        return self.venue.send_amend(order, price_ticks, qty_lots, now_ns)

    cdef int send_cancel(self, Order order, int64_t now_ns) except -1:
        return self.venue.send_cancel(order, now_ns)

    cdef int send_cancel_many(self, list orders, int64_t now_ns) except -1:
        return self.venue.send_cancel_many(orders, now_ns)

    cdef int prepare(self, OrderTerms terms) except -1:
        self.venue.prepare(terms)
        return 0
