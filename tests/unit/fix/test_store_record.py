"""The store's bytes, against Python's own struct and zlib."""

import struct
import zlib

import pytest

from tidings.fix.store_record import packed, write_copy


@pytest.mark.parametrize("message", [b"", b"8=FIX.4.4\x01", bytes(range(256)) * 300])
@pytest.mark.parametrize("seq", [1, 2**63 + 5])
def test_a_record(message, seq):
    body = struct.pack("<BQQ", 2, seq, 1_785_585_600_123_456_789) + message
    made = packed(2, seq, 1_785_585_600_123_456_789, message)
    assert made == struct.pack("<II", len(body), zlib.crc32(body)) + body


def test_a_header_copy_is_written_where_it_belongs_and_nowhere_else():
    memory = bytearray(b"\xee" * 128)
    write_copy(memory, 64, b"MAGIC678", 7, (1, 2, 3, 2**40, 2**60))
    text = struct.pack("<8sQQQQQQ", b"MAGIC678", 7, 1, 2, 3, 2**40, 2**60)
    assert memory == b"\xee" * 64 + text + struct.pack("<I", zlib.crc32(text)) + b"\xee" * 4


@pytest.mark.parametrize(
    ("place", "magic", "numbers"), [(100, b"MAGIC678", (1,) * 5), (-1, b"MAGIC678", (1,) * 5), (0, b"M", (1,) * 5),
                                    (0, b"MAGIC678", (1,) * 4)]
)  # fmt: skip
def test_what_has_no_room_or_another_form_is_refused(place, magic, numbers):
    with pytest.raises(ValueError):
        write_copy(bytearray(128), place, magic, 1, numbers)
