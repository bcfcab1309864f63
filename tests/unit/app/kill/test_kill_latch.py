"""The latch on disk: whatever lies there is a latch, and only a person with a reason takes it away."""

import pytest

from tidings.app.kill.kill_latch import KillLatch, Latched
from tidings.errors import UsageError
from tidings.journal import live_disk


@pytest.fixture
def latch(tmp_path):
    return KillLatch(tmp_path / "state" / "venue-0123.kill")


def test_nothing_is_latched_at_first(latch):
    assert (latch.is_set(), latch.read()) == (False, None)


def test_what_is_written_is_read_by_the_next_process(latch):
    latched = Latched(reason="ran wild", source="api", wall_ns=7, is_verified=True)
    latch.write(latched)
    again = KillLatch(latch.path)
    assert (again.is_set(), again.read()) == (True, latched)
    assert oct(latch.path.stat().st_mode & 0o777) == "0o600"
    assert [path.name for path in latch.path.parent.iterdir()] == [latch.path.name]     # no draft is left


def test_a_latch_is_durable_with_the_directories_it_lies_in(latch, monkeypatch):
    synced = []
    monkeypatch.setattr(live_disk, "sync_path", synced.append)
    latch.write(Latched(reason="ran wild"))
    assert synced == [latch.path.parent.parent]     # where its directory is new
    assert latch.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b'{"reason": 5}', b"x" * 10_000, b'{"reason":"a","n":1}'])
def test_any_file_is_a_latch(latch, content):
    latch.path.parent.mkdir()
    latch.path.write_bytes(content)
    assert latch.is_set()
    assert latch.read() is not None


def test_a_dangling_link_is_a_latch_too(latch):
    latch.path.parent.mkdir()
    latch.path.symlink_to(latch.path.parent / "nowhere")
    assert (latch.is_set(), latch.read() is not None) == (True, True)


def test_a_latch_that_cannot_be_looked_at_is_not_called_absent(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    latch = KillLatch(loop / "venue-0123.kill")
    with pytest.raises(OSError, match="symbolic links"):
        latch.read()
    assert not latch.is_set()  # an engine that runs is not killed by a directory that went away
    assert KillLatch(tmp_path / "none" / "venue-0123.kill").read() is None
    (tmp_path / "file").touch()
    assert KillLatch(tmp_path / "file" / "venue-0123.kill").read() is None


def test_one_file_kills_everybody(latch):
    latch.path.parent.mkdir()
    latch.kill_file.touch()
    other = KillLatch(latch.path.with_name("other.kill"))
    assert (latch.is_set(), other.is_set()) == (True, True)
    with pytest.raises(UsageError, match="kills every engine"):
        latch.remove("fine")


@pytest.mark.parametrize("reason", ["", " \n"])
def test_removing_needs_a_reason(latch, reason):
    latch.write(Latched(reason="ran wild"))
    with pytest.raises(UsageError, match="needs a reason"):
        latch.remove(reason)
    assert latch.is_set()


def test_removed_it_tells_what_it_was(latch):
    latch.write(Latched(reason="ran wild"))
    assert [kill.reason for kill in latch.remove("found it")] == ["ran wild"]
    assert (latch.is_set(), latch.remove("again")) == (False, [])


def test_a_second_kill_keeps_the_reason_of_the_first(latch):
    first = Latched(reason="ran wild", source="cli", wall_ns=7)
    second = Latched(reason="still", source="api", wall_ns=9)
    latch.write(first)
    KillLatch(latch.path).write(second)                                 # another process
    assert (latch.kills(), latch.read()) == ([first, second], first)
    assert [kill.reason for kill in latch.remove("found it")] == ["ran wild", "still"]


def test_how_a_kill_ended_is_no_other_kill(latch):
    latch.write(Latched(reason="ran wild", source="cli", wall_ns=7))
    latch.write(Latched(reason="ran wild", source="cli", wall_ns=7, is_verified=True))
    assert latch.kills() == [Latched(reason="ran wild", source="cli", wall_ns=7, is_verified=True)]
    latch.write(Latched(reason="still", source="cli", wall_ns=9))
    assert not latch.read().is_verified                                 # of the second nobody knows yet
    latch.write(Latched(reason="ran wild", source="cli", wall_ns=7, is_verified=True))
    assert latch.read().is_verified                                     # nothing was open after either


def test_a_reason_that_is_no_text_is_written_all_the_same(latch):
    latch.write(Latched(reason="wild \udcff", source="cli", wall_ns=7))    # `--reason $'wild \xff'`
    assert latch.kills() == [Latched(reason="wild \\udcff", source="cli", wall_ns=7)]


def test_a_latch_of_an_earlier_version_is_read(latch):
    latch.path.parent.mkdir()
    latch.path.write_bytes(b'{"reason":"ran wild","source":"cli","wall_ns":7,"is_verified":false}')
    latch.write(Latched(reason="still", source="cli", wall_ns=9))
    assert [kill.reason for kill in latch.kills()] == ["ran wild", "still"]


def test_a_slow_writer_does_not_put_it_back(latch):
    """Verified and re-armed while the disk was still busy with the first word."""
    epoch = latch.epoch
    latch.write(Latched(reason="ran wild"), epoch)
    latch.remove("found it")
    latch.write(Latched(reason="ran wild", is_verified=True), epoch)
    assert not latch.is_set()
    assert list(latch.path.parent.iterdir()) == []


def test_a_disk_that_takes_nothing_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        KillLatch(tmp_path / "file" / "a.kill").write(Latched())


def test_account_and_venue_name_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    paths = {KillLatch.of(venue, key).path for venue in ("a:1", "a:2") for key in ("k1", "k2")}
    assert len(paths) == 4
    assert all(path.parent == tmp_path / "tidings" and "k1" not in path.name for path in paths)
