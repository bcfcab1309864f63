"""The disk port on a real file system: what it makes, keeps out and removes."""

import errno
import mmap
import os
from pathlib import Path

import pytest

from tidings.errors import ConfigError
from tidings.journal import live_disk
from tidings.journal.disk import replace_whole
from tidings.journal.live_disk import BOOT_ID_FILE, LiveDisk, make_directory
from tidings.recorder.recorder import Recorder

needs_boot_id = pytest.mark.skipif(not BOOT_ID_FILE.exists(), reason="the machine tells no boot id")


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


def test_a_new_directory_is_durable_with_its_parents(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(live_disk, "sync_path", synced.append)
    make_directory(tmp_path / "state" / "journal")
    assert synced == [tmp_path, tmp_path / "state"]
    make_directory(tmp_path / "state" / "journal")
    assert len(synced) == 2, "what was there is durable already"
    Recorder(tmp_path / "recording", session={}, has_thread=False).close()
    assert synced[2] == tmp_path


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
    assert bytes(segment.buffer) == bytes(2 * mmap.PAGESIZE) == disk.read("s")
    for path in Path(disk.where).glob("s*"):
        assert path.stat().st_blocks * 512 >= path.stat().st_size == 2 * mmap.PAGESIZE
    segment.close(is_durable=True)
    segment.close(is_durable=True)


def test_sync_makes_durable_what_is_used_and_no_more(disk):
    segment = disk.map_segment("s", mmap.PAGESIZE)
    segment.buffer[:8] = b"abcdefgh"
    segment.sync(5)
    segment.buffer[5:8] = b"xyz"
    durable = Path(disk.where, "s")
    assert durable.read_bytes() == b"abcde".ljust(mmap.PAGESIZE, b"\0")
    segment.sync(7)
    assert durable.read_bytes()[:9] == b"abcdexy\0\0"
    segment.close(is_durable=True)
    assert disk.names() == ["s"] and len(list(Path(disk.where).iterdir())) == 2


def killed(disk, at=100):
    """A segment of a process that died with bytes in the page cache only."""
    segment = disk.map_segment("s.new", mmap.PAGESIZE)
    segment.buffer[:3] = b"abc"
    segment.sync(3)
    disk.rename("s.new", "s")
    segment.buffer[at : at + 3] = b"xyz"
    segment.close(is_durable=False)
    disk.unlock()
    return b"abc".ljust(at, b"\0") + b"xyz".ljust(mmap.PAGESIZE - at, b"\0")


@needs_boot_id
def test_what_was_stored_survives_the_process(disk):
    content = killed(disk)
    assert LiveDisk(Path(disk.where)).read("s") == content  # who only looks sees it too
    disk.lock()
    assert (disk.read("s"), Path(disk.where, "s").read_bytes()) == (content, content)
    assert sorted(path.name for path in Path(disk.where).iterdir()) == ["lock", "s"]


@needs_boot_id
def test_pages_of_an_earlier_boot_are_thrown_away(disk):
    killed(disk)
    (hot,) = Path(disk.where).glob("*.hot")
    hot.rename(hot.with_name("s.00000000-0000-0000-0000-000000000000.hot"))
    disk.lock()
    assert disk.read("s") == b"abc".ljust(mmap.PAGESIZE, b"\0")
    assert disk.names() == ["s"]


@needs_boot_id
def test_half_made_segment_leaves_nothing_behind(disk):
    disk.map_segment("s.new", mmap.PAGESIZE).close(is_durable=False)
    Path(disk.where, "s.new").unlink()
    disk.unlock()
    disk.lock()
    assert [path.name for path in Path(disk.where).iterdir()] == ["lock"]


def test_machine_without_a_boot_id_maps_the_one_file(disk):
    disk.boot_id = ""
    segment = disk.map_segment("s", mmap.PAGESIZE)
    segment.buffer[5:8] = b"abc"
    assert disk.read("s")[:9] == bytes(5) + b"abc" + bytes(1)
    segment.sync(8)
    segment.close(is_durable=False)
    assert [path.name for path in sorted(Path(disk.where).iterdir())] == ["lock", "s"]
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
    disk.remove_all(last="a")
    assert not Path(disk.where).exists()
