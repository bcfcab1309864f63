"""An engine as a child process: forked warm, heard through a pipe, let loose by a byte, ended by SIGKILL."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.killed.life import Assignment, live


@dataclass(slots=True)
class Life:
    """A child process and when it is to die; None: not before it has been checked."""

    pid: int
    report_fd: int
    go_fd: int
    born_s: float
    chance: random.Random
    kill_at_s: float | None = None
    is_checked: bool = False
    view: dict[str, Any] | None = None  # what it said last
    _heard: bytes = b""

    def hear(self) -> None:
        """Take in what it has said; its end is no word."""
        with contextlib.suppress(BlockingIOError):
            self._heard += os.read(self.report_fd, 1 << 20)

    def take_view(self) -> bool:
        """Whether it has said anew what it believes: then that is `view`."""
        lines, newline, self._heard = self._heard.rpartition(b"\n")
        if newline:
            self.view = json.loads(lines.rpartition(b"\n")[2])
        return bool(newline)

    def trade_until(self, kill_at_s: float) -> None:
        """It is as it should be: let it trade until its end."""
        self.is_checked, self.kill_at_s = True, kill_at_s
        os.write(self.go_fd, b"g")

    def has_ended(self) -> bool:
        """Whether it is gone without having been killed."""
        return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.report_fd)
        os.close(self.go_fd)


def begin(assignment: Assignment, log: Path, chance: random.Random) -> Life:
    """Fork a child that lives by `assignment`, its words on stdout and stderr in `log`."""
    report_read, report_write = os.pipe()
    go_read, go_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(assignment, report_write, go_read, log)
    os.close(report_write)
    os.close(go_read)
    os.set_blocking(report_read, False)
    return Life(pid, report_read, go_write, time.monotonic(), chance)


def _become(assignment: Assignment, report_fd: int, go_fd: int, log: Path) -> None:
    """The forked child: its own log, then the engine; never back into the parent's code."""
    try:
        log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log_fd, 1)
        os.dup2(log_fd, 2)
        live(assignment, report_fd, go_fd)
    except BaseException:  # whatever it is, the parent's stack must not be unwound in the child
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(1)
