"""Recordings to export: some seconds of the local exchange's market, and ones written by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from recorded_flow import RecordedFlow

from tidings.clock import ManualClock
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages.json_text import success
from tidings.recorder.entries import EntryKind
from tidings.recorder.recorder import Recorder

SYMBOLS = ("BTCUSDT", "BTCUSD", "sBTCUSDT")
WALL_NS = 1_700_000_000_000_000_000


class Flow(NamedTuple):
    """A recording, and the market it is of as it was at its end."""

    directory: Path
    recorded: RecordedFlow


@pytest.fixture(scope="session")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """70 s of three symbols, with a snapshot of the venue's own, a lost connection and missing messages in it."""
    directory = tmp_path_factory.mktemp("flow") / "recording"
    recorded = RecordedFlow(directory, SYMBOLS, seed=7)
    recorded.advance(62)
    recorded.lose_connection()
    recorded.advance(1)
    recorded.subscribe(SYMBOLS)
    recorded.advance(3)
    recorded.miss(3)
    recorded.advance(1)
    recorded.subscribe(SYMBOLS)
    recorded.advance(3)
    recorded.close()
    return Flow(directory, recorded)


class Written:
    """A recording of what a test says, one microsecond between entries."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._clock = ManualClock(now_ns=1_000, wall_ns=WALL_NS)
        self._recorder = Recorder(
            directory, session={"symbols": []}, clock=self._clock, has_thread=False, free_bytes_min=0
        )
        self.put(EntryKind.CATALOGUE, success(load_catalogue().as_json), source=0)

    def put(self, kind: EntryKind, payload: bytes, source: int = 1) -> None:
        self._clock.advance(1_000)
        self._recorder.take(kind, source, payload, self._clock.read_now_ns())

    def push(self, message: dict[str, Any], source: int = 1) -> None:
        self.put(EntryKind.MARKET, orjson.dumps(message), source)

    def event(self, kind: EntryKind, source: int = 1, **told: Any) -> None:
        self.put(kind, orjson.dumps(told), source)

    def wait(self, seconds: float) -> None:
        self._clock.advance(int(seconds * 1_000_000_000))

    def close(self) -> Path:
        self._recorder.close()
        return self.directory


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    yield Written(tmp_path / "recording")


@pytest.fixture
def book_push() -> Callable[..., dict[str, Any]]:
    """A push of the USD-M book of BTCUSDT: tick 0.1, lot 0.001."""

    def make(kind: str, bids: list[list[str]], asks: list[list[str]], sequence: int) -> dict[str, Any]:
        return {
            "depth": 30, "orderbook_p": {"asks": asks, "bids": bids}, "sequence": sequence, "symbol": "BTCUSDT",
            "timestamp": WALL_NS - 1_000_000 + sequence, "type": kind,
        }  # fmt: skip

    return make
