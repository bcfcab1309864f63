from typing import Any, Final, final

HEAD_BYTES: Final[int]  # of a record
SEGMENT_BYTES_BEFORE: Final[int]  # of a segment, before its first record

class Record:
    """One record read back. Its checksum fits; whether it fits its neighbours is the reader's question."""

    @property
    def kind(self) -> int: ...
    @property
    def seq(self) -> int:
        """1, 2, … over all segments of a journal."""
    @property
    def mono_ns(self) -> int:
        """The engine's monotonic clock when it was appended; means nothing after the machine was started anew."""
    @property
    def wall_ns(self) -> int:
        """The machine's Unix time then."""
    @property
    def unsynced_count(self) -> int:
        """How many records before it were not known to be durable then."""
    @property
    def before_crc(self) -> int:
        """Checksum of the record before."""
    @property
    def crc(self) -> int: ...
    @property
    def offset(self) -> int:
        """Where in its segment it begins, in bytes."""
    @property
    def end_offset(self) -> int:
        """Where the next one begins."""
    @property
    def payload(self) -> bytes: ...

@final
class RecordWriter:
    """Appends records to a segment's memory. `last_seq`, `last_crc`: of the record to go on from."""

    def __init__(self, last_seq: int = 0, last_crc: int = 0) -> None: ...
    @property
    def used_bytes(self) -> int:
        """Of the present segment."""
    @property
    def size_bytes(self) -> int:
        """Of the present segment; 0: none is open."""
    @property
    def last_seq(self) -> int: ...
    @property
    def last_crc(self) -> int: ...
    @property
    def synced_seq(self) -> int:
        """The last record known to be durable."""
    def open(self, buffer: Any, used_bytes: int) -> None:
        """Go on in another writable buffer, behind its first `used_bytes`; held until the next open or close."""
    def close(self) -> None:
        """Give the buffer back."""
    def append_bytes(self, kind: int, payload: bytes, mono_ns: int, wall_ns: int) -> int:
        """Append one record: its sequence number, 0 if the segment has no room for it."""
    def note_synced(self, seq: int) -> None:
        """Records up to `seq` are durable."""

def read_record(data: bytes, offset: int) -> Record | None:
    """The record at `offset`, or None: any bytes may stand there."""

def scan(data: bytes, offset: int) -> list[Record]:
    """All records from `offset` up to the first bytes that are none."""

def next_record(data: bytes, offset: int, last_seq: int) -> Record | None:
    """The first whole record at or behind `offset`, wherever it begins, that is newer than `last_seq`; or None."""

def checksum(data: bytes, before: int = 0, tier: str | None = None) -> int:
    """CRC-32C of `data`, going on from `before`; by the named tier instead of the fastest."""

def tiers() -> list[str]:
    """Ways to compute the checksum that work on this machine, slowest first."""
