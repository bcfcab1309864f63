"""Reads a journal's segments as one log, and tells an end from damage.

The log ends where the next record should be and is not. That is as it should be if nothing follows, and what lies
there is what a process leaves that was killed in the middle of an append. If something does follow, there is a gap,
and only one thing makes gaps: a machine that lost its power before the disk had everything, and had the later part
first. So a gap is accepted as an end (and all behind it dropped) if the machine has been started anew since, and no
later record counted a missing one as durable. Any other gap is damage: JournalDamaged, and nothing is traded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tidings.errors import JournalDamaged
from tidings.journal.anchor import REMEDY, Anchor, read_anchor
from tidings.journal.disk import Disk
from tidings.journal.record import HEAD_BYTES, SEGMENT_BYTES_BEFORE, Record, next_record, scan
from tidings.journal.segments import full_size_of, head_fault, numbers_of, segment_name

TORN_BYTES_MAX = HEAD_BYTES + 1024  # one record in the making


@dataclass(slots=True)
class Segment:
    """One file of the log: its records that count, and where they end."""

    number: int
    size_bytes: int
    records: list[Record]

    @property
    def name(self) -> str:
        return segment_name(self.number)

    @property
    def end_offset(self) -> int:
        return self.records[-1].end_offset if self.records else SEGMENT_BYTES_BEFORE


@dataclass(slots=True)
class Log:
    """A journal that adds up."""

    anchor: Anchor
    segments: list[Segment]
    last_seq: int
    last_crc: int
    dropped: str  # what lies behind the end, in words; "": nothing. Cut off before the next session begins

    def records(self) -> Iterator[Record]:
        for segment in self.segments:
            yield from segment.records


def read_log(disk: Disk) -> Log | None:
    """The log, or None where none was ever begun. Changes nothing. Raises JournalDamaged, OSError."""
    anchor = read_anchor(disk)
    numbers = numbers_of(disk.names())
    if anchor is None:
        if numbers:
            raise JournalDamaged(f"journal {disk.where} has segments and no anchor: {REMEDY}")
        return None
    numbers = [number for number in numbers if number >= anchor.first_segment]  # dropped ones may be left
    missing = sorted(set(range(anchor.first_segment, max([anchor.last_segment, *numbers]) + 1)) - set(numbers))
    if missing:
        raise JournalDamaged(f"journal segment {disk.where}/{segment_name(missing[0])} is missing: {REMEDY}")
    return _LogReader(disk, anchor).read(numbers)


class _LogReader:
    def __init__(self, disk: Disk, anchor: Anchor) -> None:
        self._disk, self._anchor = disk, anchor
        self._seq, self._crc = anchor.first_seq, anchor.first_crc
        self._is_same_boot = bool(anchor.boot_id) and anchor.boot_id == disk.boot_id

    def read(self, numbers: list[int]) -> Log:
        segments: list[Segment] = []
        broken: Segment | None = None  # holds something that does not fit; its end is the log's, or it is damaged
        dropped = ""
        for number in numbers:
            data = self._bytes_of(number)
            segment = Segment(number, len(data), [] if broken or self._has_ended() else self._fitting(data))
            segments.append(segment)
            if data.count(0, segment.end_offset) == len(data) - segment.end_offset:
                continue
            broken = broken or segment
            if not self._has_ended():
                self._judge(broken, segment, data)
            dropped = dropped or f"{segment.name}: {self._words(data, segment)}"
        self._check_end(segments)
        return Log(self._anchor, segments, self._seq, self._crc, dropped)

    def _bytes_of(self, number: int) -> bytes:
        data = self._disk.read(segment_name(number))
        if fault := head_fault(data, number):
            raise self._damaged(number, fault)
        if self._anchor.ends_at is None and number >= self._anchor.session_segment and len(data) != full_size_of(data):
            raise self._damaged(number, f"has {len(data)} of its {full_size_of(data)} bytes")
        return data

    def _fitting(self, data: bytes) -> list[Record]:
        """The records that go on from the last one; stops before the first that does not, or at the known end."""
        records = scan(data, SEGMENT_BYTES_BEFORE)
        for index, record in enumerate(records):
            if self._has_ended() or record.seq != self._seq + 1 or record.before_crc != self._crc:
                return records[:index]
            self._seq, self._crc = record.seq, record.crc
        return records

    def _has_ended(self) -> bool:
        """Whether the log's end was known when the anchor was written, and is reached."""
        return self._anchor.ends_at is not None and self._seq >= self._anchor.ends_at[0]

    def _judge(self, broken: Segment, segment: Segment, data: bytes) -> None:
        """Something in `segment` does not fit behind the end of `broken`: pass it for a torn tail, or raise."""
        place = f"byte {broken.end_offset}, after record {self._seq}"
        later = next_record(data, segment.end_offset, self._seq)
        while later is not None:
            if self._is_same_boot:
                raise self._damaged(broken.number, f"has a gap at {place}, and record {later.seq} lies behind it")
            if later.seq - 1 - later.unsynced_count > self._seq:
                raise self._damaged(broken.number, f"is damaged at {place}, where what was written had been durable")
            later = next_record(data, later.end_offset, self._seq)
        last_byte = len(data.rstrip(b"\0"))
        if self._is_same_boot and last_byte - segment.end_offset > TORN_BYTES_MAX:
            raise self._damaged(broken.number, f"is damaged at {place}: more lies there than one torn record")

    def _check_end(self, segments: list[Segment]) -> None:
        ends_at = self._anchor.ends_at
        if ends_at is not None and (self._seq, self._crc) != tuple(ends_at):
            last = next((segment for segment in reversed(segments) if segment.records), None)
            raise self._damaged(
                last.number if last else self._anchor.last_segment,
                f"ends with record {self._seq}, and not with record {ends_at[0]} as it did when it was closed",
            )

    def _words(self, data: bytes, segment: Segment) -> str:
        count = len(data.rstrip(b"\0")) - segment.end_offset
        return f"{count} bytes behind byte {segment.end_offset} are no record of it: torn at the end, and left out"

    def _damaged(self, number: int, what: str) -> JournalDamaged:
        return JournalDamaged(f"journal segment {self._disk.where}/{segment_name(number)} {what}: {REMEDY}")
