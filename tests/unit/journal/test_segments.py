"""Segments are made whole or not at all, and know their own number."""

import errno
import struct

import pytest
from paged_disk import PagedDisk

from tidings.journal.record import SEGMENT_BYTES_BEFORE, checksum
from tidings.journal.segments import full_size_of, head_fault, make_segment, numbers_of, segment_name


def test_segment_has_its_name_only_when_its_head_is_durable():
    disk = PagedDisk()
    segment = make_segment(disk, 7, 4096, 99)
    assert disk.calls == ["remove", "map_segment", "segment.sync", "rename", "sync_names"]
    assert disk.names() == ["00000007.journal"] == [segment_name(7)] == sorted(disk.durable_names)
    head = struct.pack("<8sIIqqI", b"TIDINGSJ", 1, 4096, 7, 99, 0)
    assert bytes(segment.buffer) == (head + struct.pack("<I", checksum(head))).ljust(4096, b"\0")
    assert (head_fault(bytes(segment.buffer), 7), full_size_of(bytes(segment.buffer))) == ("", 4096)


@pytest.mark.parametrize("call", range(1, 6))
def test_failure_at_any_call_leaves_nothing(call):
    disk = PagedDisk()
    disk.fail_at = call, errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        make_segment(disk, 7, 4096, 99)
    assert (disk.files, disk.open_count) == ({}, 0)


def test_other_files_are_no_segments():
    names = ["anchor", "00000002.journal", "00000001.journal", "00000003.journal.new", "3.journal", "x00000004.journal"]
    assert numbers_of(names) == [1, 2]


def test_any_damage_of_a_head_is_named():
    disk = PagedDisk()
    data = bytes(make_segment(disk, 7, 4096, 99).buffer)
    for place in range(SEGMENT_BYTES_BEFORE):
        bad = bytearray(data)
        bad[place] ^= 16
        assert "damaged head" in head_fault(bytes(bad), 7)
    for cut in range(SEGMENT_BYTES_BEFORE):
        assert head_fault(data[:cut], 7) == f"has only {cut} bytes"
    assert head_fault(data, 8) == "is segment 7 under another's name"


def test_segment_of_another_format_is_refused():
    head = struct.pack("<8sIIqqI", b"TIDINGSJ", 2, 4096, 7, 99, 0)
    assert "another version of tidings" in head_fault(head + struct.pack("<I", checksum(head)), 7)
