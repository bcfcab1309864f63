"""The system calls of a traced life, and which of them to die at.

A boundary is the moment before a call: strace kills the thread that enters it, and the call is not made. What happened
since the call before lies in memory, in mapped pages, or in the kernel already.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAIN, JOURNAL = "main", "journal"  # threads
# Calls that change what outlives the process: files, and what the other side has.
OUTLIVING = frozenset({
    *("write", "pwrite64", "msync", "fdatasync", "fsync", "fallocate", "ftruncate", "rename", "unlink", "openat"),
    *("close", "mmap", "munmap", "mkdir", "flock", "sendto", "sendmsg", "recvfrom", "recvmsg", "connect", "socket"),
})  # fmt: skip
OUTLIVING_SHARE = 0.8
GATE = ("pselect6", "select")  # the scenario's own waiting
_CALL = re.compile(r"(?:\d+ +)?(\w+)\(")


@dataclass(frozen=True, slots=True)
class Boundary:
    """Before the nth call of this name by this thread, counted from when the tracer came."""

    thread: str
    call: str
    nth: int

    def __str__(self) -> str:
        return f"{self.thread} thread, {self.call} number {self.nth}"


def calls_in(log: str) -> list[tuple[str, str]]:
    """(name, line) of each call in strace's log, in order."""
    return [(found[1], line) for line in log.splitlines() if (found := _CALL.match(line))]


def boundaries_in(log: str, thread: str, journal: Path | None = None) -> list[Boundary]:
    """Every boundary of a thread's log; with `journal`, from the first call that names that directory."""
    counts: Counter[str] = Counter()
    found: list[Boundary] = []
    has_begun = journal is None
    for name, line in calls_in(log):
        counts[name] += 1
        has_begun = has_begun or str(journal) in line
        if has_begun and name not in GATE:
            found.append(Boundary(thread, name, counts[name]))
    return found


def in_turn(boundaries: Sequence[Boundary], chance: random.Random) -> list[Boundary]:
    """All of them in an order of chance, in which calls that outlive the process come mostly first."""
    outliving = [boundary for boundary in boundaries if boundary.call in OUTLIVING]
    others = [boundary for boundary in boundaries if boundary.call not in OUTLIVING]
    chance.shuffle(outliving)
    chance.shuffle(others)
    ordered: list[Boundary] = []
    while outliving and others:
        ordered.append((outliving if chance.random() < OUTLIVING_SHARE else others).pop())
    return ordered + outliving + others
