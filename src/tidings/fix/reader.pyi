"""The fields of one FIX message, in place: indexed in one pass, made into values only when asked for."""

from decimal import Decimal
from enum import IntEnum

from tidings.fix.dictionary import Group
from tidings.fix.framer import Framer as Framer
from tidings.fix.groups import GroupEntry

class ReadResult(IntEnum):
    """Why a message is garbled; falsy if it is not."""

    OK = 0
    NOT_FIRST_THREE = 1
    """8, 9 and 35 are not the first three fields, in this order."""
    BAD_BODY_LENGTH = 2
    BAD_CHECKSUM = 3
    BAD_TAG = 4
    """A tag that is no number. 0 and negative ones are numbers: validation rejects them by name."""
    BAD_DATA_LENGTH = 5
    """A data field's length does not lead to the field's end."""
    CHECKSUM_NOT_LAST = 6
    """Cut short, or with bytes behind field 10."""

class FieldView:
    """Typed values of the first field with a tag. FieldError if it is missing, empty or not of the type."""

    def get_bytes(self, tag: int) -> bytes: ...
    def get_int(self, tag: int) -> int: ...
    def get_fixed(self, tag: int) -> tuple[int, int]:
        """(mantissa, scale): the number is mantissa / 10**scale, with the decimals it was written with."""
    def get_decimal(self, tag: int) -> Decimal:
        """For numbers that may need more than 64 bits."""
    def get_bool(self, tag: int) -> bool: ...
    def get_char(self, tag: int) -> bytes:
        """One byte."""
    def get_time_ns(self, tag: int) -> int:
        """A UTCTimestamp as nanoseconds since 1970."""

class FixReader(FieldView):
    """One message after another; everything it tells is of the last one read."""

    def __init__(self) -> None: ...
    def read(self, data: bytes) -> ReadResult:
        """Decode one whole message. After a garbled one only the fields before the fault are there."""
    def read_fields(self, data: bytes) -> ReadResult:
        """Decode fields that have no frame around them: no order, length or checksum is asked for. The SOH behind the
        last one may be missing.
        """
    @property
    def message(self) -> bytes:
        """What was read last."""
    @property
    def msg_type(self) -> bytes:
        """Field 35; of a garbled message too, if it can be found. b"" if not."""
    @property
    def field_count(self) -> int: ...
    def __len__(self) -> int: ...
    def __contains__(self, tag: int) -> bool: ...
    def tag_at(self, place: int) -> int: ...
    def value_at(self, place: int) -> bytes: ...
    def index_of(self, tag: int, nth: int = 0) -> int:
        """Where the `nth` (from 0) field with this tag is; -1 if there is none."""
    def find(self, tag: int, nth: int = 0) -> bytes | None:
        """The value of the `nth` (from 0) field with this tag."""
    def fields(self) -> list[tuple[int, bytes]]:
        """Everything, in order: for cold code."""
    def groups(self, layout: Group) -> list[GroupEntry]:
        """The entries of a repeating group of the body; FieldError if its count is not theirs."""
