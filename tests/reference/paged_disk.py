"""A disk in memory that keeps apart what is written and what is durable, and fails where it is told to.

For tests of the journal: `crash(chance)` is a power loss, after which of every page that was not synced either the old
or the new content is there, as chance has it; `killed()` is what a killed process leaves.
"""

from __future__ import annotations

import errno
import os
import random

from tidings.errors import ConfigError

PAGE_BYTES = 512


class PagedSegment:
    def __init__(self, disk: PagedDisk, name: str, buffer: bytearray) -> None:
        self._disk, self._name, self.buffer = disk, name, buffer
        self.is_closed = False

    def sync(self, used_bytes: int) -> None:
        self._disk.called("segment.sync")
        self._disk.make_durable(self.buffer)

    def close(self, *, is_durable: bool) -> None:
        self.is_closed = True
        self._disk.open_count -= 1


class PagedDisk:
    """Files by name; each is one bytearray, whose durable copy is kept beside."""

    where = "journal"

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.durable_names: dict[str, bytearray] = {}
        self.durable: dict[int, bytes] = {}  # by id() of a file's bytearray
        self.boot_id = "boot-1"
        self.is_locked = False
        self.calls: list[str] = []
        self.failing: dict[str, int] = {}  # call → errno, until taken out
        self.fail_at: tuple[int, int] | None = None  # (number of the call from 1, errno)
        self.open_count = 0
        self.space_bytes = 1 << 30

    def called(self, name: str) -> None:
        self.calls.append(name)
        number = self.failing.get(name, 0)
        if self.fail_at is not None and len(self.calls) == self.fail_at[0]:
            number = self.fail_at[1]
        if number:
            raise OSError(number, os.strerror(number))

    def make_durable(self, content: bytearray) -> None:
        self.durable[id(content)] = bytes(content)

    # ---- The port ------------------------------------------------------------------------------------------------

    def lock(self) -> None:
        if self.is_locked:
            raise ConfigError("journal in use")
        self.is_locked = True

    def unlock(self) -> None:
        self.is_locked = False

    def names(self) -> list[str]:
        self.called("names")
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        self.called("read")
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, "no such file", name)
        return bytes(self.files[name])

    def write(self, name: str, content: bytes) -> None:
        self.called("write")
        self.files[name] = bytearray(content)

    def sync(self, name: str) -> None:
        self.called("sync")
        self.make_durable(self.files[name])

    def sync_names(self) -> None:
        self.called("sync_names")
        self.durable_names = dict(self.files)

    def rename(self, name: str, new_name: str) -> None:
        self.called("rename")
        self.files[new_name] = self.files.pop(name)

    def truncate(self, name: str, size_bytes: int) -> None:
        self.called("truncate")
        del self.files[name][size_bytes:]

    def remove(self, name: str) -> None:
        self.called("remove")
        self.files.pop(name, None)

    def map_segment(self, name: str, size_bytes: int) -> PagedSegment:
        self.called("map_segment")
        if sum(map(len, self.files.values())) + size_bytes > self.space_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.files[name] = bytearray(size_bytes)
        self.open_count += 1
        return PagedSegment(self, name, self.files[name])

    def remove_all(self, *, last: str) -> None:
        self.called("remove_all")
        self.files.clear()

    # ---- Faults --------------------------------------------------------------------------------------------------

    def killed(self) -> PagedDisk:
        """What the next process finds when this one is killed now."""
        left = PagedDisk()
        for name, content in self.files.items():
            left.files[name] = bytearray(content)
            left.durable[id(left.files[name])] = self.durable.get(id(content), b"")
        left.durable_names = dict(left.files)
        left.boot_id = self.boot_id
        return left

    def crash(self, chance: random.Random) -> PagedDisk:
        """What the next start of the machine finds when the power goes now."""
        left = PagedDisk()
        left.boot_id = f"{self.boot_id}+"
        names = self.files if chance.random() < 0.5 else self.durable_names
        for name, content in names.items():
            old = self.durable.get(id(content), b"").ljust(len(content), b"\0")[: len(content)]
            pages = range(0, len(content), PAGE_BYTES)
            left.files[name] = bytearray(
                b"".join((old if chance.random() < 0.5 else content)[at : at + PAGE_BYTES] for at in pages)
            )
        for content in left.files.values():
            left.make_durable(content)
        left.durable_names = dict(left.files)
        return left
