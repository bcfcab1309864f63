"""Responses that own their bytes, and a reader that collects them: for cold queries."""

from libc.stdint cimport int64_t

from tidings.wire.http1 cimport Response, ResponseListener, ResponseParser


cdef class RateHeaderCopy:
    cdef readonly int kind
    cdef readonly str group
    cdef readonly int64_t value


cdef class ResponseCopy:
    cdef readonly int status
    cdef readonly bint keep_alive
    cdef readonly bytes body
    cdef readonly list rate_headers
    cdef readonly int64_t received_ns


cdef ResponseCopy copy_response(Response* response, int64_t now_ns)


cdef class ResponseReader(ResponseListener):
    cdef ResponseParser parser
    cdef list complete
