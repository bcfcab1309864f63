"""The server's half of HTTP/1.1, sans-IO: bytes in, whole requests out, or one `HttpError` with the status to answer.

Strict on purpose, because a lenient server hides a client's mistakes: lines end in CRLF, names are tokens, values
hold no control characters, nothing is folded, bodies come by one Content-Length or in chunks. Every dimension has a
limit, so no client can grow memory. After an `HttpError` the connection is beyond repair (where the next request
begins is unknown): answer and close.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp

MAX_REQUEST_LINE_BYTES = 8 * 1024  # a bulk cancel of 100 ids is 4 KB
MAX_HEAD_BYTES = 16 * 1024  # request line and headers together; nginx's default is 8 KB each
MAX_HEADER_COUNT = 64
MAX_BODY_BYTES = 64 * 1024  # the largest order in JSON is below 1 KB

cdef enum:
    REQUEST_LINE_BYTES = 8 * 1024
    HEAD_BYTES = 16 * 1024
    HEADER_COUNT = 64
    BODY_BYTES = 64 * 1024
    LENGTH_DIGITS = 12
    IN_CHUNKS = -1  # instead of a body's length
    CHUNK_LINE_BYTES = 256  # size and extensions, which nobody is known to send
    CHUNK_COUNT = 1024  # of one body; what clients write in one go is one chunk
    NAME_BYTES = 64  # longer names are lowered the slow way

# RFC 9110 §5.6.2: what a token is made of, and its lower case; 0 is none of it.
cdef unsigned char[256] LOWERED
for _code in range(256):
    LOWERED[_code] = ord(chr(_code).lower()) if _code < 128 and (
        chr(_code).isalnum() or chr(_code) in "!#$%&'*+.^_`|~-"
    ) else 0


class HttpError(Exception):
    """A request that cannot be served: `status` is what to answer before closing, the text says what was wrong."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


cdef class Request:
    """One whole request. `path` and `query` are the raw target, split at its first `?`: what the client signed."""

    cdef readonly str method, path, query
    cdef readonly dict headers  # names in lower case; repeated fields joined by ", " (RFC 9110 §5.3)
    cdef readonly bytes body
    cdef readonly bint is_keep_alive
    # The exact bytes up to and including the empty line: a WebSocket upgrade is parsed again by its own library
    cdef readonly bytes head

    def __init__(self, str method, str path, str query, dict headers, bytes body, bint is_keep_alive, bytes head):
        self.method, self.path, self.query, self.headers = method, path, query, headers
        self.body, self.is_keep_alive, self.head = body, is_keep_alive, head

    @property
    def is_websocket_upgrade(self):
        """Whether the client asks to leave HTTP for a WebSocket (RFC 6455 §4.1)."""
        return self.method == "GET" and self.headers.get("upgrade", "").lower() == "websocket"


