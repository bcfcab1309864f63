"""Segments: the numbered files a journal is made of, each a head and then records.

A segment is made whole under another name, head and reserved space included, synced, and only then given its name: a
file that bears one therefore always has its head, and one whose head is damaged was damaged later. Segments without a
record are normal: the spare made ahead that was never needed.
"""

from __future__ import annotations

import re
import struct
from contextlib import suppress

from tidings.journal.disk import NEW_SUFFIX, Disk, SegmentMemory
from tidings.journal.record import SEGMENT_BYTES_BEFORE, checksum

MAGIC = b"TIDINGSJ"
FORMAT = 1
SEGMENT_BYTES = 2 * 1024 * 1024  # some ten thousand records
SEGMENT_BYTES_MIN = 16 * 1024

_HEAD = struct.Struct("<8sIIqqI")  # magic, format, size_bytes, number, wall_ns, zero; behind it their checksum
_CRC = struct.Struct("<I")
_NAME = re.compile(r"(\d{8})\.journal")


def segment_name(number: int) -> str:
    return f"{number:08d}.journal"


def numbers_of(names: list[str]) -> list[int]:
    """The numbers of the segments among a directory's files, ascending."""
    return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))


def make_segment(disk: Disk, number: int, size_bytes: int, wall_ns: int) -> SegmentMemory:
    """A new segment, durable with its name. Raises OSError, and leaves nothing then."""
    name = segment_name(number)
    disk.remove(name + NEW_SUFFIX)
    segment = disk.map_segment(name + NEW_SUFFIX, size_bytes)
    try:
        segment.buffer[:SEGMENT_BYTES_BEFORE] = make_head(number, size_bytes, wall_ns)
        segment.sync(SEGMENT_BYTES_BEFORE)
        disk.rename(name + NEW_SUFFIX, name)
        disk.sync_names()
    except BaseException:
        segment.close(is_durable=True)
        for left in (name + NEW_SUFFIX, name):
            with suppress(OSError):
                disk.remove(left)
        raise
    return segment


def make_head(number: int, size_bytes: int, wall_ns: int) -> bytes:
    fields = _HEAD.pack(MAGIC, FORMAT, size_bytes, number, wall_ns, 0)
    return fields + _CRC.pack(checksum(fields))


def head_fault(data: bytes, number: int) -> str:
    """What is wrong with a segment's head; "": nothing."""
    if len(data) < SEGMENT_BYTES_BEFORE:
        return f"has only {len(data)} bytes"
    magic, form, _, told, _, _ = _HEAD.unpack_from(data)
    if magic != MAGIC or _CRC.unpack_from(data, _HEAD.size)[0] != checksum(bytes(data[: _HEAD.size])):
        return "has a damaged head"
    if form != FORMAT:
        return f"has format {form}, which another version of tidings wrote: this one knows {FORMAT}"
    return "" if told == number else f"is segment {told} under another's name"


def full_size_of(data: bytes) -> int:
    """How large the segment was made, in bytes; its head must be sound. Only what has ended is cut shorter."""
    size_bytes: int = _HEAD.unpack_from(data)[2]
    return size_bytes
