"""Real `kill -9` of FIX gateways at random: `python -m tests.killed.gateway --kills 20`.

One local exchange over TLS; several gateways, each a process with its own account and memory, and a FIX client each
that places, replaces and cancels orders and stays alive. A gateway is killed at any instant, also while it starts, and
started again. Then the client must come to know what the exchange has: every order under one OrderID and in its state,
every execution once, every request answered, no ExecID twice; and a drop copy every execution, once or twice. `--from
K` goes on. The last line on stdout is JSON.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

from tests.killed.gateway_campaign import GatewayCampaign, GatewayPlan


def main() -> int:
    arguments = _parser().parse_args()
    logging.getLogger("tidings.fix").setLevel(logging.ERROR)  # that connections are lost is what this is about
    plan = GatewayPlan(arguments.kills, arguments.first, arguments.gateways, arguments.seed, arguments.seconds)
    with tempfile.TemporaryDirectory(prefix="tidings-killed-gateway-") as directory:
        result = GatewayCampaign(plan, Path(arguments.keep or directory)).run()
    print(json.dumps(result))
    return 0 if result["kills"] and result["comparisons"] and not result["failures"] else 1


def _parser() -> argparse.ArgumentParser:
    description = str(__doc__).split("\n", maxsplit=1)[0]
    parser = argparse.ArgumentParser(prog="python -m tests.killed.gateway", description=description)
    parser.add_argument("--kills", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="K", help="the first (default 0)")
    parser.add_argument("--gateways", type=int, default=8, help="in parallel, each on its own account (default 8)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=7200.0, help="then begin no new life (default 7200)")
    parser.add_argument("--keep", metavar="DIR", help="leave stores, journals and logs here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
