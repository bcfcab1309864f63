"""What recording costs: handing one message over, taking one order request down, and reading a recording back."""

import queue
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import orjson

from benchmarks.report import Row, Skipped, Table
from benchmarks.timing import alternate
from tidings.app.recording.session_recording import Recording
from tidings.clock import Clock
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import MIB, Recorder
from tidings.venue.phemex.redaction import Redaction
from tidings.venue.phemex.signing import Credentials

MESSAGE = (
    b'{"depth":30,"orderbook_p":{"asks":[["61000.1","0.52"],["61000.4","1.7"],["61002","0"]],"bids":[["60999.8","3.1"],'
    b'["60999.5","0"]]},"sequence":77668172,"symbol":"BTCUSDT","timestamp":1666854171201355264,"type":"incremental"}'
)
REQUEST = (
    b"PUT /g-orders/create?symbol=BTCUSDT&side=Buy&posSide=Merged&ordType=Limit&timeInForce=GoodTillCancel"
    b"&clOrdID=T1M8NN74QX0000000001&orderQtyRq=0.01&priceRp=55250 HTTP/1.1\r\nHost: api.phemex.com\r\n"
    b"x-phemex-access-token: 01234567-89ab-cdef-0123-456789abcdef\r\nContent-Length: 0\r\n"
    b"x-phemex-request-expiry: 1796023233\r\nx-phemex-request-signature: " + b"0123456789abcdef" * 4 + b"\r\n\r\n"
)
KEY = "01234567-89ab-cdef-0123-456789abcdef"
QUEUE, FILE, TAKE, REQUEST_TAP = "queue.SimpleQueue.put", "file.write", "tidings: recorded", "tidings: order request"
LINES, READ = "lines of JSON, orjson", "tidings: checked and unpacked"
RING_BYTES = 512 * MIB  # nothing is written while it is measured: the disk is not the question here
BLOCK_ENTRIES = 500


def make_recorder(directory: Path) -> Recorder:
    return Recorder(directory, session={}, ring_bytes=RING_BYTES, free_bytes_min=0, has_thread=False)


def take_table(directory: Path, batches: int) -> Table:
    recorder = make_recorder(directory / "taken")
    recording = Recording(recorder, Redaction(Credentials(KEY, "c2VjcmV0", "raw")), Clock())
    with (directory / "lines").open("wb") as file:
        names: dict[str, Any] = {
            "message": MESSAGE, "request": REQUEST, "put": queue.SimpleQueue().put, "write": file.write,
            "came": recording.market_tap(1).came, "left": recording.lane_tap().request_left,
        }  # fmt: skip
        calls = {QUEUE: "put((message, 5))", FILE: "write(message)", TAKE: "came(message, 5)",
                 REQUEST_TAP: "left(0, request, 5)"}  # fmt: skip
        taken = alternate(calls, batches, names)
    assert recorder.stats.dropped == recorder.stats.lost == 0
    recorder.close()
    note = f"{len(MESSAGE)} bytes of a market stream; a request has {len(REQUEST)}, and loses its secrets"
    return Table("record one message", note, FILE, [Row.of(name, taken[name]) for name in calls])


def read_table(directory: Path, blocks: int) -> Table:
    recorder = make_recorder(directory / "read")
    lines = directory / "read.jsonl"
    with lines.open("wb") as file:
        for number in range(blocks * BLOCK_ENTRIES):
            recorder.take(EntryKind.MARKET, 1, MESSAGE, number)
            file.write(orjson.dumps({"received_ns": number, "payload": MESSAGE.decode()}) + b"\n")
    recorder.close()
    rows = [Row.of(LINES, list(per_line(lines))), Row.of(READ, list(per_entry(directory / "read", blocks)))]
    return Table("read one recorded message", "a sample is the mean of a block", LINES, rows)


def per_line(path: Path) -> Iterator[float]:
    with path.open("rb") as file:
        begin_ns = perf_counter_ns()
        for number, line in enumerate(file, 1):
            orjson.loads(line)
            if number % BLOCK_ENTRIES == 0:
                yield (perf_counter_ns() - begin_ns) / BLOCK_ENTRIES
                begin_ns = perf_counter_ns()


def per_entry(directory: Path, blocks: int) -> Iterator[float]:
    count, begin_ns = 0, perf_counter_ns()
    for block in RecordingReader(directory).blocks():
        entries = block.rest()
        if len(entries) > 1:
            yield (perf_counter_ns() - begin_ns) / len(entries)
        count += len(entries)
        begin_ns = perf_counter_ns()
    assert count == blocks * BLOCK_ENTRIES + 1


def run(quick: bool) -> Iterator[Table | Skipped]:
    with tempfile.TemporaryDirectory(prefix="tidings-recorder-", dir=Path.cwd()) as name:  # /tmp may be no disk
        yield take_table(Path(name), 200 if quick else 4000)
        yield read_table(Path(name), 20 if quick else 400)
