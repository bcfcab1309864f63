"""A recorded market played again: read back, decoded, told to a strategy, and every callback digested."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import thread_time_ns

import orjson

from benchmarks.instrument import INSTRUMENT
from benchmarks.market_data import MESSAGE_LIMIT_NS, PlainStrategy, Strategy
from benchmarks.market_flow import FIRST_NS, STEP_NS, Market
from benchmarks.messages import SYMBOL
from benchmarks.report import Row, Skipped, Table, Target
from tidings import Strategy as SessionStrategy
from tidings.clock import ManualClock
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages.json_text import success
from tidings.market.book import Book
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder
from tidings.session.replay import replay
from tidings.venue.phemex.market_stream import MarketStream

LINES, READ, REPLAY = "lines of JSON, orjson and dicts", "tidings: read and decoded", "tidings: replayed and digested"
ROUNDS = 5
TURN_MESSAGES = 500  # between two turns of the recorder: as many make a block
FOREVER_NS = 2**63 - 1


class Counting(SessionStrategy):
    """As `Strategy` of market_data, for a session."""

    def __init__(self) -> None:
        self.book_count = self.best_bid_ticks = 0

    def on_book(self, book: Book, now_ns: int) -> None:
        self.book_count += 1
        self.best_bid_ticks = book.best_bid_ticks


def record(directory: Path, count: int) -> None:
    """The seeded market as a recording, and as lines beside it."""
    clock = ManualClock(0, FIRST_NS)
    recorder = Recorder(directory / "recording", session={}, clock=clock, has_thread=False, free_bytes_min=0)
    recorder.take(EntryKind.CATALOGUE, 0, success(load_catalogue().as_json), 0)
    with (directory / "lines").open("wb") as file:
        for number, message in enumerate(Market(seed=1).messages(count), 1):
            clock.advance(STEP_NS)
            recorder.take(EntryKind.MARKET, 1, message, clock.read_now_ns())
            file.write(orjson.dumps({"received_ns": clock.read_now_ns(), "payload": message.decode()}) + b"\n")
            if number % TURN_MESSAGES == 0:
                recorder.turn()
    recorder.close()


def from_lines(directory: Path) -> int:
    strategy = PlainStrategy()
    with (directory / "lines").open("rb") as file:
        for line in file:
            strategy.hear(orjson.loads(line)["payload"].encode())
    return strategy.book_count


def from_recording(directory: Path) -> int:
    strategy, clock = Strategy(), ManualClock()
    stream = MarketStream({SYMBOL: INSTRUMENT}, strategy)
    for block in RecordingReader(directory / "recording").blocks():
        while block.left:
            block.feed_market({1: stream}, clock, FOREVER_NS)
            entry = block.take()
            if entry is not None and entry.kind is EntryKind.MARKET:
                stream.feed(entry.payload, entry.received_ns)
    return strategy.book_count


def by_replay(directory: Path) -> int:
    strategy = Counting()
    result = asyncio.run(replay(directory / "recording", [strategy]))
    assert result.callbacks == strategy.book_count
    return strategy.book_count


def run(quick: bool) -> Iterator[Table | Skipped]:
    count = 3_000 if quick else 100_000
    calls: dict[str, Callable[[Path], int]] = {LINES: from_lines, READ: from_recording, REPLAY: by_replay}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    with tempfile.TemporaryDirectory(prefix="tidings-replay-", dir=Path.cwd()) as name:  # /tmp may be no disk
        record(Path(name), count)
        for _ in range(ROUNDS):
            books = set()
            for what, call in calls.items():
                start_ns = thread_time_ns()
                books.add(call(Path(name)))
                samples[what].append((thread_time_ns() - start_ns) / count)
            assert len(books) == 1, "each must have seen the same changes"
    rows = [Row.of(what, taken) for what, taken in samples.items()]
    rates = ", ".join(f"{1e9 / row.median_ns:,.0f}" for row in rows[1:])
    note = f"processor time per message of {count}; ours: {rates} a second on one core"
    yield Table("replay a recorded market", note, LINES, rows, [Target(READ, limit_ns=MESSAGE_LIMIT_NS)])