cdef class RequestParser:
    """Collects bytes and hands out requests in the order they came."""

    cdef bytes _data          # what has come and is not handed out starts at `_start`
    cdef Py_ssize_t _start
    cdef Py_ssize_t _searched  # no head ends before this offset: one that comes byte by byte is not scanned again
    cdef Request _waiting      # a head whose body of so many bytes is not complete
    cdef Py_ssize_t _waiting_bytes
    cdef list _chunks          # what has come of it in chunks
    cdef Py_ssize_t _chunk_bytes

    def __init__(self):
        self._data = b""

    def feed(self, bytes data not None):
        """Take bytes."""
        if self._start == PyBytes_GET_SIZE(self._data):
            self._data, self._searched = data, 0
        else:
            self._data, self._searched = self._data[self._start:] + data, self._searched - self._start
        self._start = 0

    @property
    def pending_bytes(self):
        """How many bytes of a request that is not complete have come."""
        waiting = len(self._waiting.head) if self._waiting is not None else 0
        return PyBytes_GET_SIZE(self._data) - self._start + waiting

    def peek(self):
        """What the first line of the next request says, as soon as that line is complete; the rest of it is empty."""
        cdef const char *text = PyBytes_AS_STRING(self._data) + self._start
        cdef Py_ssize_t length = PyBytes_GET_SIZE(self._data) - self._start
        if self._waiting is not None:
            return self._waiting
        cdef Py_ssize_t end = _line_end(text, min(length, REQUEST_LINE_BYTES))
        if end <= 0:
            return None
        line = _request_line(text, end)
        return Request(line[0], line[1], line[2], {}, b"", True, b"") if line is not None else None

    def take_rest(self):
        """The bytes after the last request handed out, and forget them: they belong to another protocol now."""
        rest = self._data[self._start:]
        self._data, self._start, self._searched = b"", 0, 0
        return rest

    def next_request(self):
        """The next whole request, or None if more bytes are needed. Raises `HttpError`."""
        cdef Request request
        cdef Py_ssize_t end
        if self._waiting is None:
            head = self._take_head()
            if head is None:
                return None
            self._waiting, self._waiting_bytes = _parse_head(head)
            self._chunks, self._chunk_bytes = [], 0
        if self._waiting_bytes == IN_CHUNKS:
            if not self._take_chunks():
                return None
            request, self._waiting = self._waiting, None
            request.body = b"".join(self._chunks)
            return request
        end = self._start + self._waiting_bytes
        if PyBytes_GET_SIZE(self._data) < end:
            return None
        request, self._waiting = self._waiting, None
        if self._waiting_bytes:
            request.body = self._data[self._start:end]
            self._start = self._searched = end
        return request

    cdef bint _take_chunks(self) except -1:
        """Take what is complete of a body in chunks (RFC 9112 §7.1) out of the data; whether it has come to its end."""
        cdef const char *text = PyBytes_AS_STRING(self._data)
        cdef Py_ssize_t length = PyBytes_GET_SIZE(self._data), line, size, end
        while True:
            line = _line_end(text + self._start, min(length - self._start, CHUNK_LINE_BYTES))
            if line < 0:
                if length - self._start >= CHUNK_LINE_BYTES:
                    raise HttpError(400, "malformed chunk")
                return False
            size = _chunk_size(self._data[self._start:self._start + line])
            if size == 0:
                return self._drop_trailers(self._start + line + 2)
            if self._chunk_bytes + size > BODY_BYTES or len(self._chunks) >= CHUNK_COUNT:
                raise HttpError(413, f"body above {BODY_BYTES} bytes or {CHUNK_COUNT} chunks")
            end = self._start + line + 2 + size
            if length < end + 2:
                return False
            if text[end] != b"\r" or text[end + 1] != b"\n":
                raise HttpError(400, "malformed chunk")
            self._chunks.append(self._data[end - size:end])
            self._chunk_bytes += size
            self._start = self._searched = end + 2

    cdef bint _drop_trailers(self, Py_ssize_t at) except -1:
        """Pass over the fields behind the last chunk, which mean nothing here; whether their end has come."""
        cdef const char *text = PyBytes_AS_STRING(self._data)
        cdef Py_ssize_t length = PyBytes_GET_SIZE(self._data), first = at, line
        while True:
            line = _line_end(text + at, length - at)
            if max(at + line, length if line < 0 else 0) - first > HEAD_BYTES:
                raise HttpError(431, f"trailers above {HEAD_BYTES} bytes")
            if line < 0:
                return False
            at += line + 2
            if line == 0:
                self._start = self._searched = at
                return True

    cdef bytes _take_head(self):
        """Cut one head out of the data, through its empty line; None if it is not complete."""
        cdef const char *text = PyBytes_AS_STRING(self._data)
        cdef Py_ssize_t length = PyBytes_GET_SIZE(self._data), end, head_bytes
        # RFC 9112 §2.2: empty lines before a request line are ignored
        while length - self._start >= 2 and text[self._start] == b"\r" and text[self._start + 1] == b"\n":
            self._start += 2
        self._searched = max(self._searched, self._start)
        end = _head_end(text, self._searched, length)
        head_bytes = (length if end < 0 else end) - self._start
        if head_bytes > HEAD_BYTES or (
            head_bytes > REQUEST_LINE_BYTES and _line_end(text + self._start, REQUEST_LINE_BYTES) < 0
        ):
            raise _too_large(text + self._start, length - self._start)
        if end < 0:
            self._searched = max(self._start, length - 3)
            return None
        head = self._data[self._start:end]
        self._start = self._searched = end
        return head


cdef Py_ssize_t _head_end(const char *text, Py_ssize_t start, Py_ssize_t length) noexcept:
    """Behind the first empty line at or after `start`; -1 if there is none."""
    cdef const char *found
    while start + 4 <= length:
        found = <const char *>memchr(text + start, b"\r", length - start - 3)
        if found == NULL:
            return -1
        if memcmp(found, b"\r\n\r\n", 4) == 0:
            return found - text + 4
        start = found - text + 1
    return -1


cdef Py_ssize_t _line_end(const char *text, Py_ssize_t length) noexcept:
    """Where the first line ends, its CRLF not counted; -1 if it does not."""
    cdef Py_ssize_t start = 0
    cdef const char *found
    while start + 2 <= length:
        found = <const char *>memchr(text + start, b"\r", length - start - 1)
        if found == NULL:
            return -1
        if found[1] == b"\n":
            return found - text
        start = found - text + 1
    return -1


cdef object _too_large(const char *text, Py_ssize_t length):
    if _line_end(text, min(length, REQUEST_LINE_BYTES)) >= 0:
        return HttpError(431, f"headers above {HEAD_BYTES} bytes")
    return HttpError(414, f"request line above {REQUEST_LINE_BYTES} bytes")


