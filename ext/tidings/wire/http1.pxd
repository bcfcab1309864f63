"""HTTP/1.1 responses from a byte stream, many per read or one over many reads (RFC 9112, client side)."""

from libc.stdint cimport int64_t

from tidings.wire.buffer cimport ByteBuffer


cdef enum:
    RATE_HEADERS_MAX = 8            # per response: three names for up to two groups, with room
    RATE_GROUP_BYTES_MAX = 40


cdef enum RateHeaderKind:
    RATE_REMAINING = 1              # x-ratelimit-remaining[-GROUP]
    RATE_CAPACITY = 2               # x-ratelimit-capacity[-GROUP]
    RATE_RETRY_AFTER_S = 3          # x-ratelimit-retry-after[-GROUP], also plain Retry-After in seconds


ctypedef struct RateHeader:
    RateHeaderKind kind
    int64_t value
    int group_bytes                 # 0: the header had no suffix
    char group[40]                  # the suffix in lower case: "contract", "spotorder", "contract_btcusdt"


ctypedef struct Response:
    int status
    bint keep_alive                 # False: the peer will close after this response
    const char* body                # borrowed: valid until on_response returns
    Py_ssize_t body_bytes
    int rate_header_count
    RateHeader rate_headers[8]


cdef class ResponseListener:
    """Hears each complete response in order. An exception closes the connection."""
    cdef int on_response(self, Response* response, int64_t now_ns) except -1


cdef class ResponseParser:
    cdef ResponseListener listener
    # The owner of the connection knows how many answers it waits for: on_response raises PeerError for one too many.
    cdef int feed(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1
    # The stream ended. Returns 0 between responses, 1 in the middle of one. Never completes a response by guess.
    cdef int feed_eof(self) except -1
    cdef void reset(self) noexcept

    # Where in the stream we are.
    cdef int state
    cdef int64_t life               # grows with reset(): a listener may reset us inside on_response
    cdef ByteBuffer pending         # received, not yet parsed: the incomplete end of the last read
    cdef ByteBuffer chunks          # chunked body so far
    # The head being read.
    cdef Response response
    cdef int64_t content_length     # -1: no such header
    cdef bint is_chunked, is_http10
    cdef int head_bytes, header_count, interim_count
    # The chunk being read.
    cdef Py_ssize_t chunk_left_bytes

    cdef int _feed_slice(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1
    cdef Py_ssize_t _consume(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1
    cdef const char* _step(self, const char* at, const char* end, int64_t now_ns) except NULL
    cdef const char* _status_line(self, const char* at, const char* end) except NULL
    cdef const char* _headers(self, const char* at, const char* end, int64_t now_ns) except NULL
    cdef const char* _header_line(self, const char* at, const char* end) except NULL
    cdef int _pick_header(
        self, const char* name, Py_ssize_t name_bytes, const char* value, Py_ssize_t value_bytes
    ) except -1
    cdef int _head_done(self, const char* body, int64_t now_ns) except -1
    cdef const char* _chunk_size(self, const char* at, const char* end) except NULL
    cdef const char* _chunk_data(self, const char* at, const char* end) except NULL
    cdef int _deliver(self, const char* body, Py_ssize_t body_bytes, int64_t now_ns) except -1
    cdef void _start_head(self) noexcept
