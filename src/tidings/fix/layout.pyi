"""Messages of one shape: tags and constants laid out once, so that a message writes nothing but its values."""

from collections.abc import Iterable
from enum import IntEnum

class FieldKind(IntEnum):
    """What a slot takes. Slots are (tag, kind) or (tag, kind, detail)."""

    BYTES = 0
    """bytes or str."""
    INT = 1
    FIXED = 2
    """(mantissa, scale); with detail = scale the mantissa alone."""
    CHAR = 3
    BOOL = 4
    TIME = 5
    """Nanoseconds since 1970; detail: 0, 3 (the default), 6 or 9 decimals."""
    DATA = 6
    """Any bytes; the slot's tag is that of the length."""
    CONSTANT = 7
    """Takes no value: detail is the bytes it always has."""

Slot = tuple[int, FieldKind] | tuple[int, FieldKind, int | bytes]

class MessageLayout:
    """Fields 8, 9, 35 and 10 are the layout's own; all others in the order of `fields`."""

    msg_type: bytes

    def __init__(self, msg_type: bytes, fields: Iterable[Slot], begin_string: bytes = b"FIX.4.4") -> None: ...
    @property
    def value_count(self) -> int:
        """How many values encode() takes: one for each slot but constants."""
    def encode(self, *values: bytes | str | int | bool | tuple[int, int] | None) -> bytes:
        """The whole message. None leaves a field out; ValueError for a value no field may have."""
