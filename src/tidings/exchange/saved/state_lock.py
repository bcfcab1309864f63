"""One state file, one exchange: a lock beside the file, held for as long as an exchange runs.

The lock is the kernel's, so that it ends with its holder, however that ends. The file itself cannot carry it: every
save replaces it. A child that saves holds it too, so that nobody starts from a file that is about to be replaced.
"""

import contextlib
import fcntl
import os
from pathlib import Path

from tidings.exchange.saved.graph_words import StateError


class StateLock:
    """The lock of the state file `path`."""

    def __init__(self, path: Path) -> None:
        """Takes it. Raises StateError if another exchange has it, or no file can be made there."""
        self._path = path.with_name(f".{path.name}.lock")
        try:
            self._file = self._path.open("a+")
            while not self._take(path):
                self._file.close()
                self._file = self._path.open("a+")
        except OSError as error:
            raise StateError(f"cannot write the state file {path}: {error.strerror}") from error
        try:
            self._file.truncate(0)
            self._file.write(f"{os.getpid()}\n")
            self._file.flush()
        except OSError as error:  # a full disk
            self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._file.close()  # it tries to write once more
            raise StateError(f"cannot write the state file {path}: {error.strerror}") from error

    def _take(self, path: Path) -> bool:
        """False if the file was removed by its last holder just before we had it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read(20).strip() or "unknown"
            self._file.close()
            raise StateError(f"another exchange is running on the state file {path} (process {holder})") from None
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let the next one have it. Safe to call twice."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            self._file.close()
