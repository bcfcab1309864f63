"""The memory between the engine's thread and the recorder's: slabs of framed entries, bounded."""

from typing import Final, final

ENTRY_BYTES_BEFORE: Final[int]  # of an entry, before its payload

@final
class Slab:
    """Entries one behind the other, as a block of a segment holds them."""

    def __init__(self, size_bytes: int) -> None: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def used_bytes(self) -> int: ...
    @property
    def count(self) -> int:
        """Of entries."""
    @property
    def first_ns(self) -> int:
        """When its first entry was received."""
    def content(self) -> bytes:
        """A copy of its entries."""

@final
class EntryRing:
    """`capacity_bytes` for everything, and `reserve_bytes` more for what is no message of a market stream."""

    def __init__(self, capacity_bytes: int, slab_bytes: int, reserve_bytes: int) -> None: ...
    @property
    def capacity_bytes(self) -> int: ...
    @property
    def reserve_bytes(self) -> int: ...
    @property
    def slab_bytes(self) -> int: ...
    @property
    def held_bytes(self) -> int:
        """Of all slabs that wait or are being written."""
    @property
    def taken_count(self) -> int:
        """Entries."""
    @property
    def message_count(self) -> int:
        """Of them: what came or went on a connection."""
    @property
    def message_bytes(self) -> int: ...
    @property
    def dropped_count(self) -> int:
        """Messages of market streams there was no room for."""
    @property
    def dropped_bytes(self) -> int: ...
    @property
    def lost_count(self) -> int:
        """Anything else there was no room for: such a recording cannot be replayed."""
    @property
    def is_open(self) -> bool: ...
    def take(self, kind: int, source: int, payload: bytes, received_ns: int) -> None:
        """Take an entry over, or drop it where there is no room. Never waits and never raises."""
    def next_slab(self) -> Slab | None:
        """The oldest slab with entries, or None; it is held until it is given back."""
    def give_back(self, slab: Slab) -> None:
        """Its entries are on disk, or never will be."""
    def waiting_count(self) -> int:
        """Full slabs that wait to be taken off."""
    def has_waiting(self) -> bool:
        """Whether there is anything to be taken off."""
    def oldest_ns(self) -> int:
        """When the oldest entry that waits was received; 0: none waits."""
    def close(self) -> None:
        """Take nothing more; what waits can still be taken off."""
