"""A file that grows while an export runs, and is cut back to where the last checkpoint stood when it goes on."""

from __future__ import annotations

import os
from pathlib import Path


class PartFile:
    """`length_bytes`: keep so much of what is there; 0: begin anew."""

    def __init__(self, path: Path, length_bytes: int = 0) -> None:
        self.path = path
        self._file = path.open("r+b" if length_bytes else "w+b")
        self._file.truncate(length_bytes)
        self._file.seek(length_bytes)
        self.length_bytes = length_bytes

    def write(self, data: bytes) -> None:
        self.length_bytes += self._file.write(data)

    def sync(self) -> int:
        """Make it durable; the length that is."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self.length_bytes

    def close(self) -> None:
        self._file.close()
