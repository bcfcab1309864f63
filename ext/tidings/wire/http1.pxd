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
    # The owner of the connection says how many answers it waits for; a response nobody asked for raises PeerError.
    cdef int feed(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1
    # The stream ended. Returns 0 between responses, 1 in the middle of one. Never completes a response by guess.
    cdef int feed_eof(self) except -1
    cdef void reset(self) noexcept
