"""Writes a recording's segments: one write per block, durable up to the last `sync`, whole after every failed write."""

from __future__ import annotations

import errno
import os
import struct
from contextlib import suppress
from pathlib import Path

import orjson

from tidings.clock import Clock
from tidings.errors import RecordingError
from tidings.journal.live_disk import make_directory, sync_descriptor, sync_path
from tidings.recorder.entries import FORMAT, EntryKind
from tidings.recorder.segment_file import IS_END, SegmentHead, number_of, pack_block, segment_name

DAY_NS = 86_400_000_000_000
_ENTRY = struct.Struct("<IBBHq")  # as compiled code has it: payload bytes, kind, zero, source, received_ns


class SyncFailed(OSError):
    """What the disk has of the recording is unknown from here on, whatever its cause: no later sync could tell."""


class SegmentWriter:
    """For one thread. `session` is told again in front of every segment."""

    def __init__(
        self, directory: Path, session: dict[str, object], clock: Clock, *, segment_bytes: int, level: int
    ) -> None:
        self._directory, self._session, self._clock = directory, session, clock
        self._segment_bytes, self._level = segment_bytes, level
        self._fd = -1
        self._day = -1
        self._before_crc = 0
        self._last_number = 0
        self._file_bytes = 0  # of the present segment, up to its last whole block
        self._is_torn = False  # it may have a part of another one behind that
        self.segment_count = 0
        self.synced_number = 0  # entries up to this one are durable
        self.written_bytes = 0
        self.unsynced_bytes = 0
        self._make_directory()

    def _make_directory(self) -> None:
        try:
            self._is_own_directory = not self._directory.exists()
            make_directory(self._directory)
            if any(number_of(entry.name) for entry in os.scandir(self._directory)):
                raise RecordingError(f"{self._directory} holds a recording already: give another directory")
            self._next_segment()
        except OSError as error:
            raise RecordingError(f"no recording can be made in {self._directory}: {error.strerror}") from None

    def write(self, content: bytes, count: int) -> None:
        """Append one block of entries. Raises OSError, and nothing of it is there then."""
        if self._file_bytes >= self._segment_bytes or self._clock.read_wall_ns() // DAY_NS != self._day:
            self._next_segment()
        self._write_block(content, count)

    def sync(self) -> None:
        """Make all that was written durable. Raises SyncFailed; then nothing is known of any of it."""
        if self.unsynced_bytes:
            try:
                sync_descriptor(self._fd)
            except OSError as error:
                raise SyncFailed(f"sync failed: {error.strerror}") from error
            self.synced_number, self.unsynced_bytes = self._last_number, 0

    def end(self) -> None:
        """Say that the recording ends here on purpose, and close it. Raises OSError."""
        self.sync()  # so that the last block calls all before it durable
        self._write_block(b"", 0, IS_END)
        self.sync()
        self.close()

    def close(self) -> None:
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def remove_all(self) -> None:
        """The files that this made, and the directory if this made it and nobody has put anything in."""
        for number in range(1, self.segment_count + 1):
            with suppress(OSError):
                (self._directory / segment_name(number)).unlink()
        if self._is_own_directory:
            with suppress(OSError):
                self._directory.rmdir()

    def _next_segment(self) -> None:
        """The segment before is durable before another is begun: only the last one ever has an open end."""
        self._cut_torn()
        self.sync()
        wall_ns = self._clock.read_wall_ns()
        path = self._directory / segment_name(self.segment_count + 1)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            head = SegmentHead(self.segment_count + 1, self._last_number + 1, wall_ns, self._before_crc).pack()
            before = (self._fd, self._file_bytes, self._before_crc, self._last_number)
            self._fd, self._file_bytes = descriptor, 0
            try:
                self._append(head)
                self._write_session()
                sync_path(self._directory)
            except BaseException:
                self._fd, self._file_bytes, self._before_crc, self._last_number = before
                self._is_torn = False  # that file goes
                raise
        except BaseException:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        if before[0] >= 0:
            os.close(before[0])
        self.segment_count += 1
        self._day = wall_ns // DAY_NS

    def _write_session(self) -> None:
        """Both clocks are read one behind the other: wall times hang on their difference, and the disk is slow."""
        mono_ns = self._clock.read_now_ns()
        told = {"format": FORMAT, **self._session, "wall_ns": self._clock.read_wall_ns(), "mono_ns": mono_ns}
        payload = orjson.dumps(told)
        self._write_block(_ENTRY.pack(len(payload), EntryKind.SESSION, 0, 0, mono_ns) + payload, 1)

    def _write_block(self, content: bytes, count: int, flags: int = 0) -> None:
        block, crc = pack_block(
            content, self._last_number + 1, count, synced_number=self.synced_number, before_crc=self._before_crc,
            level=self._level, flags=flags,
        )  # fmt: skip
        self._append(block)
        self._before_crc = crc
        self._last_number += count

    def _append(self, data: bytes) -> None:
        """All of it, or nothing: what a full disk took is cut off again, if not now then before more is written."""
        self._cut_torn()
        left = memoryview(data)
        try:
            while left:
                written = os.write(self._fd, left)
                if written == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                left = left[written:]
        except OSError:
            self._is_torn = True
            self._cut_torn()
            raise
        self._file_bytes += len(data)
        self.written_bytes += len(data)
        self.unsynced_bytes += len(data)

    def _cut_torn(self) -> None:
        """Raises OSError: some file systems need room to make a file shorter."""
        if self._is_torn:
            os.ftruncate(self._fd, self._file_bytes)
            self._is_torn = False
