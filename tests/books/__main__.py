"""A million changes of a book, each compared with dicts: `python -m tests.books --messages 1000000 --seed S`.

Then the exchange's own books, followed through its background flow until it rests. Ends with one line of JSON; exit
code 0: no difference.
"""

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from tests.books.comparison import compare  # noqa: E402
from tests.books.exchange_book import follow_exchange  # noqa: E402
from tidings.model.enums import ProductLine  # noqa: E402

ROUND = 10_000  # changes of one market
EXCHANGE_SYMBOLS = ("BTCUSD", "BTCUSDT", "sBTCUSDT")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.books", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="changes to tell, on all lines in turns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--polls", type=int, default=5_000, help="20 ms each, of each of the exchange's books")
    options = parser.parse_args(arguments)
    began_s, lines, found = time.monotonic(), list(ProductLine), []
    told = {"incrementals": 0, "snapshots": 0, "exchange_messages": 0}
    while told["incrementals"] < options.messages and not found:
        place = told["incrementals"] // ROUND
        seed = options.seed * 1_000_000 + place
        count = min(ROUND, options.messages - told["incrementals"])
        done = compare(lines[place % len(lines)], count, seed)
        told["incrementals"] += done.incremental_count
        told["snapshots"] += done.snapshot_count
        found += [f"seed {seed}: {done.difference}"] if done.difference else []
        sys.stderr.write(f"{told['incrementals']:,} changes\n" if place % 10 == 9 else "")
    for symbol in EXCHANGE_SYMBOLS:
        done = follow_exchange(symbol, options.polls, options.seed)
        told["exchange_messages"] += done.incremental_count + done.snapshot_count
        found += [f"{symbol}: {done.difference}"] if done.difference else []
    result = {"seed": options.seed, **told, "seconds": round(time.monotonic() - began_s, 1), "differences": found}
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
