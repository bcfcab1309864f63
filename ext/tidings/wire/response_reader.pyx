"""The cold side's face of the response parser: every response is copied out."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t

from tidings.wire.http1 cimport RateHeader, Response, ResponseListener, ResponseParser


cdef class RateHeaderCopy:
    def __init__(self, int kind, str group, int64_t value):
        self.kind = kind
        self.group = group
        self.value = value

    def __repr__(self):
        return f"RateHeaderCopy(kind={self.kind}, group={self.group!r}, value={self.value})"


cdef class ResponseCopy:
    def __repr__(self):
        return f"<ResponseCopy {self.status}, {len(self.body)} bytes{'' if self.keep_alive else ', closing'}>"


cdef ResponseCopy copy_response(Response* response, int64_t now_ns):
    """An owned copy of a borrowed response, for the cold side."""
    cdef ResponseCopy copy = ResponseCopy.__new__(ResponseCopy)
    cdef RateHeader* header
    cdef int index
    copy.status = response.status
    copy.keep_alive = response.keep_alive
    copy.body = PyBytes_FromStringAndSize(response.body, response.body_bytes)
    copy.received_ns = now_ns
    copy.rate_headers = []
    for index in range(response.rate_header_count):
        header = &response.rate_headers[index]
        group = PyBytes_FromStringAndSize(header.group, header.group_bytes).decode("ascii")
        copy.rate_headers.append(RateHeaderCopy(header.kind, group, header.value))
    return copy


cdef class ResponseReader(ResponseListener):
    def __init__(self):
        self.parser = ResponseParser(self)
        self.complete = []

    cdef int on_response(self, Response* response, int64_t now_ns) except -1:
        self.complete.append(copy_response(response, now_ns))
        return 0

    def feed(self, const unsigned char[::1] data not None, int64_t now_ns=0):
        complete = self.complete = []
        if data.shape[0]:
            self.parser.feed(<const char*> &data[0], data.shape[0], now_ns)
        return complete

    def at_eof(self):
        return not self.parser.feed_eof()

    def reset(self):
        self.parser.reset()
