"""HTTP/1.1 responses, strictly parsed (RFC 9112, client side).

One pass over borrowed bytes, resumed at line granularity: what a read leaves incomplete is copied to `pending`, the
next read is put behind it, and parsing goes on at the line, chunk or body that was cut. A body that lies whole in one
read is handed up in place.

Strict, because a response that two parsers frame differently gives an order the answer of another: anything RFC 9112
leaves to leniency (bare LF, folded lines, space before the colon, two lengths, a length beside a coding, unknown
codings) ends the connection with PeerError. A body delimited by the end of the connection is refused too: it could not
be told from a cut one. Content codings are refused since we never ask for one.
"""

from libc.stdint cimport int64_t
from libc.string cimport memcmp

from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.digits cimport is_digit
from tidings.wire.http1_fields cimport (
    content_length, has_list_item, is_name, pick_rate_header, shown, text_end, token_end,
)

from tidings.errors import PeerError

cdef enum:
    HEAD_BYTES_MAX = 32 * 1024          # status line and headers of one response (nginx and h11 stop at 8 to 64 KiB)
    HEADERS_MAX = 100                   # as http.client
    BODY_BYTES_MAX = 4 * 1024 * 1024    # the product catalogue, the largest reply we ask for, has about 1 MiB
    INTERIM_MAX = 8                     # 1xx responses before the final one
    CHUNK_LINE_BYTES_MAX = 256          # size and extensions of one chunk
    CHUNK_SIZE_DIGITS_MAX = 8
    FEED_SLICE_BYTES = 1024 * 1024      # bounds `pending`: one slice behind what was left incomplete

cdef enum State:
    AT_STATUS_LINE
    IN_HEADERS
    IN_BODY
    AT_CHUNK_SIZE
    IN_CHUNK
    AT_CHUNK_END
    IN_TRAILERS
    CLOSED          # the peer said it will close: nothing may follow
    BROKEN          # a PeerError was raised: nothing is read until reset()


cdef class ResponseListener:
    cdef int on_response(self, Response* response, int64_t now_ns) except -1:
        raise NotImplementedError


