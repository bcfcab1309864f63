"""Connections really cut, over real TLS: `python -m tests.cut --cuts 200 --seed 1`.

One local exchange, and engines that each have an account and a journal of their own. Each cut takes one request of a
create, amend and cancel, by every way and on every product line, and ends its connection (reset, closed, or silent)
after a byte of the request or of its answer: of the text by the exchange's own faults, of the TLS stream by a proxy
between. When the engine has come to rest its orders, executions, positions and wallets must be the exchange's, nothing
may have been made twice, and nothing it told may have been wrong.

`--from K` goes on with cut number K. The last line on stdout is JSON.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

from tests.cut.campaign import Campaign


def main() -> int:
    arguments = _parser().parse_args()
    if not arguments.verbose:
        logging.getLogger("tidings").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="tidings-cut-") as directory:
        result = Campaign(
            arguments.cuts, arguments.first, arguments.seed, arguments.engines, Path(arguments.keep or directory)
        ).run()
    print(json.dumps(result))
    return 0 if result["cuts"] == arguments.cuts and not result["failures"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cut", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cuts", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="K", help="the first (default 0)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", type=int, default=7, help="of each of the four sorts (default 7)")
    parser.add_argument("--verbose", action="store_true", help="let the engines say what happens to them")
    parser.add_argument("--keep", metavar="DIR", help="leave journals and logs here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
