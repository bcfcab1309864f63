"""strace on a child of ours: to list a thread's system calls, or to kill it at one."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.killed.boundaries import Boundary

STRACE = "strace"
ATTACH_LIMIT_S = 15.0
PR_SET_PTRACER = 0x59616D61
PR_SET_PTRACER_ANY = -1


@dataclass(slots=True)
class Tracer:
    """A running strace; `is_attached` once its log has begun."""

    process: subprocess.Popen[bytes]
    log: Path
    deadline_s: float

    @property
    def is_attached(self) -> bool:
        """Raises OSError when it cannot be."""
        if self.log.exists() and self.log.stat().st_size:
            return True
        if self.process.poll() is not None or time.monotonic() > self.deadline_s:
            said = self.process.stderr.read(300).decode() if self.process.stderr and self.process.poll() else ""
            raise OSError(f"strace did not attach: {said.strip() or 'no call was seen in time'}")
        return False

    def end(self) -> None:
        """It ends by itself when its thread does; otherwise it lets it go."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


def trace(thread_id: int, log: Path, kill_at: Boundary | None = None) -> Tracer:
    """Trace one thread of a child; with `kill_at` it dies there, and the process with it."""
    command = [STRACE, "-qq", "-o", str(log), "-p", str(thread_id)]
    if kill_at is not None:
        command += ["-e", f"inject={kill_at.call}:signal=KILL:when={kill_at.nth}"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return Tracer(process, log, time.monotonic() + ATTACH_LIMIT_S)


def allow_tracing() -> None:
    """In a child: let its sibling, the tracer, attach where only a parent may (Yama)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_long(PR_SET_PTRACER_ANY), 0, 0, 0)


def why_not(directory: Path) -> str:
    """Why system calls cannot be traced here; "" if they can. Tries it on a child that does nothing but wait."""
    if shutil.which(STRACE) is None:
        return "strace is not installed"
    pid = os.fork()
    if pid == 0:
        allow_tracing()
        while True:
            time.sleep(0.01)
    tracer = trace(pid, directory / "trial.strace", Boundary("main", "clock_nanosleep", 5))
    try:
        tracer.deadline_s = time.monotonic() + 3
        while not tracer.is_attached:
            time.sleep(0.005)
        deadline_s = time.monotonic() + 3
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline_s:
                return "strace does not kill where it is told to"
            time.sleep(0.005)
        pid = 0
    except OSError as error:
        return str(error)
    finally:
        tracer.end()
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return ""
