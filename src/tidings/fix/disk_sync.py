"""Making files durable behind everybody's back: a disk may take as long as it likes, and nobody who trades waits."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor

_threads = ThreadPoolExecutor(4, "fix-sync")


class DiskSync:
    """One owner's: at most one is under way. Files are synced in the order given, under descriptors of their own."""

    def __init__(self) -> None:
        self._work: Future[None] | None = None

    @property
    def is_busy(self) -> bool:
        return self._work is not None and not self._work.done()

    def begin(self, *files: int) -> None:
        """Start; call `check` later. The files may be closed meanwhile."""
        self._work = _threads.submit(_sync, [os.dup(file) for file in files])

    def check(self) -> None:
        """Raises the OSError that the last one ended with: what should be durable is not."""
        if self._work is not None and self._work.done():
            work, self._work = self._work, None
            work.result()

    def wait(self) -> None:
        """Until none is under way. Raises OSError."""
        if self._work is not None:
            work, self._work = self._work, None
            work.result()


def _sync(files: list[int]) -> None:
    try:
        for file in files:
            os.fdatasync(file)
    finally:
        for file in files:
            os.close(file)
