"""Whether the engine's process lives. Its end wakes us at once, in one of three ways, quickest first:

lifeline   a lock it holds is freed as soon as its thread dies, before the kernel frees its memory
pidfd      readable once all is freed: 100 ms later for every gigabyte (Linux 5.3)
a look     with every tick, where the system has neither
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress

from tidings.app.lifeline.process_identity import ProcessIdentity
from tidings.engine.lifeline import Lifeline

LOOK_STEP_S = 0.0005  # all threads of a killed process die, but not in the same instant
LOOKS = 40


class EngineProcess:
    """One process by its identity; `on_death()` is called once, from the loop. Close it."""

    def __init__(self, identity: ProcessIdentity, lifeline: Lifeline, on_death: Callable[[], object]) -> None:
        self.identity = identity
        self.is_dead = False
        self._on_death = on_death
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._descriptor = _pidfd(identity.pid)
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._ended)
        # Only now: a pid used again before the descriptor was open is found out by the start of its process.
        self.is_dead = not identity.is_alive()
        if not self.is_dead and lifeline.is_held:
            threading.Thread(target=self._wait, args=(lifeline,), name="tidings-lifeline", daemon=True).start()

    def look(self) -> bool:
        """Whether it is dead by now; costs a system call where the kernel does not tell by itself."""
        if not self.is_dead and self._descriptor is None:
            self.is_dead = not self.identity.is_alive()
        return self.is_dead

    def close(self) -> None:
        self._is_closed = True
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _wait(self, lifeline: Lifeline) -> None:
        """In a thread of its own, which ends with the engine. A lock that was let go of is no death."""
        if lifeline.wait():
            with suppress(RuntimeError):  # the loop is closed: nobody wants to know
                self._loop.call_soon_threadsafe(self._look_closely, LOOKS)

    def _look_closely(self, looks_left: int) -> None:
        """The lock only wakes: believe the system. If the process lives on, without its loop, its beat will miss."""
        if self._is_closed or self.is_dead:
            return
        if not self.identity.is_alive():
            self._ended()
        elif looks_left:
            self._loop.call_later(LOOK_STEP_S, self._look_closely, looks_left - 1)

    def _ended(self) -> None:
        if not self.is_dead:
            self.is_dead = True
            self.close()
            self._on_death()


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, an old kernel, another namespace, or no such process any more
        return None
