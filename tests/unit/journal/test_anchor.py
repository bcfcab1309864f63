"""The anchor is replaced whole, and believed only whole."""

import pytest
from paged_disk import PagedDisk

from tidings.errors import JournalDamaged
from tidings.journal.anchor import Anchor, read_anchor, write_anchor
from tidings.journal.record import checksum

ANCHOR = Anchor(
    reserved_ms=12, boot_id="b", owner="o", first_segment=3, first_seq=4, first_crc=5, last_segment=6, ends_at=(7, 8)
)


def test_what_was_written_is_read():
    disk = PagedDisk()
    assert read_anchor(disk) is None
    write_anchor(disk, ANCHOR)
    assert disk.calls[1:] == ["write", "sync", "rename", "sync_names"]
    assert read_anchor(disk) == ANCHOR


def test_no_flipped_byte_and_no_cut_passes():
    disk = PagedDisk()
    write_anchor(disk, ANCHOR)
    good = disk.read("anchor")
    for place in range(len(good)):
        disk.files["anchor"] = bytearray(good)
        disk.files["anchor"][place] ^= 1
        with pytest.raises(JournalDamaged, match="journal/anchor is damaged"):
            read_anchor(disk)
        disk.files["anchor"] = bytearray(good[:place])
        with pytest.raises(JournalDamaged, match="journal/anchor is damaged"):
            read_anchor(disk)


def test_anchor_of_another_version_is_refused():
    disk = PagedDisk()
    text = b'{"format":2,"something":"new"}'
    disk.write("anchor", b"%s\n%08x\n" % (text, checksum(text)))
    with pytest.raises(JournalDamaged, match="another version of tidings"):
        read_anchor(disk)
