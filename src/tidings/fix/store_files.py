"""The two kinds of files a session's store is made of: the header page and the log's records.

The header is mapped: a change is a store into memory, which survives the process. It has two copies which take turns,
each with a checksum, so that a half-written one is never the only one. The log is append-only; each record has its own
checksum.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tidings.fix.store_record import write_copy

MAGIC = b"TIDFIX\x00\x01"
# generation, number of the log, next_out, next_in, end of the log, Unix time of the last reset; then the checksum.
COPY_NUMBERS = struct.Struct("<8sQQQQQQ")
COPY = struct.Struct(f"<{COPY_NUMBERS.size}sI")
COPY_BYTES = 64
HEADER_BYTES = 2 * COPY_BYTES

# length of what follows, checksum of it; kind, number, Unix time, then the message.
RECORD_HEAD = struct.Struct("<II")
RECORD_BODY = struct.Struct("<BQQ")
MESSAGE_BYTES_MAX = 1 << 24

REPLAYED = 1  # the only kind written; a log may hold others, which are passed over


class Numbers(NamedTuple):
    """What the header says."""

    log_number: int
    next_out: int
    next_in: int
    log_end: int
    created_ns: int


FRESH = Numbers(1, 1, 1, 0, 0)


class HeaderPage:
    """The mapped header of one store."""

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self.file).st_size < HEADER_BYTES:
            os.ftruncate(self.file, HEADER_BYTES)
        self._memory = mmap.mmap(self.file, HEADER_BYTES)
        self._generation = 0

    def read(self) -> Numbers | None:
        """Of the newer sound copy; None: neither is."""
        best: tuple[int, Numbers] | None = None
        for place in (0, COPY_BYTES):
            data, crc = COPY.unpack_from(self._memory, place)
            magic, generation, *numbers = COPY_NUMBERS.unpack(data)
            is_sound = magic == MAGIC and crc == zlib.crc32(data)
            if is_sound and (best is None or generation > best[0]):
                best = generation, Numbers(*numbers)
        if best is None:
            return None
        self._generation = best[0]
        return best[1]

    def write(self, numbers: Numbers) -> None:
        """Into the older copy."""
        generation = self._generation = self._generation + 1
        write_copy(self._memory, COPY_BYTES * (generation & 1), MAGIC, generation, numbers)

    def sync(self) -> None:
        self._memory.flush()

    def close(self) -> None:
        self._memory.close()
        os.close(self.file)


class Record(NamedTuple):
    """One record of the log, with where its message lies in the file."""

    kind: int
    seq: int
    wall_ns: int
    message_at: int
    message_bytes: int
    end: int


def records(data: bytes, start: int = 0) -> Iterator[Record]:
    """All sound records from `start` on, up to the first bytes that are none."""
    while (found := record_at(data, start)) is not None:
        yield found
        start = found.end


def record_at(data: bytes, start: int) -> Record | None:
    body_at = start + RECORD_HEAD.size
    if body_at > len(data):
        return None
    body_bytes, crc = RECORD_HEAD.unpack_from(data, start)
    end = body_at + body_bytes
    if (
        not RECORD_BODY.size <= body_bytes <= MESSAGE_BYTES_MAX
        or end > len(data)
        or zlib.crc32(data[body_at:end]) != crc
    ):
        return None
    kind, seq, wall_ns = RECORD_BODY.unpack_from(data, body_at)
    message_at = body_at + RECORD_BODY.size
    return Record(kind, seq, wall_ns, message_at, end - message_at, end)
