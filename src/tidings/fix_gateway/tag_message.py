"""A FIX message of this process: fields without a session around them, so without BodyLength, CheckSum and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tidings.errors import UsageError

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
        self._first: dict[int, bytes] = {}
        for tag, value in self.fields:
            self._first.setdefault(tag, value)

    @classmethod
    def read(cls, message: bytes | WithPairs) -> TagMessage:
        """From bytes with or without 8, 9 and 10, or from an object with `pairs`. Raises UsageError."""
        try:
            if isinstance(message, bytes):
                parts = message.removesuffix(SOH).split(SOH)
                return cls([(int(tag), value) for tag, _, value in [part.partition(b"=") for part in parts]])
            return cls([(int(tag), value) for tag, value in message.pairs])
        except ValueError:
            raise UsageError(f"not a FIX message of tag=value fields: {message!r:.200}") from None

    def find(self, tag: int, nth: int = 0) -> bytes | None:
        """The value of the nth field with this tag, or None."""
        if nth == 0:
            return self._first.get(tag)
        values = [value for found, value in self.fields if found == tag]
        return values[nth] if nth < len(values) else None

    def get(self, tag: int, nth: int = 1) -> bytes | None:
        """As simplefix counts: from 1."""
        return self.find(tag, nth - 1)

    @property
    def msg_type(self) -> bytes:
        return self._first.get(35, b"")

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        """As simplefix keeps them."""
        return [(b"%d" % tag, value) for tag, value in self.fields]

    def __bytes__(self) -> bytes:
        return b"".join(b"%d=%b\x01" % field for field in self.fields)

    def __repr__(self) -> str:
        return bytes(self).replace(SOH, b"|").decode("latin-1")
