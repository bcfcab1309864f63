"""Which process a pid means. Pids are used again; with its start, and the machine's run, a process is told for good."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

# Of /proc/PID/stat, counted from behind the name (proc(5), fields 3, 9 and 22).
_STATE_FIELD, _FLAGS_FIELD, _START_FIELD = 0, 6, 19
_PF_EXITING = 4  # it runs no code of its own any more (linux/sched.h)


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """`start_ticks` and `boot` are 0 where the system does not tell (it is not Linux); they are not compared then."""

    pid: int
    start_ticks: int
    boot: int

    @classmethod
    def own(cls) -> ProcessIdentity:
        pid = os.getpid()
        return cls(pid, start_ticks(pid), this_boot())

    def is_alive(self) -> bool:
        """Whether this very process still runs. A zombie does not: nothing of it acts any more."""
        if self.pid <= 0 or (self.boot and self.boot != this_boot()):
            return False
        if self.start_ticks:
            return start_ticks(self.pid) == self.start_ticks
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it lives, as somebody else
            return True
        return True


def start_ticks(pid: int) -> int:
    """When a process was started, in ticks since boot; 0 if there is none, it is ending or ended, or not Linux."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    fields = stat[stat.rfind(")") + 2 :].split()  # the name before it may hold anything, blanks and brackets too
    if len(fields) <= _START_FIELD or fields[_STATE_FIELD] in "ZX" or int(fields[_FLAGS_FIELD]) & _PF_EXITING:
        return 0
    return int(fields[_START_FIELD])


def this_boot() -> int:
    """A number for this run of the machine; 0 where the system does not tell."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        return 0
    return int.from_bytes(hashlib.sha256(text).digest()[:7], "little")
