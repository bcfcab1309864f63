"""What the journal needs of a disk: few calls, each of which may fail, so that a simulated disk can stand in for it.

Three things are kept apart that a file system keeps apart: what is written (it survives the process), what a file's
`sync` has made durable (it survives the machine), and which names are durable (`sync_names`). Whoever writes a file
whole therefore writes it under another name, syncs it, renames it and syncs the names; `replace_whole` does that.

Segments are mapped: the engine stores into their memory, which is a file's page cache, so that no system call lies
between the decision and the wire. Their space is reserved before they are mapped: a store into a hole of a full disk
would be a SIGBUS. journal/live_disk is the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

NEW_SUFFIX = ".new"  # half-made: whatever bears it when an engine starts is thrown away


class SegmentMemory(Protocol):
    """One file, mapped and of fixed size."""

    @property
    def buffer(self) -> Any:
        """Its bytes, writable, as long as it is open."""

    def sync(self, used_bytes: int) -> None:
        """Make its first `used_bytes` durable. Raises OSError; then nothing is known of any of it."""

    def close(self, *, is_durable: bool) -> None:
        """Let go of it; nobody may hold a view of `buffer` any more. `is_durable`: all in it has been synced."""


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

    def remove_all(self, *, last: str) -> None:
        """The directory and all in it, while the lock is held; the file `last` behind all others."""


MakeDisk = Callable[[Path], Disk]


def replace_whole(disk: Disk, name: str, content: bytes) -> None:
    """Write a file so that whenever the power goes, the old or the new one is there, whole."""
    disk.write(name + NEW_SUFFIX, content)
    disk.sync(name + NEW_SUFFIX)
    disk.rename(name + NEW_SUFFIX, name)
    disk.sync_names()
