"""The recorder: takes entries from the engine's thread, and writes them in a thread of its own.

`take` stores into memory and returns (recorder/entry_ring). The thread comes by every few milliseconds, makes a block
of what it finds, and makes the file durable every 50 ms or 1 MiB. Whatever the disk does shows here only: what does
not fit into memory meanwhile is dropped and counted, and the recording says where.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson

from tidings.clock import Clock
from tidings.recorder.entries import EntryKind
from tidings.recorder.entry_ring import EntryRing, Slab
from tidings.recorder.segment_writer import SegmentWriter, SyncFailed

log = logging.getLogger("tidings.recorder")

MIB = 1024 * 1024
SEGMENT_BYTES = 256 * MIB
RING_BYTES = 32 * MIB  # a minute of a busy day's messages of twenty symbols
RESERVE_BYTES = 16 * MIB  # for what is no message of a market stream
SLAB_BYTES = 128 * 1024  # one block: some 300 messages
FREE_BYTES_MIN = 256 * MIB  # the order journal may be on the same disk, and must go on
LEVEL = 1  # of zlib: stream messages shrink to a fifth
TURN_S = 0.02
SYNC_NS = 50_000_000
SYNC_BYTES = MIB
CLOCK_NS = 1_000_000_000
SPACE_LOOK_NS = 1_000_000_000
CLOSE_LIMIT_S = 10.0
NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class RecorderStats(NamedTuple):
    """Where a recording stands."""

    entries: int
    messages: int  # of them: what came or went on a connection
    bytes: int  # of messages, as they came
    dropped: int  # messages of market streams there was no room for
    lost: int  # anything else: such a recording cannot be replayed
    written_bytes: int  # on disk
    segments: int
    synced_number: int  # entries up to this one are durable
    lag_ns: int  # how long the oldest entry was on its way to the disk, lately
    lag_max_ns: int  # ever
    waiting_bytes: int  # in memory
    trouble: str  # why nothing is written at present; "": it is
    failure: str  # why nothing will be written any more; "": it will


class Recorder:
    """Raises RecordingError when the directory cannot take a recording, or holds one."""

    take: Callable[[int, int, bytes, int], None]  # kind, source, payload, received_ns: never waits, never raises

    def __init__(
        self,
        directory: Path | str,
        *,
        session: dict[str, object],
        clock: Clock | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        ring_bytes: int = RING_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
        slab_bytes: int = SLAB_BYTES,
        free_bytes_min: int = FREE_BYTES_MIN,
        level: int = LEVEL,
        has_thread: bool = True,
    ) -> None:
        self.directory = Path(directory)
        self._clock = clock or Clock()
        self._free_bytes_min = free_bytes_min
        self._ring = EntryRing(ring_bytes, slab_bytes, reserve_bytes)
        self._writer = SegmentWriter(
            self.directory, session, self._clock, segment_bytes=segment_bytes, level=level
        )
        self.take = self._ring.take
        self._pending: Slab | None = None  # taken off the ring, not yet on disk
        self._oldest_ns = 0  # of what is written and not durable; 0: nothing
        self._lag_ns = self._lag_max_ns = 0
        self._trouble = self._failure = ""
        self._may_write = True
        self._next_sync_ns = self._next_look_ns = 0
        self._next_clock_ns = self._clock.read_now_ns() + CLOCK_NS
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tidings-recorder", daemon=True) if has_thread else None
        if self._thread is not None:
            self._thread.start()

    @property
    def stats(self) -> RecorderStats:
        ring, writer = self._ring, self._writer
        waits_since_ns = self._oldest_ns or ring.oldest_ns()
        lag_ns = max(self._lag_ns, self._clock.read_now_ns() - waits_since_ns) if waits_since_ns else self._lag_ns
        return RecorderStats(
            ring.taken_count, ring.message_count, ring.message_bytes, ring.dropped_count, ring.lost_count,
            writer.written_bytes, writer.segment_count, writer.synced_number, lag_ns, max(self._lag_max_ns, lag_ns),
            ring.held_bytes, self._trouble, self._failure,
        )  # fmt: skip

    def close(self, *, is_worthless: bool = False) -> None:
        """Write what waits, end the recording and return; a disk that takes nothing for too long is left alone.

        `is_worthless`: it never began; remove its files.
        """
        self._ring.close()
        self._closing.set()
        if self._thread is None:
            self._finish()
        else:
            self._thread.join(CLOSE_LIMIT_S)
            if self._thread.is_alive():
                self._fail(f"the disk took nothing for {CLOSE_LIMIT_S:g} s: the recording is not ended")
        if is_worthless:
            self._writer.remove_all()

    # ---- The thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.wait(TURN_S):
            self.turn()
        self._finish()

    def turn(self) -> None:
        """One round of the thread; a recorder without one is driven by it."""
        if self._failure:
            return
        try:
            now_ns = self._clock.read_now_ns()
            self._tell_time(now_ns)
            if self._has_space(now_ns):
                self._write_waiting()
                self._go_on()
            if now_ns >= self._next_sync_ns and not self._failure:
                self._sync()
        except OSError as error:
            self._judge(error)
        except Exception as error:  # the top of a thread: a bug here ends the recording, and nothing else
            log.exception("recorder: a bug")
            self._fail(repr(error))

    def _tell_time(self, now_ns: int) -> None:
        if now_ns >= self._next_clock_ns:
            self._next_clock_ns = now_ns + CLOCK_NS
            told = {"wall_ns": self._clock.read_wall_ns(), "mono_ns": now_ns}
            self.take(EntryKind.CLOCK, 0, orjson.dumps(told), now_ns)

    def _has_space(self, now_ns: int) -> bool:
        """Whether the disk keeps enough room for others, and may take something; looked at once a second."""
        if now_ns >= self._next_look_ns:
            self._next_look_ns = now_ns + SPACE_LOOK_NS
            found = os.statvfs(self.directory)
            free_bytes = found.f_bavail * found.f_frsize
            if free_bytes < self._free_bytes_min:
                self._pause(f"{free_bytes // MIB} MiB are free, and {self._free_bytes_min // MIB} are left to others")
            self._may_write = free_bytes >= self._free_bytes_min
        return self._may_write

    def _write_waiting(self) -> None:
        for _ in range(self._ring.waiting_count() + 1):
            self._pending = self._pending or self._ring.next_slab()
            if self._pending is None or self._failure:
                return
            self._oldest_ns = self._oldest_ns or self._pending.first_ns
            self._writer.write(self._pending.content(), self._pending.count)
            self._ring.give_back(self._pending)
            self._pending = None
            if self._writer.unsynced_bytes >= SYNC_BYTES:
                self._sync()

    def _sync(self) -> None:
        try:
            self._writer.sync()
        except SyncFailed as error:
            self._fail(str(error))
            return
        now_ns = self._clock.read_now_ns()
        if self._oldest_ns:
            self._lag_ns, self._oldest_ns = now_ns - self._oldest_ns, 0
            self._lag_max_ns = max(self._lag_max_ns, self._lag_ns)
        self._next_sync_ns = now_ns + SYNC_NS

    def _judge(self, error: OSError) -> None:
        if isinstance(error, SyncFailed):
            self._fail(str(error))
        elif error.errno in NO_SPACE:
            self._pause(f"{error.strerror}: make room, and it goes on by itself")
            self._next_look_ns, self._may_write = self._clock.read_now_ns() + SPACE_LOOK_NS, False
        else:
            self._fail(error.strerror or repr(error))

    def _pause(self, trouble: str) -> None:
        if not self._trouble:
            log.warning("recording %s waits: %s", self.directory, trouble)
        self._trouble = trouble

    def _go_on(self) -> None:
        if self._trouble and not self._failure:
            log.warning("recording %s goes on", self.directory)
        self._trouble = ""

    def _fail(self, failure: str) -> None:
        self._failure, self._trouble = failure, ""  # it waits for nothing any more
        self._ring.close()
        log.error("recording %s takes nothing more: %s", self.directory, failure)

    def _finish(self) -> None:
        if not self._failure:
            try:
                while (self._pending or self._ring.has_waiting()) and not self._failure:
                    self._write_waiting()
                if not self._failure:
                    self._writer.end()
                    self._trouble = ""
            except SyncFailed as error:
                self._fail(str(error))
            except OSError as error:
                self._fail(f"{error.strerror}: the recording is not ended")
            except Exception as error:  # as in `turn`
                log.exception("recorder: a bug")
                self._fail(repr(error))
        self._writer.close()
