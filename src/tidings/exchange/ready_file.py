"""The file that says where a server can be reached: it is there, whole, exactly while the server takes clients."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tidings.errors import ConfigError


def remove_stale(path: Path | None) -> None:
    """Remove the ready file of a server that was killed: whoever waits for the file must not find dead keys in it.

    Call it before anything else is started. The file of one that still runs stays until ours is written: this start may
    yet fail. Raises ConfigError where no file can be written at `path`.
    """
    if path is None:
        return
    if path.is_dir():
        raise ConfigError(f"cannot write the ready file {path}: it is a directory")
    if _is_of_another(path):
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot remove the old ready file {path}: {error.strerror}") from error


@contextlib.contextmanager
def ready_file_with(line: str, path: Path | None) -> Iterator[None]:
    """Write `line` to `path`, whole and for the owner's eyes only; remove it afterwards.

    One that another server has written there meanwhile stays. None: nothing is written.

    Raises ConfigError where it cannot be written.
    """
    if path is None:
        yield
        return
    _write(line + "\n", path)
    try:
        yield
    finally:
        if _holds(path, line + "\n"):
            path.unlink(missing_ok=True)


def _write(text: str, path: Path) -> None:
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp: mode 0600
    except OSError as error:
        raise ConfigError(f"cannot write the ready file {path}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink()  # there are keys in it
        raise ConfigError(f"cannot write the ready file {path}: {error.strerror}") from error


def _is_of_another(path: Path) -> bool:
    """Whether the file names another process, and that lives."""
    try:
        pid = int(json.loads(path.read_bytes())["pid"])
        os.kill(pid, 0)
    except PermissionError:
        return True  # it lives, as somebody else
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return False
    return pid != os.getpid()


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
