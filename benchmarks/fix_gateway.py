"""A FIX session over loopback: the gateway in busy-poll beside QuickFIX's Python package, in the same run.

The client is this process: pinned to one core and spinning, the acceptor on the other. Both acceptors take turns, so
that the machine's mood falls on both.
"""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from benchmarks.fix_acceptors import EXCHANGE, SAMPLES
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.round_trip import compile_stamps, environment

TITLE = "FIX gateway"
OURS, THEIRS = "tidings", "quickfix"
RATIO = 0.6
REQUEST_NS = 20_000  # 50,000 a second
SKIPPED = "quickfix is not installed: pip install 'quickfix-tls==1.16.0.1rc1'; tidings is measured alone"
ROUNDS = 5
WIRE_NS = 40_000
WARM_UP_ROUNDS = 10
ORDERS_AT_ONCE = 10
ALONE, EACH = "one after some quiet", "each of ten at once"
BURST = 50  # requests on their way at once
DEADLINE_S = 60


def framed(body: bytes) -> bytes:
    text = b"8=FIX.4.4\x019=%d\x01%b" % (len(body), body)
    return b"%b10=%03d\x01" % (text, sum(text) % 256)


def now() -> bytes:
    return time.strftime("%Y%m%d-%H:%M:%S", time.gmtime()).encode()


class Client:
    """A FIX client that does nothing but log on and ask whether the other side lives."""

    def __init__(self, port: int) -> None:
        self.seq = 0
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.socket.send(self.message(b"A", b"98=0\x01108=60\x01141=Y\x01"))
        assert b"\x0135=A\x01" in self.receive(1)

    def message(self, msg_type: bytes, body: bytes) -> bytes:
        self.seq += 1
        header = b"35=%b\x0134=%d\x0149=C1\x0152=%b\x0156=PHEMEX\x01" % (msg_type, self.seq, now())
        return framed(header + body)

    def receive(self, messages: int) -> bytes:
        """Spin until so many whole messages are there."""
        data, receive = b"", self.socket.recv
        deadline_ns = perf_counter_ns() + DEADLINE_S * 10**9
        while data.count(b"\x0110=") < messages or not data.endswith(b"\x01"):
            try:
                part = receive(65_536)
            except BlockingIOError:
                if perf_counter_ns() > deadline_ns:
                    raise TimeoutError(f"{messages} messages were awaited, and only this came: {data!r}") from None
                continue
            if not part:
                raise ConnectionError(f"closed behind {data!r}")
            data += part
        return data

    def round_trips(self, count: int) -> list[int]:
        """ns from a TestRequest's send to its Heartbeat, one at a time."""
        samples = []
        for _ in range(count):
            request = self.message(b"1", b"112=T%d\x01" % self.seq)
            start_ns = perf_counter_ns()
            self.socket.send(request)
            answer = self.receive(1)
            samples.append(perf_counter_ns() - start_ns)
            assert b"\x0135=0\x01" in answer and b"\x01112=T%d\x01" % (self.seq - 1) in answer, answer
        return samples

    def orders(self, first: int, count: int) -> None:
        """Orders that rest, `count` at once. Without spinning: the exchange has this core, too."""
        body = b"11=b%d\x0118=6\x0138=0.001\x0140=2\x0144=55250.0\x0154=1\x0155=BTCUSDT\x0159=1\x0160=%b\x01"
        numbers = range(first, first + count)
        self.socket.send(b"".join(self.message(b"D", body % (number, now())) for number in numbers))
        data, deadline_s = b"", time.monotonic() + DEADLINE_S
        while data.count(b"\x01150=0\x01") < count or not data.endswith(b"\x01"):
            time.sleep(0.0005)
            with suppress(BlockingIOError):
                data += self.socket.recv(65_536)
            assert time.monotonic() < deadline_s and b"\x0139=8\x01" not in data, data

    def bursts(self, count: int) -> list[float]:
        """ns per request of so many bursts, each answered whole before the next."""
        samples = []
        for _ in range(count):
            requests = b"".join(self.message(b"1", b"112=T%d\x01" % self.seq) for _ in range(BURST))
            start_ns = perf_counter_ns()
            self.socket.send(requests)
            answer = self.receive(BURST)
            samples.append((perf_counter_ns() - start_ns) / BURST)
            assert answer.count(b"\x0135=0\x01") == BURST
        return samples


