"""A drop copy goes on after a reset where it was: what was not sent before, or may not have arrived, is sent again.

A reset (141=Y) empties a session's numbers, and with them everything a client could have asked for. For a drop copy
the reports of the earlier counts are therefore sent once more under new numbers, with PossResend (97=Y): a client knows
by ExecID (17) which it has. How far it had come is a mark, kept beside the session's store. It trails what was sent by
the time after which a dead connection would have been noticed, because nobody acknowledges a report.
"""

from __future__ import annotations

import asyncio
import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tidings.clock import Clock
from tidings.fix.message_store import MessageStore
from tidings.fix.reader import FixReader
from tidings.fix.session import FixSession
from tidings.fix_gateway.field_text import Fields

NAME = "sent"
GENERATIONS_KEPT = 8  # by a store in memory
PROOF_S = 60  # without heartbeats
DEAD_AFTER_HEARTBEATS = 2.4  # then silence is a dead connection
SLICE_MSGS = 100
NS_PER_S = 1_000_000_000
_MARK = struct.Struct("<QQ")
_CRC = struct.Struct("<I")
# The session makes these anew.
SESSION_TAGS = frozenset({8, 9, 10, 34, 35, 43, 49, 52, 56, 97, 122})


class Mark(NamedTuple):
    """Everything up to here is with the client, or has been sent again later."""

    generation: int
    seq: int


class MarkFile:
    """The mark on disk. Written with one call, so it survives the process; a torn one means: send everything."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> Mark | None:
        """None: there never was one."""
        data = os.pread(self._file, _MARK.size + _CRC.size, 0)
        if not data:
            return None
        text = data[: _MARK.size]
        if len(data) < _MARK.size + _CRC.size or _CRC.unpack(data[_MARK.size :])[0] != zlib.crc32(text):
            return Mark(0, 0)
        return Mark(*_MARK.unpack(text))

    def write(self, mark: Mark) -> None:
        text = _MARK.pack(*mark)
        os.pwrite(self._file, text + _CRC.pack(zlib.crc32(text)), 0)

    def close(self) -> None:
        os.close(self._file)


class DropCopyBacklog:
    """One session's mark, and what is to be sent again. `directory`: of its store; None: in memory."""

    def __init__(self, store: MessageStore, directory: Path | None) -> None:
        self._store = store
        self._file = MarkFile(directory / NAME) if directory is not None else None
        found = self._file.read() if self._file is not None else None
        self._set(found or Mark(store.generation, 0))
        self._sent: deque[tuple[int, Mark]] = deque()  # when, and how far we were
        self._again: Iterator[tuple[Mark, bytes]] | None = None
        self._begun_at = store.generation  # the count that `begin` has found
        self._last_read = self._mark
        self._exec_ids: set[bytes] = set()

    @property
    def mark(self) -> Mark:
        return self._mark

    @property
    def is_sending(self) -> bool:
        """There are reports to be sent again."""
        return self._again is not None

    def begin(self) -> None:
        """The client is there: everything after the mark, of counts that have ended, is to be sent again."""
        self._sent.clear()
        self._exec_ids.clear()
        self._begun_at = self._store.generation
        self._again = self._after_mark() if self._mark.generation < self._store.generation else None

    def begin_behind_reset(self) -> None:
        """Call now and then: a reset inside the session leaves as much to be sent again as one before it."""
        if self._store.generation != self._begun_at:
            self.begin()

    def skip(self) -> None:
        """The session is no drop copy this time: a later one begins here."""
        self.stop()
        self._set(Mark(self._store.generation, self._store.next_out - 1))

    def next_slice(self) -> list[Fields]:
        """Some more reports to be sent again; those of the slice before are in the store by now."""
        reader = FixReader()
        found: list[Fields] = []
        if self._again is None:
            return found
        for _ in range(SLICE_MSGS):
            one = next(self._again, None)
            if one is None:
                self._again = None
                self._last_read = Mark(self._begun_at, 0)  # once these, too, are in the store
                return found
            mark, data = one
            if mark > self._mark and (fields := self._report(reader, data)):
                found.append(fields)
            self._last_read = mark
        return found

    def note_stored(self) -> None:
        """The slice has been sent, and is in the store: it is not read from the old count again."""
        if self._last_read > self._mark:
            self._set(self._last_read)

    def on_timer(self, now_ns: int, heartbeat_s: int, is_all_sent: bool) -> None:
        """While the client is logged on: `is_all_sent` if nothing waits to be replayed."""
        if self._again is not None:
            return
        reached = Mark(self._store.generation, self._store.next_out - 1)
        if not is_all_sent:
            self._sent.clear()  # what is asked for again is not with the client
        elif reached != (self._sent[-1][1] if self._sent else self._mark):
            self._sent.append((now_ns, reached))
        proof_ns = int((heartbeat_s * DEAD_AFTER_HEARTBEATS or PROOF_S) * NS_PER_S)
        reached = self._mark
        while self._sent and now_ns - self._sent[0][0] >= proof_ns:
            reached = self._sent.popleft()[1]
        if reached > self._mark:
            self._set(reached)

    def stop(self) -> None:
        """The client is gone."""
        self._sent.clear()
        self._again = None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _set(self, mark: Mark) -> None:
        self._mark = mark
        if self._file is not None:
            self._file.write(mark)

    def _after_mark(self) -> Iterator[tuple[Mark, bytes]]:
        for generation in range(max(1, self._mark.generation), self._begun_at):
            for seq, data in self._store.get_before(generation):
                yield Mark(generation, seq), data

    def _report(self, reader: FixReader, data: bytes) -> Fields:
        """The body of an ExecutionReport that has not been sent again yet; empty for anything else."""
        if reader.read(data) or reader.msg_type != b"8":
            return []
        exec_id = reader.find(17) or b""
        if exec_id in self._exec_ids:
            return []
        self._exec_ids.add(exec_id)
        return [field for field in reader.fields() if field[0] not in SESSION_TAGS]


