"""HTTP/1.1 responses that own their bytes: for cold queries."""

from tidings.wire.http1 import ResponseListener

class RateHeaderCopy:
    """One `x-ratelimit-…` or `Retry-After` header."""

    kind: int
    """1: requests remaining, 2: capacity, 3: seconds to wait."""
    group: str
    """The header's suffix in lower case, "" if it has none."""
    value: int

class ResponseCopy:
    """One complete response, owning its bytes."""

    status: int
    keep_alive: bool
    """False: the peer will close the connection after this response."""
    body: bytes
    """The content, transfer coding removed."""
    rate_headers: list[RateHeaderCopy]
    """At most eight, in the order received."""
    received_ns: int
    """The `now_ns` of the read that completed it."""

class ResponseReader(ResponseListener):
    """Collects the responses of one connection."""

    def __init__(self) -> None: ...
    def feed(self, data: bytes | bytearray | memoryview, now_ns: int = 0) -> list[ResponseCopy]:
        """Take bytes as they were read; returns the responses they complete, in order.

        Raises PeerError if they are not strict HTTP/1.1, break a limit or use a coding; then only reset() helps.
        """
    def at_eof(self) -> bool:
        """Whether the stream may end here: between two responses, not inside one."""
    def reset(self) -> None:
        """Start over with a new connection."""
