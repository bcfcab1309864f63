"""Segments: the numbered files of a recording, each a head and then blocks of entries.

A block's checksum covers its head and its content, and its head holds the checksum of the block before, of the
segment before too: so each stands for all that came before it, and a segment that is missing, swapped or of another
recording does not fit. Each head also says up to which entry all was known to be durable: by that the reader
(recorder/reader) knows damage from the torn end that a power loss leaves.

The last block of a recording that was ended holds nothing and says so.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final, NamedTuple

from tidings.errors import RecordingError
from tidings.journal.record import checksum
from tidings.recorder.entries import FORMAT

MAGIC: Final = b"TIDINGSR"
BLOCK_MARK: Final = b"TBLK"
IS_ZLIB: Final = 1  # flag: the content is compressed
IS_END: Final = 2  # flag: the recording was ended here on purpose
KNOWN_FLAGS: Final = IS_ZLIB | IS_END
CONTENT_BYTES_MAX: Final = 64 * 1024 * 1024  # of one block, unpacked: more than any has

_HEAD = struct.Struct("<8sIIQqI")  # magic, format, number, first entry, wall_ns, checksum before; then their checksum
_BLOCK = struct.Struct("<4sIQQIIII")  # mark, bytes, first entry, durable up to, count, unpacked bytes, flags, before
_CRC = struct.Struct("<I")
_NAME = re.compile(r"(\d{8})\.recording")
HEAD_BYTES: Final = _HEAD.size + _CRC.size
BLOCK_HEAD_BYTES: Final = _BLOCK.size + _CRC.size


def segment_name(number: int) -> str:
    return f"{number:08d}.recording"


def number_of(name: str) -> int:
    """Of the segment with this file name; 0: it is none."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else 0


class SegmentHead(NamedTuple):
    """What the head of a segment says."""

    number: int
    first_number: int  # of its first entry
    wall_ns: int
    before_crc: int  # of the last block of the segment before

    def pack(self) -> bytes:
        fields = _HEAD.pack(MAGIC, FORMAT, self.number, self.first_number, self.wall_ns, self.before_crc)
        return fields + _CRC.pack(checksum(fields))


def read_head(data: bytes) -> SegmentHead:
    """Raises RecordingError with what is wrong, without the file's name."""
    if len(data) < HEAD_BYTES:
        raise RecordingError(f"has only {len(data)} bytes of its head")
    magic, form, *rest = _HEAD.unpack_from(data)
    if magic != MAGIC or _CRC.unpack_from(data, _HEAD.size)[0] != checksum(data[: _HEAD.size]):
        raise RecordingError("has a damaged head, or is no recording of tidings")
    if form != FORMAT:
        raise RecordingError(f"has format {form}, which another version of tidings wrote: this one knows {FORMAT}")
    return SegmentHead(*rest)


class Block(NamedTuple):
    """What the head of a block says; `crc` stands for all up to its end."""

    stored_bytes: int
    first_number: int
    synced_number: int  # entries up to this one were known to be durable when it was written
    entry_count: int
    content_bytes: int  # unpacked
    flags: int
    before_crc: int
    crc: int

    @property
    def is_end(self) -> bool:
        return bool(self.flags & IS_END)


def pack_block(
    content: bytes, first_number: int, count: int, *, synced_number: int, before_crc: int, level: int, flags: int = 0
) -> tuple[bytes, int]:
    """A block's bytes and its checksum. `level`: of zlib; 0, or no gain: as it is."""
    stored = zlib.compress(content, level) if level and content else content
    if len(stored) < len(content):
        flags |= IS_ZLIB
    else:
        stored = content
    fields = _BLOCK.pack(
        BLOCK_MARK, len(stored), first_number, synced_number, count, len(content), flags, before_crc
    )
    crc = checksum(stored, checksum(fields))
    return b"".join((fields, _CRC.pack(crc), stored)), crc


def read_block_head(data: bytes) -> Block | None:
    """The head, as far as it makes sense by itself; any bytes may stand there."""
    if len(data) < BLOCK_HEAD_BYTES or data[:4] != BLOCK_MARK:
        return None
    block = Block(*_BLOCK.unpack_from(data)[1:], *_CRC.unpack_from(data, _BLOCK.size))
    if block.content_bytes > CONTENT_BYTES_MAX or block.stored_bytes > block.content_bytes:
        return None
    return block if not block.flags & ~KNOWN_FLAGS else None


def is_sound(head: bytes, stored: bytes, block: Block) -> bool:
    """Whether these are the bytes that the checksum was made of."""
    return len(stored) == block.stored_bytes and checksum(stored, checksum(head[: _BLOCK.size])) == block.crc


def content_of(stored: bytes, block: Block) -> bytes:
    """The entries of a sound block. Raises ValueError."""
    if not block.flags & IS_ZLIB:
        return stored
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(stored, block.content_bytes)
    except zlib.error as error:
        raise ValueError(f"cannot be unpacked: {error}") from None
    if len(content) != block.content_bytes or unpacker.unconsumed_tail:
        raise ValueError("does not unpack to what its head says")
    return content
