"""Messages and a parser for code written for simplefix: the same classes to it, faster where nothing is odd.

Both are simplefix's own, so whatever it does with strange input they do too. Only the usual way is a shorter one: a
message from 8 to the first 10 is split by the compiled reader, and framed by the compiled writer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import simplefix  # type: ignore[import-untyped]
from simplefix.errors import (  # type: ignore[import-untyped]
    BadChecksumValueError,
    BadMessageLengthError,
    EmptyValueError,
    FieldOrderError,
    IncompleteTagError,
    ParserConfigError,
    ParsingError,
    RawLengthNotNumberError,
    TagNotNumberError,
)

from tidings.fix.reader import FixReader, ReadResult
from tidings.fix.writer import frame

__all__ = [
    "BadChecksumValueError",
    "BadMessageLengthError",
    "EmptyValueError",
    "FieldOrderError",
    "FixMessage",
    "FixParser",
    "IncompleteTagError",
    "ParserConfigError",
    "ParsingError",
    "RawLengthNotNumberError",
    "TagNotNumberError",
]

FRAME_TAGS = (b"8", b"9", b"35", b"10")
TAG_TEXTS = [b"%d" % tag for tag in range(1200)]
CHECKSUM_TAG = 10
STRICT_ERRORS = {
    ReadResult.NOT_FIRST_THREE: FieldOrderError,
    ReadResult.CHECKSUM_NOT_LAST: FieldOrderError,
    ReadResult.BAD_BODY_LENGTH: BadMessageLengthError,
    ReadResult.BAD_CHECKSUM: BadChecksumValueError,
    ReadResult.BAD_DATA_LENGTH: BadMessageLengthError,
    ReadResult.BAD_TAG: TagNotNumberError,
}


class HasPairs(Protocol):
    """What a simplefix.FixMessage has."""

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]: ...


class FixMessage(simplefix.FixMessage):  # type: ignore[misc]
    """A list of (tag, value) pairs that can be anything; encode() frames it."""

    pairs: list[tuple[bytes, bytes]]
    begin_string: bytes | None
    message_type: bytes | None

    @classmethod
    def from_fields(cls, fields: Iterable[tuple[int, bytes]]) -> FixMessage:
        """Of what FixReader.fields() tells."""
        pairs = [(TAG_TEXTS[tag] if 0 <= tag < len(TAG_TEXTS) else b"%d" % tag, value) for tag, value in fields]
        return cls._of(pairs)

    @classmethod
    def from_simplefix(cls, message: HasPairs) -> FixMessage:
        """A copy of a simplefix.FixMessage."""
        return cls._of(list(message.pairs))

    @classmethod
    def _of(cls, pairs: list[tuple[bytes, bytes]]) -> FixMessage:
        message = cls()
        message.pairs = pairs
        for tag, value in pairs:
            if tag == b"8":
                message.begin_string = value
            elif tag == b"35":
                message.message_type = value
        return message

    def to_simplefix(self) -> simplefix.FixMessage:
        """A copy that is nothing but a simplefix.FixMessage."""
        message = simplefix.FixMessage()
        message.pairs = list(self.pairs)
        message.begin_string, message.message_type = self.begin_string, self.message_type
        message.header_index = self.header_index
        return message

    def encode(self, raw: bool = False) -> bytes:
        """The bytes; 8, 9 and 35 moved to the front and 10 to the end unless `raw`. ValueError without 8 or 35."""
        pairs = self.pairs
        if raw:
            return b"".join([b"%b=%b\x01" % pair for pair in pairs])
        if self.message_type is None:
            raise ValueError("No message type set")
        if not self.begin_string:
            raise ValueError("No begin string set")
        body = [b"%b=%b\x01" % pair for pair in pairs if pair[0] not in FRAME_TAGS]
        return frame(b"35=%b\x01%b" % (self.message_type, b"".join(body)), self.begin_string)


class FixParser(simplefix.FixParser):  # type: ignore[misc]
    """Takes any pieces of a stream. `strict`: 9 and 10 must be right, and 8, 9 and 35 come first."""

    buf: bytes
    pairs: list[tuple[int, bytes]]

    def __init__(
        self,
        allow_empty_values: bool = False,
        allow_missing_begin_string: bool = False,
        strip_fields_before_begin_string: bool = True,
        stop_tag: int = CHECKSUM_TAG,
        stop_byte: bytes | None = None,
        *,
        strict: bool = False,
    ) -> None:
        super().__init__(
            allow_empty_values, allow_missing_begin_string, strip_fields_before_begin_string, stop_tag, stop_byte
        )
        self.strict = strict
        self._reader = FixReader()
        self._owes_end = False

    def reset(self) -> None:
        """Forget all bytes."""
        super().reset()
        self._owes_end = False

    def get_message(self) -> FixMessage | None:
        """The next message of the buffer, or None until more bytes come."""
        message = self._short_way() or self._long_way()
        if message is not None and self.strict:
            self._check(message)
        return message

    def _short_way(self) -> FixMessage | None:
        """The next message, if nothing about it is odd; else nothing has changed."""
        if self.pairs or self.stop_byte is not None or self.stop_tag != CHECKSUM_TAG or not self.buf.startswith(b"8="):
            return None
        end = self.buf.find(b"\x01", self.buf.find(b"\x0110=") + 4) + 1
        if end < 5 or self._reader.read(self.buf[:end]) not in (0, ReadResult.BAD_BODY_LENGTH, ReadResult.BAD_CHECKSUM):
            return None
        fields = self._reader.fields()
        if not {tag for tag, _ in fields}.isdisjoint(self.raw_len_tags) or not all(value for _, value in fields):
            return None
        self.buf = self.buf[end:]
        self.raw_len = 0
        return FixMessage.from_fields(fields)

    def _long_way(self) -> FixMessage | None:
        """As simplefix does it, but for a data field whose SOH comes with a later read: there simplefix loses step."""
        if self._owes_end:
            if not self.buf:
                return None
            self.buf = self.buf[1:]
            self._owes_end = False
        before = self.buf
        parsed = super().get_message()
        if parsed is not None:
            return FixMessage.from_simplefix(parsed)
        tag, value = self.pairs[-1] if self.pairs else (0, b"")
        self._owes_end = not self.buf and tag in self.raw_data_tags and before.endswith(b"=" + value)
        return None

    def _check(self, message: FixMessage) -> None:
        text = message.encode(raw=True)
        result = self._reader.read(text)
        if result:
            raise STRICT_ERRORS[result](f"{result.name}: {text[:200]!r}")
