"""What a gateway must remember of its clients' orders, as an append-only file: one checked line per fact.

A line is `CRC32 JSON`. It is written with one call before the order it speaks of is submitted, so it survives the
process always; `fsync = "always"` makes it survive the machine, at the price of a disk's time per order. A last line
that is torn was never acted upon and is cut off; damage before it is refused, because orders would be forgotten.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from tidings.errors import JournalDamaged

Fsync = Literal["off", "interval", "always"]
NAME = "order_chains.log"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Any]).decode


class ChainLog(Protocol):
    """Where facts go, and where they come from at the next start."""

    def append(self, fact: tuple[Any, ...]) -> None:
        """Remember one more fact. Raises OSError; then nothing may be sent that depends on it."""

    def facts(self) -> Iterator[list[Any]]:
        """Everything remembered, oldest first."""

    def sync(self) -> None:
        """Call now and then: a chance to make what was appended survive the machine."""

    def close(self) -> None:
        """Let go."""


class MemoryChainLog:
    """Forgets with the process: for the in-process layer, whose strategy ends with it too."""

    def append(self, fact: tuple[Any, ...]) -> None:
        """Nothing to keep: the chains themselves are in memory."""

    def facts(self) -> Iterator[list[Any]]:
        return iter(())

    def sync(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class FileChainLog:
    """One file in `directory`. The directory's owner holds the lock."""

    def __init__(self, directory: Path, fsync: Fsync = "off") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / NAME
        self._fsync = fsync
        self._is_dirty = False
        self._found = self._read()
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, fact: tuple[Any, ...]) -> None:
        os.write(self._file, line_of(fact))
        if self._fsync == "always":
            os.fdatasync(self._file)
        else:
            self._is_dirty = self._fsync == "interval"

    def facts(self) -> Iterator[list[Any]]:
        found, self._found = self._found, []
        return iter(found)

    def sync(self) -> None:
        if self._is_dirty:
            os.fdatasync(self._file)
            self._is_dirty = False

    def close(self) -> None:
        os.close(self._file)

    def _read(self) -> list[list[Any]]:
        if not self.path.exists():
            return []
        data = self.path.read_bytes()
        found: list[list[Any]] = []
        begin = 0
        while begin < len(data):
            end = data.find(b"\n", begin)
            fact = fact_of(data[begin:end]) if end >= 0 else None
            if fact is None:
                self._cut(data, begin, end)
                break
            found.append(fact)
            begin = end + 1
        return found

    def _cut(self, data: bytes, begin: int, end: int) -> None:
        """A torn tail goes; a bad line with more behind it is damage."""
        if 0 <= end < len(data) - 1:
            raise JournalDamaged(
                f"{self.path}: byte {begin} is damaged, and facts follow it: orders would be forgotten. Restore the "
                "file, or move it away after cancelling what is open at the venue"
            )
        with self.path.open("r+b") as file:
            file.truncate(begin)


def line_of(fact: tuple[Any, ...]) -> bytes:
    """One fact as it lies in the file."""
    text = _encode(fact)
    return b"%08x %b\n" % (zlib.crc32(text), text)


def fact_of(line: bytes) -> list[Any] | None:
    """The fact in a line without its end; None: the line is not whole."""
    text = line[9:]
    if line[8:9] != b" " or line[:8] != b"%08x" % zlib.crc32(text):
        return None
    return _decode(text)
