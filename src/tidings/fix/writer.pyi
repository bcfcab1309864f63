"""FIX messages, field by field, into a buffer that is used again and again."""

from collections.abc import Iterable

class Frame:
    """A buffer with room for the fields that go around a body; used again and again."""

    def __init__(self, begin_string: bytes) -> None: ...

def framed_fields(
    around: Frame, msg_type: bytes, header: Iterable[tuple[int, bytes]], fields: Iterable[tuple[int, bytes]]
) -> bytes:
    """The whole message of these fields, in their order; values are taken as they are."""

def utc_time(unix_ns: int, digits: int = 3) -> bytes:
    """`20260801-12:34:56.789`, with 0, 3, 6 or 9 digits of the second; the rest is cut off."""

def frame(body: bytes, begin_string: bytes = b"FIX.4.4") -> bytes:
    """A message around `35=…` and all that follows up to its last SOH, taken as it is."""

class FixWriter:
    """Fields 8, 9, 35 and 10 are the writer's own; all others are put in the order they shall have."""

    def __init__(self, begin_string: bytes = b"FIX.4.4") -> None: ...
    def begin(self, msg_type: bytes) -> None:
        """Start a message; one that was not ended is forgotten."""
    def put(self, tag: int, value: bytes) -> None:
        """ValueError if `value` is empty or holds SOH."""
    def put_data(self, length_tag: int, data: bytes) -> None:
        """A length field and its data field, which may hold any bytes."""
    def put_int(self, tag: int, value: int) -> None: ...
    def put_fixed(self, tag: int, mantissa: int, scale: int) -> None:
        """mantissa / 10**scale, without trailing zeros."""
    def put_char(self, tag: int, value: bytes) -> None: ...
    def put_bool(self, tag: int, value: bool) -> None: ...
    def put_time(self, tag: int, unix_ns: int, digits: int = 3) -> None:
        """A UTCTimestamp, cut to `digits` (0, 3, 6 or 9) decimals of the second."""
    def end(self) -> bytes:
        """The whole message, with BodyLength and CheckSum."""