class DropCopyFeed:
    """Sends one session's backlog, a slice per turn of the loop, and no faster than the client reads."""

    def __init__(
        self, session: FixSession, directory: Path | None, flush: Callable[[], None], is_behind: Callable[[], bool]
    ) -> None:
        self.backlog = DropCopyBacklog(session.store, directory)
        self._session = session
        self._flush = flush
        self._is_behind = is_behind
        self._clock = Clock()
        self._is_drop_copy = False  # this time
        self._next: asyncio.Handle | None = None

    def start(self, is_drop_copy: bool) -> None:
        """The client has logged on. The first slice goes before anything that happens from now on."""
        self._is_drop_copy = is_drop_copy
        if is_drop_copy:
            self.backlog.begin()
            self._send_slice()
        else:
            self.backlog.skip()

    def stop(self) -> None:
        """The client is gone."""
        self.backlog.stop()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def on_timer(self, now_ns: int) -> None:
        session = self._session
        if not session.is_logged_on or session.is_resetting:
            return
        if self._is_drop_copy:
            self.backlog.begin_behind_reset()
        if self.backlog.is_sending and self._next is None:
            self._send_slice()
        self.backlog.on_timer(now_ns, session.heartbeat_s, not session.is_replaying)

    def _send_slice(self) -> None:
        self._next = None
        if self._is_behind():
            return  # the timer tries again
        now_ns, wall_ns = self._clock.read_now_ns(), self._clock.read_wall_ns()
        for fields in self.backlog.next_slice():
            self._session.send(b"8", fields, now_ns, wall_ns, poss_resend=True)
        self.backlog.note_stored()
        self._flush()
        if self.backlog.is_sending:
            self._next = asyncio.get_running_loop().call_soon(self._send_slice)
