"""Sessions that trade while a proxy cuts their connections, again and again; then everybody is told the rest, and the
exchange decides whether anything was lost, doubled or invented.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.killed.gateway_campaign import asked, market_of
from tests.reconnects.drivers import DRIVERS, Driver
from tests.reference.cutting_proxy import CuttingProxy
from tests.reference.exchange_process import RunningExchange, launch
from tests.reference.fix_ledger import FixLedger
from tidings.errors import ConnectionLost

LIVES_S = (0.02, 0.8)  # of a connection, the Logon included
PAUSE_S = 0.005  # between two requests of anybody, on average
SETTLE_LIMIT_S = 60.0
LOOK_S = 0.2
START_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`engine`: whose clients."""

    engine: str
    cycles: int
    sessions: int
    accounts: int
    seed: int
    seconds: float


class Campaign:
    """`run` gives the result as JSON-ready values."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._plan, self._directory = plan, directory
        self._chance = random.Random(plan.seed)
        self._names = [f"S{number}" for number in range(plan.sessions)]

    async def run(self) -> dict[str, Any]:
        (self._directory / "exchange").mkdir(parents=True)
        options = ("--no-rate-limits", "--seed", str(self._plan.seed), "--accounts", str(self._plan.accounts))
        exchange = launch(self._directory / "exchange", *options)
        gateway, address = self._start_gateway(exchange)
        try:
            with CuttingProxy(address, LIVES_S, self._plan.seed) as proxy:
                return await self._trade(exchange, proxy)
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.wait(START_LIMIT_S)
            exchange.stop()

    async def _trade(self, exchange: RunningExchange, proxy: CuttingProxy) -> dict[str, Any]:
        began_s = time.monotonic()
        unit, mid = await market_of(exchange)
        ledgers = {name: FixLedger(name, mid, random.Random(f"{self._plan.seed}:{name}")) for name in self._names}
        driver: Driver = DRIVERS[self._plan.engine](proxy.address, ledgers, self._directory / "clients")
        await driver.start()
        requests = await self._until_cycles(driver, ledgers, began_s)
        cycles = driver.logon_count - len(self._names)  # the first logon of each is no reconnect
        proxy.lives_s = None
        failures = await self._settle(exchange, driver, ledgers, unit)
        failures += await driver.stop()
        took_s = time.monotonic() - began_s
        return {
            "engine": self._plan.engine, "cycles": cycles, "sessions": len(self._names), "requests": requests,
            "orders": sum(len(ledger.order_ids) for ledger in ledgers.values()),
            "executions": sum(len(ledger.executions) for ledger in ledgers.values()),
            "reports": sum(sum(ledger.exec_ids.values()) for ledger in ledgers.values()),
            "resent_reports": driver.resent_count, "cut_in_message": proxy.cut_in_message_count,
            "failures": failures, "seconds": round(took_s, 1), "cycles_per_minute": round(cycles / took_s * 60),
        }  # fmt: skip

    async def _until_cycles(self, driver: Driver, ledgers: dict[str, FixLedger], began_s: float) -> int:
        """Trade until there were enough reconnects: how many requests left."""
        requests = 0
        enough = self._plan.cycles + len(self._names)
        next_s = began_s + 10
        while driver.logon_count < enough and time.monotonic() - began_s < self._plan.seconds:
            if there := [name for name in self._names if driver.is_logged_on(name)]:
                name = self._chance.choice(there)
                with driver.lock:
                    request = ledgers[name].next_request()
                try:
                    driver.send(name, *request)
                    requests += 1
                except ConnectionLost:
                    with driver.lock:
                        ledgers[name].not_sent(request[1])
            if time.monotonic() > next_s:
                next_s += 10
                print(f"{driver.logon_count - len(self._names)}/{self._plan.cycles} cycles, {requests} requests",
                      file=sys.stderr, flush=True)  # fmt: skip
            await asyncio.sleep(self._chance.expovariate(1 / PAUSE_S))
        return requests

    async def _settle(
        self, exchange: RunningExchange, driver: Driver, ledgers: dict[str, FixLedger], unit: Decimal
    ) -> list[str]:
        """Until everybody has been told everything; else what is wrong."""
        limit_s = time.monotonic() + SETTLE_LIMIT_S
        while True:
            found = [f"{name} is not logged on" for name in self._names if not driver.is_logged_on(name)]
            if not found:
                found = await self._differences(exchange, driver, ledgers, unit)
            if not found or time.monotonic() > limit_s:
                return found
            await asyncio.sleep(LOOK_S)

    async def _differences(
        self, exchange: RunningExchange, driver: Driver, ledgers: dict[str, FixLedger], unit: Decimal
    ) -> list[str]:
        found: list[str] = []
        for account in range(self._plan.accounts):
            user_id = exchange.ready["accounts"][account]["user_id"]
            history = await asked(exchange.ready["admin"], f"history?user_id={user_id}")
            mine = {name: ledgers[name] for name in self._names if self._account_of(name) == account}
            with driver.lock:
                for name, ledger in mine.items():
                    found += [f"{name}: {what}" for what in ledger.differences(history, unit, has_account=False)]
                named = Counter(order_id for ledger in mine.values() for order_id in ledger.order_ids.values())
            theirs = {row["order_id"] for row in history["orders"]}
            found += [f"LOST: the exchange has order {name}" for name in theirs - named.keys()]
            found += [f"DOUBLED: order {name} is told to two" for name, count in named.items() if count > 1]
        return found

    def _account_of(self, name: str) -> int:
        return self._names.index(name) % self._plan.accounts

    def _start_gateway(self, exchange: RunningExchange) -> tuple[subprocess.Popen[bytes], str]:
        engine = "[engine]\nrate_limits = false\nduplicate_window_s = 0.000001\n"
        sessions = "".join(
            f'[[session]]\nour_comp_id = "PHEMEX"\nclient_comp_id = "{name}"\naccount = "{self._account_of(name)}"\n'
            f'store = "{self._directory}/sessions"\n'
            for name in self._names
        )
        config, ready = self._directory / "gateway.toml", self._directory / "gateway.json"
        config.write_text(engine + sessions)
        command = [sys.executable, "-m", "tidings", "gateway", "--config", str(config), "--ready-file", str(ready)]
        environment = os.environ | {"XDG_STATE_HOME": str(self._directory / "state")}
        with (self._directory / "gateway.log").open("w") as log:
            process = subprocess.Popen(
                [*command, "--exchange", str(exchange.ready_file)], env=environment, stdout=log, stderr=log
            )
        limit_s = time.monotonic() + START_LIMIT_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > limit_s:
                process.kill()
                raise RuntimeError(f"the gateway did not start: see {log.name}")
            time.sleep(0.01)
        return process, json.loads(ready.read_text())["fix"]
