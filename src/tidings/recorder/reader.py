"""Reads a recording back: every entry in order, or an error that says where the damage is.

The last segment may end torn: a process was killed in the middle of a write, or a machine lost its power before the
disk had everything. What lies there is left out, and `damage` says so. It is an end only if nothing that was known to
be durable lies behind it; anything else that does not fit, anywhere, is damage: RecordingError, never a silent gap.
"""

from __future__ import annotations

import mmap
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from tidings.errors import RecordingError
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.entry_block import EntryBlock
from tidings.recorder.segment_file import (
    BLOCK_HEAD_BYTES,
    BLOCK_MARK,
    HEAD_BYTES,
    Block,
    content_of,
    is_sound,
    number_of,
    read_block_head,
    read_head,
    segment_name,
)

KINDS = (None, *EntryKind)  # by their numbers, which have no holes


class _Place(NamedTuple):
    """How far the reading has come: what the next block must fit."""

    next_number: int = 1
    crc: int = 0
    wall_offset_ns: int = 0


class RecordingReader:
    """Of a directory. Raises RecordingError at once where there is none, while reading where it is damaged.

    `damage`: after all was read, what is missing at the end, in words; "": the recording was ended on purpose.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        self.damage = ""
        self.read_bytes = 0  # so far, for progress; of `total_bytes`
        try:
            numbers = sorted(filter(None, (number_of(path.name) for path in self.directory.iterdir())))
        except OSError as error:
            raise RecordingError(f"{self.directory} cannot be read: {error.strerror}") from None
        if not numbers:
            raise RecordingError(f"{self.directory} holds no recording")
        for number, found in enumerate(numbers, 1):
            if number != found:
                raise RecordingError(f"{self.directory / segment_name(number)} is missing")
        self._paths = [self.directory / segment_name(number) for number in numbers]
        self.total_bytes = sum(path.stat().st_size for path in self._paths)
        self._session: dict[str, Any] | None = None
        self._catalogue: bytes | None = None

    @property
    def segment_count(self) -> int:
        return len(self._paths)

    @property
    def session(self) -> dict[str, Any]:
        """What the recording says of itself. Raises RecordingError where not even that was written."""
        if self._session is None:
            self._session = orjson.loads(self._first_of(EntryKind.SESSION))
        return self._session

    @property
    def catalogue(self) -> bytes:
        """The first product answer in it. Raises RecordingError if there is none."""
        if self._catalogue is None:
            self._catalogue = self._first_of(EntryKind.CATALOGUE)
        return self._catalogue

    def _first_of(self, kind: EntryKind) -> bytes:
        damage, read_bytes = self.damage, self.read_bytes
        try:
            for entry in self:
                if entry.kind is kind:
                    return entry.payload
        finally:
            self.damage, self.read_bytes = damage, read_bytes
        raise RecordingError(f"{self.directory} has no {kind.name.lower()} in it")

    def __iter__(self) -> Iterator[Entry]:
        return self.entries()

    def entries(self, first: int = 1) -> Iterator[Entry]:
        """All entries in order, from this number on; those before are read and checked too."""
        for block in self.blocks():
            past = max(0, first - block.number)
            if past < block.left:
                yield from block.rest()[past:]

    def blocks(self) -> Iterator[EntryBlock]:
        """All of it, a block at a time: its entries are made by whoever takes them off."""
        self.damage, self.read_bytes = "", 0
        place = _Place()
        for path in self._paths:
            with path.open("rb") as file:
                place = yield from _Segment(self, path, file, is_last=path == self._paths[-1]).blocks(place)


class _Segment:
    """One file being read."""

    def __init__(self, reader: RecordingReader, path: Path, file: IO[bytes], *, is_last: bool) -> None:
        self._reader, self._path, self._file, self._is_last = reader, path, file, is_last
        self._offset = 0
        self._has_ended = False

    def blocks(self, place: _Place) -> Generator[EntryBlock, None, _Place]:
        if not self._check_head(place):
            return place
        while True:
            head = self._file.read(BLOCK_HEAD_BYTES)
            if not head:
                break
            block = read_block_head(head)
            stored = self._file.read(block.stored_bytes) if block is not None else b""
            if block is None or not self._fits(head, stored, block, place):
                self._judge(place)
                return place
            entries, place = self._unpack(stored, block, place)
            self._offset += BLOCK_HEAD_BYTES + block.stored_bytes
            self._reader.read_bytes += BLOCK_HEAD_BYTES + block.stored_bytes
            yield entries
        if self._is_last and not self._has_ended:
            self._reader.damage = "not ended: its recorder was killed, or is still at work"
        elif self._has_ended and not self._is_last:
            raise self._damaged("has segments behind the end of the recording")
        return place

    def _check_head(self, place: _Place) -> bool:
        data = self._file.read(HEAD_BYTES)
        if self._is_last and len(data) < HEAD_BYTES:
            self._reader.damage = f"{self._path.name} was just begun: it has {len(data)} bytes"
            return False
        try:
            head = read_head(data)
        except RecordingError as error:
            raise self._damaged(str(error)) from None
        if (head.number, head.first_number, head.before_crc) != (number_of(self._path.name), *place[:2]):
            raise self._damaged("does not go on from the segment before: it is damaged, or of another recording")
        self._offset = HEAD_BYTES
        self._reader.read_bytes += HEAD_BYTES
        return True

    def _fits(self, head: bytes, stored: bytes, block: Block, place: _Place) -> bool:
        return (
            not self._has_ended
            and is_sound(head, stored, block)
            and (block.first_number, block.before_crc) == (place.next_number, place.crc)
        )

    def _unpack(self, stored: bytes, block: Block, place: _Place) -> tuple[EntryBlock, _Place]:
        try:
            entries = EntryBlock(
                content_of(stored, block), block.first_number, block.entry_count, place.wall_offset_ns, Entry, KINDS,
                _wall_offset_ns,
            )  # fmt: skip
        except (ValueError, OverflowError) as error:  # its checksum fits: its writer had a bug, or is another version
            raise self._damaged(str(error)) from None
        self._has_ended = block.is_end
        return entries, _Place(entries.number + entries.left, block.crc, entries.wall_offset_behind_ns)

    def _judge(self, place: _Place) -> None:
        """What stands here is no block that fits: take it for a torn end, or raise."""
        if not self._is_last:
            raise self._damaged("is damaged")
        if self._has_ended:
            raise self._damaged("has something behind the end of the recording")
        if self._holds_durable(place.next_number):
            raise self._damaged("is damaged, where what was written had been durable")
        size_bytes = self._path.stat().st_size
        self._reader.damage = (
            f"torn: {size_bytes - self._offset} bytes of {self._path.name} behind byte {self._offset} are left out"
        )

    def _holds_durable(self, number: int) -> bool:
        """Whether a whole block behind here says that entry `number` had been durable when it was written."""
        self._file.seek(0)
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = data.find(BLOCK_MARK, self._offset + 1)
            while at >= 0:
                head = data[at : at + BLOCK_HEAD_BYTES]
                block = read_block_head(head)
                if block is not None and block.synced_number >= number:
                    start = at + BLOCK_HEAD_BYTES
                    if is_sound(head, data[start : start + block.stored_bytes], block):
                        return True
                at = data.find(BLOCK_MARK, at + 1)
        return False

    def _damaged(self, what: str) -> RecordingError:
        return RecordingError(f"recording {self._path} {what} (byte {self._offset})")


def _wall_offset_ns(payload: bytes) -> int:
    """Wall time less monotonic time, by a clock entry. Raises ValueError."""
    told = orjson.loads(payload)
    try:
        return int(told["wall_ns"]) - int(told["mono_ns"])
    except (KeyError, TypeError):
        raise ValueError("a clock entry tells no time") from None
