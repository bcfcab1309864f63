"""What a gateway must remember of its clients' orders, as append-only files: one checked line per fact.

A line is `CRC32 JSON`. It is written with one call before the order it speaks of is submitted, so it survives the
process always; `fsync = "always"` makes it survive the machine, at the price of a disk's time per order. A last line
that is torn was never acted upon and is cut off; damage before it is refused, because orders would be forgotten.

The log does not grow for ever. When it is long, what is still needed is written as a base, and a new log begins:

    order_chains.ids    every ClOrdID whose order is over: append-only, a few bytes each
    order_chains.base   the chains that are open, and the last that were; replaced whole
    order_chains.old    the log that the base being written takes the place of
    order_chains.log    the facts since then

Base and logs carry the number of their generation. A base stands for every log of an earlier one, so whatever a kill
leaves behind, each fact counts once.
"""

from __future__ import annotations

import logging
import os
import threading
import zlib
from collections.abc import Iterable, Iterator
from errno import ENOSPC
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from tidings.errors import JournalDamaged
from tidings.fix.disk_sync import DiskSync

log = logging.getLogger("tidings.fix")

Fact = tuple[Any, ...]
Fsync = Literal["off", "interval", "always"]
NAME = "order_chains.log"
IDS_NAME, BASE_NAME, OLD_NAME, NEW_SUFFIX = "order_chains.ids", "order_chains.base", "order_chains.old", ".new"
COMPACT_BYTES = 4 * 1024 * 1024  # of the log, before a base takes its place
GENERATION, USED = "G", "U"
WHAT_TO_DO = (
    "orders would be forgotten. Restore the file, or move the directory away after cancelling what is open at the venue"
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Any]).decode


class ChainLog(Protocol):
    """Where facts go, and where they come from at the next start."""

    def append(self, fact: Fact) -> None:
        """Remember one more fact. Raises OSError; then nothing may be sent that depends on it."""

    def facts(self) -> Iterator[list[Any]]:
        """Everything remembered, oldest first."""

    @property
    def is_long(self) -> bool:
        """Long enough for `compact`."""

    @property
    def is_in_two(self) -> bool:
        """A `compact` of an earlier process did not get through."""

    def compact(self, used_ids: list[str], facts: Iterable[Fact], *, wait: bool = False) -> bool:
        """`facts`, and `used_ids` beside those given before, stand for everything remembered so far.

        False: what was given before is not written yet and is tried again; nothing of this has been taken. Raises
        OSError: then everything is as it was.
        """

    def sync(self) -> None:
        """Call now and then: a chance to make what was appended survive the machine."""

    def close(self) -> None:
        """Let go."""


