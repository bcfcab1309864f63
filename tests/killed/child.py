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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.killed.life import Assignment, live

Lived = Callable[[Assignment, int, int], None]
"""What a child does: an assignment, where it reports, where it is told to go on."""


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
    status: int | None = None
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
        """Whether it is gone; then `status` is what wait(2) told."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid == self.pid else None
        return self.status is not None

    def end(self) -> None:
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitpid(self.pid, 0)[1]
        os.close(self.report_fd)
        os.close(self.go_fd)


def begin(assignment: Assignment, log: Path, chance: random.Random, lived: Lived = live) -> Life:
    """Fork a child that lives by `assignment`, its words on stdout and stderr in `log`."""
    report_read, report_write = os.pipe()
    go_read, go_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(assignment, report_write, go_read, log, lived)
    os.close(report_write)
    os.close(go_read)
    os.set_blocking(report_read, False)
    return Life(pid, report_read, go_write, time.monotonic(), chance)


def _become(assignment: Assignment, report_fd: int, go_fd: int, log: Path, lived: Lived) -> None:
    """The forked child: its own log, then the engine; never back into the parent's code."""
    try:
        log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log_fd, 1)
        os.dup2(log_fd, 2)
        lived(assignment, report_fd, go_fd)
    except BaseException:  # whatever it is, the parent's stack must not be unwound in the child
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(1)
