"""The file that an exchange's state is kept in: JSON, for its owner's eyes only, there whole or not at all.

    {"format": "tidings exchange state", "version": 1, "sha256": "…", "state": {…}}

The digest is over the bytes of the state's JSON. A file that is not this, or is damaged, or is of another version, is
refused; it is never read in part.
"""

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from tidings.exchange.saved.graph_words import StateError

FORMAT: Final = "tidings exchange state"
VERSION: Final = 1
_HEAD: Final = '{{"format":"{}","version":{},"sha256":"{}","state":'
_HEAD_BYTES: Final = re.compile(
    rb'\{"format":"([^"]{1,80})","version":(\d{1,9}),"sha256":"([0-9a-f]{64})","state":', re.ASCII
)
_TAIL: Final = b"}\n"


def write_state(path: Path, state: dict[str, Any]) -> int:
    """Put `state` into the file `path`, whatever was there; gives its length. Raises StateError."""
    body = json.dumps(state, separators=(",", ":")).encode()
    head = _HEAD.format(FORMAT, VERSION, hashlib.sha256(body).hexdigest()).encode()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp: mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(head + body + _TAIL)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)
    except OSError as error:
        raise StateError(f"cannot write the state file {path}: {error.strerror}") from error
    return len(head) + len(body) + len(_TAIL)


def read_state(path: Path) -> dict[str, Any] | None:
    """The state in the file `path`; None if there is no such file. Raises StateError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot read the state file {path}: {error.strerror}") from error
    head = _HEAD_BYTES.match(content)
    if head is None or head[1].decode(errors="replace") != FORMAT:
        raise StateError(f"{path} is no state file of this exchange; it does not begin like one")
    if int(head[2]) != VERSION:
        raise StateError(f"{path} holds a state of version {int(head[2])}; this exchange reads version {VERSION}")
    body = content[head.end() : -len(_TAIL)]
    if content[-len(_TAIL) :] != _TAIL or hashlib.sha256(body).hexdigest().encode() != head[3]:
        raise StateError(f"{path} is damaged: its content does not fit its checksum")
    state = json.loads(body)
    if not isinstance(state, dict):
        raise StateError(f"{path} is damaged: its state is no object")
    return state


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
