"""Real `kill -9` at random instants: `python -m tests.killed --kills 50`.

One local exchange over TLS; several engines, each a process with its own account and its own journal, place, amend and
cancel orders. Each is killed at a random instant (also while it starts and while it recovers) and started again on its
journal. A restarted engine that has settled is compared with the exchange: every order the exchange has ever seen must
be in the journal (none lost), once (none doubled), in the state the exchange says.

Killed engines are children forked from a warm process, so a life costs a tenth of a second and not a whole start of
Python. `--from K` goes on where an earlier run ended: kill number K has its own seed. The last line on stdout is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.killed.campaign import Campaign, Plan


def main() -> int:
    arguments = _parser().parse_args()
    plan = Plan(
        kills=arguments.kills, first=arguments.first, engines=arguments.engines, seed=arguments.seed,
        seconds=arguments.seconds,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="tidings-killed-") as directory:
        result = Campaign(plan, Path(arguments.keep or directory)).run()
    print(json.dumps(result))
    return 0 if result["kills"] and not result["failures"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.killed", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=50, help="how many (default 50)")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="K", help="the first (default 0)")
    parser.add_argument("--engines", type=int, default=8, help="in parallel, each on its own account (default 8)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=7200.0, help="then begin no new life (default 7200)")
    parser.add_argument("--keep", metavar="DIR", help="leave journals and logs here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
