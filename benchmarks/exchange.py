"""The local exchange under load: processor time per order, reply times at half the load it is made for, start-up.

The exchange runs on one core (TLS, signatures checked, flow on, rate limits off), the client on another; four account
streams are listened to. The machine's other work falls on the times but hardly on the processor time per order, which
is the figure to compare.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.exchange_client import Client
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.round_trip import environment

TITLE = "local exchange"
TARGET_PER_S = 5_000
REPLY_NS = 5_000_000
READY_NS = 1_500_000_000
WINDOW = 8  # requests in flight on each of 8 connections
SLICE_S = 1.0
CPU, WALL = "processor time per order", "one order after another's end"
WHOLE, INTERPRETER, IMPORTS, REST = "until the ready line", "the interpreter", "its imports", "catalogue, keys, market"


def exchange_command(*more: str) -> list[str]:
    return [sys.executable, "-m", "tidings.exchange", "--no-rate-limits", *more]


@contextmanager
def exchange(core: int) -> Iterator[tuple[subprocess.Popen, dict]]:
    """A running exchange pinned to `core`, and its ready object."""
    process = subprocess.Popen(exchange_command(), stdout=subprocess.PIPE, env=environment())
    try:
        os.sched_setaffinity(process.pid, {core})
        assert process.stdout
        yield process, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def processor_ns(pid: int) -> int:
    """What the kernel says the process has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


async def saturated(client: Client, pid: int, slices: int) -> tuple[list[float], list[float]]:
    """(processor, wall) ns per order of each slice, with all the exchange can take."""
    cpu_ns, wall_ns = [], []
    for _ in range(slices):
        client.prepare(int(2 * TARGET_PER_S * SLICE_S))
        client.taken_ns.clear()
        client.ping()
        before_ns, begin_ns = processor_ns(pid), time.perf_counter_ns()
        await client.saturate(SLICE_S, WINDOW)
        orders = len(client.taken_ns)
        cpu_ns.append((processor_ns(pid) - before_ns) / orders)
        wall_ns.append((time.perf_counter_ns() - begin_ns) / orders)
    return cpu_ns, wall_ns


async def paced(client: Client, slices: int) -> list[list[int]]:
    """Reply times of each slice at half the load."""
    taken_ns = []
    for _ in range(slices):
        client.prepare(int(TARGET_PER_S / 2 * SLICE_S) + 100)
        client.taken_ns.clear()
        gc.collect()
        client.ping()
        await client.pace(SLICE_S, TARGET_PER_S / 2)
        taken_ns.append(sorted(client.taken_ns))
    return taken_ns


async def measured(process: subprocess.Popen, ready: dict, slices: int) -> list[Table]:
    client = Client(ready)
    gc.disable()  # a round of the client's must not be taken for the exchange's slowness
    await client.open()
    await saturated(client, process.pid, 2)  # warms up, and is not counted
    cpu_ns, wall_ns = await saturated(client, process.pid, slices)
    await asyncio.sleep(SLICE_S)  # a kernel that rations time has forgotten the load before
    taken_ns = await paced(client, slices)
    heard = [stream.messages for stream in client.streams]
    failure = client.failure
    client.close()
    gc.enable()
    assert not failure, failure
    assert min(heard) > 100, f"a stream was silent: {heard}"
    limit_ns = 1e9 / TARGET_PER_S
    sustained = Table(
        f"{TITLE}: flat out", f"{TARGET_PER_S} a second are {limit_ns / 1000:g} µs; samples are of {SLICE_S:g} s", CPU,
        [Row.of(CPU, cpu_ns), Row.of(WALL, wall_ns)], [Target(CPU, limit_ns=limit_ns), Target(WALL, limit_ns=limit_ns)],
    )
    everything = sorted(ns for each in taken_ns for ns in each)
    worst = [each[int(len(each) * 0.99)] for each in taken_ns]
    half = Table(
        f"{TITLE}: {TARGET_PER_S // 2} a second", "request due → reply read", "reply",
        [Row.of("reply", everything), Row.of("p99 of each second", worst)],
        [Target("p99 of each second", limit_ns=REPLY_NS)],
    )
    return [sustained, half]


def start_up(rounds: int, core: int) -> Table:
    """From the exec to the ready line, and what of it is whose."""
    taken: dict[str, list[float]] = {WHOLE: [], INTERPRETER: [], IMPORTS: [], REST: []}
    for _ in range(rounds):
        begin_ns = time.perf_counter_ns()
        with exchange(core):
            whole_ns = time.perf_counter_ns() - begin_ns
        bare_ns = run_ns("pass", core)
        import_ns = run_ns("import tidings.exchange.command, uvloop", core) - bare_ns
        for name, value_ns in zip(taken, (whole_ns, bare_ns, import_ns, whole_ns - bare_ns - import_ns), strict=True):
            taken[name].append(max(1, value_ns))  # the parts are of runs of their own
    rows = [Row.of(name, samples) for name, samples in taken.items()]
    return Table(f"{TITLE}: start-up", "process made → ready line", WHOLE, rows, [Target(WHOLE, limit_ns=READY_NS)])


def run_ns(code: str, core: int) -> int:
    begin_ns = time.perf_counter_ns()
    process = subprocess.Popen([sys.executable, "-c", code], env=environment())
    os.sched_setaffinity(process.pid, {core})
    assert process.wait() == 0
    return time.perf_counter_ns() - begin_ns


def run(quick: bool) -> Iterator[Table | Skipped]:
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        yield Skipped(TITLE, "needs Linux and two cores, one for the exchange")
        return
    import uvloop

    before = os.sched_getaffinity(0)
    client_core, *_, exchange_core = sorted(before)
    os.sched_setaffinity(0, {client_core})
    try:
        with exchange(exchange_core) as (process, ready):
            yield from uvloop.run(measured(process, ready, 3 if quick else 10))
        yield start_up(1 if quick else 5, exchange_core)
    finally:
        os.sched_setaffinity(0, before)
