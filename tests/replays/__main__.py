"""Recorded runs under faults, each played again: `python -m tests.replays --runs N [--seed S]`.

Every run has an exchange of its own with faults by chance, two strategies that do anything by chance, and a recording.
What they are told again must be what they were told, callback by callback and field by field, and the same twice. The
last line on stdout is JSON; exit code 0: it always was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from exchange_process import launch  # noqa: E402
from fault_examples import FaultAdmin  # noqa: E402
from restless_strategy import FAULTS, Restless, recorded  # noqa: E402

from tidings.session.replay import replay  # noqa: E402

SECONDS = 6.0
MORE_FAULTS = ("omit-message", "delay-message", "cut-stream", "stall-stream", "late-fill", "cancel-after-accept")


def main() -> int:
    arguments = _parser().parse_args()
    logging.getLogger("tidings").setLevel(logging.CRITICAL)  # strategies that raise are what this is about
    counted: Counter[str] = Counter()
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        counted.update(_one_run(seed))
        sys.stderr.write(f"\r{counted['runs']} runs, {counted['different']} told otherwise")
    sys.stderr.write("\n")
    sys.stdout.write(json.dumps(counted) + "\n")
    return 1 if counted["different"] else 0


def _one_run(seed: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory(prefix="tidings-replays-") as name:
        directory = Path(name)
        os.environ["XDG_STATE_HOME"] = str(directory / "state")
        live, first, second = ([Restless(seed, "one"), Restless(-seed, "other")] for _ in range(3))
        exchange = launch(directory, "--seed", str(seed), "--no-rate-limits")
        try:
            _set_faults(FaultAdmin(exchange.ready), random.Random(seed))
            asyncio.run(recorded(exchange, directory / "recording", seed % 4, live, seconds=SECONDS))
        finally:
            exchange.stop()
        results = [asyncio.run(replay(directory / "recording", again)) for again in (first, second)]
        told = [[(one.heard, one.results) for one in strategies] for strategies in (live, first, second)]
        is_same = told[0] == told[1] == told[2] and results[0] == results[1] and not results[0].differences
        if not is_same:
            sys.stderr.write(f"\nseed {seed}: {asdict(results[0])}\n")
        names = Counter(name for one in live for name, _ in one.heard)
        return {
            "runs": 1, "different": int(not is_same), "callbacks": results[0].callbacks, "calls": results[0].calls,
            "unknown": names["on_unknown"], "rejected": names["on_reject"], "fills": names["on_fill"],
        }  # fmt: skip


def _set_faults(faults: FaultAdmin, chance: random.Random) -> None:
    for kind, changes in FAULTS:
        later = {"skip": chance.randrange(1, 25)} if "skip" in changes else {}
        if chance.random() < 0.7:
            faults.set(kind, **{**changes, **later})
    for kind in MORE_FAULTS:
        if chance.random() < 0.5:
            faults.set(kind)


def _parser() -> argparse.ArgumentParser:
    description = str(__doc__).split("\n", maxsplit=1)[0]
    parser = argparse.ArgumentParser(prog="python -m tests.replays", description=description)
    parser.add_argument("--runs", type=int, default=20, help=f"of {SECONDS:g} s each (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the first; each next one's is one more (default 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
