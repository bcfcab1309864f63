"""Many lives of several engines beside one exchange, killed by the plan; what each restart believes is checked."""

from __future__ import annotations

import json
import random
import select
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.killed.check import Account, differences
from tests.killed.child import Life, begin
from tests.killed.life import Assignment
from tests.reference.exchange_process import RunningExchange, launch

STARTING_S = 1.2        # a life that is killed before it has settled is killed within this
TRADING_S = 0.5         # and after it has settled, within this
STARTING_SHARE = 0.25   # of the lives are killed while they start or recover
SETTLE_LIMIT_S = 60.0   # expiry 1 s, margin 2 s, two answers apart: on a loaded machine
LISTEN_S = 0.005
BATCH_KILLS = 400       # an exchange that remembers thousands of orders answers slowly


@dataclass(frozen=True, slots=True)
class Plan:
    """`first`: the number of the first kill; each number is a seed of its own."""

    kills: int
    first: int
    engines: int
    seed: int
    seconds: float


@dataclass(slots=True)
class Result:
    """What came of a campaign."""

    kills: int = 0
    kills_while_starting: int = 0
    comparisons: int = 0
    orders: int = 0
    failures: list[str] = field(default_factory=list)


class Campaign:
    """`run` gives the result as JSON-ready values."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._plan, self._directory = plan, directory
        self._result = Result()
        self._next_number = plan.first
        self._lives: dict[int, Life] = {}       # by account
        self._batch_directory = directory
        self._orders_of: dict[int, int] = {}    # account → orders the exchange has seen in this batch

    def run(self) -> dict[str, Any]:
        """All kills, in batches: each has an exchange and journals of its own, so that a long campaign stays quick."""
        began_s = time.monotonic()
        last = self._plan.first + self._plan.kills
        while self._next_number < last and time.monotonic() - began_s < self._plan.seconds:
            before = self._next_number
            self._run_batch(min(last, before + BATCH_KILLS), began_s + self._plan.seconds)
            if self._next_number == before:
                break  # every engine has failed: nobody is left to be killed
        result = self._result
        took_s = time.monotonic() - began_s
        return {
            "kills": result.kills, "kills_while_starting": result.kills_while_starting,
            "comparisons": result.comparisons, "orders": result.orders, "failures": result.failures,
            "next": self._next_number, "seconds": round(took_s, 1), "per_minute": round(result.kills / took_s * 60, 1),
        }  # fmt: skip

    def _run_batch(self, last: int, stop_s: float) -> None:
        self._batch_directory = self._directory / f"batch-{self._next_number}"
        exchange_directory = self._batch_directory / "exchange"
        exchange_directory.mkdir(parents=True)
        seed = str(self._plan.seed + self._next_number)
        accounts = str(self._plan.engines)
        exchange = launch(exchange_directory, "--no-rate-limits", "--seed", seed, "--accounts", accounts)
        self._orders_of.clear()
        try:
            self._kill_them_all(exchange, last, stop_s)
        finally:
            for life in self._lives.values():
                life.end()
            self._lives.clear()
            exchange.stop()
            self._result.orders += sum(self._orders_of.values())

    def _kill_them_all(self, exchange: RunningExchange, last: int, stop_s: float) -> None:
        """Until `last` kills are done and every engine has settled once more after its last."""
        for account in range(self._plan.engines):
            self._begin(exchange, account, last)
        while self._lives:
            self._listen()
            for account, life in list(self._lives.items()):
                now_s = time.monotonic()
                if life.has_ended():
                    self._give_up(account, life, "the engine ended by itself: see its log")
                elif life.kill_at_s is not None and now_s >= life.kill_at_s:
                    self._kill(exchange, account, life, last)
                elif life.is_checked:
                    continue
                elif life.take_view() and not self._differences(exchange, account, life):
                    self._result.comparisons += 1
                    if self._next_number >= last or now_s > stop_s:
                        self._lives.pop(account).end()
                    else:
                        life.trade_until(now_s + life.chance.uniform(0, TRADING_S))
                elif now_s - life.born_s > SETTLE_LIMIT_S:
                    found = self._differences(exchange, account, life) if life.view else ["it did not settle"]
                    self._give_up(account, life, f"after {SETTLE_LIMIT_S:g} s: {'; '.join(found)}")

    def _begin(self, exchange: RunningExchange, account: int, last: int) -> None:
        chance = random.Random(f"{self._plan.seed}:{self._next_number}:{account}")
        is_early = self._next_number < last and chance.random() < STARTING_SHARE
        assignment = Assignment(
            exchange.ready_file, account, self._batch_directory / f"journal-{account}", chance.getrandbits(32)
        )
        life = begin(assignment, self._batch_directory / f"engine-{account}.log", chance)
        life.kill_at_s = life.born_s + chance.uniform(0, STARTING_S) if is_early else None
        self._lives[account] = life

    def _kill(self, exchange: RunningExchange, account: int, life: Life, last: int) -> None:
        life.end()
        self._result.kills += 1
        self._result.kills_while_starting += not life.is_checked
        self._next_number += 1
        if self._result.kills % 10 == 0:
            print(f"{self._result.kills}/{self._plan.kills} kills, {len(self._result.failures)} failures",
                  file=sys.stderr, flush=True)  # fmt: skip
        self._begin(exchange, account, last)

    def _listen(self) -> None:
        """Until somebody speaks, or a moment."""
        by_fd = {life.report_fd: life for life in self._lives.values()}
        for descriptor in select.select(list(by_fd), [], [], LISTEN_S)[0]:
            by_fd[descriptor].hear()

    def _differences(self, exchange: RunningExchange, account: int, life: Life) -> list[str]:
        user_id = exchange.ready["accounts"][account]["user_id"]
        with urllib.request.urlopen(f"{exchange.ready['admin']}/dump", timeout=30) as answer:
            dump = json.load(answer)
        told = Account(life.view, self._batch_directory / f"journal-{account}", user_id)
        found, orders = differences(told, dump)
        self._orders_of[account] = orders
        return found

    def _give_up(self, account: int, life: Life, why: str) -> None:
        life.end()
        del self._lives[account]
        self._fail(account, why)

    def _fail(self, account: int, what: str) -> None:
        failure = f"before kill {self._next_number}, account {account}: {what}"
        print(failure, file=sys.stderr, flush=True)
        self._result.failures.append(failure)
