"""The disk port on a real file system: what it makes, keeps out and removes."""

import errno
import mmap
import os
from pathlib import Path

import pytest

from tidings.errors import ConfigError
from tidings.journal.disk import LiveDisk, replace_whole


@pytest.fixture
def disk(tmp_path):
    disk = LiveDisk(tmp_path / "state" / "journal")
    disk.lock()
    yield disk
    disk.unlock()


def test_directory_is_made_for_its_owner_alone(disk):
    assert Path(disk.where).stat().st_mode & 0o777 == 0o700
    disk.write("a", b"x")
    assert Path(disk.where, "a").stat().st_mode & 0o777 == 0o600
    assert disk.names() == ["a"]


def test_second_engine_is_kept_out_and_told_who_is_in(disk, tmp_path):
    second = LiveDisk(tmp_path / "state" / "journal")
    with pytest.raises(ConfigError, match=f"in use by another engine \\(process {os.getpid()}\\)"):
        second.lock()
    disk.unlock()
    second.lock()
    second.unlock()


def test_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="set journal_dir"):
        LiveDisk(tmp_path / "file" / "journal").lock()


def test_file_is_replaced_whole(disk):
    replace_whole(disk, "a", b"first, and longer")
    replace_whole(disk, "a", b"second")
    assert (disk.read("a"), disk.names()) == (b"second", ["a"])


def test_segment_is_zeros_with_its_space_reserved(disk):
    segment = disk.map_segment("s", 2 * mmap.PAGESIZE)
    status = Path(disk.where, "s").stat()
    assert bytes(segment.buffer) == bytes(2 * mmap.PAGESIZE)
    assert status.st_blocks * 512 >= status.st_size == 2 * mmap.PAGESIZE
    segment.close()


def test_what_is_stored_in_a_segment_is_in_its_file_at_once(disk):
    segment = disk.map_segment("s", mmap.PAGESIZE)
    segment.buffer[5:8] = b"abc"
    assert disk.read("s")[:9] == bytes(5) + b"abc" + bytes(1)
    segment.sync()
    segment.close()
    segment.close()
    disk.truncate("s", 8)
    assert disk.read("s") == bytes(5) + b"abc"


def test_segment_is_never_put_over_another(disk):
    disk.write("s", b"precious")
    with pytest.raises(FileExistsError):
        disk.map_segment("s", mmap.PAGESIZE)
    assert disk.read("s") == b"precious"


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="reserves by writing alone")
def test_segment_without_space_leaves_nothing(disk, monkeypatch):
    def refuse(fd, offset, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match="No space"):
        disk.map_segment("s", mmap.PAGESIZE)
    assert disk.names() == []


def test_remove_all_takes_the_directory_with_it(disk):
    disk.write("a", b"x")
    disk.remove("never-there")
    disk.remove_all()
    assert not Path(disk.where).exists()
