"""Where an export stands, so that one that was interrupted goes on instead of beginning anew.

A directory `.export` in the export's own holds the unfinished files and a checkpoint: how much of each file counts,
the next entry, and the state that reading goes on with. What was written behind the checkpoint is cut off and written
again, so an interrupted export ends with the bytes an uninterrupted one has.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Any, Final

import orjson

from tidings.errors import UsageError
from tidings.export.part_file import not_written

FORMAT: Final = 4  # of the checkpoint and of the part files: another program begins anew
DIRECTORY: Final = ".export"


class Workplace:
    """The directory of an unfinished export in `out`; nobody else can have it until it is left."""

    def __init__(self, out: Path) -> None:
        self.parts = out / DIRECTORY
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            self._lock = (self.parts / "lock").open("wb")
        except OSError as error:
            raise not_written(out, error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UsageError(f"another export is writing to {out}: give --out another directory") from None
        self._checkpoint = self.parts / "checkpoint.json"

    def load(self, identity: dict[str, Any]) -> dict[str, Any] | None:
        """The checkpoint, if there is one of this export whose files are all there."""
        try:
            checkpoint: dict[str, Any] = orjson.loads(self._checkpoint.read_bytes())
            if checkpoint["identity"] != {**identity, "format": FORMAT}:
                return None
            for name, length_bytes in checkpoint["lengths"].items():
                if (self.parts / f"{name}.part").stat().st_size < length_bytes:
                    return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return checkpoint

    def store(self, identity: dict[str, Any], checkpoint: dict[str, Any]) -> None:
        """Replace the checkpoint; the files it counts on are durable already."""
        beside = self._checkpoint.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(orjson.dumps({**checkpoint, "identity": {**identity, "format": FORMAT}}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._checkpoint)

    def leave(self, *, is_done: bool) -> None:
        """Let others in; a finished export needs no workplace."""
        if is_done:
            self._checkpoint.unlink(missing_ok=True)  # first: without it nothing here counts
            shutil.rmtree(self.parts, ignore_errors=True)
        self._lock.close()
