"""A FIX message of this process: fields without a session around them, so without BodyLength, CheckSum and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tidings.errors import UsageError
from tidings.fix.dictionary import Group
from tidings.fix.reader import FixReader
from tidings.fix_gateway.field_text import Fields, FieldSource

SOH = b"\x01"


class WithPairs(Protocol):
    """A message of simplefix's shape, or ours."""

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]: ...


class TagMessage:
    """Fields in order. Read by tag; `bytes(message)` is what `send` takes."""

    __slots__ = ("_first", "fields")

    def __init__(self, fields: Iterable[tuple[int, bytes]]) -> None:
        self.fields = list(fields)
        self._first: dict[int, bytes] | None = None  # by tag, made when first asked: many only go on as bytes

    def find(self, tag: int, nth: int = 0) -> bytes | None:
        """The value of the nth field with this tag, or None."""
        if nth == 0:
            if self._first is None:
                self._first = dict(reversed(self.fields))
            return self._first.get(tag)
        values = [value for found, value in self.fields if found == tag]
        return values[nth] if nth < len(values) else None

    def get(self, tag: int, nth: int = 1) -> bytes | None:
        """As simplefix counts: from 1."""
        return self.find(tag, nth - 1)

    @property
    def msg_type(self) -> bytes:
        return self.find(35) or b""

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        """As simplefix keeps them."""
        return [(b"%d" % tag, value) for tag, value in self.fields]

    def __bytes__(self) -> bytes:
        return b"".join(b"%d=%b\x01" % field for field in self.fields)

    def __repr__(self) -> str:
        return bytes(self).replace(SOH, b"|").decode("latin-1")


def all_fields(message: FieldSource) -> Fields:
    """Every field, in order."""
    return message.fields if isinstance(message, TagMessage) else message.fields()  # type: ignore[attr-defined]


def group_entries(message: FieldSource, group: Group) -> list[TagMessage]:
    """The entries of a repeating group, each as a message of its own: as many as begin with its first field."""
    members = _all_members(group)
    entries: list[Fields] = []
    is_inside = False
    for tag, value in all_fields(message):
        if tag == group.count_tag:
            is_inside = True
        elif is_inside and tag == group.delimiter:
            entries.append([(tag, value)])
        elif is_inside and entries and tag in members:
            entries[-1].append((tag, value))
        else:
            is_inside = False
    return [TagMessage(entry) for entry in entries]


def _all_members(group: Group) -> frozenset[int]:
    """With those of the groups in it."""
    return group.members.union(*(_all_members(inner) for inner in group.groups.values()))


def read_into(reader: FixReader, message: bytes | WithPairs) -> None:
    """Bytes with or without 8, 9 and 10, or an object with `pairs`. Raises UsageError."""
    if isinstance(message, bytes):
        is_garbled = bool(reader.read_fields(message))
    else:
        pairs = getattr(message, "pairs", None)
        if pairs is None:
            raise UsageError(f"a FIX message is bytes, or an object with pairs: was {type(message).__name__}")
        # A value that would end its field early could put fields of its own into the order.
        is_garbled = bool(reader.read_fields(b"".join([b"%b=%b\x01" % pair for pair in pairs])))
        is_garbled = is_garbled or len(reader) != len(pairs)
    if is_garbled or not len(reader):
        raise UsageError(f"not a FIX message of tag=value fields: {message!r:.200}")
