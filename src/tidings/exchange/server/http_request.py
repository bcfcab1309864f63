"""The server's half of HTTP/1.1, sans-IO: bytes in, whole requests out, or one `HttpError` with the status to answer.

Strict on purpose, because a lenient server hides a client's mistakes: lines end in CRLF, names are tokens, values
hold no control characters, nothing is folded, bodies come by one Content-Length. Every dimension has a limit, so no
client can grow memory. After an `HttpError` the connection is beyond repair (where the next request begins is
unknown): answer and close.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_REQUEST_LINE_BYTES = 8 * 1024  # a bulk cancel of 100 ids is 4 KB
MAX_HEAD_BYTES = 16 * 1024  # request line and headers together; nginx's default is 8 KB each
MAX_HEADER_COUNT = 64
MAX_BODY_BYTES = 64 * 1024  # the largest order in JSON is below 1 KB

# RFC 9110 §5.6.2 (token), §5.5 (field-content); RFC 9112 §3 (request-line).
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rf"({_TOKEN}) ([!-~]+) HTTP/1\.([01])", re.ASCII)
_FIELD_LINE = re.compile(rf"({_TOKEN}):[ \t]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)


class HttpError(Exception):
    """A request that cannot be served: `status` is what to answer before closing, the text says what was wrong."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(slots=True, frozen=True)
class Request:
    """One whole request. `path` and `query` are the raw target, split at its first `?`: what the client signed."""

    method: str
    path: str
    query: str
    headers: dict[str, str]  # names in lower case; repeated fields joined by ", " (RFC 9110 §5.3)
    body: bytes
    is_keep_alive: bool
    # The exact bytes up to and including the empty line: a WebSocket upgrade is parsed again by its own library
    head: bytes

    @property
    def is_websocket_upgrade(self) -> bool:
        """Whether the client asks to leave HTTP for a WebSocket (RFC 6455 §4.1)."""
        return self.method == "GET" and self.headers.get("upgrade", "").lower() == "websocket"


class RequestParser:
    """Collects bytes and hands out requests in the order they came."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        # No head ends before this offset: a head arriving byte by byte is not scanned again each time
        self._searched_bytes = 0
        self._waiting: tuple[Request, int] | None = None  # a head whose body of so many bytes is not complete

    def feed(self, data: bytes) -> None:
        """Take bytes; copies them."""
        self._buffer += data

    @property
    def pending_bytes(self) -> int:
        """How many bytes of a request that is not complete have come."""
        return len(self._buffer) + (len(self._waiting[0].head) if self._waiting else 0)

    def peek(self) -> Request | None:
        """What the first line of the next request says, as soon as that line is complete; the rest of it is empty."""
        if self._waiting is not None:
            return self._waiting[0]
        end = self._buffer.find(b"\r\n", 0, MAX_REQUEST_LINE_BYTES)
        line = _REQUEST_LINE.fullmatch(self._buffer[:end].decode("latin-1")) if end > 0 else None
        if line is None:
            return None
        path, _, query = line[2].partition("?")
        return Request(line[1], path, query, {}, b"", True, b"")

    def take_rest(self) -> bytes:
        """The bytes after the last request handed out, and forget them: they belong to another protocol now."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched_bytes = 0
        return rest

    def next_request(self) -> Request | None:
        """The next whole request, or None if more bytes are needed. Raises `HttpError`."""
        if self._waiting is None:
            head = self._take_head()
            if head is None:
                return None
            self._waiting = _parse_head(head)
        request, body_bytes = self._waiting
        if len(self._buffer) < body_bytes:
            return None
        self._waiting = None
        if not body_bytes:
            return request
        body = bytes(self._buffer[:body_bytes])
        del self._buffer[:body_bytes]
        return Request(
            request.method, request.path, request.query, request.headers, body, request.is_keep_alive, request.head
        )

    def _take_head(self) -> bytes | None:
        """Cut one head out of the buffer, through its empty line; None if it is not complete."""
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # RFC 9112 §2.2: empty lines before a request line are ignored
            del buffer[:2]
            self._searched_bytes = 0
        end = buffer.find(b"\r\n\r\n", self._searched_bytes)
        head_bytes = len(buffer) if end < 0 else end + 4
        if head_bytes > MAX_HEAD_BYTES or (head_bytes > MAX_REQUEST_LINE_BYTES and not _has_short_first_line(buffer)):
            raise _too_large(buffer)
        if end < 0:
            self._searched_bytes = max(0, len(buffer) - 3)
            return None
        head = bytes(buffer[:head_bytes])
        del buffer[:head_bytes]
        self._searched_bytes = 0
        return head


def _has_short_first_line(buffer: bytearray) -> bool:
    return buffer.find(b"\r\n", 0, MAX_REQUEST_LINE_BYTES) >= 0


def _too_large(buffer: bytearray) -> HttpError:
    if _has_short_first_line(buffer):
        return HttpError(431, f"headers above {MAX_HEAD_BYTES} bytes")
    return HttpError(414, f"request line above {MAX_REQUEST_LINE_BYTES} bytes")


def _parse_head(head: bytes) -> tuple[Request, int]:
    """The request a head announces, with an empty body, and how many body bytes follow."""
    lines = head[:-4].decode("latin-1").split("\r\n")
    line = _REQUEST_LINE.fullmatch(lines[0])
    if line is None:
        raise HttpError(400, "malformed request line")
    method, target, minor = line.groups()
    if not target.startswith("/"):
        raise HttpError(400, "the request target must begin with /")
    headers = _parse_fields(lines)
    if minor == "1" and "host" not in headers:
        raise HttpError(400, "no Host header")
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, b"", _is_keep_alive(minor, headers), head), _body_bytes(headers)


def _parse_fields(lines: list[str]) -> dict[str, str]:
    if len(lines) - 1 > MAX_HEADER_COUNT:
        raise HttpError(431, f"more than {MAX_HEADER_COUNT} headers")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, value = _field_of(line)
        if name in headers:
            if name in ("host", "content-length"):  # RFC 9112 §3.2, §6.3: two answers to one question
                raise HttpError(400, f"more than one {name} header")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


@lru_cache(maxsize=1_000)  # a client sends most of its lines again and again
def _field_of(line: str) -> tuple[str, str]:
    field = _FIELD_LINE.fullmatch(line)
    if field is None:
        raise HttpError(400, "malformed header line")
    return field[1].lower(), field[2]


def _is_keep_alive(minor: str, headers: dict[str, str]) -> bool:
    """RFC 9112 §9.3: persistent unless said otherwise in 1.1, the other way round in 1.0."""
    if "connection" not in headers:
        return minor == "1"
    options = {option.strip() for option in headers["connection"].lower().split(",")}
    return "close" not in options and (minor == "1" or "keep-alive" in options)


def _body_bytes(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:  # RFC 9112 §6.1: 501 for a coding the server does not implement
        raise HttpError(501, "send the body with Content-Length, not Transfer-Encoding")
    text = headers.get("content-length", "0")
    if _LENGTH.fullmatch(text) is None:
        raise HttpError(400, "malformed Content-Length")
    if int(text) > MAX_BODY_BYTES:
        raise HttpError(413, f"body above {MAX_BODY_BYTES} bytes")
    return int(text)
