"""Records: published checksum vectors, the framing byte by byte, and a scan that takes any bytes."""

import random
import struct

import pytest

from tidings.errors import UsageError
from tidings.journal.record import HEAD_BYTES, RecordWriter, checksum, next_record, read_record, scan, tiers

# RFC 3720, appendix B.4, and the check value of CRC-32C in the catalogue of parametrised CRC algorithms.
ISCSI_READ = bytes.fromhex(
    "01c00000" "00000000" "00000000" "00000000" "14000000" "00000400" "00000014" "00000018"
    "28000000" "00000000" "02000000" "00000000"
)  # fmt: skip
VECTORS = [
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
    (ISCSI_READ, 0xD9963A56),
    (b"123456789", 0xE3069283),
    (b"", 0),
]
# The framing in Python's own words: little-endian, no padding.
HEAD = struct.Struct("<HHIqqqII")


def slow_checksum(data: bytes) -> int:
    """Bit by bit, as the polynomial is defined."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def framed(kind, payload, seq, before=0, unsynced=0, mono_ns=11, wall_ns=22) -> bytes:
    """A record, laid out here."""
    head = HEAD.pack(len(payload), kind, unsynced, seq, mono_ns, wall_ns, before, 0)[:36]
    whole = head + struct.pack("<I", slow_checksum(head + payload)) + payload
    return whole + bytes(-len(whole) % 8)


def written(*payloads, size_bytes=4096) -> bytes:
    writer, memory = RecordWriter(), bytearray(size_bytes)
    writer.open(memory, 0)
    for number, payload in enumerate(payloads, 1):
        assert writer.append_bytes(7, payload, 1000 * number, 5) == number
    return bytes(memory)


@pytest.mark.parametrize("tier", tiers())
@pytest.mark.parametrize(("data", "crc"), VECTORS)
def test_checksum_gives_the_published_values(tier, data, crc):
    assert checksum(data, tier=tier) == crc


@pytest.mark.parametrize("tier", tiers())
def test_checksum_goes_on_from_any_place(tier):
    data = random.Random(3).randbytes(100)
    for cut in range(101):
        assert checksum(data[cut:], checksum(data[:cut], tier=tier), tier=tier) == slow_checksum(data)


def test_tier_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="not in"):
        checksum(b"", tier="abacus")


def test_record_is_laid_out_as_described():
    writer, memory = RecordWriter(), bytearray(512)
    writer.open(memory, 40)
    assert writer.append_bytes(3, b"hello", 11, 22) == 1
    first = framed(3, b"hello", 1)
    assert memory[40:88] == first and len(first) == 48
    writer.note_synced(1)
    writer.append_bytes(4, b"", 11, 22)
    writer.append_bytes(5, b"x" * 16, 11, 22)
    second = framed(4, b"", 2, slow_checksum(first[:36] + b"hello"))
    third = framed(5, b"x" * 16, 3, slow_checksum(second[:36]), unsynced=1)
    assert memory[88:] == (second + third).ljust(512 - 88, b"\0")
    assert (writer.used_bytes, writer.last_seq, writer.synced_seq) == (88 + 40 + 56, 3, 1)


def test_record_is_read_back():
    record = read_record(framed(9, b"abc", 77, before=5, unsynced=2), 0)
    assert (record.kind, record.seq, record.mono_ns, record.wall_ns, record.payload) == (9, 77, 11, 22, b"abc")
    assert (record.before_crc, record.unsynced_count, record.offset, record.end_offset) == (5, 2, 0, 48)


def test_full_segment_takes_no_more_and_changes_nothing():
    writer, memory = RecordWriter(), bytearray(96)
    writer.open(memory, 0)
    assert writer.append_bytes(1, b"12345678", 0, 0) == 1
    assert writer.append_bytes(1, b"123456789", 0, 0) == 0
    assert writer.append_bytes(1, b"12345678", 0, 0) == 2
    assert (writer.used_bytes, writer.append_bytes(1, b"", 0, 0)) == (96, 0)


def test_writer_goes_on_in_the_next_segment():
    writer, first, second = RecordWriter(), bytearray(48), bytearray(96)
    writer.open(first, 0)
    writer.append_bytes(1, b"12345678", 0, 0)
    crc = writer.last_crc
    writer.open(second, 40)
    assert writer.append_bytes(1, b"", 0, 0) == 2
    assert read_record(bytes(second), 40).before_crc == crc == read_record(bytes(first), 0).crc
    first.clear()   # its memory was given back: a held one could not be resized


def test_writer_without_memory_has_no_room():
    writer = RecordWriter(5, 6)
    assert writer.append_bytes(1, b"", 0, 0) == 0
    memory = bytearray(64)
    writer.open(memory, 0)
    writer.close()
    assert (writer.append_bytes(1, b"", 0, 0), writer.last_seq, writer.last_crc) == (0, 5, 6)
    memory.clear()


@pytest.mark.parametrize(("kind", "count"), [(0, 1), (65536, 1), (1, 1025)])
def test_what_is_no_record_is_not_written(kind, count):
    writer = RecordWriter()
    writer.open(bytearray(4096), 0)
    with pytest.raises(UsageError):
        writer.append_bytes(kind, bytes(count), 0, 0)


@pytest.mark.parametrize("used_bytes", [-8, 4, 72])
def test_writer_begins_inside_its_segment(used_bytes):
    with pytest.raises(UsageError):
        RecordWriter().open(bytearray(64), used_bytes)


def test_scan_ends_at_zeros():
    data = written(b"a", b"bc", b"")
    assert [(record.seq, record.payload) for record in scan(data, 0)] == [(1, b"a"), (2, b"bc"), (3, b"")]
    assert scan(bytes(4096), 0) == scan(b"", 0) == scan(data, len(data)) == scan(data, 10**9) == scan(data, -1) == []


def test_no_flipped_bit_and_no_cut_passes():
    data = written(b"first payload", b"second")[:112]
    second_end = 56 + 40 + 6
    for place in range(56 + 48):
        for bit in range(8):
            bad = bytearray(data)
            bad[place] ^= 1 << bit
            assert len(scan(bytes(bad), 0)) == (1 if place >= 56 else 0), place
    for cut in range(len(data)):
        assert len(scan(data[:cut], 0)) == (cut >= 40 + 13) + (cut >= second_end)


def test_scan_takes_any_bytes():
    chance = random.Random(5)
    good = written(*(chance.randbytes(chance.randrange(200)) for _ in range(10)))
    for _ in range(2000):
        bad = bytearray(good)
        for _ in range(chance.randrange(1, 5)):
            start = chance.randrange(len(bad))
            bad[start : start + chance.randrange(60)] = chance.randbytes(chance.randrange(60))
        records = scan(bytes(bad), chance.randrange(-5, 100))
        assert all(record.end_offset <= len(bad) + 7 for record in records)
        next_record(bytes(bad), chance.randrange(len(bad)), 0)


def test_next_record_is_found_at_any_offset():
    data = written(b"a", b"b", b"c")
    second = scan(data, 0)[1]
    assert next_record(data, 1, 1).seq == 2
    shifted = b"xyz" + data[second.offset :]
    assert (next_record(shifted, 0, 1).seq, next_record(shifted, 0, 2).seq, next_record(shifted, 0, 3)) == (2, 3, None)
    assert HEAD_BYTES == 40 and next_record(b"", 0, 0) is None
