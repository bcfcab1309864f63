"""A session that records itself: everything that came and left is in it, in order, and nothing that gives it away."""

import asyncio
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from session_lines import PATIENT, USD_M, placed, until

import tidings
from tidings.app.links.order_lanes import OrderLanes
from tidings.errors import ConnectionLost, RecordingError
from tidings.recorder.entries import ACCOUNT_SOURCE, LANE_SOURCE, Entry, EntryKind
from tidings.recorder.reader import RecordingReader


def recording_session(exchange, directory: Path) -> tidings.Phemex:
    """A session of its own that records itself."""
    settings = {"exchange": str(exchange.ready_file), "rate_limits": False, "duplicate_window_s": 1e-6, **PATIENT}
    return tidings.connect("local", journal="none", record=str(directory), **settings)


async def recorded(exchange, directory: Path) -> tuple[list[Entry], tuple[bytes, ...]]:
    """What is in the recording of a session that places and cancels one order, and the session's secrets."""
    async with recording_session(exchange, directory) as phemex:
        await phemex.subscribe(USD_M.symbol)
        order = await placed(phemex, USD_M)
        await order.cancel()
        ready = phemex.engine.access.exchange.account(0)
    secrets = tuple(str(ready[name]).encode() for name in ("api_key", "api_secret"))
    return list(RecordingReader(directory)), secrets


async def test_a_session_is_recorded_whole_and_in_order(quiet_exchange, tmp_path):
    entries, _ = await recorded(quiet_exchange, tmp_path / "r")
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.kind for entry in entries[:2]] == [EntryKind.SESSION, EntryKind.CATALOGUE]
    assert json.loads(entries[1].payload)["data"]["perpProductsV2"]
    kinds = Counter(entry.kind for entry in entries)
    assert all(kinds[kind] for kind in (EntryKind.MARKET, EntryKind.ACCOUNT, EntryKind.FEED))
    create = next(entry for entry in entries if entry.payload.startswith(b"PUT /g-orders/create?"))
    assert create.source == LANE_SOURCE and b"symbol=BTCUSDT&side=Buy" in create.payload
    answers = (entry for entry in entries if entry.kind == EntryKind.LANE_CAME and entry.source == create.source)
    answer = next(entry for entry in answers if entry.number > create.number)
    head, _, body = answer.payload.partition(b"\n")
    assert json.loads(head)["status"] == 200
    assert json.loads(body)["data"]["clOrdID"].encode() in create.payload
    assert create.received_ns <= answer.received_ns
    told = next(entry for entry in entries if b'"ordStatus":"New"' in entry.payload)
    assert (told.kind, told.source) == (EntryKind.ACCOUNT, ACCOUNT_SOURCE)


async def test_no_key_no_secret_no_signature_is_in_a_recording(quiet_exchange, tmp_path):
    entries, secrets = await recorded(quiet_exchange, tmp_path / "r")
    sent = b"".join(entry.payload for entry in entries if entry.kind is EntryKind.LANE_SENT)
    assert sent.count(b"x-phemex-request-signature: [hidden]\r\n") == sent.count(b"x-phemex-request-signature: ") > 0
    everything = b"".join(entry.payload for entry in entries)
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "r").iterdir())
    for secret in secrets:
        assert len(secret) > 8
        assert secret not in everything and secret not in on_disk


async def test_feeds_tell_when_they_went_down_and_came_back(quiet_exchange, tmp_path):
    async with recording_session(quiet_exchange, tmp_path / "r") as phemex:
        await until(lambda: phemex.state.is_account_live)
        feed = phemex.engine.account._feed
        feed._on_closed(ConnectionError("cut by the test"))
        await until(lambda: feed.reconnect_count and phemex.state.is_account_live)
    told = [
        json.loads(entry.payload)
        for entry in RecordingReader(tmp_path / "r")
        if entry.kind is EntryKind.FEED and entry.source == ACCOUNT_SOURCE
    ]
    assert [item["event"] for item in told] == ["up", "down", "up"]
    assert told[1]["cause"] == "cut by the test"


async def test_a_stuck_disk_does_not_hold_up_orders(quiet_exchange, tmp_path, monkeypatch):
    gate, real, stuck = threading.Event(), os.fdatasync, threading.Event()

    def sync(descriptor: int) -> None:
        if threading.current_thread().name == "tidings-recorder":
            stuck.set()
            gate.wait(60)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    try:
        async with recording_session(quiet_exchange, tmp_path / "r") as phemex:
            await until(stuck.is_set)
            for _ in range(5):
                order = await placed(phemex, USD_M)
                await order.cancel()
            assert phemex.engine.recording.recorder.stats.synced_number <= 1
            gate.set()
    finally:
        gate.set()
    sent = [entry.payload for entry in RecordingReader(tmp_path / "r") if entry.kind is EntryKind.LANE_SENT]
    assert sum(payload.startswith(b"PUT /g-orders/create?") for payload in sent) == 5


async def test_a_directory_with_a_recording_is_refused_before_anything_is_sent(quiet_exchange, tmp_path):
    await recorded(quiet_exchange, tmp_path / "r")
    with pytest.raises(RecordingError, match="holds a recording already"):
        async with recording_session(quiet_exchange, tmp_path / "r"):
            pass


async def test_a_session_that_never_came_up_leaves_no_recording(quiet_exchange, tmp_path, monkeypatch):
    """So that the next attempt may have its directory."""

    async def refused(*_: object) -> None:
        raise ConnectionLost("refused by the test")

    monkeypatch.setattr(OrderLanes, "start", refused)
    with pytest.raises(ConnectionLost, match="by the test"):
        async with recording_session(quiet_exchange, tmp_path / "r"):
            pass
    assert not (tmp_path / "r").exists()


async def test_a_stuck_disk_does_not_hold_up_the_loop_at_the_end(quiet_exchange, tmp_path, monkeypatch):
    """Others may trade in it: what goes on beside the end is what lets the disk go on."""
    gate, real, stuck = threading.Event(), os.fdatasync, threading.Event()

    def sync(descriptor: int) -> None:
        if threading.current_thread().name == "tidings-recorder":
            stuck.set()
            gate.wait(5)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    async with asyncio.timeout(60):
        async with recording_session(quiet_exchange, tmp_path / "r") as phemex:
            await until(stuck.is_set)
            recorder = phemex.engine.recording.recorder
            opening = asyncio.create_task(opened_when(recorder._closing.is_set, gate))
        assert await opening, "the loop went on while the recorder ended"
    reader = RecordingReader(tmp_path / "r")
    assert list(reader) and reader.damage == ""


async def opened_when(is_ending: Callable[[], bool], gate: threading.Event) -> bool:
    """Whether it was this that opened the gate, before its time was up."""
    began_s = time.monotonic()
    while not is_ending():
        began_s = time.monotonic()
        await asyncio.sleep(0.01)
    gate.set()
    return time.monotonic() - began_s < 4
