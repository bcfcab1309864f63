"""What keeps a kill switch thrown when its process is gone: a file, until a person removes it with a reason.

Same venue and key, same file. It is written beside the cancels, never before them: a full or hanging disk must not hold
them up. Each kill adds a line, whoever threw it: lines are appended whole, so no process overwrites another's reason.
`KILL` in the same directory kills every engine of this user: anybody can `touch` it.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tidings.app.lifeline.heartbeat_file import heartbeat_path
from tidings.errors import UsageError
from tidings.journal.live_disk import make_directory, sync_descriptor, sync_path

log = logging.getLogger("tidings.kill")

TEXT_BYTES_MAX = 1 << 20  # of a file that somebody else may have written


class Latched(msgspec.Struct, frozen=True, kw_only=True):
    """One kill, as its latch tells it. A file that is empty or says something else is a latch all the same."""

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
        """The first kill, and whether nothing was open after the last; None when nothing is latched. Raises OSError."""
        kills = self.kills()
        return replace(kills[0], is_verified=kills[-1].is_verified) if kills else None

    def kills(self) -> list[Latched]:
        """Every kill since it was last removed, oldest first; empty when nothing is latched.

        Raises OSError when nobody can say whether it is there, as in a directory without permission.
        """
        for path in (self.path, self.kill_file):
            if _is_there(path):
                return _kills_in(path) or [Latched(reason=f"{path} is there", source="file")]
        return []

    def write(self, latched: Latched, epoch: int | None = None) -> None:
        """Durably: a crash afterwards does not undo it. Not at all if it was removed since `epoch`. Raises OSError."""
        # A reason out of a shell may hold bytes that are no text: whatever it says, the kill must not fail of it.
        reason = latched.reason.encode("utf-8", "backslashreplace").decode()
        line = msgspec.json.encode(replace(latched, reason=reason))
        make_directory(self.path.parent)
        with self._lock:
            if epoch is not None and epoch != self.epoch:
                return
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self.path, flags, 0o600)
        try:
            os.write(descriptor, b"\n" + line + b"\n")
            sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
        sync_path(self.path.parent)

    def remove(self, reason: str) -> list[Latched]:
        """A person re-arms: the kills it told of. Raises UsageError (no reason, or `KILL` is there), OSError."""
        if not reason.strip():
            raise UsageError("re-arming needs a reason: it is written down with the time")
        if os.path.lexists(self.kill_file):
            raise UsageError(f"{self.kill_file} kills every engine of this user: remove it first, then re-arm each")
        kills = self.kills()
        with self._lock:
            self.epoch += 1
            self.path.unlink(missing_ok=True)
        if kills:
            log.warning("re-armed: %s (was: %s)", reason, "; ".join(kill.reason for kill in kills))
        return kills


def _is_there(path: Path) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _kills_in(path: Path) -> list[Latched]:
    """What its lines tell, one entry for each kill. Who saw nothing open saw it for all before that line."""
    kills: dict[tuple[str, str, int], Latched] = {}
    with suppress(OSError):
        for line in path.read_bytes()[:TEXT_BYTES_MAX].splitlines():
            with suppress(msgspec.MsgspecError):
                kill = msgspec.json.decode(line, type=Latched)
                kills.setdefault((kill.reason, kill.source, kill.wall_ns), kill)
                if kill.is_verified:
                    kills = {name: replace(known, is_verified=True) for name, known in kills.items()}
    return list(kills.values())
