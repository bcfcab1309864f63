"""The file that an engine and its watchdog map: where it lies, and that nobody else can write it."""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
from contextlib import suppress
from pathlib import Path

from tidings.app.state_directory import state_directory
from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.errors import ConfigError

try:
    import fcntl
except ImportError:  # not a Unix: two engines on one file are not found out
    fcntl = None  # type: ignore[assignment]


def heartbeat_path(authority: str, api_key: str) -> Path:
    """The file of one account at one venue, where both sides look unless told otherwise.

    Same venue and key, same file. The key's id shows only as a digest.
    """
    readable = "".join(char if char.isascii() and (char.isalnum() or char in ".-") else "_" for char in authority)
    digest = hashlib.sha256(f"{authority}\n{api_key}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return state_directory() / f"{readable[:80]}-{digest}.heartbeat"


class HeartbeatFile:
    """An open, mapped heartbeat file. Made if it is not there; for its owner's eyes only, or it is refused."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError."""
        self.path = path
        self._descriptor = _open(path)
        try:
            self.inode = _check(self._descriptor, path)
            self.page = HeartbeatPage(mmap.mmap(self._descriptor, HeartbeatPage.BYTES))
        except BaseException:
            os.close(self._descriptor)
            raise

    def lock(self) -> bool:
        """Become its only engine, until closed or dead. False: another engine is."""
        if fcntl is None:
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def is_in_place(self) -> bool:
        """Whether its path still leads to it."""
        try:
            return self.path.stat().st_ino == self.inode
        except OSError:
            return False

    def close(self) -> None:
        """Give up the lock; the memory stays mapped as long as somebody holds the page."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        with suppress(OSError):
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # the mapping holds a descriptor of its own
            os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"heartbeat file {path} cannot be opened: {error.strerror}") from None


def _check(descriptor: int, path: Path) -> int:
    """Its inode, once it is known to be ours alone and of the right size."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ConfigError(f"heartbeat file {path} must be a file of yours with mode 0600: remove it")
    if found.st_size == 0:
        os.ftruncate(descriptor, HeartbeatPage.BYTES)
    elif found.st_size != HeartbeatPage.BYTES:
        raise ConfigError(f"heartbeat file {path} has {found.st_size} bytes, not {HeartbeatPage.BYTES}: remove it")
    return found.st_ino
