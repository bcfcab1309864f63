"""A simulated disk: what is written, and what would survive the power going, are two things.

The machine's `SimulatedDisk` outlives the processes on it; each life of the engine sees it through a `DiskHandle` that
dies with it. A killed process leaves the page cache whole. A power loss leaves what was synced, and of what was not any
sectors, torn as chance has it.
"""

from __future__ import annotations

import errno
import os
import random
from dataclasses import dataclass, field
from typing import Any

from tidings.errors import ConfigError

SECTOR_BYTES = 512  # written whole or not at all


@dataclass(slots=True)
class FileImage:
    """One file: its page cache, and what of it is on the platter."""

    cached: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)


class SimulatedDisk:
    """The files of one directory. `is_full` and `sync_failures` are what can go wrong."""

    def __init__(self, chance: random.Random) -> None:
        self.files: dict[str, FileImage] = {}
        self.durable_names: dict[str, FileImage] = {}
        self.boot_number = 1
        self.is_full = False
        self.sync_failures = 0  # so many of the next syncs fail
        self.sync_failed_count = 0
        self.refused_count = 0  # for want of space
        self.holder: DiskHandle | None = None
        self._chance = chance

    def holds(self, text: bytes) -> bool:
        """Whether some file holds `text`: written, if not durable."""
        return any(text in image.cached for image in self.files.values())

    def drop_process(self) -> None:
        """The process that held it died: its mappings are gone, what it stored stays."""
        if self.holder is not None:
            self.holder.is_dead = True
            self.holder = None
        for image in self.files.values():
            image.cached = bytearray(image.cached)  # the dead process may hold the old memory, and store into it

    def lose_power(self) -> None:
        """Everything that was not synced may be gone, or half gone; names may be the old ones."""
        self.drop_process()
        self.boot_number += 1
        names = self.durable_names if self._chance.random() < 0.5 else self.files
        kept: dict[str, FileImage] = {}
        for name, image in names.items():
            torn = self._torn(image)
            kept[name] = FileImage(bytearray(torn), torn)
        self.files, self.durable_names = kept, dict(kept)

    def _torn(self, image: FileImage) -> bytearray:
        """What the platter shows: each sector as it was synced, or as it is now."""
        old, new = image.durable, image.cached
        length = self._chance.choice((len(old), len(new)))
        result = bytearray(length)
        result[: min(length, len(old))] = old[:length]
        for start in range(0, min(length, len(new)), SECTOR_BYTES):
            sector = new[start : start + SECTOR_BYTES]
            if sector != result[start : start + SECTOR_BYTES] and self._chance.random() < 0.5:
                result[start : start + len(sector)] = sector
        del result[length:]
        return result


class DiskHandle:
    """One process's view: `tidings.journal.disk.Disk`. After the process's death it does nothing any more."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self.is_dead = False
        self._disk = disk

    @property
    def where(self) -> str:
        return "the simulated disk"

    @property
    def boot_id(self) -> str:
        return f"boot {self._disk.boot_number}"

    def lock(self) -> None:
        if self._disk.holder not in (None, self):
            raise ConfigError(f"journal {self.where} is in use by another engine")
        self._disk.holder = self

    def unlock(self) -> None:
        if self._disk.holder is self:
            self._disk.holder = None

    def names(self) -> list[str]:
        return sorted(self._files())

    def read(self, name: str) -> bytes:
        return bytes(self._file(name).cached)

    def write(self, name: str, content: bytes) -> None:
        self._need_space()
        self._files()[name] = FileImage(bytearray(content))

    def sync(self, name: str) -> None:
        self.sync_image(self._file(name))

    def sync_names(self) -> None:
        self._may_fail()
        self._disk.durable_names = dict(self._files())

    def rename(self, name: str, new_name: str) -> None:
        self._file(name)
        files = self._files()
        files[new_name] = files.pop(name)

    def truncate(self, name: str, size_bytes: int) -> None:
        del self._file(name).cached[size_bytes:]

    def remove(self, name: str) -> None:
        self._files().pop(name, None)

    def map_segment(self, name: str, size_bytes: int) -> MappedSegment:
        self._need_space()
        if name in self._files():
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        image = self._files()[name] = FileImage(bytearray(size_bytes))
        return MappedSegment(self, image)

    def remove_all(self, *, last: str) -> None:
        self._files().clear()
        self._disk.durable_names.clear()

    def sync_image(self, image: FileImage, used_bytes: int | None = None) -> None:
        """Make a file's first `used_bytes` durable, all of it by default."""
        self._may_fail()
        if used_bytes is None:
            image.durable = bytearray(image.cached)
        else:
            if len(image.durable) != len(image.cached):
                image.durable = bytearray(len(image.cached))
            image.durable[:used_bytes] = image.cached[:used_bytes]

    def _files(self) -> dict[str, FileImage]:
        if self.is_dead:
            raise OSError(errno.EIO, "the process is dead")
        return self._disk.files

    def _file(self, name: str) -> FileImage:
        image = self._files().get(name)
        if image is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return image

    def _need_space(self) -> None:
        self._files()
        if self._disk.is_full:
            self._disk.refused_count += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _may_fail(self) -> None:
        self._files()
        if self._disk.sync_failures:
            self._disk.sync_failures -= 1
            self._disk.sync_failed_count += 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class MappedSegment:
    """`tidings.journal.disk.SegmentMemory`."""

    def __init__(self, handle: DiskHandle, image: FileImage) -> None:
        self._handle, self._image = handle, image
        self.buffer: Any = image.cached

    def sync(self, used_bytes: int) -> None:
        self._handle.sync_image(self._image, used_bytes)

    def close(self, *, is_durable: bool) -> None:
        """Nothing to let go of."""
