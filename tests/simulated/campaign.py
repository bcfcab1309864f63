"""Many schedules, on several processes: counted, hashed in order, and shrunk where one fails."""

from __future__ import annotations

import gc
import hashlib
import math
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.simulated.schedule import make_schedule
from tests.simulated.simulation import Result, Simulation, errors_told

Item = TypeVar("Item")

SCHEDULES_PER_SEED = 1_000_000_000  # schedule k of a campaign with seed S has the number S · 10⁹ + k
CHUNK = 10  # schedules handed to a process at once
FAILURES_KEPT = 50


@dataclass
class Report:
    """What a campaign found."""

    schedules: int = 0
    seed: int = 0
    violations: int = 0
    per_second: float = 0.0
    simulated_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, list[str]]] = field(default_factory=list)
    trace_hash: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "schedules": self.schedules, "seed": self.seed, "violations": self.violations,
            "per_second": round(self.per_second, 1), "faults": dict(sorted(self.faults.items())),
            "failing_seeds": [number for number, _ in self.failures], "trace_hash": self.trace_hash,
            "simulated_s": round(self.simulated_s),
        }


def run_number(number: int) -> Result:
    """The result of one schedule, by its number."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return Simulation(make_schedule(number)).run()
    finally:
        with errors_told(lambda record: None):  # the dead are taken apart here, and what they log is nobody's
            gc.collect(1)  # all that the run has left, while it is still in the processor's cache
        if is_collecting:
            gc.enable()


def run_campaign(
    seed: int, first: int, count: int, jobs: int, on_progress: Callable[[Report, int], object],
    limit_s: float = math.inf,
) -> Report:
    """Run schedules `first` to `first + count - 1` of `seed`, or as many of them as `limit_s` of real time allow. The
    result of each does not depend on `jobs`.
    """
    report = Report(seed=seed)
    running_hash = hashlib.blake2b(digest_size=16)
    started_s = time.monotonic()
    numbers = range(seed * SCHEDULES_PER_SEED + first, seed * SCHEDULES_PER_SEED + first + count)
    with in_processes(run_number, numbers, jobs) as results:
        for result in results:
            report.schedules += 1
            report.violations += len(result.violations)
            report.faults += result.fired
            report.outcomes += result.outcomes
            report.simulated_s += result.simulated_s
            running_hash.update(result.trace_hash.encode())
            if result.violations and len(report.failures) < FAILURES_KEPT:
                report.failures.append((result.seed, result.violations))
            report.per_second = report.schedules / max(time.monotonic() - started_s, 1e-9)
            on_progress(report, count)
            if time.monotonic() - started_s > limit_s:
                break
    report.trace_hash = running_hash.hexdigest()
    return report


@contextmanager
def in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[Iterator[Result]]:
    """`map(function, items)`, the work done by `jobs` processes."""
    if jobs == 1:
        yield map(function, items)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=gc.freeze) as pool:  # modules are no garbage
        yield pool.imap(function, items, chunksize=CHUNK)
