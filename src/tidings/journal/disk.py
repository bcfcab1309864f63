"""What the journal needs of a disk: few calls, each of which may fail, so that a simulated disk can stand in for it.

Three things are kept apart that a file system keeps apart: what is written (it survives the process), what a file's
`sync` has made durable (it survives the machine), and which names are durable (`sync_names`). Whoever writes a file
whole therefore writes it under another name, syncs it, renames it and syncs the names; `replace_whole` does that.

Segments are mapped: the engine stores into their memory, which is a file's page cache, so that no system call lies
between the decision and the wire. Their space is reserved before they are mapped: a store into a hole of a full disk
would be a SIGBUS.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from tidings.errors import ConfigError

LOCK_NAME = "lock"
NEW_SUFFIX = ".new"  # half-made: whatever bears it when an engine starts is thrown away
PAGE_BYTES = mmap.PAGESIZE
_BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


class SegmentMemory(Protocol):
    """One file, mapped and of fixed size."""

    @property
    def buffer(self) -> Any:
        """Its bytes, writable, as long as it is open."""

    def sync(self) -> None:
        """Make durable all that was stored before the call. Raises OSError; then nothing is known of any of it."""

    def close(self) -> None:
        """Let go of the memory; nobody may hold a view of `buffer` any more."""


class Disk(Protocol):
    """One journal's directory. Every call but `lock` raises OSError when the disk fails."""

    @property
    def where(self) -> str:
        """The directory, for people."""

    @property
    def boot_id(self) -> str:
        """Changes when the machine starts anew: only then can what was written and not synced be lost. "": unknown."""

    def lock(self) -> None:
        """Make the directory if need be, and keep other engines out until `unlock`. Raises ConfigError if one is in."""

    def unlock(self) -> None:
        """Let others in."""

    def names(self) -> list[str]:
        """All files, sorted; the lock is none."""

    def read(self, name: str) -> bytes:
        """A whole file. Raises FileNotFoundError."""

    def write(self, name: str, content: bytes) -> None:
        """A whole file, new or anew; not durable yet."""

    def sync(self, name: str) -> None:
        """Make a file's content durable."""

    def sync_names(self) -> None:
        """Make durable which names there are."""

    def rename(self, name: str, new_name: str) -> None:
        """Atomic; replaces what is there."""

    def truncate(self, name: str, size_bytes: int) -> None:
        """Cut a file's end off."""

    def remove(self, name: str) -> None:
        """Of a file that is not there: nothing."""

    def map_segment(self, name: str, size_bytes: int) -> SegmentMemory:
        """A new file of zeros, its space reserved. Raises OSError (ENOSPC: another try may go well)."""

    def remove_all(self) -> None:
        """The directory and all in it, while the lock is held."""


MakeDisk = Callable[[Path], Disk]


def replace_whole(disk: Disk, name: str, content: bytes) -> None:
    """Write a file so that whenever the power goes, the old or the new one is there, whole."""
    disk.write(name + NEW_SUFFIX, content)
    disk.sync(name + NEW_SUFFIX)
    disk.rename(name + NEW_SUFFIX, name)
    disk.sync_names()


class LiveDisk:
    """A directory of the machine's file system."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock_fd = -1

    @property
    def where(self) -> str:
        return str(self._directory)

    @property
    def boot_id(self) -> str:
        try:
            return _BOOT_ID_FILE.read_text().strip()
        except OSError:
            return ""

    def lock(self) -> None:
        path = self._directory / LOCK_NAME
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock_fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino != os.fstat(self._lock_fd).st_ino:
                raise BlockingIOError  # its holder has just removed it all: what we hold is not what others open
        except BlockingIOError:
            holder = os.pread(self._lock_fd, 20, 0).decode("ascii", "replace").strip()
            self.unlock()
            raise ConfigError(
                f"journal {self.where} is in use by another engine (process {holder or 'unknown'}): two engines on one"
                " key would not know each other's orders. End that one first, or give this one a key of its own."
            ) from None
        except OSError as error:
            self.unlock()
            raise ConfigError(
                f"journal directory {self.where} cannot be used ({error.strerror}): set journal_dir to one that can"
            ) from None
        os.ftruncate(self._lock_fd, 0)
        os.pwrite(self._lock_fd, f"{os.getpid()}\n".encode(), 0)

    def unlock(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)  # the lock file stays: to remove it would let two engines lock two files
            self._lock_fd = -1

    def names(self) -> list[str]:
        return sorted(entry.name for entry in os.scandir(self._directory) if entry.name != LOCK_NAME)

    def read(self, name: str) -> bytes:
        return (self._directory / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        descriptor = os.open(self._directory / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)

    def sync(self, name: str) -> None:
        _sync_path(self._directory / name)

    def sync_names(self) -> None:
        _sync_path(self._directory)

    def rename(self, name: str, new_name: str) -> None:
        (self._directory / name).rename(self._directory / new_name)

    def truncate(self, name: str, size_bytes: int) -> None:
        os.truncate(self._directory / name, size_bytes)

    def remove(self, name: str) -> None:
        (self._directory / name).unlink(missing_ok=True)

    def map_segment(self, name: str, size_bytes: int) -> LiveSegment:
        return LiveSegment(self._directory / name, size_bytes)

    def remove_all(self) -> None:
        for name in self.names():
            self.remove(name)
        with suppress(FileNotFoundError):
            (self._directory / LOCK_NAME).unlink()
        with suppress(OSError):  # somebody else has put something in
            self._directory.rmdir()


class LiveSegment:
    """A mapped file. Its pages are brought in ahead, so that the first store into each does not wait for the disk."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _reserve(self._fd, size_bytes)
            self.buffer = mmap.mmap(self._fd, size_bytes)
        except BaseException:
            os.close(self._fd)
            path.unlink(missing_ok=True)
            raise

    def sync(self) -> None:
        _sync_fd(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            self.buffer.close()
            os.close(self._fd)
            self._fd = -1


def _reserve(fd: int, size_bytes: int) -> None:
    """Take the space, then write zeros into it: reserved blocks alone would be set up at the first store of each."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size_bytes)
    zeros, at_bytes = bytes(256 * PAGE_BYTES), 0
    while at_bytes < size_bytes:
        written = os.pwrite(fd, zeros[: size_bytes - at_bytes], at_bytes)
        if written == 0:
            raise OSError(errno.ENOSPC, "no space left for a journal segment")
        at_bytes += written


def _sync_path(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _sync_fd(fd)
    finally:
        os.close(fd)


def _sync_fd(fd: int) -> None:
    """Also takes in what was stored through a mapping: on Linux the two share their pages."""
    if sys.platform == "darwin":
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # its fsync stops at the drive's own cache
    else:
        os.fdatasync(fd)
