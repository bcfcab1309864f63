"""Whether the engine's process lives. Its end wakes us at once where the kernel can tell (pidfd, Linux 5.3); elsewhere
it is looked at with every tick.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from tidings.app.process_identity import ProcessIdentity


class EngineProcess:
    """One process by its identity; `on_death()` is called once, from the loop. Close it."""

    def __init__(self, identity: ProcessIdentity, on_death: Callable[[], object]) -> None:
        self.identity = identity
        self.is_dead = False
        self._on_death = on_death
        self._descriptor = _pidfd(identity.pid)
        if self._descriptor is not None:
            asyncio.get_running_loop().add_reader(self._descriptor, self._ended)
        # Only now: a pid used again before the descriptor was open is found out by the start of its process.
        self.is_dead = not identity.is_alive()

    def look(self) -> bool:
        """Whether it is dead by now; costs a system call where the kernel does not tell by itself."""
        if not self.is_dead and self._descriptor is None:
            self.is_dead = not self.identity.is_alive()
        return self.is_dead

    def close(self) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _ended(self) -> None:
        self.is_dead = True
        self.close()
        self._on_death()


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, an old kernel, another namespace, or no such process any more
        return None
