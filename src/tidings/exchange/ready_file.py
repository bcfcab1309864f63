"""The file that says where a server can be reached: it is there, whole, exactly while the server takes clients."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tidings.errors import ConfigError


@contextlib.contextmanager
def ready_file_with(line: str, path: Path | None) -> Iterator[None]:
    """Write `line` to `path`, whole and for the owner's eyes only; remove it afterwards. None: nothing is written.

    Raises ConfigError where it cannot be written.
    """
    if path is None:
        yield
        return
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp: mode 0600
    except OSError as error:
        raise ConfigError(f"cannot write the ready file {path}: {error}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(line + "\n")
    Path(name).replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
