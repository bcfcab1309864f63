"""The server's half of HTTP/1.1, sans-IO: bytes in, whole requests out, or one `HttpError` with the status to answer.

Strict on purpose, because a lenient server hides a client's mistakes: lines end in CRLF, names are tokens, values
hold no control characters, nothing is folded, bodies come by one Content-Length or in chunks. Every dimension has a
limit, so no client can grow memory. After an `HttpError` the connection is beyond repair (where the next request
begins is unknown): answer and close.
"""

MAX_REQUEST_LINE_BYTES: int
MAX_HEAD_BYTES: int
MAX_HEADER_COUNT: int
MAX_BODY_BYTES: int

class HttpError(Exception):
    """A request that cannot be served: `status` is what to answer before closing, the text says what was wrong."""

    status: int
    def __init__(self, status: int, reason: str) -> None: ...

class Request:
    """One whole request. `path` and `query` are the raw target, split at its first `?`: what the client signed."""

    def __init__(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes, is_keep_alive: bool, head: bytes
    ) -> None: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]:
        """Names in lower case; repeated fields joined by ", " (RFC 9110 §5.3)."""
    @property
    def body(self) -> bytes: ...
    @property
    def is_keep_alive(self) -> bool: ...
    @property
    def head(self) -> bytes:
        """The exact bytes up to and including the empty line: a WebSocket upgrade is parsed again by its library."""
    @property
    def is_websocket_upgrade(self) -> bool:
        """Whether the client asks to leave HTTP for a WebSocket (RFC 6455 §4.1)."""

class RequestParser:
    """Collects bytes and hands out requests in the order they came."""

    def __init__(self) -> None: ...
    def feed(self, data: bytes) -> None:
        """Take bytes."""
    @property
    def pending_bytes(self) -> int:
        """How many bytes of a request that is not complete have come."""
    def peek(self) -> Request | None:
        """What the first line of the next request says, as soon as that line is complete; the rest of it is empty."""
    def take_rest(self) -> bytes:
        """The bytes after the last request handed out, and forget them: they belong to another protocol now."""
    def next_request(self) -> Request | None:
        """The next whole request, or None if more bytes are needed. Raises `HttpError`."""
