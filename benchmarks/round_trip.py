"""An order's round trip over TLS against nginx, tidings beside C and beside what else Python offers.

Each client is a process of its own, pinned to one core, the server to another. All take turns in short rounds, so
that the machine's mood falls on all of them; medians are over all rounds. Two gaits: back to back, and with a
millisecond of quiet between orders, which is what a strategy really does.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import nginx_server
from benchmarks.messages import API_KEY, API_SECRET
from benchmarks.report import Row, Skipped, Table, Target

TITLE = "round trip"
HERE = Path(__file__).resolve().parent

BLOCKING, SPINNING = "C, blocking", "C, spinning"
SLEEPING, BUSY = "tidings, sleeping", "tidings, busy-poll"
# Name in the tables → (module it needs, name in benchmarks.clients).
PYTHON_CLIENTS = {
    SLEEPING: ("tidings", "tidings-sleeping"),
    BUSY: ("tidings", "tidings-busy"),
    "http.client": ("http.client", "http.client"),
    "aiohttp, uvloop": ("aiohttp", "aiohttp"),
    "ccxt, async": ("ccxt", "ccxt"),
    "requests": ("requests", "requests"),
}

STAGES = {
    "prep": "decided → send(2) entered",
    "to wire": "decided → send(2) returned",
    "reply": "decided → reply parsed",
}
GAITS_US = {"back to back": 0, "1 ms of quiet": 1000}
TARGETS = {
    "prep": [Target(SLEEPING, versus=BLOCKING, ratio=1.7), Target(BUSY, versus=SPINNING, ratio=1.7)],
    "to wire": [Target(SLEEPING, versus=BLOCKING, ratio=1.15), Target(BUSY, versus=SPINNING, ratio=1.15)],
    "reply": [Target(SLEEPING, versus=BLOCKING, ratio=1.15), Target(BUSY, versus=BLOCKING, ratio=1.0)],
}


class Effort(NamedTuple):
    rounds: int
    orders_per_round: int
    warm_up_orders: int


FULL = Effort(rounds=7, orders_per_round=1000, warm_up_orders=300)
QUICK = Effort(rounds=3, orders_per_round=200, warm_up_orders=100)


def environment() -> dict[str, str]:
    """Ours without proxies: the server is on loopback."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


ANSWER_LIMIT_S = 60  # of one batch; the slowest takes some seconds


class ClientProcess:
    """A client that runs orders on command, one batch at a time."""

    def __init__(self, name: str, command: list[str], core: int, preload: Path) -> None:
        self.name = name
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment() | {"LD_PRELOAD": str(preload), "PYTHONPATH": os.pathsep.join(sys.path)},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        if self.read(len(b"ready\n")) != b"ready\n":
            raise RuntimeError(f"{name} did not start")

    def read(self, count: int) -> bytes:
        """`count` bytes, or fewer when the client ended; one that hangs is ended."""
        assert self.process.stdout
        watchdog = threading.Timer(ANSWER_LIMIT_S, self.process.kill)
        watchdog.start()
        try:
            return self.process.stdout.read(count)
        finally:
            watchdog.cancel()

    def run(self, orders: int, quiet_us: int) -> array:
        """Three ns figures per order, in the order of STAGES."""
        assert self.process.stdin
        self.process.stdin.write(f"{orders} {quiet_us}\n".encode())
        self.process.stdin.flush()
        answer = self.read(orders * 3 * 8)
        if len(answer) != orders * 3 * 8:
            raise RuntimeError(f"{self.name} stopped in the middle of {orders} orders")
        return array("q", answer)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def compile_c(directory: Path) -> tuple[Path, Path]:
    """(floor client, preload library), built with the interpreter's compiler."""
    floor = directory / "floor"
    subprocess.run([*strict_compiler(), HERE / "floor.c", "-o", floor, "-lssl", "-lcrypto"], check=True)
    return floor, compile_stamps(directory)


def compile_stamps(directory: Path) -> Path:
    """The preload library alone."""
    stamps = directory / "wire_stamps.so"
    subprocess.run([*strict_compiler(), "-shared", "-fPIC", HERE / "wire_stamps.c", "-o", stamps, "-ldl"], check=True)
    return stamps


def strict_compiler() -> list[str]:
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC").split()[0]
    return [compiler, "-O2", "-Wall", "-Wextra", "-Werror"]


def obstacle() -> str:
    """Why this cannot run here; "" if it can."""
    if sys.platform != "linux":
        return "needs Linux (preloading, core pinning)"
    if len(os.sched_getaffinity(0)) < 2:
        return "needs two cores, one for the server"
    if not shutil.which(os.environ.get("CC", "cc")):
        return "needs a C compiler for the floor client"
    return nginx_server.missing()


def commands(floor: Path, server: nginx_server.NginxServer) -> Iterator[tuple[str, list[str]]]:
    """(name, command) of every client that can run here."""
    for name in (BLOCKING, SPINNING):
        mode = name.removeprefix("C, ")
        yield name, [str(floor), str(server.port), str(server.ca_file), API_KEY, API_SECRET, mode]
    for name, (module, client) in PYTHON_CLIENTS.items():
        if importlib.util.find_spec(module.split(".")[0]):
            yield name, [sys.executable, "-m", "benchmarks.clients", client, str(server.port), str(server.ca_file)]


def measure(clients: list[ClientProcess], effort: Effort, quiet_us: int) -> dict[str, array]:
    """Triples of each client over all rounds, taken in turns."""
    taken = {client.name: array("q") for client in clients}
    for client in clients:
        client.run(effort.warm_up_orders, 0)
    for _ in range(effort.rounds):
        for client in clients:
            client.run(20, quiet_us)  # wakes the server up, and is not counted
            taken[client.name] += client.run(effort.orders_per_round, quiet_us)
    return taken


def tables(taken: dict[str, array], gait: str) -> Iterator[Table]:
    for index, (stage, meaning) in enumerate(STAGES.items()):
        rows = [Row.of(name, triples[index::3]) for name, triples in taken.items()]
        yield Table(f"{TITLE}, {gait}: {stage}", meaning, BLOCKING, rows, TARGETS[stage])


def run(quick: bool) -> Iterator[Table | Skipped]:
    """Six tables: three stages in two gaits."""
    if reason := obstacle():
        yield Skipped(TITLE, reason)
        return
    client_core, *_, server_core = sorted(os.sched_getaffinity(0))
    with TemporaryDirectory(prefix="tidings-bench-") as directory, ExitStack() as stack:
        try:
            floor, stamps = compile_c(Path(directory))
        except subprocess.CalledProcessError:
            yield Skipped(TITLE, "the floor client does not compile; OpenSSL's headers are needed (Debian: libssl-dev)")
            return
        server = stack.enter_context(nginx_server.running_nginx(server_core))
        clients = []
        for name, command in commands(floor, server):
            clients.append(ClientProcess(name, command, client_core, stamps))
            stack.callback(clients[-1].close)
        for gait, quiet_us in GAITS_US.items():
            yield from tables(measure(clients, QUICK if quick else FULL, quiet_us), gait)
