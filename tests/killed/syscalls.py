"""`kill -9` at system calls: `python -m tests.killed.syscalls --points 50`, or `--all`.

One scenario of an engine (it starts on a journal with open orders, creates, amends, fills, cancels and ends) is listed
by strace, the main thread and the journal's. Then it is lived again and again, each time killed by strace as it enters
one of those calls. The engine that starts on what is left must come to know all that the exchange has: none lost, none
doubled, every state equal.

Sampled points lie behind the first call that touches the journal, and mostly at calls whose effect outlives the
process. `--all` walks every one, from the scenario's first call on; `--from K` goes on where an earlier walk ended.
A point that the scenario did not reach (it waits for a network, more or less often) is counted as missed: when points
are sampled another takes its place, and `--all` tries once more. Where strace cannot be used all are skipped, and
counted. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import random
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from tests.killed.boundaries import JOURNAL, MAIN, OUTLIVING, Boundary, boundaries_in, in_turn
from tests.killed.point import FAILED, KILLED, MISSED, Place, Point
from tests.killed.tracing import why_not
from tests.reference.exchange_process import RunningExchange, launch

ACCOUNTS = 60  # of one exchange; each is used once
STEP_S = 0.003
PROGRESS_POINTS = 25


@dataclass(slots=True)
class Result:
    """What came of a run. `calls`: at which ones something died."""

    killed: int = 0
    missed: list[tuple[int, Boundary]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    next: int = 0

    def take(self, number: int, point: Point) -> None:
        """One point's outcome."""
        assert point.boundary is not None
        if point.outcome == MISSED:
            self.missed.append((number, point.boundary))
        elif point.outcome == KILLED:
            self.killed += 1
            self.calls[f"{point.thread} {point.boundary.call}"] += 1
        elif point.outcome == FAILED:
            self.failures.append(f"point {number}, {point.boundary}: {point.why}")
            print(self.failures[-1], file=sys.stderr, flush=True)


class Ground:
    """Exchanges, one after the other, and at them a place for each point."""

    def __init__(self, directory: Path, seed: int) -> None:
        self._directory, self._seed, self._used = directory, seed, 0
        self._exchanges: list[RunningExchange] = []

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *_: object) -> None:
        for exchange in self._exchanges:
            exchange.stop()

    def place(self) -> Place:
        """An account that nobody has used."""
        account = self._used % ACCOUNTS
        if account == 0:
            self._open_exchange()
        self._used += 1
        exchange = self._exchanges[-1]
        return Place(
            exchange.ready_file, account, exchange.ready["accounts"][account]["user_id"],
            self._directory / f"place-{self._used}", partial(_dump, exchange.ready["admin"]),
        )  # fmt: skip

    def _open_exchange(self) -> None:
        """Points of the last exchange may still be under way; those of the one before are long done."""
        if len(self._exchanges) == 2:
            self._exchanges.pop(0).stop()
        directory = self._directory / f"exchange-{self._used}"
        directory.mkdir(parents=True)
        seed = str(self._seed + self._used)
        self._exchanges.append(launch(directory, "--no-rate-limits", "--seed", seed, "--accounts", str(ACCOUNTS)))


def _dump(admin: str) -> Any:
    with urllib.request.urlopen(f"{admin}/dump", timeout=30) as answer:
        return json.load(answer)


def list_boundaries(ground: Ground, *, from_journal: bool) -> list[Boundary]:
    """Of both threads, in warm processes: whatever the first life had to import is then there already."""
    warming = _lived_out(Point(ground.place(), None, MAIN))
    for name in warming.modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    found: list[Boundary] = []
    for thread in (MAIN, JOURNAL):
        place = ground.place()
        listing = _lived_out(Point(place, None, thread))
        journal = place.journal if from_journal and thread == MAIN else None
        found += boundaries_in(listing.log.read_text(), thread, journal)
    return found


def _lived_out(point: Point) -> Point:
    while not point.outcome:
        point.step()
        time.sleep(STEP_S)
    if point.outcome == FAILED:
        raise RuntimeError(f"the scenario could not be listed: {point.why}")
    return point


