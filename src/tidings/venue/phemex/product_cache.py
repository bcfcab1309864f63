"""The product catalogue on disk, so that a start does not wait for two megabytes from the venue.

One file per host: a line of JSON about the content, then the body as the venue sent it. Written beside and renamed, so
a reader sees the old or the new, never half; the digest in the first line tells a damaged file, which counts as none.
A cache that cannot be read or written costs time, not the session: it is logged and left.
"""

import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tidings.venue.phemex.products import CATALOGUE_BYTES_MAX

HEAD_BYTES_MAX: Final = 1024
NS_PER_S: Final = 1_000_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CachedCatalogue:
    """A catalogue's body and when the venue sent it."""

    body: bytes
    read_wall_ns: int

    def age_s(self, wall_ns: int) -> int:
        """Whole seconds since the venue sent it; 0 if our clock says that is still to come."""
        return max(0, wall_ns - self.read_wall_ns) // NS_PER_S

    def age_text(self, wall_ns: int) -> str:
        """The age for people: "3 h", "2 days"."""
        age_s = self.age_s(wall_ns)
        for unit, seconds in (("days", 86_400), ("h", 3_600), ("min", 60)):
            if age_s >= 2 * seconds:
                return f"{age_s // seconds} {unit}"
        return f"{age_s} s"


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    host: str
    read_wall_ns: int
    sha256: str


class ProductCache:
    """The catalogues of all hosts, in one directory."""

    def __init__(self, directory: Path | None = None) -> None:
        """`directory`: the user's cache directory for tidings, if not given."""
        self.directory = directory if directory is not None else cache_directory(os.environ, sys.platform)

    def load(self, host: str) -> CachedCatalogue | None:
        """What is stored of `host` ("api.phemex.com", "127.0.0.1:8443"); None if nothing is, or it is damaged."""
        path = self.path_of(host)
        try:
            with path.open("rb") as file:
                head_line = file.readline(HEAD_BYTES_MAX)
                body = file.read(CATALOGUE_BYTES_MAX + 1)
            head = msgspec.json.decode(head_line, type=_Head)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            _log.warning("product cache %s is not readable, and not used: %s", path, error)
            return None
        if head.host != host or head.sha256 != _digest(host, head.read_wall_ns, body):
            _log.warning("product cache %s is damaged, and not used", path)
            return None
        return CachedCatalogue(body, head.read_wall_ns)

    def store(self, host: str, body: bytes, wall_ns: int) -> bool:
        """Keep `body` as the catalogue of `host`, sent at `wall_ns`. False, and a warning in the log, if it failed."""
        head = _Head(host, wall_ns, _digest(host, wall_ns, body))
        path = self.path_of(host)
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(path, msgspec.json.encode(head) + b"\n" + body)
        except OSError as error:
            _log.warning("product cache %s cannot be written: %s", path, error)
            return False
        return True

    def path_of(self, host: str) -> Path:
        """The file of `host`: its name, made fit for a file system, and a digest to keep it unique."""
        readable = "".join(char if char.isascii() and (char.isalnum() or char in ".-") else "_" for char in host)
        digest = hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return self.directory / f"products-{readable[:80]}-{digest}.json"


def cache_directory(environ: Mapping[str, str], platform: str) -> Path:
    """Where programs of this platform keep what can be made anew."""
    home = Path(environ.get("HOME") or Path.home())
    if platform == "darwin":
        return home / "Library" / "Caches" / "tidings"
    chosen = Path(environ.get("XDG_CACHE_HOME", ""))
    return (chosen if chosen.is_absolute() else home / ".cache") / "tidings"  # relative ones count as unset (XDG 0.8)


def _digest(host: str, read_wall_ns: int, body: bytes) -> str:
    return hashlib.sha256(f"{host}\n{read_wall_ns}\n".encode() + body).hexdigest()


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside, flush to disk, rename over: the file is the old or the new one whenever the power goes."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