class AcceptorProcess:
    """One acceptor on a core of its own, with a client logged on."""

    def __init__(self, name: str, directory: Path, core: int, preload: str = "") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free_port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fix_acceptors", name, str(directory), str(core), str(free_port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment() | {"PYTHONPATH": os.pathsep.join(sys.path), "LD_PRELOAD": preload},
        )
        assert self.process.stdout
        self.client = Client(int(self.process.stdout.readline()))

    def close(self) -> None:
        assert self.process.stdin
        self.client.socket.close()
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run(quick: bool) -> Iterator[Table | Skipped]:
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        yield Skipped(TITLE, "needs Linux and two cores, one for the acceptor")
        return
    names = [OURS] if importlib.util.find_spec("quickfix") is None else [OURS, THEIRS]
    if THEIRS not in names:
        yield Skipped(f"{TITLE}: {THEIRS}", SKIPPED)
    before = os.sched_getaffinity(0)
    client_core, *_, acceptor_core = sorted(before)
    with TemporaryDirectory(prefix="tidings-bench-fix-") as directory, ExitStack() as stack:
        stack.callback(os.sched_setaffinity, 0, before)
        yield from measured(names, Path(directory), client_core, acceptor_core, quick)
        yield to_wire(Path(directory), acceptor_core, quick)


def to_wire(directory: Path, acceptor_core: int, quick: bool) -> Table:
    """Orders through the gateway, its engine and its lane; the exchange shares the client's core."""
    ready = directory / EXCHANGE
    command = [sys.executable, "-m", "tidings", "exchange", "--ready-file", str(ready), "--no-flow", "--no-rate-limits"]
    exchange = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())
    try:
        deadline_s = time.monotonic() + DEADLINE_S
        while not ready.exists() and time.monotonic() < deadline_s:
            time.sleep(0.05)
        acceptor = AcceptorProcess("orders", directory, acceptor_core, str(compile_stamps(directory)))
        try:
            rounds, number = WARM_UP_ROUNDS + (4 if quick else 30), 0  # the exchange takes 500 that rest
            for _ in range(rounds):
                for count in (1, ORDERS_AT_ONCE):
                    acceptor.client.orders(number, count)
                    number += count
        finally:
            acceptor.close()
    finally:
        exchange.terminate()
        exchange.wait()
    samples = array("q", (directory / SAMPLES).read_bytes())
    pairs = list(zip(samples[::2], samples[1::2], strict=True))[2 * WARM_UP_ROUNDS :]
    rows = [
        Row.of(ALONE, [taken_ns for count, taken_ns in pairs if count == 1]),
        Row.of(EACH, [taken_ns for count, taken_ns in pairs if count == ORDERS_AT_ONCE]),
    ]
    note = "D read → send(2) returned"
    return Table(f"{TITLE}: order to the wire", note, ALONE, rows, [Target(row.name, limit_ns=WIRE_NS) for row in rows])


def measured(names: list[str], directory: Path, client_core: int, acceptor_core: int, quick: bool) -> Iterator[Table]:
    """One acceptor runs at a time: a spinning one would take the other's core."""
    trips: dict[str, list[float]] = {name: [] for name in names}
    bursts: dict[str, list[float]] = {name: [] for name in names}
    os.sched_setaffinity(0, {client_core})
    for _ in range(1 if quick else ROUNDS):
        for name in names:
            acceptor = AcceptorProcess(name, directory, acceptor_core)
            try:
                acceptor.client.round_trips(100)  # warms up, and is not counted
                trips[name] += acceptor.client.round_trips(50 if quick else 2000)
                bursts[name] += acceptor.client.bursts(4 if quick else 200)
            finally:
                acceptor.close()
    rows = [Row.of(name, samples) for name, samples in trips.items()]
    baseline = THEIRS if THEIRS in names else OURS
    yield Table(
        f"{TITLE}: round trip", "TestRequest → Heartbeat", baseline, rows, [Target(OURS, versus=THEIRS, ratio=RATIO)]
    )
    rows = [Row.of(name, samples) for name, samples in bursts.items()]
    yield Table(
        f"{TITLE}: sustained", f"per request, {BURST} at once", baseline, rows, [Target(OURS, limit_ns=REQUEST_NS)]
    )
