"""A session's files: what survives a kill, what is cut, what is refused, and who may open them."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tidings.errors import ConfigError, SessionStoreDamaged
from tidings.fix.file_store import FileStore
from tidings.fix.store_files import COPY_BYTES, HEADER_BYTES

MESSAGES = {1: b"logon", 2: b"report of an order", 3: b"heartbeat", 4: b"another\x01report"}
REPLAYED = {2, 4}


def filled(directory: Path, **options) -> FileStore:
    store = FileStore(directory, **options)
    for seq, data in MESSAGES.items():
        store.set_out(seq, data, seq in REPLAYED, wall_ns=seq)
    store.set_in(9)
    return store


def contents(store: FileStore) -> tuple[int, int, list[tuple[int, bytes]]]:
    return store.next_out, store.next_in, list(store.get(1, 99))


WHOLE = (5, 9, [(2, MESSAGES[2]), (4, MESSAGES[4])])


@pytest.mark.parametrize("fsync", ["off", "interval", "always"])
def test_all_is_there_after_a_clean_end(tmp_path: Path, fsync: str) -> None:
    store = filled(tmp_path, fsync=fsync)
    store.on_timer(10**12)
    assert contents(store) == WHOLE
    store.close()
    store.close()
    again = FileStore(tmp_path)
    assert contents(again) == WHOLE
    assert list(again.get(3, 4)) == [(4, MESSAGES[4])]
    again.close()


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    for round_number in range(5):
        child = os.fork()
        if child == 0:
            store = FileStore(tmp_path)
            for _ in range(100):
                store.set_out(store.next_out, b"m%d" % store.next_out, True)
                store.set_in(store.next_in + 2)
            os.kill(os.getpid(), signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
        store = FileStore(tmp_path)
        count = 100 * (round_number + 1)
        assert (store.next_out, store.next_in) == (count + 1, 2 * count + 1)
        assert list(store.get(1, count)) == [(seq, b"m%d" % seq) for seq in range(1, count + 1)]
        store.close()


def test_a_process_killed_at_any_moment_never_goes_back(tmp_path: Path) -> None:
    """The parent kills while the child writes; the child tells each number before it goes on."""
    told = 0
    for _ in range(10):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            store = FileStore(tmp_path)
            while True:
                seq = store.next_out
                store.set_out(seq, b"m%d" % seq * 50, True)
                os.write(writing, seq.to_bytes(8, "little"))
        os.close(writing)
        data = os.read(reading, 8 * 200)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while part := os.read(reading, 1 << 16):
            data += part
        os.close(reading)
        assert len(data) % 8 == 0
        told = int.from_bytes(data[-8:], "little")
        store = FileStore(tmp_path)
        assert store.next_out in (told + 1, told + 2)  # the last one may have been written and not told
        assert list(store.get(told, told)) == [(told, b"m%d" % told * 50)]
        store.close()
    assert told > 0


def test_a_torn_tail_is_cut_at_every_byte(tmp_path: Path) -> None:
    """A record written and not yet known to the header: half of it is as if it had not been begun."""
    base = tmp_path / "base"
    filled(base).close()
    header = (base / "header").read_bytes()
    store = FileStore(base)
    log = base / "messages-000001.log"
    known_end = log.stat().st_size
    store.set_out(5, b"the last one", True)
    store.close()
    whole = log.read_bytes()
    for size in range(known_end, len(whole) + 1):
        directory = tmp_path / f"cut{size}"
        shutil.copytree(base, directory)
        (directory / "header").write_bytes(header)
        (directory / log.name).write_bytes(whole[:size])
        cut = FileStore(directory)
        if size < len(whole):
            assert contents(cut) == WHOLE
            assert (directory / log.name).stat().st_size == known_end
        else:
            assert cut.next_out == 6
        cut.set_out(cut.next_out, b"goes on", True)
        cut.close()
        again = FileStore(directory)
        assert list(again.get(1, 99))[-1] == (again.next_out - 1, b"goes on")
        again.close()


def test_a_flipped_bit_before_the_end_is_refused_by_name(tmp_path: Path) -> None:
    filled(tmp_path).close()
    log = tmp_path / "messages-000001.log"
    whole = log.read_bytes()
    for place in range(len(whole)):
        log.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(SessionStoreDamaged, match=r"messages-000001\.log: damaged at byte \d+.*move it away"):
            FileStore(tmp_path)
    log.write_bytes(whole)
    store = FileStore(tmp_path)
    assert contents(store) == WHOLE
    store.close()


def test_a_log_that_is_too_short_or_gone_is_refused(tmp_path: Path) -> None:
    filled(tmp_path).close()
    log = tmp_path / "messages-000001.log"
    log.write_bytes(log.read_bytes()[:-1])
    with pytest.raises(SessionStoreDamaged, match="before the log's end"):
        FileStore(tmp_path)
    log.unlink()
    with pytest.raises(SessionStoreDamaged, match="before the log's end"):
        FileStore(tmp_path)


def test_one_damaged_copy_of_the_header_is_no_harm(tmp_path: Path) -> None:
    filled(tmp_path).close()
    header = tmp_path / "header"
    whole = header.read_bytes()
    assert len(whole) == HEADER_BYTES
    for place in (0, COPY_BYTES):
        header.write_bytes(whole[:place] + b"\xff" * COPY_BYTES + whole[place + COPY_BYTES :])
        store = FileStore(tmp_path)
        assert store.next_out == 5
        assert store.next_in in (1, 9)  # the copy before the last change says 1: the peer's are asked for again
        store.close()
        header.write_bytes(whole)


def test_a_header_that_is_damaged_or_gone_is_refused(tmp_path: Path) -> None:
    filled(tmp_path).close()
    header = tmp_path / "header"
    header.write_bytes(bytes(HEADER_BYTES))
    with pytest.raises(SessionStoreDamaged, match="neither copy"):
        FileStore(tmp_path)
    header.unlink()
    with pytest.raises(SessionStoreDamaged, match="is missing"):
        FileStore(tmp_path)


def test_a_reset_begins_a_new_log(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.reset(10**18)
    assert contents(store) == (1, 1, [])
    assert store.created_ns == 10**18
    store.set_out(1, b"anew", True)
    store.close()
    again = FileStore(tmp_path)
    assert contents(again) == (2, 1, [(1, b"anew")])
    assert again.created_ns == 10**18
    again.close()


def test_old_logs_are_kept_for_some_days(tmp_path: Path) -> None:
    store = filled(tmp_path, keep_days=2)
    old = tmp_path / "messages-000001.log"
    written_ns = old.stat().st_mtime_ns
    store.reset(written_ns + 86_400 * 10**9)
    assert old.exists()
    store.reset(written_ns + 3 * 86_400 * 10**9)
    assert not old.exists()
    store.close()


def test_a_reset_cut_off_before_the_header_leaves_the_old_numbers(tmp_path: Path) -> None:
    filled(tmp_path).close()
    (tmp_path / "messages-000002.log").write_bytes(b"half a thing")
    store = FileStore(tmp_path)
    assert contents(store) == WHOLE
    store.reset(1)
    assert contents(store) == (1, 1, [])
    store.close()
    again = FileStore(tmp_path)
    assert contents(again) == (1, 1, [])
    again.close()


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(ConfigError, match="another process"):
        FileStore(tmp_path)
    store.close()
    FileStore(tmp_path).close()


def test_an_unknown_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'sometimes': one of off, interval, always"):
        FileStore(tmp_path, fsync="sometimes")


def test_a_full_disk_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    with pytest.raises(OSError, match="no room"):
        store.set_out(5, b"x" * 100, True)
    monkeypatch.undo()
    assert contents(store) == WHOLE
    store.set_out(5, b"fits", True)
    store.close()
    again = FileStore(tmp_path)
    assert list(again.get(5, 5)) == [(5, b"fits")]
    again.close()


def test_a_closed_store_writes_into_nobody_elses_file(tmp_path):
    store = FileStore(tmp_path / "store")
    store.close()
    others = [(tmp_path / f"other{number}").open("wb") for number in range(4)]  # they take the store's descriptors
    with pytest.raises(OSError):
        store.set_out(1, b"8=FIX.4.4\x01", True, 1)
    for other in others:
        other.close()
    assert [path.stat().st_size for path in tmp_path.glob("other*")] == [0, 0, 0, 0]
