"""Reconnects of many FIX sessions at once: `python -m tests.reconnects --cycles 10000 --engine quickfix`.

One local exchange over TLS, one gateway, and sessions that place, replace and cancel orders through a proxy, which ends
every connection after a moment, often in the middle of a message. Cycles are logons after the first of each session.
At the end nobody may have lost a report, been told one twice (by ExecID), or know an order that the exchange does not
have as it was told. The last line on stdout is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path

from tests.reconnects.campaign import Campaign, Plan
from tests.reconnects.drivers import DRIVERS


def main() -> int:
    arguments = _parser().parse_args()
    logging.getLogger("tidings.fix").setLevel(logging.ERROR)  # that connections are lost is what this is about
    plan = Plan(
        arguments.engine, arguments.cycles, arguments.sessions, arguments.accounts, arguments.seed, arguments.seconds
    )
    with tempfile.TemporaryDirectory(prefix="tidings-reconnects-") as directory:
        result = asyncio.run(Campaign(plan, Path(arguments.keep or directory)).run())
    print(json.dumps(result))
    return 0 if result["cycles"] >= min(plan.cycles, 1) and result["orders"] and not result["failures"] else 1


def _parser() -> argparse.ArgumentParser:
    description = str(__doc__).split("\n", maxsplit=1)[0]
    parser = argparse.ArgumentParser(prog="python -m tests.reconnects", description=description)
    parser.add_argument("--engine", choices=DRIVERS, default="tidings", help="whose clients (default tidings)")
    parser.add_argument("--cycles", type=int, default=200, help="reconnects of all sessions together (default 200)")
    parser.add_argument("--sessions", type=int, default=40, help="at once (default 40)")
    parser.add_argument("--accounts", type=int, default=4, help="that they trade on (default 4)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600.0, help="then cut no more (default 3600)")
    parser.add_argument("--keep", metavar="DIR", help="leave stores, journals and logs here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
