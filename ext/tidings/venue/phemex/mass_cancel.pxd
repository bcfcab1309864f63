"""Cancel-all requests on the order lanes: what a kill switch sends first."""

from libc.stdint cimport int64_t

from tidings.venue.phemex.order_gateway cimport PhemexOrderGateway


cdef class MassCancel:
    cdef PhemexOrderGateway gateway
    cdef readonly int64_t sent_count
    cdef bint _write(self, object cost, int64_t now_ns) except -1