cdef class ResponseParser:
    def __init__(self, ResponseListener listener=None):
        self.listener = ResponseListener() if listener is None else listener
        self.pending = ByteBuffer(limit_bytes=HEAD_BYTES_MAX + BODY_BYTES_MAX + 2 * FEED_SLICE_BYTES)
        self.chunks = ByteBuffer(limit_bytes=BODY_BYTES_MAX)
        self.reset()

    cdef int feed(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        """Parse `count` bytes; calls the listener for each response they complete. Raises PeerError."""
        cdef int64_t life = self.life
        cdef Py_ssize_t slice_bytes
        if self.state == BROKEN:
            raise PeerError("HTTP: more bytes after a broken response: reset the parser with its connection")
        try:
            while count > 0 and self.life == life:
                slice_bytes = min(count, <Py_ssize_t> FEED_SLICE_BYTES)
                self._feed_slice(start, slice_bytes, now_ns)
                start += slice_bytes
                count -= slice_bytes
        except PeerError:
            if self.life == life:
                self.state = BROKEN
            raise
        return 0

    cdef int feed_eof(self) except -1:
        return not (self.pending.count == 0 and self.interim_count == 0 and self.state in (AT_STATUS_LINE, CLOSED))

    cdef void reset(self) noexcept:
        """Forget everything: the next byte is the first of a new connection."""
        self.life += 1
        self.pending.clear()
        self.interim_count = 0
        self._start_head()

    cdef int _feed_slice(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        cdef int64_t life = self.life
        cdef Py_ssize_t consumed
        if self.pending.count == 0:
            consumed = self._consume(start, count, now_ns)
            if self.life == life and consumed < count:
                self.pending.append(start + consumed, count - consumed)
            return 0
        self.pending.append(start, count)
        consumed = self._consume(self.pending.start, self.pending.count, now_ns)
        if self.life == life:
            self.pending.discard(consumed)
        return 0

    cdef Py_ssize_t _consume(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        """Take whole lines, chunks and bodies; returns how many bytes they were. The rest is incomplete."""
        cdef const char* at = start
        cdef const char* end = start + count
        cdef const char* after
        cdef int64_t life = self.life
        while at < end:
            after = self._step(at, end, now_ns)
            if self.life != life:
                return count
            if after == at:
                if self.state != IN_BODY and self.head_bytes + (end - at) > HEAD_BYTES_MAX:
                    raise PeerError(f"HTTP: response head above {HEAD_BYTES_MAX} bytes")
                break
            at = after
        return at - start

    cdef const char* _step(self, const char* at, const char* end, int64_t now_ns) except NULL:
        """Advance over one element; returns where it ended, or `at` if it is incomplete."""
        cdef const char* body_end
        if self.state == AT_STATUS_LINE:
            return self._status_line(at, end)
        if self.state == IN_HEADERS or self.state == IN_TRAILERS:
            return self._headers(at, end, now_ns)
        if self.state == IN_BODY:
            body_end = at + self.content_length
            if body_end > end:
                return at
            self._deliver(at, body_end - at, now_ns)
            return body_end
        if self.state == AT_CHUNK_SIZE:
            return self._chunk_size(at, end)
        if self.state == IN_CHUNK or self.state == AT_CHUNK_END:
            return self._chunk_data(at, end)
        raise PeerError(f"HTTP: bytes after a response that announced the end of the connection: {shown(at, end)}")

    cdef const char* _status_line(self, const char* at, const char* end) except NULL:
        """`HTTP/1.1 200 OK`: RFC 9112 §4. The reason phrase may be empty, and its space missing (seen in the wild)."""
        cdef const char* line_end
        if memcmp(at, b"HTTP/1.1 ", min(end - at, 9)) != 0 and memcmp(at, b"HTTP/1.0 ", min(end - at, 9)) != 0:
            raise PeerError(f"HTTP: not a status line: {shown(at, end)}")
        line_end = text_end(at, end)
        if end - line_end < 2:
            return at
        if line_end - at < 12 or (line_end - at > 12 and at[12] != c' '):
            raise PeerError(f"HTTP: not a status line: {shown(at, end)}")
        if not (c'1' <= at[9] <= c'5' and is_digit(at[10]) and is_digit(at[11])):
            raise PeerError(f"HTTP: not a status code: {shown(at, end)}")
        self.response.status = (at[9] - c'0') * 100 + (at[10] - c'0') * 10 + (at[11] - c'0')
        self.is_http10 = at[7] == c'0'
        self.response.keep_alive = not self.is_http10
        self.response.rate_header_count = 0
        self.state = IN_HEADERS
        self.head_bytes = <int> (line_end + 2 - at)
        return line_end + 2

    cdef const char* _headers(self, const char* at, const char* end, int64_t now_ns) except NULL:
        """Header lines, as many as are complete, and the empty line behind them."""
        cdef const char* after
        while at < end and at[0] != c'\r':
            after = self._header_line(at, end)
            if after == at:
                return at
            self.head_bytes += <int> (after - at)
            self.header_count += 1
            if self.header_count > HEADERS_MAX:
                raise PeerError(f"HTTP: more than {HEADERS_MAX} headers")
            if self.head_bytes + 2 > HEAD_BYTES_MAX:
                raise PeerError(f"HTTP: response head above {HEAD_BYTES_MAX} bytes")
            at = after
        if end - at < 2:
            return at
        if at[1] != c'\n':
            raise PeerError(f"HTTP: a CR without LF ends the head: {shown(at, end)}")
        at += 2
        if self.state == IN_TRAILERS:
            self._deliver(self.chunks.start, self.chunks.count, now_ns)
        else:
            self._head_done(at, now_ns)
        return at

    cdef const char* _header_line(self, const char* at, const char* end) except NULL:
        cdef const char* colon = token_end(at, end)
        cdef const char* value
        cdef const char* value_end
        cdef const char* line_end
        if colon == end:
            return at
        if colon == at or colon[0] != c':':
            raise PeerError(f"HTTP: not a header line (folded, or a space before the colon?): {shown(at, end)}")
        value = colon + 1
        line_end = text_end(value, end)
        if end - line_end < 2:
            return at
        value_end = line_end
        while value < value_end and (value[0] == c' ' or value[0] == c'\t'):
            value += 1
        while value < value_end and (value_end[-1] == c' ' or value_end[-1] == c'\t'):
            value_end -= 1
        if self.state == IN_HEADERS:
            self._pick_header(at, colon - at, value, value_end - value)
        return line_end + 2

    cdef int _pick_header(
        self, const char* name, Py_ssize_t name_bytes, const char* value, Py_ssize_t value_bytes
    ) except -1:
        """Keep what frames the body and what tells the rate budget; every other header is ignored."""
        cdef char first = name[0] | 0x20
        if first == c'c':
            if is_name(name, name_bytes, b"content-length", 14):
                if self.content_length >= 0:
                    raise PeerError("HTTP: two Content-Length headers")
                self.content_length = content_length(value, value_bytes)
                if self.content_length > BODY_BYTES_MAX:
                    raise PeerError(f"HTTP: body above {BODY_BYTES_MAX} bytes")
            elif is_name(name, name_bytes, b"content-encoding", 16):
                raise PeerError(f"HTTP: content coding {shown(value, value + value_bytes)}: none was asked for")
            elif is_name(name, name_bytes, b"connection", 10) and has_list_item(value, value_bytes, b"close", 5):
                self.response.keep_alive = False
        elif first == c't':
            if is_name(name, name_bytes, b"transfer-encoding", 17):
                if self.is_chunked or self.is_http10 or not is_name(value, value_bytes, b"chunked", 7):
                    raise PeerError(f"HTTP: transfer coding {shown(value, value + value_bytes)}: only chunked is read")
                self.is_chunked = True
        elif first == c'x' or first == c'r':
            pick_rate_header(&self.response, name, name_bytes, value, value_bytes)
        return 0

    cdef int _head_done(self, const char* body, int64_t now_ns) except -1:
        """Decide by RFC 9112 §6.3 how the body is framed."""
        cdef int status = self.response.status
        if self.is_chunked and self.content_length >= 0:
            raise PeerError("HTTP: Content-Length beside Transfer-Encoding")
        if status == 101:
            raise PeerError("HTTP: 101 Switching Protocols, which was not asked for")
        if status < 200:
            self.interim_count += 1
            if self.interim_count > INTERIM_MAX:
                raise PeerError(f"HTTP: more than {INTERIM_MAX} interim responses")
            self._start_head()
        elif status == 204 or status == 304 or self.content_length == 0:
            self._deliver(body, 0, now_ns)
        elif self.is_chunked:
            self.chunks.clear()
            self.state = AT_CHUNK_SIZE
        elif self.content_length > 0:
            self.state = IN_BODY
        else:
            raise PeerError(f"HTTP: response {status} tells no length of its body")
        return 0

    cdef const char* _chunk_size(self, const char* at, const char* end) except NULL:
        """Hexadecimal size, extensions (ignored), CRLF: RFC 9112 §7.1."""
        cdef const char* digit = at
        cdef const char* line_end = text_end(at, end)
        cdef Py_ssize_t size = 0
        if line_end - at > CHUNK_LINE_BYTES_MAX:
            raise PeerError(f"HTTP: chunk line above {CHUNK_LINE_BYTES_MAX} bytes")
        while digit < line_end and hex_value(digit[0]) >= 0:
            size = size * 16 + hex_value(digit[0])
            digit += 1
            if digit - at > CHUNK_SIZE_DIGITS_MAX:
                raise PeerError(f"HTTP: chunk size of more than {CHUNK_SIZE_DIGITS_MAX} digits")
        if (digit == at and line_end > at) or (digit < line_end and digit[0] != c';'):
            raise PeerError(f"HTTP: not a chunk size: {shown(at, end)}")
        if end - line_end < 2:
            return at
        if digit == at:
            raise PeerError("HTTP: empty chunk size")
        if self.chunks.count + size > BODY_BYTES_MAX:
            raise PeerError(f"HTTP: chunked body above {BODY_BYTES_MAX} bytes")
        self.chunk_left_bytes = size
        self.state = IN_CHUNK if size > 0 else IN_TRAILERS
        return line_end + 2

    cdef const char* _chunk_data(self, const char* at, const char* end) except NULL:
        cdef Py_ssize_t taken
        if self.state == IN_CHUNK:
            taken = min(self.chunk_left_bytes, <Py_ssize_t> (end - at))
            self.chunks.append(at, taken)
            self.chunk_left_bytes -= taken
            if self.chunk_left_bytes == 0:
                self.state = AT_CHUNK_END
            return at + taken
        if at[0] != c'\r' or (end - at >= 2 and at[1] != c'\n'):
            raise PeerError(f"HTTP: chunk data longer than its size: {shown(at, end)}")
        if end - at < 2:
            return at
        self.state = AT_CHUNK_SIZE
        return at + 2

    cdef int _deliver(self, const char* body, Py_ssize_t body_bytes, int64_t now_ns) except -1:
        """Hand one complete response up. State is final before the call: the listener may reset us."""
        self._start_head()
        self.interim_count = 0
        if not self.response.keep_alive:
            self.state = CLOSED
        self.response.body = body
        self.response.body_bytes = body_bytes
        self.listener.on_response(&self.response, now_ns)
        return 0

    cdef void _start_head(self) noexcept:
        self.state = AT_STATUS_LINE
        self.content_length = -1
        self.is_chunked = False
        self.head_bytes = 0
        self.header_count = 0


cdef inline int hex_value(char byte) noexcept nogil:
    if c'0' <= byte <= c'9':
        return byte - c'0'
    if c'a' <= byte <= c'f':
        return byte - c'a' + 10
    if c'A' <= byte <= c'F':
        return byte - c'A' + 10
    return -1
