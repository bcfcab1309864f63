"""Simulates minutes of demand against the request budgets and counts at the venue's side.

Exit code 0: nothing was too many by any way of counting, nothing went out while told to wait, and of the capacity left
to orders at least 95 % goes out in one burst after a quiet minute and 95 % for ever.
"""

import argparse
import json
import multiprocessing
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT)]

from tests.simulated_limits.shares import burst_share, sustained_share  # noqa: E402
from tests.simulated_limits.trial import Outcome, Trial, draw_traits  # noqa: E402

SHARE_MIN = 0.95
SHARE_EVERY = 10  # trials: one of so many measures shares, too
PROGRESS_S = 2.0


def run_one(seed_and_number):
    """One trial's outcome, with both shares where they are measured."""
    seed, number = seed_and_number
    traits = draw_traits(seed, number)
    outcome = Trial(traits).run()
    if number % SHARE_EVERY == 0:
        sustained = partial(sustained_share, burst_part=(0, 0.5, 0.9, 1)[number // SHARE_EVERY % 4])
        for name, measure in (("burst", burst_share), ("sustained", sustained)):
            outcome.shares[name], counted = measure(traits)
            outcome.minutes += counted.minutes
            outcome.excess += counted.excess
    return number, outcome


def add(total, outcome):
    """Sum up; of the shares, the least."""
    for name, value in asdict(outcome).items():
        if name == "shares":
            total.shares |= {share: min(number, total.shares.get(share, 9.0)) for share, number in value.items()}
        else:
            setattr(total, name, getattr(total, name) + value)


def simulate(minutes, seed, first=0, jobs=1, progress=None):
    """(totals, numbers of the trials that broke a rule, the next trial's number)."""
    total, broken, number = Outcome(), [], first
    with multiprocessing.Pool(jobs) if jobs > 1 else _Here() as pool:
        while total.minutes < minutes:
            batch = range(number, number + 8 * jobs)
            for trial, outcome in pool.imap(run_one, [(seed, one) for one in batch]):
                add(total, outcome)
                if outcome.excess or outcome.blocked_sends:
                    broken.append(trial)
            number = batch.stop
            if progress:
                progress(total, broken)
    return total, broken, number


class _Here:
    """A pool of nobody but us."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    imap = staticmethod(map)


class Progress:
    """A line on stderr now and then."""

    def __init__(self, minutes):
        self._minutes, self._began_s, self._next_s = minutes, time.monotonic(), time.monotonic() + PROGRESS_S

    def __call__(self, total, broken):
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + PROGRESS_S
            left_s = (now_s - self._began_s) * max(0, self._minutes / total.minutes - 1)
            done = f"{total.minutes:,} of {self._minutes:,} minutes, {total.excess} too many"
            print(f"{done}, {len(broken)} trials broken, {left_s:.0f} s to go", file=sys.stderr)


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_limits", description=__doc__)
    parser.add_argument("--minutes", type=int, default=5_000, help="simulated, at least (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default %(default)s)")
    parser.add_argument("--from", type=int, default=0, metavar="K", help="begin with trial K: `next` of an earlier run")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default %(default)s)")
    parser.add_argument("--only", type=int, metavar="K", help="trial K alone, with its traits")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    options = parser.parse_args(arguments)
    if options.only is not None:
        print(draw_traits(options.seed, options.only))
        print(run_one((options.seed, options.only))[1])
        return 0
    began_s = time.monotonic()
    progress = None if options.json else Progress(options.minutes)
    total, broken, number = simulate(options.minutes, options.seed, getattr(options, "from"), options.jobs, progress)
    for trial in broken[:5]:
        print(f"trial {trial}: python -m tests.simulated_limits --seed {options.seed} --only {trial}")
    shares = {name: round(total.shares.get(name, 0.0), 4) for name in ("burst", "sustained")}
    print(json.dumps({
        "minutes": total.minutes, "excess": total.excess, "burst_share": shares["burst"],
        "sustained_share": shares["sustained"], "per_second": round(total.minutes / (time.monotonic() - began_s)),
        "orders": total.orders, "cancels": total.cancels, "restarts": total.restarts,
        "refused_after_lost_memory": {"group": total.refused_unremembered, "address": total.refused_address},
        "refused_beside_others": total.refused_beside_foreign, "sent_while_blocked": total.blocked_sends,
        "killed_while_blocked": total.blocked_kills,
        "broken_trials": broken[:20], "seed": options.seed, "next": number,
    }))  # fmt: skip
    return 1 if broken or min(shares.values()) < SHARE_MIN else 0


if __name__ == "__main__":
    sys.exit(main())