class MemoryChainLog:
    """Forgets with the process: for the in-process layer, whose strategy ends with it too."""

    is_long = is_in_two = False

    def append(self, fact: Fact) -> None:
        """Nothing to keep: the chains themselves are in memory."""

    def facts(self) -> Iterator[list[Any]]:
        return iter(())

    def compact(self, used_ids: list[str], facts: Iterable[Fact], *, wait: bool = False) -> bool:
        """Nothing to do."""
        return True

    def sync(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class FileChainLog:
    """The files in `directory`. The directory's owner holds the lock."""

    def __init__(self, directory: Path, fsync: Fsync = "off") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / NAME
        self._old, self._base, self._ids = (directory / name for name in (OLD_NAME, BASE_NAME, IDS_NAME))
        self._fsync = fsync
        self._is_dirty = False
        self._behind = DiskSync()
        self._generation = self._base_bytes = 0
        self._work: threading.Thread | None = None
        self._unwritten: tuple[bytes, bytes] | None = None  # ids and base that take the place of the old log
        self._found = self._read()
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._log_bytes = os.fstat(self._file).st_size

    def append(self, fact: Fact) -> None:
        line = line_of(fact)
        written = os.write(self._file, line)
        if written != len(line):  # half a line would hide those behind it
            os.ftruncate(self._file, self._log_bytes)
            raise OSError(ENOSPC, f"{self.path}: no room for a fact")
        self._log_bytes += written
        if self._fsync == "always":
            os.fdatasync(self._file)
        else:
            self._is_dirty = self._fsync == "interval"

    def facts(self) -> Iterator[list[Any]]:
        found, self._found = self._found, []
        return iter(found)

    def sync(self) -> None:
        """In a thread: nobody waits for the disk. Raises OSError if the sync before has failed."""
        try:
            self._behind.check()
        except OSError:
            self._is_dirty = True
            raise
        if self._is_dirty and not self._behind.is_busy:
            self._is_dirty = False
            self._behind.begin(self._file)

    def close(self) -> None:
        if self._work is not None:
            self._work.join()
        try:
            self._sync_now()
        finally:
            os.close(self._file)

    def _sync_now(self) -> None:
        self._behind.wait()
        if self._is_dirty:
            os.fdatasync(self._file)
            self._is_dirty = False

    # ---- A base, and a new log ----------------------------------------------------------------------------------

    @property
    def is_long(self) -> bool:
        if self._work is not None and self._work.is_alive():
            return False
        if self._unwritten is not None:
            return True  # the disk had no room for it: try again
        return self._log_bytes > max(COMPACT_BYTES, 2 * self._base_bytes) and not self._old.exists()

    @property
    def is_in_two(self) -> bool:
        return self._old.exists()

    def compact(self, used_ids: list[str], facts: Iterable[Fact], *, wait: bool = False) -> bool:
        """The new log begins at once; the base is a thread's work, for which only `wait` waits."""
        if wait:
            ids, base = self._prepared(used_ids, facts)
            self._write_base(ids, base)
            self._begin_or_end()
            return True
        waiting = self._unwritten
        prepared = waiting or self._prepared(used_ids, facts)
        if waiting is None:
            self._begin_log(self._generation + 1, keeps_old=True)
            self._unwritten = prepared
        self._work = threading.Thread(target=self._try_base, args=prepared, name="fix-chains")
        self._work.start()
        return waiting is None

    def _begin_or_end(self) -> None:
        """The base stands for the whole log: what would be appended to that log now would not count."""
        try:
            self._begin_log(self._generation + 1)
        except OSError as error:
            raise JournalDamaged(f"{self.path}: no new log can be begun ({error.strerror}): make room") from None

    def _prepared(self, used_ids: list[str], facts: Iterable[Fact]) -> tuple[bytes, bytes]:
        base = b"".join([line_of((GENERATION, self._generation + 1)), *map(line_of, facts)])
        return line_of((USED, *used_ids)) if used_ids else b"", base

    def _try_base(self, ids: bytes, base: bytes) -> None:
        """On failure everything is still there, in the old log and the new one, and the same is tried again."""
        try:
            self._write_base(ids, base)
            self._unwritten = None
        except OSError as error:
            log.error("%s cannot be made shorter: %s", self.path, error.strerror)

    def _write_base(self, ids: bytes, base: bytes) -> None:
        """In this order: ids that no base has, the base that replaces the old log, and only then its end."""
        if ids:
            _append_whole(self._ids, ids)
        _replace_whole(self._base, base)
        self._old.unlink(missing_ok=True)
        self._base_bytes = len(base)

    def _begin_log(self, generation: int, *, keeps_old: bool = False) -> None:
        """A log of this generation takes the place of the one there is, which may be kept as the old one."""
        self._sync_now()
        first = line_of((GENERATION, generation))
        _replace_whole(self.path, first, self._old if keeps_old else None)
        former, self._file = self._file, os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.close(former)
        self._generation, self._log_bytes = generation, len(first)

    # ---- Read back ----------------------------------------------------------------------------------------------

    def _read(self) -> list[list[Any]]:
        """All facts, each once. What a kill left half done is done, or left out where the base has it."""
        found = read_lines(self._ids)
        base = read_lines(self._base, is_whole=True)
        old = read_lines(self._old, is_whole=self.path.exists())
        facts = read_lines(self.path)
        base_generation, old_generation = _generation_of(base), _generation_of(old)
        self._generation = _generation_of(facts) if facts else max(base_generation, old_generation + bool(old))
        self._base_bytes = self._base.stat().st_size if base else 0
        found += base
        if old_generation >= base_generation:
            found += old
        if self._generation >= base_generation:
            found += facts
        if self._generation < base_generation or (not facts and self._generation):
            self._generation = max(base_generation, self._generation)
            _replace_whole(self.path, line_of((GENERATION, self._generation)))
        return [fact for fact in found if fact[0] != GENERATION]


def read_lines(path: Path, *, is_whole: bool = False) -> list[list[Any]]:
    """The facts of a file; a torn last line is cut off, or, if it must be `is_whole`, damage. Raises JournalDamaged."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    found: list[list[Any]] = []
    begin = 0
    while begin < len(data):
        end = data.find(b"\n", begin)
        fact = fact_of(data[begin:end]) if end >= 0 else None
        if fact is None:
            if is_whole or 0 <= end < len(data) - 1:
                raise JournalDamaged(f"{path}: byte {begin} is damaged, and facts follow it: {WHAT_TO_DO}")
            with path.open("r+b") as file:
                file.truncate(begin)
            break
        found.append(fact)
        begin = end + 1
    return found


def line_of(fact: Fact) -> bytes:
    """One fact as it lies in the file."""
    text = _encode(fact)
    return b"%08x %b\n" % (zlib.crc32(text), text)


def fact_of(line: bytes) -> list[Any] | None:
    """The fact in a line without its end; None: the line is not whole."""
    text = line[9:]
    if line[8:9] != b" " or line[:8] != b"%08x" % zlib.crc32(text):
        return None
    return _decode(text)


def _generation_of(facts: list[list[Any]]) -> int:
    """Of a base or a log, by its first line; logs from before there were any have none."""
    return int(facts[0][1]) if facts and facts[0][0] == GENERATION else 0


def _append_whole(path: Path, data: bytes) -> None:
    """All of it on the disk, or nothing. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        end = os.fstat(file).st_size
        try:
            _write_all(file, data)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, end)
            raise
    finally:
        os.close(file)


def _replace_whole(path: Path, data: bytes, keep_as: Path | None = None) -> None:
    """The file is this from now on, on the disk too; a kill leaves the old or the new one. Raises OSError."""
    fresh = path.with_name(path.name + NEW_SUFFIX)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    if keep_as is not None:
        path.rename(keep_as)
    fresh.rename(path)
    names = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