cdef tuple _request_line(const char *text, Py_ssize_t length):
    """(method, path, query, minor version) of a request line (RFC 9112 §3); None if it is none."""
    cdef Py_ssize_t at = 0, target, mark = -1, end = length - 9  # of the target
    if end < 3 or memcmp(text + end, b" HTTP/1.", 8) != 0 or (text[length - 1] != b"0" and text[length - 1] != b"1"):
        return None
    while LOWERED[<unsigned char>text[at]]:
        at += 1
    if at == 0 or at >= end or text[at] != b" ":
        return None
    target = at + 1
    if target >= end:
        return None
    for at in range(target, end):
        if not b"!" <= text[at] <= b"~":
            return None
        if mark < 0 and text[at] == b"?":
            mark = at
    cdef Py_ssize_t path_end = mark if mark >= 0 else end
    query = text[mark + 1:end].decode("ascii") if mark >= 0 else ""
    path = text[target:path_end].decode("ascii")
    if text[target] != b"/" and (path := _path_of_url(path)) is None:
        return None
    return text[:target - 1].decode("ascii"), path, query, text[length - 1] - 48


cdef tuple _parse_head(bytes head):
    """The request that a head announces, with an empty body, and how many body bytes follow."""
    cdef const char *text = PyBytes_AS_STRING(head)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(head) - 2  # without the empty line
    cdef Py_ssize_t end = _line_end(text, length)
    line = _request_line(text, end)
    if line is None:
        raise HttpError(400, "malformed request line")
    method, path, query, minor = line
    headers = _parse_fields(text, end + 2, length)
    if minor and "host" not in headers:
        raise HttpError(400, "no Host header")
    return Request(method, path, query, headers, b"", _is_keep_alive(minor, headers), head), _body_bytes(headers)


cdef str _path_of_url(str url):
    """The path of an absolute-form target (RFC 9112 §3.2.2: every server accepts it); None if it is none."""
    scheme, mark, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    return f"/{path}" if authority and mark and scheme.lower() in ("http", "https") else None


cdef dict _parse_fields(const char *text, Py_ssize_t start, Py_ssize_t length):
    cdef Py_ssize_t at = start, end, count = 0
    cdef dict headers = {}
    while at < length:
        at += _line_end(text + at, length - at) + 2
        count += 1
    if count > HEADER_COUNT:
        raise HttpError(431, f"more than {HEADER_COUNT} headers")
    while start < length:
        end = start + _line_end(text + start, length - start)
        name, value = _field(text + start, end - start)
        if name in headers:
            if name in ("host", "content-length"):  # RFC 9112 §3.2, §6.3: two answers to one question
                raise HttpError(400, f"more than one {name} header")
            value = f"{headers[name]}, {value}"
        headers[name] = value
        start = end + 2
    return headers


cdef tuple _field(const char *text, Py_ssize_t length):
    """(name in lower case, value without the blanks around it) of a header line (RFC 9110 §5.5)."""
    cdef char[NAME_BYTES] lowered
    cdef Py_ssize_t colon = 0, at
    cdef unsigned char letter
    while colon < length and LOWERED[<unsigned char>text[colon]]:
        if colon < NAME_BYTES:
            lowered[colon] = LOWERED[<unsigned char>text[colon]]
        colon += 1
    if colon == 0 or colon == length or text[colon] != b":":
        raise HttpError(400, "malformed header line")
    for at in range(colon + 1, length):
        letter = <unsigned char>text[at]
        if letter < 32 and letter != 9 or letter == 127:
            raise HttpError(400, "malformed header line")
    at = colon + 1
    while at < length and (text[at] == b" " or text[at] == b"\t"):
        at += 1
    while length > at and (text[length - 1] == b" " or text[length - 1] == b"\t"):
        length -= 1
    name = lowered[:colon].decode("ascii") if colon <= NAME_BYTES else text[:colon].decode("ascii").lower()
    return name, text[at:length].decode("latin-1")


cdef bint _is_keep_alive(bint minor, dict headers):
    """RFC 9112 §9.3: persistent unless said otherwise in 1.1, the other way round in 1.0."""
    if "connection" not in headers:
        return minor
    options = {option.strip() for option in headers["connection"].lower().split(",")}
    return "close" not in options and (minor or "keep-alive" in options)


cdef Py_ssize_t _chunk_size(bytes line) except -2:
    digits = line.partition(b";")[0].rstrip(b" \t")
    if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
        raise HttpError(400, "malformed chunk")
    return int(digits, 16)


cdef Py_ssize_t _body_bytes(dict headers) except -2:
    text = headers.get("content-length")
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":  # RFC 9112 §6.1: 501 for a coding the server does not implement
            raise HttpError(501, "no transfer coding but chunked is known here")
        if text is not None:  # RFC 9112 §6.3: two answers to one question, with which requests are smuggled
            raise HttpError(400, "both Content-Length and Transfer-Encoding")
        return IN_CHUNKS
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= LENGTH_DIGITS):
        raise HttpError(400, "malformed Content-Length")
    if int(text) > BODY_BYTES:
        raise HttpError(413, f"body above {BODY_BYTES} bytes")
    return int(text)
