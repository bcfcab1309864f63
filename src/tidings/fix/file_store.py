"""A session's numbers and messages on disk: they survive `kill -9` always, and power loss with fsync="always".

What is written survives the process because the kernel has it. A torn record behind the end that the header knows was
never sent, and is cut; damage before that end means that the disk or somebody else has changed what was there, and the
store refuses to open rather than use a number twice.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from tidings.errors import ConfigError, SessionStoreDamaged
from tidings.fix.disk_sync import DiskSync
from tidings.fix.store_files import FRESH, REPLAYED, HeaderPage, Numbers, records
from tidings.fix.store_record import packed

FSYNC_POLICIES = ("off", "interval", "always")
HEADER_NAME, LOCK_NAME = "header", "lock"
DAY_NS = 86_400 * 1_000_000_000
WHAT_TO_DO = (
    "nothing was changed. Put the directory back from a copy, or move it away and let both sides begin at 1 "
    "(ResetSeqNumFlag=Y)"
)


class FileStore:
    """One session's directory; one process at a time. Raises ConfigError, SessionStoreDamaged and OSError."""

    def __init__(
        self, directory: str | Path, fsync: str = "off", *, interval_ms: int = 100, keep_days: int = 30
    ) -> None:
        if fsync not in FSYNC_POLICIES:
            raise ConfigError(f"fsync = {fsync!r}: one of {', '.join(FSYNC_POLICIES)}")
        self._directory = Path(directory)
        self._is_always = fsync == "always"
        self._interval_ns = interval_ms * 1_000_000 if fsync == "interval" else 0
        self._synced_ns = 0
        self._keep_days = keep_days
        self._is_dirty = False
        self._behind = DiskSync()
        self._places: dict[int, tuple[int, int]] = {}  # of messages to replay: where and how long
        self._directory.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self._directory)
        try:
            self._header, self._numbers = self._opened()
            self._log = os.open(self._log_path(self._numbers.log_number), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._recover()
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def next_out(self) -> int:
        return self._numbers.next_out

    @property
    def next_in(self) -> int:
        return self._numbers.next_in

    @property
    def created_ns(self) -> int:
        return self._numbers.created_ns

    @property
    def generation(self) -> int:
        return self._numbers.log_number

    def set_out(self, seq: int, data: bytes, is_replayed: bool, wall_ns: int = 0) -> None:
        log_number, _, next_in, end, created_ns = self._numbers
        if is_replayed:  # what never goes out again is counted by the header, and that is all anybody needs of it
            record = packed(REPLAYED, seq, wall_ns, data)
            self._append(record)
            end += len(record)
            self._places[seq] = end - len(data), len(data)
        self._change(Numbers(log_number, seq + 1, next_in, end, created_ns))

    def set_in(self, seq: int) -> None:
        log_number, next_out, _, log_end, created_ns = self._numbers
        self._change(Numbers(log_number, next_out, seq, log_end, created_ns))

    def set_next_out(self, seq: int) -> None:
        self._change(self._numbers._replace(next_out=seq))

    def get(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        for seq in range(begin, min(end, self.next_out - 1) + 1):
            if (place := self._places.get(seq)) is not None:
                yield seq, os.pread(self._log, place[1], place[0])

    def get_before(self, generation: int) -> Iterator[tuple[int, bytes]]:
        """As long as its log is kept; what is damaged in it ends it."""
        try:
            data = self._log_path(generation).read_bytes()
        except FileNotFoundError:
            return
        for record in records(data):
            if record.kind == REPLAYED:
                yield record.seq, data[record.message_at : record.message_at + record.message_bytes]

    def reset(self, wall_ns: int) -> None:
        """A new log first, then the header that names it: a crash between the two leaves the old numbers whole."""
        number = self._numbers.log_number + 1
        new = os.open(self._log_path(number), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o600)
        if self._is_always or self._interval_ns:
            os.fsync(new)
            _sync_names(self._directory)
        os.close(self._log)
        self._log = new
        self._places.clear()
        self._change(Numbers(number, 1, 1, 0, wall_ns))
        self._drop_old_logs(wall_ns)

    def on_timer(self, now_ns: int) -> None:
        """fsync="interval": make durable what is not, when it is time, in a thread: nobody waits for the disk."""
        try:
            self._behind.check()
        except OSError:
            self._is_dirty = True
            raise
        is_due = self._interval_ns and self._is_dirty and now_ns - self._synced_ns >= self._interval_ns
        if is_due and not self._behind.is_busy:
            self._synced_ns = now_ns
            self._is_dirty = False
            self._behind.begin(self._log, self._header.file)

    def close(self) -> None:
        if self._lock < 0:
            return
        try:
            self._behind.wait()
            if self._is_dirty:
                self._sync()
        finally:
            self._header.close()
            os.close(self._log)
            os.close(self._lock)
            self._log = self._lock = -1  # the numbers may soon be another file's

    def _append(self, record: bytes) -> None:
        """The record, whole or not at all: half of one would hide those behind it."""
        try:
            written = os.write(self._log, record)
        except OSError:
            os.ftruncate(self._log, self._numbers.log_end)
            raise
        if written != len(record):
            os.ftruncate(self._log, self._numbers.log_end)
            raise OSError(f"{self._log_path(self._numbers.log_number)}: no room for a message")
        if self._is_always:
            os.fdatasync(self._log)

    def _change(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._header.write(numbers)
        self._is_dirty = True
        if self._is_always:
            self._header.sync()
            self._is_dirty = False

    def _sync(self) -> None:
        os.fdatasync(self._log)
        self._header.sync()
        self._is_dirty = False

    def _log_path(self, number: int) -> Path:
        return self._directory / f"messages-{number:06d}.log"

    def _opened(self) -> tuple[HeaderPage, Numbers]:
        """The header; a directory with a log and no sound header is not a new one."""
        path = self._directory / HEADER_NAME
        has_log = any(self._directory.glob("messages-*.log"))
        if has_log and not path.exists():
            raise SessionStoreDamaged(f"{path} is missing; {WHAT_TO_DO}")
        header = HeaderPage(path)
        numbers = header.read()
        if numbers is None:
            if has_log:
                header.close()
                raise SessionStoreDamaged(f"{path}: neither copy of the header is sound; {WHAT_TO_DO}")
            numbers = FRESH
            header.write(numbers)
        return header, numbers

    def _recover(self) -> None:
        """Go through the log: index it, cut a torn end, go on behind its last record."""
        numbers = self._numbers
        path = self._log_path(numbers.log_number)
        data = path.read_bytes()
        end = 0
        next_out = numbers.next_out
        for record in records(data):
            end = record.end
            if end > numbers.log_end:
                next_out = max(next_out, record.seq + 1)
            if record.kind == REPLAYED:
                self._places[record.seq] = record.message_at, record.message_bytes
        if end < numbers.log_end:
            self._header.close()
            os.close(self._log)
            raise SessionStoreDamaged(
                f"{path}: damaged at byte {end}, before the log's end at {numbers.log_end}; {WHAT_TO_DO}"
            )
        if end < len(data):
            os.ftruncate(self._log, end)
        self._change(numbers._replace(next_out=next_out, log_end=end))

    def _drop_old_logs(self, wall_ns: int) -> None:
        for path in self._directory.glob("messages-*.log"):
            is_ours = path == self._log_path(self._numbers.log_number)
            if not is_ours and wall_ns - path.stat().st_mtime_ns > self._keep_days * DAY_NS:
                path.unlink()


def _locked(directory: Path) -> int:
    lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ConfigError(f"{directory}: another process keeps this FIX session") from None
    return lock


def _sync_names(directory: Path) -> None:
    names = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
