"""A journal's directory on the machine's file system.

A segment is two files. The engine stores into the mapped pages of one (`.hot`), and nobody ever syncs it: it is there
for the process's own death, which the page cache survives. `sync` copies what is new into the other and makes that
durable. With one file for both, each sync would leave the page in work write-protected, and the next order would
wait for the file system to give it back (60 µs instead of 0.1; measured on ext4, a virtual machine).

The hot file's name holds the machine's boot id: pages of an earlier boot are what a power loss left, and are thrown
away. Where the machine tells no boot id, the one file is mapped.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import sys
from contextlib import suppress
from pathlib import Path

from tidings.errors import ConfigError
from tidings.journal.disk import NEW_SUFFIX

LOCK_NAME = "lock"
HOT_SUFFIX = ".hot"
ZEROS = bytes(1 << 20)
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


class LiveDisk:
    """See journal/disk for what each call promises."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock_fd = -1
        try:
            self.boot_id = BOOT_ID_FILE.read_text().strip()
        except OSError:
            self.boot_id = ""

    @property
    def where(self) -> str:
        return str(self._directory)

    def lock(self) -> None:
        path = self._directory / LOCK_NAME
        try:
            make_directory(self._directory)
            self._lock_fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino != os.fstat(self._lock_fd).st_ino:
                raise BlockingIOError  # its holder has just removed it all: what we hold is not what others open
            os.ftruncate(self._lock_fd, 0)
            os.pwrite(self._lock_fd, f"{os.getpid()}\n".encode(), 0)
            self._take_in_hot_files()
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

    def unlock(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)  # the lock file stays: to remove it would let two engines lock two files
            self._lock_fd = -1

    def names(self) -> list[str]:
        return sorted(name for name in self._all_names() if name != LOCK_NAME and not name.endswith(HOT_SUFFIX))

    def read(self, name: str) -> bytes:
        hot = self._hot_path(name)  # newer, where there is one
        return (hot if self.boot_id and hot.exists() else self._directory / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        descriptor = os.open(self._directory / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)

    def sync(self, name: str) -> None:
        sync_path(self._directory / name)

    def sync_names(self) -> None:
        sync_path(self._directory)

    def rename(self, name: str, new_name: str) -> None:
        (self._directory / name).rename(self._directory / new_name)

    def truncate(self, name: str, size_bytes: int) -> None:
        os.truncate(self._directory / name, size_bytes)

    def remove(self, name: str) -> None:
        (self._directory / name).unlink(missing_ok=True)
        self._hot_path(name).unlink(missing_ok=True)

    def map_segment(self, name: str, size_bytes: int) -> LiveSegment:
        return LiveSegment(self._directory / name, self._hot_path(name) if self.boot_id else None, size_bytes)

    def remove_all(self, *, last: str) -> None:
        for name in sorted(self._all_names(), key=lambda name: (name == LOCK_NAME, name == last)):
            (self._directory / name).unlink(missing_ok=True)
        with suppress(OSError):  # somebody else has put something in
            self._directory.rmdir()

    def _all_names(self) -> list[str]:
        return [entry.name for entry in os.scandir(self._directory)]

    def _hot_path(self, name: str) -> Path:
        """A half-made segment's has the whole one's name already, so that a rename need not do two things at once."""
        return self._directory / f"{name.removesuffix(NEW_SUFFIX)}.{self.boot_id}{HOT_SUFFIX}"

    def _take_in_hot_files(self) -> None:
        """What an engine left that was killed: make it durable. Can be done again if this is killed too."""
        for hot_name in self._all_names():
            name, _, rest = hot_name.removesuffix(HOT_SUFFIX).rpartition(".")
            if not hot_name.endswith(HOT_SUFFIX):
                continue
            path, hot = self._directory / name, self._directory / hot_name
            if rest == self.boot_id and path.exists():
                with path.open("r+b") as file:
                    file.write(hot.read_bytes().rstrip(b"\0"))  # zeros are in it already
                sync_path(path)
            hot.unlink()


class LiveSegment:
    """One segment: `buffer` is what is stored into, the file at `path` what is durable."""

    def __init__(self, path: Path, hot_path: Path | None, size_bytes: int) -> None:
        self._hot_path = hot_path
        self._synced_bytes = 0
        self._fd = _reserve(path, size_bytes)
        try:
            mapped_fd = _reserve(hot_path, size_bytes) if hot_path else os.dup(self._fd)
            try:
                self.buffer = mmap.mmap(mapped_fd, size_bytes)
            finally:
                os.close(mapped_fd)
        except BaseException:
            os.close(self._fd)
            for made in (path, hot_path):
                if made is not None:
                    made.unlink(missing_ok=True)
            raise

    def sync(self, used_bytes: int) -> None:
        if self._hot_path is not None:
            with memoryview(self.buffer) as view:
                _write_all(self._fd, view[self._synced_bytes : used_bytes], self._synced_bytes)
        sync_descriptor(self._fd)  # on Linux also what was stored through a mapping: the two share their pages
        self._synced_bytes = used_bytes

    def close(self, *, is_durable: bool) -> None:
        if self._fd >= 0:
            self.buffer.close()
            os.close(self._fd)
            self._fd = -1
            if is_durable and self._hot_path is not None:
                self._hot_path.unlink(missing_ok=True)


def _reserve(path: Path, size_bytes: int) -> int:
    """A new file of zeros, open. Written, too: reserved blocks alone would be set up at the first store into each."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, size_bytes)
        for at_bytes in range(0, size_bytes, len(ZEROS)):
            _write_all(fd, memoryview(ZEROS)[: size_bytes - at_bytes], at_bytes)
        sync_descriptor(fd)
    except BaseException:
        os.close(fd)
        path.unlink(missing_ok=True)
        raise
    return fd


def _write_all(fd: int, content: memoryview, at_bytes: int) -> None:
    while content:
        written = os.pwrite(fd, content, at_bytes)
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        content, at_bytes = content[written:], at_bytes + written


def make_directory(path: Path) -> None:
    """Make it if need be, for its owner only, and its parents, each durable in the one above. Raises OSError."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    for made in reversed(missing):
        sync_path(made.parent)


def sync_path(path: Path) -> None:
    """Make a file's content durable, or a directory's names. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync_descriptor(fd)
    finally:
        os.close(fd)


def sync_descriptor(fd: int) -> None:
    """Make what was written to an open file durable. Raises OSError."""
    if sys.platform == "darwin":
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # its fsync stops at the drive's own cache
    else:
        os.fdatasync(fd)
