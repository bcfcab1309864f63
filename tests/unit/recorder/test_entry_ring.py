"""The ring keeps to its bounds, and entries have the layout that docs/recording.md gives them."""

import json
import struct

import pytest

from tidings.errors import UsageError
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.entry_ring import EntryRing, unpack_entries

KINDS = (None, *EntryKind)
HEAD = struct.Struct("<IBBHq")  # payload bytes, kind, zero, connection, received_ns


def entry_bytes(kind: int, source: int, payload: bytes, received_ns: int, zero: int = 0) -> bytes:
    return HEAD.pack(len(payload), kind, zero, source, received_ns) + payload


def unpack(block: bytes, count: int, wall_offset_ns: int = 0) -> tuple[list[Entry], int]:
    return unpack_entries(block, 1, count, wall_offset_ns, Entry, KINDS, int)


def all_slabs(ring: EntryRing) -> list[tuple[int, bytes]]:
    found = []
    while slab := ring.next_slab():
        found.append((slab.count, slab.content()))
        ring.give_back(slab)
    return found


def test_entries_lie_behind_each_other() -> None:
    ring = EntryRing(8192, 1024, 0)
    ring.take(3, 1, b"abc", 5)
    ring.take(12, 0, b"", -1)
    slab = ring.next_slab()
    assert slab is not None
    assert slab.content() == entry_bytes(3, 1, b"abc", 5) + entry_bytes(12, 0, b"", -1)
    assert (slab.count, slab.first_ns) == (2, 5)
    assert ring.next_slab() is None


def test_a_payload_larger_than_a_slab_gets_one_of_its_own() -> None:
    ring = EntryRing(8192, 1024, 0)
    ring.take(3, 1, b"small", 1)
    ring.take(2, 0, b"x" * 5000, 2)
    ring.take(3, 1, b"small", 3)
    assert all_slabs(ring) == [
        (1, entry_bytes(3, 1, b"small", 1)),
        (1, entry_bytes(2, 0, b"x" * 5000, 2)),
        (1, entry_bytes(3, 1, b"small", 3)),
    ]
    assert ring.held_bytes == 0


def test_what_is_held_stays_below_the_bound_whatever_comes() -> None:
    ring = EntryRing(16 * 1024, 1024, 4096)
    for number in range(1000):
        ring.take(3 if number % 3 else 12, 0, b"x" * (number % 700), number)
        assert ring.held_bytes <= 16 * 1024 + 4096
    assert ring.dropped_count > 0 and ring.lost_count > 0
    assert ring.taken_count + ring.dropped_count + ring.lost_count == 1000
    entries = [entry for count, content in all_slabs(ring) for entry in unpack(content, count)[0]]
    gaps = [json.loads(entry.payload) for entry in entries if entry.kind is EntryKind.DROPPED]
    assert len(entries) - len(gaps) == ring.taken_count
    assert sum(gap["messages"] for gap in gaps) == ring.dropped_count + ring.lost_count
    assert sum(gap["beside_market"] for gap in gaps) == ring.lost_count


def test_nothing_that_is_taken_raises() -> None:
    ring = EntryRing(8192, 1024, 0)
    ring.take(0, 0, b"", 0)
    ring.take(256, 0, b"", 0)
    ring.take(3, -1, b"", 0)
    ring.take(3, 65536, b"", 0)
    ring.take(3, 0, b"x" * 9000, 0)
    assert ring.taken_count == 0 and ring.dropped_count == 3 and ring.lost_count == 2
    ring.close()
    ring.take(3, 0, b"", 0)
    assert ring.dropped_count == 3


def test_a_ring_has_room_for_a_slab() -> None:
    with pytest.raises(UsageError):
        EntryRing(1024, 2048, 0)


def test_entries_are_unpacked_with_wall_times() -> None:
    block = entry_bytes(3, 7, b"push", 100) + entry_bytes(9, 0, b"5000", 200) + entry_bytes(3, 7, b"next", 300)
    entries, wall_offset_ns = unpack_entries(block, 11, 3, 1000, Entry, KINDS, int)
    assert entries == [
        Entry(11, 100, 1100, EntryKind.MARKET, 7, b"push"),
        Entry(12, 200, 5200, EntryKind.CLOCK, 0, b"5000"),
        Entry(13, 300, 5300, EntryKind.MARKET, 7, b"next"),
    ]
    assert all(type(entry) is Entry and type(entry.kind) is EntryKind for entry in entries)
    assert wall_offset_ns == 5000


WHOLE = entry_bytes(3, 7, b"push", 100)


@pytest.mark.parametrize(
    ("block", "count", "words"),
    [
        (WHOLE[:-1], 1, "cut off"),
        (WHOLE[:10], 1, "cut off"),
        (WHOLE, 2, "cut off"),
        (WHOLE + b"x", 1, "behind the last entry"),
        (entry_bytes(14, 0, b"", 0), 1, "kind 14"),
        (entry_bytes(0, 0, b"", 0), 1, "kind 0"),
        (entry_bytes(3, 0, b"", 0, zero=1), 1, "does not know"),
    ],
)
def test_what_is_no_block_of_entries_is_refused(block: bytes, count: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unpack(block, count)
