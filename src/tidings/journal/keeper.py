"""Keeps one engine's journal: begins a session in it, makes it durable behind the order path, and ends it.

`tend` does all that is to be done off the order path: one sync for everything appended since the last, then closing
what is written full, then the next spare. A thread calls it a few milliseconds after an append (`start_thread`); a
simulation, which has no threads, calls it on a timer of its own.

A disk that fails is for good (OrderJournal.fail); a disk that is full is not: a spare is tried again every second, and
what is offered then is a new segment that has been synced.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tidings.clock import Clock
from tidings.journal.anchor import ANCHOR_NAME, Anchor, write_anchor
from tidings.journal.disk import NEW_SUFFIX, Disk
from tidings.journal.entries import CloseEntry, SessionEntry, encode
from tidings.journal.log_reader import Log
from tidings.journal.order_journal import OrderJournal
from tidings.journal.record import RecordWriter
from tidings.journal.segments import SEGMENT_BYTES, make_segment, segment_name
from tidings.journal.stories import Replay
from tidings.model.order_ids import ClOrdIDMaker

log = logging.getLogger("tidings.journal")

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
GATHER_NS = 2_000_000  # how often the thread looks for appends: what comes within shares one sync
IDLE_NS = NS_PER_S // 10
SPACE_RETRY_NS = NS_PER_S
SLOW_SYNC_NS = NS_PER_S
KEEP_NS = 24 * 3600 * NS_PER_S  # records of finished orders, at least: a late sighting can still be explained
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
RESERVE_SHARE = 8  # of a segment, for outcomes while there is no spare


@dataclass(frozen=True, slots=True)
class _Behind:
    """A segment that nothing is appended to any more, and with it all before it."""

    number: int
    last_handle: int  # of the orders sent so far
    last_seq: int
    last_crc: int
    left_wall_ns: int


class JournalKeeper:
    """Made by `begin_session`. `journal` is the order path's; `ids` gives out this session's ClOrdIDs."""

    def __init__(
        self, disk: Disk, anchor: Anchor, journal: OrderJournal, ids: ClOrdIDMaker, clock: Clock, segment_bytes: int,
        began_behind: tuple[int, int],
    ) -> None:  # fmt: skip
        self.journal, self.ids = journal, ids
        self._disk, self._anchor, self._clock, self._segment_bytes = disk, anchor, clock, segment_bytes
        self._retry_ns = 0
        self._current_number = anchor.session_segment
        self._behind: list[_Behind] = []  # segments that nothing is appended to any more, oldest first
        self._began_behind = began_behind
        self._oldest_open_handle: Callable[[], int] | None = None
        self._is_closing = False
        self._thread: threading.Thread | None = None

    # ---- In the background ---------------------------------------------------------------------------------------

    @property
    def where(self) -> str:
        """Its directory."""
        return self._disk.where

    def start_thread(self) -> None:
        """Tend it from a thread of its own until `close`."""
        self._thread = threading.Thread(target=self._tend_on, name="tidings-journal", daemon=True)
        self._thread.start()

    def _tend_on(self) -> None:
        while not self._is_closing:
            if self.journal.wait_for_work(IDLE_NS, GATHER_NS):
                try:
                    self.tend()
                except Exception as error:  # the top of a thread: after its end nothing would be durable any more
                    self._fail(f"its thread failed ({error!r}); restart the engine")

    def tend(self) -> None:
        """One round: sync what was appended, close what is full, make the next spare. Never raises OSError."""
        journal = self.journal
        if journal.failure:
            return
        try:
            if journal.last_seq > journal.writer.synced_seq:
                self._sync()
            for segment in journal.take_durable():
                segment.close(is_durable=True)
            self._note_left_behind()
            if journal.spare is None:
                self._make_spare()
        except OSError as error:
            self._fail(f"the disk of {self._disk.where} failed ({error}); restart the engine when it is sound")

    def _sync(self) -> None:
        began_ns = self._clock.read_now_ns()
        self.journal.sync()
        took_ns = self._clock.read_now_ns() - began_ns
        if took_ns > SLOW_SYNC_NS:
            log.warning("journal %s: the disk took %.1f s to make it durable", self._disk.where, took_ns / NS_PER_S)

    def _note_left_behind(self) -> None:
        for handle, seq, crc in self.journal.take_ends():
            self._behind.append(_Behind(self._current_number, handle, seq, crc, self._clock.read_wall_ns()))
            self._current_number += 1

    def follow_orders(self, oldest_open_handle: Callable[[], int], adopted_handle: int) -> None:
        """From now on old segments can go. `oldest_open_handle`: below it all orders are done.

        `adopted_handle`: the last one given to an order of an earlier session.
        """
        earlier = self._anchor.session_segment - 1
        if earlier >= self._anchor.first_segment:
            self._behind.insert(0, _Behind(earlier, adopted_handle, *self._began_behind, self._clock.read_wall_ns()))
        self._oldest_open_handle = oldest_open_handle  # last: the thread drops nothing before

    def _drop_old(self) -> None:
        """Remove the segments of which every order is done, for a day: oldest first, none behind one that is kept."""
        if self._oldest_open_handle is None:
            return
        oldest_open, day_ago_ns = self._oldest_open_handle(), self._clock.read_wall_ns() - KEEP_NS
        last: _Behind | None = None
        for segment in self._behind:
            if segment.last_handle >= oldest_open or segment.left_wall_ns > day_ago_ns:
                break
            last = segment
        if last is None:
            return
        first = self._anchor.first_segment
        self._write_anchor(first_segment=last.number + 1, first_seq=last.last_seq, first_crc=last.last_crc)
        for number in range(first, last.number + 1):
            self._disk.remove(segment_name(number))
        self._behind = [segment for segment in self._behind if segment.number > last.number]

    def _make_spare(self) -> None:
        now_ns = self._clock.read_now_ns()
        if now_ns < self._retry_ns:
            return
        try:
            self._drop_old()
            number = self._anchor.last_segment + 1
            segment = make_segment(self._disk, number, self._segment_bytes, self._clock.read_wall_ns())
            try:
                self._write_anchor(last_segment=number)
            except BaseException:
                segment.close(is_durable=True)
                raise
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            self._retry_ns = now_ns + SPACE_RETRY_NS
            if not self.journal.space_cause:
                log.error("journal %s: no space for another segment: %s", self._disk.where, error)
            self.journal.lack_space(f"{error.strerror} in {self._disk.where}: make room, and it goes on by itself")
            return
        self.journal.offer_spare(segment)

    def _write_anchor(self, **changes: object) -> None:
        anchor = msgspec.structs.replace(self._anchor, **changes)
        write_anchor(self._disk, anchor)
        self._anchor = anchor

    def _fail(self, cause: str) -> None:
        self.journal.fail(cause)
        log.critical("the order journal takes nothing more, and new orders are denied: %s", cause)

    # ---- The end -------------------------------------------------------------------------------------------------

    def close(self, *, open_count: int, unknown_count: int = 0, is_worthless: bool = False) -> None:
        """End the session, whatever the disk does. `is_worthless`: nothing in it is ever asked for again; remove it."""
        self._is_closing = True
        if self._thread is not None:
            self._thread.join()
        ends_at = self._end_log(open_count, unknown_count)
        for segment in self.journal.close():
            segment.close(is_durable=ends_at is not None)
        try:
            if is_worthless:
                self._remove_all()
            elif ends_at is not None:
                self._write_anchor(ends_at=ends_at)
        except OSError as error:
            log.error("journal %s was not closed properly, which the next start mends: %s", self._disk.where, error)
        self._disk.unlock()

    def _remove_all(self) -> None:
        """Whoever dies in the middle leaves a journal that adds up: of which everything was dropped, or none."""
        last, writer = self._anchor.last_segment, self.journal.writer
        self._write_anchor(
            first_segment=last + 1, first_seq=writer.last_seq, first_crc=writer.last_crc,
            ends_at=(writer.last_seq, writer.last_crc),
        )  # fmt: skip
        self._disk.remove_all(last=ANCHOR_NAME)

    def _end_log(self, open_count: int, unknown_count: int) -> tuple[int, int] | None:
        """Say that the session has ended, durably: the last record and its checksum; None if it could not be said."""
        journal = self.journal
        kind, payload = encode(CloseEntry(open_count=open_count, unknown_count=unknown_count))
        if journal.failure or not journal.append_bytes(kind, payload, self._clock.read_now_ns()):
            return None
        try:
            journal.sync()
        except OSError as error:
            self._fail(str(error))
            return None
        return journal.writer.last_seq, journal.writer.last_crc


def begin_session(
    disk: Disk,
    past: Log | None,
    clock: Clock,
    *,
    wall_ns: int,
    expiry_s: int,
    mode: str = "crash",
    version: str = "",
    owner: str = "",
    keep_from: int | None = None,
    segment_bytes: int = SEGMENT_BYTES,
) -> JournalKeeper:
    """Begin a session on a locked disk, behind `past`: cut off what it dropped, reserve ids, make the first segment.

    `wall_ns`: the venue's Unix time, which dates the ids; they are later than all ids ever reserved here, even when
    that time went back. `keep_from`: the first segment still needed. Raises OSError: nothing may be traded then.
    """
    anchor = _end_of(past, keep_from)
    prefix_ms = max(wall_ns // NS_PER_MS, anchor.reserved_ms + 1)
    anchor = msgspec.structs.replace(anchor, reserved_ms=prefix_ms, boot_id=disk.boot_id, owner=owner)
    write_anchor(disk, anchor)  # the ids are this session's from here on, whatever happens
    if past is not None:
        _cut(disk, past, anchor.first_segment)
    number = max([anchor.last_segment, *(segment.number for segment in past.segments)] if past else [0]) + 1
    segment = make_segment(disk, number, segment_bytes, clock.read_wall_ns())
    last_seq, last_crc = anchor.ends_at or (0, 0)
    writer = RecordWriter(last_seq, last_crc)
    try:
        anchor = msgspec.structs.replace(anchor, last_segment=number, session_segment=number, ends_at=None)
        write_anchor(disk, anchor)
        journal = OrderJournal(
            writer, clock, segment, awaits_disk=mode == "power", reserve_bytes=segment_bytes // RESERVE_SHARE
        )
        ids = ClOrdIDMaker(wall_ns=prefix_ms * NS_PER_MS)
        entry = SessionEntry(
            prefix=ids.prefix, prefix_ms=prefix_ms, expiry_s=expiry_s, mode=mode, boot_id=disk.boot_id,
            version=version, process=os.getpid(), owner=owner,
        )  # fmt: skip
        journal.append_bytes(*encode(entry), clock.read_now_ns())
        journal.sync()
    except BaseException:
        writer.close()  # a segment that somebody writes to cannot be closed
        segment.close(is_durable=False)
        raise
    return JournalKeeper(disk, anchor, journal, ids, clock, segment_bytes, (last_seq, last_crc))


def _end_of(past: Log | None, keep_from: int | None) -> Anchor:
    """The anchor of a log that has been read: where it ends, and what is kept of it."""
    if past is None:
        return Anchor(ends_at=(0, 0))
    anchor = msgspec.structs.replace(past.anchor, ends_at=(past.last_seq, past.last_crc))
    dropped = [segment for segment in past.segments if keep_from is not None and segment.number < keep_from]
    records = [record for segment in dropped for record in segment.records[-1:]]
    if not dropped:
        return anchor
    last_seq, last_crc = (records[-1].seq, records[-1].crc) if records else (anchor.first_seq, anchor.first_crc)
    return msgspec.structs.replace(
        anchor, first_segment=dropped[-1].number + 1, first_seq=last_seq, first_crc=last_crc,
        last_segment=max(anchor.last_segment, dropped[-1].number),
    )  # fmt: skip


def _cut(disk: Disk, past: Log, first_segment: int) -> None:
    """Free what no record needs: dropped segments, and the zeros or torn bytes behind the others' last records."""
    for name in disk.names():
        if name.endswith(NEW_SUFFIX):
            disk.remove(name)
    for segment in past.segments:
        if segment.number < first_segment:
            disk.remove(segment.name)
        elif segment.size_bytes > segment.end_offset:
            disk.truncate(segment.name, segment.end_offset)
            disk.sync(segment.name)
    disk.sync_names()


def first_needed(past: Log, story: Replay, wall_ns: int) -> int:
    """The first segment that still tells something of an order that is open, or was a day ago."""
    needed_seq = past.last_seq + 1
    for order in story.stories.values():
        if not order.is_final or wall_ns - order.last_wall_ns < KEEP_NS:
            needed_seq = min(needed_seq, order.record.seq)
    for segment in past.segments:
        if segment.records and segment.records[-1].seq >= needed_seq:
            return segment.number
    return past.segments[-1].number if past.segments else past.anchor.first_segment
