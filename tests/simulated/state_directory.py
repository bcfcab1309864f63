"""The state directory of a simulated machine: the kill latch, which outlives processes and power, and who writes it."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.simulated.loop import Timeline
from tidings.app.kill.kill_latch import KillLatch, Latched
from tidings.errors import UsageError

if TYPE_CHECKING:
    from tests.simulated.disk import SimulatedDisk

MS_NS = 1_000_000
WRITES_TAKE_NS = (0, 0, 3 * MS_NS, 40 * MS_NS)  # the engine's thread, until the latch is durable


class StateDirectory:
    """One machine's. `latched` and `kill_file` are the two files a kill may lie in."""

    def __init__(self, timeline: Timeline, disk: SimulatedDisk, seed: int) -> None:
        self.timeline, self.disk = timeline, disk
        self.latched: Latched | None = None
        self.kill_file = False
        self.refused_count = 0  # latches that found no space
        self.on_set: Callable[[], object] = lambda: None
        self.write_takes_ns = random.Random(seed ^ 3).choice(WRITES_TAKE_NS)
        self.set_ns = -1  # since when there is one of the two

    @property
    def is_set(self) -> bool:
        return self.latched is not None or self.kill_file

    def put(self, latched: Latched | None) -> None:
        """A latch is there from now on; None: the file that kills every engine of the user."""
        if not self.is_set:
            self.set_ns = self.timeline.now_ns
        if latched is None:
            self.kill_file = True
        else:
            self.latched = latched
        self.on_set()

    def clear(self) -> None:
        """Somebody removes both by hand (`rm`, `tidings rearm`)."""
        self.latched, self.kill_file = None, False


class SimulatedLatch(KillLatch):
    """One engine's view of it. `is_alive`: whether its process still runs; its threads die with it."""

    def __init__(self, directory: StateDirectory, is_alive: Callable[[], bool]) -> None:
        super().__init__(Path("simulated.kill"))
        self.made_ns = directory.timeline.now_ns  # the engine looks at it later than this
        self._directory, self._is_alive = directory, is_alive

    def is_set(self) -> bool:
        return self._directory.is_set

    def read(self) -> Latched | None:
        directory = self._directory
        if directory.latched is None and directory.kill_file:
            return Latched(reason="KILL is there", source="file")
        return directory.latched

    def write(self, latched: Latched, epoch: int | None = None) -> None:
        """As the engine's thread does, which takes a while; a process that dies first has written nothing."""
        if self._directory.disk.is_full:
            self._directory.refused_count += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._directory.write_takes_ns:
            self._directory.timeline.after(self._directory.write_takes_ns, self._land, latched, epoch)
        else:
            self._land(latched, epoch)

    def _land(self, latched: Latched, epoch: int | None) -> None:
        if self._is_alive() and epoch in (None, self.epoch):
            self._directory.put(latched)

    def remove(self, reason: str) -> Latched | None:
        if not reason.strip():
            raise UsageError("re-arming needs a reason")
        if self._directory.kill_file:
            raise UsageError("KILL kills every engine of this user: remove it first")
        latched, self._directory.latched = self._directory.latched, None
        self.epoch += 1
        return latched
