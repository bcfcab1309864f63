"""fsync = "interval": durable within its time, in order, and nobody waits for a slow disk or misses a broken one."""

import os
import threading
import time

import pytest

from tidings.fix.disk_sync import DiskSync
from tidings.fix.file_store import FileStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings
from tidings.fix_gateway.chain_log import FileChainLog

MS = 1_000_000


class Disk:
    """Stands for fdatasync: which files, when, and as slow or broken as the test wants."""

    def __init__(self, monkeypatch) -> None:
        self.synced: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: OSError | None = None
        monkeypatch.setattr(os, "fdatasync", self._sync)

    def _sync(self, file: int) -> None:
        assert self.gate.wait(60)
        if self.error is not None:
            raise self.error
        self.synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{file}")))  # noqa: PTH115, PTH119


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def until_idle(store) -> None:
    deadline_s = time.monotonic() + 10
    while store._behind.is_busy:
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


def test_a_session_that_is_away_is_made_durable_too(tmp_path, disk):
    """Its reports are stored while nobody is connected; the timer reaches it all the same."""
    store = FileStore(tmp_path, "interval", interval_ms=100)
    session = FixSession(SessionSettings(our_comp_id="P", client_comp_id="C"), store, None)
    session.on_timer(1_000 * MS, 0)
    until_idle(store)
    disk.synced.clear()
    session.send(b"8", [(37, b"x")], 1_010 * MS, 0)
    assert not session.is_connected
    session.on_timer(1_050 * MS, 0)
    until_idle(store)
    assert disk.synced == []  # not yet its time
    session.on_timer(1_100 * MS, 0)
    until_idle(store)
    assert disk.synced == ["messages-000001.log", "header"]  # the log before the header that speaks of it
    session.on_timer(1_300 * MS, 0)
    until_idle(store)
    assert len(disk.synced) == 2  # nothing new
    store.close()


def test_nobody_waits_for_a_slow_disk_and_one_sync_follows_another(tmp_path, disk):
    store = FileStore(tmp_path, "interval", interval_ms=100)
    store.on_timer(1_000 * MS)
    until_idle(store)
    disk.synced.clear()
    disk.gate.clear()
    for moment in range(20):  # each would hang, were it not in a thread
        store.set_out(store.next_out, b"x", True)
        store.on_timer((1_200 + 100 * moment) * MS)
    assert disk.synced == []
    store.reset(5)  # the log that is being synced is closed and another one begun
    disk.gate.set()
    until_idle(store)
    assert disk.synced == ["messages-000001.log", "header"]
    store.close()  # what came meanwhile is synced at the end
    assert disk.synced[2:] == ["messages-000002.log"]


def test_a_broken_disk_is_told_of(tmp_path, disk):
    store = FileStore(tmp_path, "interval", interval_ms=100)
    disk.error = OSError(5, "Input/output error")
    store.set_out(1, b"x", True)
    store.on_timer(1_000 * MS)
    until_idle(store)
    with pytest.raises(OSError, match="Input/output error"):
        store.on_timer(1_050 * MS)
    disk.error = None
    store.on_timer(1_200 * MS)  # and tried again
    until_idle(store)
    assert disk.synced == ["messages-000001.log", "header"]
    store.close()


def test_the_chains_log_is_synced_in_a_thread_too(tmp_path, disk):
    log = FileChainLog(tmp_path, "interval")
    disk.gate.clear()
    log.append(("L", "C1", "S"))
    log.sync()
    log.append(("L", "C1", ""))
    log.sync()
    disk.gate.set()
    until_idle(log)
    log.sync()
    until_idle(log)
    assert disk.synced == ["order_chains.log", "order_chains.log"]
    log.close()


def test_descriptors_are_given_back(tmp_path, disk):
    file = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    sync = DiskSync()
    count = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for error in (None, OSError(5, "Input/output error")):
        disk.error = error
        for _ in range(5):
            sync.begin(file, file)
            if error is None:
                sync.wait()
            else:
                with pytest.raises(OSError, match="Input"):
                    sync.wait()
    assert len(os.listdir("/proc/self/fd")) == count  # noqa: PTH208
    os.close(file)
