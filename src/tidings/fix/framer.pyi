"""Whole FIX messages off a byte stream, however it was split or merged on its way."""

class Framer:
    """The bytes of one connection, cut into messages as QuickFIX cuts them."""

    garbled_count: int
    """Messages dropped because field 9 was no number."""
    dropped_bytes: int
    """Bytes that belonged to no message."""
    is_over_limit: bool
    """A message did not end within `max_message_bytes`: nothing more is read, close the connection."""
    max_message_bytes: int

    def __init__(self, max_message_bytes: int = 65536) -> None: ...
    def feed(self, data: bytes) -> None:
        """Take bytes as they were read; then call next() until it gives None."""
    def next(self) -> bytes | None:
        """The next whole message, or None until more bytes come. Whether it is garbled, FixReader.read tells."""
    @property
    def waiting_bytes(self) -> int:
        """Bytes fed that no message has taken yet."""
