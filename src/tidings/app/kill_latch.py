"""What keeps a kill switch thrown when its process is gone: a file, until a person removes it with a reason.

Same venue and key, same file. It is written beside the cancels, never before them: a full or hanging disk must not hold
them up. `KILL` in the same directory kills every engine of this user: anybody can `touch` it.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from tidings.app.heartbeat_file import heartbeat_path
from tidings.errors import UsageError

log = logging.getLogger("tidings.kill")

TEXT_BYTES_MAX = 4096  # of a file that somebody else may have written


class Latched(msgspec.Struct, frozen=True, kw_only=True):
    """What a latch says. A file that is empty or says something else is a latch all the same."""

    reason: str = "no reason was written down"
    source: str = "file"
    wall_ns: int = 0
    is_verified: bool = False  # the venue showed no open order afterwards


class KillLatch:
    """One account's at one venue."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.epoch = 0  # how often it was removed here: what was being written before must not come after
        self._lock = threading.Lock()

    @classmethod
    def of(cls, authority: str, api_key: str) -> KillLatch:
        """Where everybody looks for it: beside the heartbeat of the same account."""
        return cls(heartbeat_path(authority, api_key).with_suffix(".kill"))

    @property
    def kill_file(self) -> Path:
        """The file that kills every engine of this user."""
        return self.path.parent / "KILL"

    def is_set(self) -> bool:
        """Whether one of the two is there. Two looks at a directory: some microseconds."""
        return os.path.lexists(self.path) or os.path.lexists(self.kill_file)

    def read(self) -> Latched | None:
        """What it says; None when neither is there."""
        for path in (self.path, self.kill_file):
            if os.path.lexists(path):
                with suppress(OSError, msgspec.MsgspecError):
                    return msgspec.json.decode(path.read_bytes()[:TEXT_BYTES_MAX], type=Latched)
                return Latched(reason=f"{path} is there", source="file")
        return None

    def write(self, latched: Latched, epoch: int | None = None) -> None:
        """Durably: a crash afterwards does not undo it. Not at all if it was removed since `epoch`. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.path.with_suffix(f".kill-{os.getpid()}-{threading.get_ident()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(latched))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with self._lock:
            if epoch is not None and epoch != self.epoch:
                draft.unlink()
                return
            draft.replace(self.path)
        _sync_directory(self.path.parent)

    def remove(self, reason: str) -> Latched | None:
        """A person re-arms: what it said. Raises UsageError without a reason, or while `KILL` is there; OSError."""
        if not reason.strip():
            raise UsageError("re-arming needs a reason: it is written down with the time")
        if os.path.lexists(self.kill_file):
            raise UsageError(f"{self.kill_file} kills every engine of this user: remove it first, then re-arm each")
        latched = self.read()
        with self._lock:
            self.epoch += 1
            self.path.unlink(missing_ok=True)
        if latched is not None:
            log.warning("re-armed: %s (was: %s)", reason, latched.reason)
        return latched


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
