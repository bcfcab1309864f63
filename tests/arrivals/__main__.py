"""Runs lives through every order of arrival, and prints what disagreed: `python -m tests.arrivals --help`."""

import argparse
import json
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from tests.arrivals.lives import CONTRACTS_ONLY, LIVES, live  # noqa: E402
from tests.arrivals.routes import arrivals, count, routes  # noqa: E402
from tests.arrivals.trial import Bench  # noqa: E402

LINES = ("LINEAR", "INVERSE", "SPOT")


def run(names, lines, limit, seed, report=None):
    """Totals, and the first disagreement of each route.

    `possible` counts every order of arrival; `impossible` those tried in which we would not have asked what we asked.
    """
    bench, chance = Bench(), random.Random(seed)
    totals = {"arrivals": 0, "impossible": 0, "possible": 0, "failures": []}
    for name in names:
        for line in (line for line in lines if line != "SPOT" or name not in CONTRACTS_ONLY):
            life, before = live(name, line), totals["arrivals"] - totals["impossible"]
            for route_name, route in routes(life):
                totals["possible"] += count(route)
                failure = try_route(bench, life, arrivals(route, limit, chance), totals)
                if failure:
                    totals["failures"].append(f"{line} {name}, {route_name}: {failure}")
            if totals["arrivals"] - totals["impossible"] == before:
                totals["failures"].append(f"{line} {name}: told in no way in which we would have asked what we asked")
        if report:
            report(name, totals)
    return totals


def try_route(bench, life, drawn, totals):
    """The first disagreement among orders of arrival, None if there is none."""
    for arrival in drawn:
        totals["arrivals"] += 1
        outcome = bench.hold(life, arrival)
        if outcome == "impossible":
            totals["impossible"] += 1
        elif outcome:
            return f"{outcome}\n    in {', '.join(map(str, arrival))}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.arrivals", description=__doc__)
    parser.add_argument("--limit", type=int, default=200, help="orders of arrival tried per route (default 200)")
    parser.add_argument("--all", action="store_true", help="try every one, however many")
    parser.add_argument("--seed", type=int, default=1, help="draws them where there are more (default 1)")
    parser.add_argument("--life", action="append", choices=list(LIVES), help="only this life; may be repeated")
    parser.add_argument("--line", action="append", choices=LINES, help="only this product line; may be repeated")
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    began_s = time.monotonic()

    def progress(name, totals):
        if not options.json:
            print(f"{name}: {totals['arrivals']:,} so far, {len(totals['failures'])} disagree", file=sys.stderr)

    limit = 10**18 if options.all else options.limit
    totals = run(options.life or LIVES, options.line or LINES, limit, options.seed, progress)
    for failure in totals["failures"]:
        print(failure)
    totals["failures"] = len(totals["failures"])
    totals["per_second"] = round(totals["arrivals"] / (time.monotonic() - began_s))
    print(json.dumps(totals))
    return 1 if totals["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
