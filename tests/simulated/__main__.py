"""`python -m tests.simulated`: run schedules, or look at one. The last line of stdout is JSON."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from itertools import islice

from tests.simulated.campaign import SCHEDULES_PER_SEED, Report, in_processes, run_campaign
from tests.simulated.cuts import all_cuts, run_cut
from tests.simulated.limits import denials_missing
from tests.simulated.schedule import kinds_in_use, make_schedule
from tests.simulated.shrink import Shrinker
from tests.simulated.simulation import Simulation

EVERY_KIND_FROM = 1_000  # schedules: fewer need not have met every kind of fault
PROGRESS_S = 2.0
SHRUNK_MAX = 3  # failing schedules that are shrunk without being asked


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: nothing was violated, and every kind of fault was met."""
    options = _parser().parse_args(arguments)
    if options.only is not None:
        return _run_one(options.only, is_traced=options.trace)
    if options.cuts:
        return _run_cuts(options.every, options.jobs)
    first, limit_s = getattr(options, "from"), options.seconds
    report = run_campaign(options.seed, first, options.schedules, options.jobs, Progress(), limit_s)
    if report.schedules < options.schedules:
        _tell(f"the time is over: {report.schedules} of {options.schedules} schedules; go on with --from "
              f"{first + report.schedules}")
    for number, violations in report.failures:
        _tell(f"schedule {number}: {violations[0]}")
        _tell(f"    again: python -m tests.simulated --only {number} --trace")
    for number, violations in report.failures[:SHRUNK_MAX]:
        _show_shrunk(number, violations)
    missing = [kind for kind in kinds_in_use() if not report.faults[kind]] + denials_missing(report.outcomes)
    is_short = report.schedules >= EVERY_KIND_FROM and bool(missing)
    if is_short:
        _tell(f"these kinds of fault, and denials, never happened: {', '.join(missing)}")
    if not options.json:
        _print_table(report)
    print(json.dumps(report.as_json()))
    return 1 if report.violations or is_short else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulated", description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000, metavar="N", help="how many (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the campaign (default %(default)s)")
    parser.add_argument("--from", type=int, default=0, metavar="K", help="begin with the campaign's schedule K")
    parser.add_argument("--seconds", type=float, default=math.inf, metavar="S", help="then end, and say how far it is")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON line")
    parser.add_argument("--cuts", action="store_true", help="cut the connection at every byte of one scenario instead")
    parser.add_argument("--every", type=int, default=1, metavar="B", help="with --cuts: only every Bth byte")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="run one schedule by its number, and shrink it")
    parser.add_argument("--trace", action="store_true", help="with --only: print all that happens")
    return parser


class Progress:
    """A line on stderr now and then."""

    def __init__(self) -> None:
        self._next_s = time.monotonic() + PROGRESS_S

    def __call__(self, report: Report, count: int) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + PROGRESS_S
            left_s = (count - report.schedules) / report.per_second
            failing = ", ".join(str(number) for number, _ in report.failures[-SHRUNK_MAX:])
            _tell(f"{report.schedules}/{count} schedules, {report.per_second:.0f}/s, {left_s:.0f} s to go, "
                  f"{len(report.failures)} failing{failing and f': {failing}'}")


def _run_one(number: int, *, is_traced: bool) -> int:
    schedule = make_schedule(number)
    result = Simulation(schedule, keeps_trace=is_traced).run()
    for line in result.trace:
        print(line)
    _tell(f"{schedule.engine}\n{schedule.venue}")
    for fault in schedule.faults:
        _tell(f"    {fault}")
    for violation in result.violations:
        _tell(violation)
    if result.violations:
        _show_shrunk(number, result.violations)
    print(json.dumps({
        "schedules": 1, "number": number, "violations": len(result.violations), "faults": dict(result.fired),
        "failing_seeds": [number] if result.violations else [], "trace_hash": result.trace_hash,
    }))
    return 1 if result.violations else 0


def _run_cuts(every: int, jobs: int) -> int:
    cuts = list(islice(all_cuts(), None, None, every))
    started_s, failing = time.monotonic(), []
    with in_processes(run_cut, cuts, jobs) as results:
        for count, (cut, result) in enumerate(zip(cuts, results, strict=True), 1):
            if result.violations or not result.fired:
                failing.append(str(cut))
                _tell(f"{cut}: {result.violations or 'the cut never happened'}")
            if count % 1_000 == 0:
                _tell(f"{count}/{len(cuts)} cuts, {len(failing)} failing")
    per_second = round(len(cuts) / (time.monotonic() - started_s), 1)
    numbers = {"cuts": len(cuts), "violations": len(failing), "per_second": per_second}
    print(json.dumps({**numbers, "failing": failing[:50]}))
    return 1 if failing else 0


def _show_shrunk(number: int, violations: list[str]) -> None:
    shrinker = Shrinker(make_schedule(number), violations[0].split(" ")[0])
    shrunk = shrinker.shrink()
    _tell(f"schedule {number} shrunk in {shrinker.run_count} runs to {len(shrunk.faults)} faults and "
          f"{len(shrunk.actions)} actions:")
    for event in (*shrunk.faults, *shrunk.actions):
        _tell(f"    {event}")
    for violation in Simulation(shrunk).run().violations[:3]:
        _tell(f"    → {violation}")


def _print_table(report: Report) -> None:
    for title, counts in (("faults", report.faults), ("what traders met", report.outcomes)):
        print(title)
        for name, count in sorted(counts.items()):
            print(f"    {count:>9,}  {name}")
    print(f"{report.simulated_s / 3600:,.1f} hours simulated, first numbers {report.seed * SCHEDULES_PER_SEED} on")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
