"""Hours of faults on a market data stream, in virtual time: `python -m tests.stream_faults --hours 24 --seed S`.

A book that is trusted must be right again, or doubted, within one snapshot interval, and whatever ended its being wrong
must have been told and counted. Ends with one line of JSON; exit code 0: nothing was violated.
"""

import argparse
import json
import logging
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from tests.stream_faults.trial import FAULT_EVERY_S, Trial  # noqa: E402

VIOLATIONS_SHOWN = 20


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.stream_faults", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault-every", type=float, default=FAULT_EVERY_S, metavar="S", help="on average")
    options = parser.parse_args(arguments)
    logging.getLogger("tidings").setLevel(logging.CRITICAL)  # warnings are what this is about
    trial, began_s = Trial(options.seed, fault_every_s=options.fault_every), time.monotonic()
    found = trial.run(options.hours, lambda hours: sys.stderr.write(f"{hours:.2f} h\n"))
    told = trial.watch.state_counts
    result = {
        "seed": options.seed, "hours": options.hours, "seconds": round(time.monotonic() - began_s, 1),
        "messages": trial.venue.message_count, "looks": found.looks * len(trial.books),
        "connections": trial.network.dial_count,
        "faults": dict(sorted(trial.fired.items())), "wrong_ended_by": dict(sorted(found.wrong.items())),
        "longest_wrong_s": round(found.longest_wrong_s, 2), "longest_doubt_s": round(found.longest_doubt_s, 2),
        "told": {event.name.lower(): count for event, count in sorted(told.items())},
        "asked_again": trial.watch.snapshot_requests.count, "violations": len(found.violations),
        "first_violations": found.violations[:VIOLATIONS_SHOWN],
    }  # fmt: skip
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
