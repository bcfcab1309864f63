"""Break one safety rule at a time and see that it is noticed: `python -m tests.mutants`.

A copy of the sources gets all mutants of the table at once, each behind a switch, and is built once; then each is
switched on and hunted: by the simulation, seed after seed, or by the tests that the table names. One that nobody
catches fails the run. The last line on stdout is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.build import build_copy, missing_texts
from tests.mutants.hunt import faults_of_the_copy, hunt
from tests.mutants.table import MUTANTS


def main() -> int:
    arguments = _parser().parse_args()
    chosen = [
        mutant
        for mutant in MUTANTS
        if (not arguments.ci or mutant.is_quick) and (not arguments.only or mutant.name in arguments.only)
    ]
    if arguments.list:
        print("\n".join(f"{mutant.name}: {mutant.file}" for mutant in chosen))
        return 0
    if not chosen:
        print(f"no mutant is called {', '.join(arguments.only)}: see --list", file=sys.stderr)
        return 2
    if gone := missing_texts():
        print("\n".join(gone), file=sys.stderr)
        return 1
    if arguments.build:
        _build(Path(arguments.build))
        return 0
    with tempfile.TemporaryDirectory(prefix="tidings-mutants-") as scratch:
        copy = Path(arguments.built) if arguments.built else _build(Path(arguments.keep or scratch))
        if faults := faults_of_the_copy(copy, chosen):
            print("\n".join(f"the sound copy fails: {fault}" for fault in faults), file=sys.stderr)
            return 1
        caught_by = {}
        for number, mutant in enumerate(chosen, 1):
            caught_by[mutant.name] = hunt(copy, mutant, arguments.schedules)
            words = caught_by[mutant.name] or "NOT CAUGHT"
            print(f"{number}/{len(chosen)} {mutant.name}: {words}", file=sys.stderr, flush=True)
    uncaught = [name for name, by in caught_by.items() if not by]
    print(json.dumps({
        "mutants": len(chosen), "caught": len(chosen) - len(uncaught), "uncaught": uncaught, "by": caught_by,
    }))  # fmt: skip
    return 1 if uncaught else 0


def _build(directory: Path) -> Path:
    began_s = time.monotonic()
    copy = build_copy(directory)
    print(f"built in {time.monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)
    return copy


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--list", action="store_true", help="name them and end")
    parser.add_argument("--ci", action="store_true", help="only the few that are quick to catch")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="may be repeated")
    parser.add_argument("--schedules", type=int, default=4000, help="simulated at most for each (default 4000)")
    parser.add_argument("--keep", metavar="DIR", help="build the copy here and leave it; a second run is quick")
    parser.add_argument("--build", metavar="DIR", help="only build the copy here, for a later --built")
    parser.add_argument("--built", metavar="DIR", help="hunt in the copy that --build has made of these sources")
    return parser


if __name__ == "__main__":
    sys.exit(main())
