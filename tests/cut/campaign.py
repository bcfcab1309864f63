"""All cuts of a run: engines of four sorts (create by PUT or POST, with or without a proxy) share an exchange."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter, deque
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tidings
from tests.cut.exchange_admin import ExchangeAdmin
from tests.cut.gauge import Gauge
from tests.cut.plan import CUTTERS, METHODS, PROXY, Cut, make_cut
from tests.cut.proxy import Proxy
from tests.cut.trial import Desk, Trial, Unsound
from tests.reference.exchange_process import RunningExchange, launch

BATCH_CUTS = 320  # an exchange that remembers thousands of orders answers slowly
SORTS = [(cutter, method) for cutter in CUTTERS for method in METHODS]
ENGINE_SETTINGS = {
    "journal": "crash", "expiry_s": 1, "lanes": 1, "deadline_s": 0.25, "rate_limits": False, "order_memory": 1024,
    "duplicate_window_s": 1e-6, "reconcile_interval_s": 1, "warm_interval_s": 300, "kill_signal": "none",
}  # fmt: skip


@dataclass(slots=True)
class Result:
    """What came of a run."""

    cuts: int = 0
    orders: int = 0
    failures: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)


class Campaign:
    """`run` gives the result as JSON-ready values."""

    def __init__(self, cuts: int, first: int, seed: int, engines_per_sort: int, directory: Path) -> None:
        self._cuts, self._first, self._seed = cuts, first, seed
        self._engines_per_sort, self._directory = engines_per_sort, directory
        self._result = Result()

    def run(self) -> dict[str, Any]:
        """Every cut, in batches with an exchange of their own."""
        began_s = time.monotonic()
        last = self._first + self._cuts
        for first in range(self._first, last, BATCH_CUTS):
            directory = self._directory / f"batch-{first}"
            directory.mkdir(parents=True)
            accounts = len(SORTS) * self._engines_per_sort + 1
            exchange = launch(
                directory, "--no-rate-limits", "--seed", str(self._seed + first), "--accounts", str(accounts)
            )
            try:
                asyncio.run(self._run_batch(exchange, range(first, min(last, first + BATCH_CUTS)), directory))
            finally:
                exchange.stop()
        result = self._result
        return {
            "cuts": result.cuts, "asked": self._cuts, "failures": result.failures, "orders": result.orders,
            "met": dict(sorted(result.met.items())), "told": dict(sorted(result.told.items())),
            "seconds": round(time.monotonic() - began_s, 1),
        }  # fmt: skip

    async def _run_batch(self, exchange: RunningExchange, numbers: range, directory: Path) -> None:
        queues: dict[tuple[str, str], deque[Cut]] = {sort: deque() for sort in SORTS}
        for number in numbers:
            cut = make_cut(self._seed, number)
            queues[cut.cutter, cut.method].append(cut)
        admin = ExchangeAdmin(exchange.ready["admin"])
        await admin.learn_scales()
        spare_account = len(SORTS) * self._engines_per_sort
        desk = Desk(admin, Gauge(exchange.ready, spare_account))
        async with asyncio.TaskGroup() as all_engines:
            for account in range(spare_account):
                cutter, method = sort = SORTS[account % len(SORTS)]
                place = exchange, account, directory / f"journal-{account}"
                all_engines.create_task(self._keep_cutting(desk, place, cutter, method, queues[sort]))

    async def _keep_cutting(
        self, desk: Desk, place: tuple[RunningExchange, int, Path], cutter: str, method: str, queue: deque[Cut]
    ) -> None:
        """One engine, until its sort has no cut left or it has failed: it may drag its state into the next case."""
        exchange, number, journal = place
        account = exchange.ready["accounts"][number]
        async with AsyncExitStack() as closing:
            proxy, where = None, {"exchange": str(exchange.ready_file), "account": number}
            if cutter == PROXY:
                proxy = await closing.enter_async_context(Proxy(urlsplit(exchange.ready["rest"]).port or 0))
                where = {
                    "api_url": f"https://127.0.0.1:{proxy.port}", "ws_url": exchange.ready["ws"],
                    "ca_file": exchange.ready["ca_file"], "api_key": account["api_key"],
                    "api_secret": account["api_secret"],
                }  # fmt: skip
            phemex = await closing.enter_async_context(
                tidings.connect("local", create_method=method, journal_dir=str(journal), **where, **ENGINE_SETTINGS)
            )
            trial = Trial(phemex, desk, proxy, (number, account["user_id"]), method)
            while queue:
                if not await self._judge(trial, queue.popleft()):
                    break
            self._result.orders += trial.order_count
            self._result.told += trial.told_counts()

    async def _judge(self, trial: Trial, cut: Cut) -> bool:
        """Whether nothing was wrong."""
        try:
            found = await trial.run(cut)
        except Unsound as error:
            found = [f"UNSOUND: {error}"]
        else:
            self._result.cuts += 1
        self._result.met.update(_traits(cut))
        for sentence in found:
            self._result.failures.append(f"cut {cut.number}: {sentence}: {cut}")
            print(self._result.failures[-1], file=sys.stderr, flush=True)
        if self._result.cuts % 50 == 0:
            print(f"{self._result.cuts}/{self._cuts} cuts, {len(self._result.failures)} failures",
                  file=sys.stderr, flush=True)  # fmt: skip
        return not found


def _traits(cut: Cut) -> list[str]:
    """What is counted of it."""
    kind = f"{cut.kind} by {cut.method}" if cut.kind == "create" else cut.kind
    deaf = ["while the account stream is mute"] if cut.is_deaf else []
    return [kind, f"by {cut.cutter}", f"then {cut.end}", f"{cut.stream}: {cut.place}", *deaf]
