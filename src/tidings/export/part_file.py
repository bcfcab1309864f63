"""A file that grows while an export runs, and is cut back to where the last checkpoint stood when it goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from tidings.errors import FileNotWritten, TidingsError, UsageError

# The name was wrong. Whatever else keeps a file from being written, as a full disk, is no fault of the command's.
WRONG_NAME: Final = (
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENAMETOOLONG, errno.ELOOP),
)


class PartFile:
    """`length_bytes`: keep so much of what is there; 0: begin anew.

    Unbuffered, since writes are large: nothing is left to be written, and to fail, when it is closed.
    """

    def __init__(self, path: Path, length_bytes: int = 0) -> None:
        self.path = path
        self._file = path.open("r+b" if length_bytes else "w+b", buffering=0)
        self._file.truncate(length_bytes)
        self._file.seek(length_bytes)
        self.length_bytes = length_bytes

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            count = self._file.write(rest)
            self.length_bytes += count
            rest = rest[count:]

    def sync(self) -> int:
        """Make it durable; the length that is."""
        os.fsync(self._file.fileno())
        return self.length_bytes

    def close(self) -> None:
        self._file.close()


def not_written(path: Path, error: OSError, advice: str = "") -> TidingsError:
    """What to raise for it."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    kind = UsageError if error.errno in WRONG_NAME else FileNotWritten
    return kind(f"cannot write to {path}: {reason}{advice}")