def kill_at_all(
    ground: Ground, boundaries: Iterator[tuple[int, Boundary]], wanted: int, parallel: int, stop_s: float,
    result: Result,
) -> None:  # fmt: skip
    """Until `wanted` points are behind us, there are no more, or time is up. Some at a time: they mostly wait."""
    under_way: dict[int, Point] = {}
    try:
        while True:
            while len(under_way) < min(parallel, wanted - result.killed - len(result.failures)):
                number, boundary = next(boundaries, (-1, None))
                if boundary is None or time.monotonic() > stop_s:
                    wanted = 0
                    break
                result.next = max(result.next, number + 1)
                under_way[number] = Point(ground.place(), boundary)
            if not under_way:
                return
            _step_all(under_way, result)
            time.sleep(STEP_S)
    finally:
        for point in under_way.values():
            point.give_up()


def _step_all(under_way: dict[int, Point], result: Result) -> None:
    for number, point in list(under_way.items()):
        point.step()
        if point.outcome:
            del under_way[number]
            result.take(number, point)
            if point.outcome != FAILED:
                point.clear_away()
            _tell_progress(result)


def _tell_progress(result: Result) -> None:
    if (result.killed + len(result.missed)) % PROGRESS_POINTS == 0:
        print(f"{result.killed} killed, {len(result.missed)} missed, {len(result.failures)} failures, at {result.next}",
              file=sys.stderr, flush=True)  # fmt: skip


def main() -> int:
    arguments = _parser().parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tidings-syscalls-") as temporary:
        directory = Path(arguments.keep or temporary)
        directory.mkdir(parents=True, exist_ok=True)
        obstacle = why_not(directory)
        if obstacle:
            skipped = {"points": 0, "skipped": arguments.points, "failures": [], "why": obstacle}
            print(f"ALL {arguments.points} POINTS ARE SKIPPED: {obstacle}", file=sys.stderr, flush=True)
            print(json.dumps(skipped))
            return 0
        with Ground(directory, arguments.seed) as ground:
            result, boundary_count = _run(ground, arguments, began_s + arguments.seconds)
    wanted = result.killed if arguments.all else arguments.points
    print(json.dumps({
        "points": result.killed, "missed": len(result.missed), "skipped": 0, "failures": result.failures,
        "boundaries": boundary_count, "next": result.next, "calls": dict(result.calls.most_common()),
        "missed_calls": dict(Counter(f"{boundary.thread} {boundary.call}" for _, boundary in result.missed)),
        "seconds": round(time.monotonic() - began_s, 1),
    }))  # fmt: skip
    return 0 if result.killed and result.killed == wanted and not result.failures else 1


def _run(ground: Ground, arguments: argparse.Namespace, stop_s: float) -> tuple[Result, int]:
    boundaries = list_boundaries(ground, from_journal=not arguments.all)
    print(f"{len(boundaries)} boundaries, {sum(b.call in OUTLIVING for b in boundaries)} of them at calls that outlive"
          " the process", file=sys.stderr, flush=True)  # fmt: skip
    ordered = boundaries if arguments.all else in_turn(boundaries, random.Random(arguments.seed))
    numbered = islice(enumerate(ordered), arguments.first, None)
    wanted = len(ordered) if arguments.all else arguments.points
    result = Result()
    kill_at_all(ground, numbered, wanted, arguments.parallel, stop_s, result)
    if arguments.all and result.missed:  # how often a thread waits is the network's and the machine's to say
        again, result.missed = result.missed, []
        kill_at_all(ground, iter(again), wanted, arguments.parallel, stop_s, result)
    return result, len(boundaries)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.killed.syscalls", description=__doc__.split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--points", type=int, default=50, help="how many, sampled (default 50)")
    parser.add_argument("--all", action="store_true", help="every boundary, in order, instead")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="K", help="the first (default 0)")
    parser.add_argument("--parallel", type=int, default=10, help="at a time (default 10)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample and the exchanges")
    parser.add_argument("--seconds", type=float, default=7200.0, help="then begin no new point (default 7200)")
    parser.add_argument("--keep", metavar="DIR", help="leave logs here, and the journals of what failed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
