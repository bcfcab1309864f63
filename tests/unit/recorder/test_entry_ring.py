"""The ring keeps to its bounds, and entries have the layout that docs/recording.md gives them."""

import json

import pytest
from entry_layout import entry_bytes, read_entries

from tidings.errors import UsageError
from tidings.recorder.entry_ring import EntryRing

DROPPED = 8


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
    entries = [entry for _, content in all_slabs(ring) for entry in read_entries(content)]
    gaps = [json.loads(payload) for kind, _, payload, _ in entries if kind == DROPPED]
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
