"""Many lives of several FIX gateways, killed by the plan; what clients were told is compared with the exchange."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.killed.child import Life, begin
from tests.killed.gateway_life import COPY, TRADER, GatewayAssignment, serve
from tests.reference.exchange_process import RunningExchange, launch
from tests.reference.fix_ledger import SYMBOL, FixLedger
from tidings.errors import ConnectionLost
from tidings.fix.reader import FixReader
from tidings.fix_client import FixClient

STARTING_S = 0.6  # a gateway that is killed while it starts is killed within this
TRADING_S = 0.7  # and after its client has been told everything, within this
STARTING_SHARE = 0.25
PAUSE_S = 0.004  # between a client's requests, on average
SETTLE_LIMIT_S = 90.0  # expiry 1 s, margin 2 s, two answers apart: on a loaded machine
LOOK_S = 0.1
BATCH_KILLS = 250  # the exchange keeps 2,000 executions of an account
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """`first`: the number of the first kill; each number is a seed of its own."""

    kills: int
    first: int
    gateways: int
    seed: int
    seconds: float


@dataclass(slots=True)
class GatewayResult:
    """What came of a campaign."""

    kills: int = 0
    kills_while_starting: int = 0
    comparisons: int = 0
    orders: int = 0
    executions: int = 0
    reports: int = 0
    copied_executions: int = 0
    copied_twice: int = 0
    logons: int = 0
    failures: list[str] = field(default_factory=list)


class GatewayCampaign:
    """`run` gives the result as JSON-ready values."""

    def __init__(self, plan: GatewayPlan, directory: Path) -> None:
        self.plan, self.directory = plan, directory
        self.result = GatewayResult()
        self.next_number = plan.first
        self.stop_s = time.monotonic() + plan.seconds

    def run(self) -> dict[str, Any]:
        """All kills, in batches: each has an exchange of its own, so that a long campaign stays quick."""
        began_s = time.monotonic()
        last = self.plan.first + self.plan.kills
        while self.next_number < last and time.monotonic() < self.stop_s and len(self.result.failures) < 10:
            before = self.next_number
            asyncio.run(self._batch(min(last, before + BATCH_KILLS)))
            if self.next_number == before:
                break
        result = self.result
        took_s = time.monotonic() - began_s
        named = {name: getattr(result, name) for name in GatewayResult.__slots__}
        return named | {"next": self.next_number, "seconds": round(took_s, 1),
                        "per_minute": round(result.kills / took_s * 60, 1)}  # fmt: skip

    async def _batch(self, last: int) -> None:
        home = self.directory / f"batch-{self.next_number}"
        (home / "exchange").mkdir(parents=True)
        options = ("--no-rate-limits", "--seed", str(self.plan.seed + self.next_number))
        exchange = launch(home / "exchange", *options, "--accounts", str(self.plan.gateways))
        market = await market_of(exchange)
        lines = [Line(self, exchange, home, account, last, market) for account in range(self.plan.gateways)]
        try:
            await asyncio.gather(*(line.run() for line in lines))
        finally:
            for line in lines:
                line.end()
            exchange.stop()

    def fail(self, account: int, what: str) -> None:
        failure = f"before kill {self.next_number}, account {account}: {what}"
        print(failure, file=sys.stderr, flush=True)
        self.result.failures.append(failure)

    def count(self, while_starting: bool) -> None:
        result = self.result
        result.kills += 1
        result.kills_while_starting += while_starting
        self.next_number += 1
        if result.kills % 10 == 0:
            print(f"{result.kills}/{self.plan.kills} kills, {result.comparisons} comparisons, "
                  f"{len(result.failures)} failures", file=sys.stderr, flush=True)  # fmt: skip


class Line:
    """One account: its gateway, which dies again and again, and its client, which lives."""

    def __init__(
        self, campaign: GatewayCampaign, exchange: RunningExchange, home: Path, account: int, last: int,
        market: tuple[Decimal, Decimal],
    ) -> None:  # fmt: skip
        self._campaign, self._last, self._account = campaign, last, account
        self._log = home / f"gateway-{account}.log"
        self._assignment = GatewayAssignment(exchange.ready_file, account, home / f"account-{account}", free_port())
        self._admin = exchange.ready["admin"]
        self._user_id = exchange.ready["accounts"][account]["user_id"]
        self._unit, mid = market
        chance = random.Random(f"{campaign.plan.seed}:{campaign.next_number}:{account}:client")
        self._ledger = FixLedger(f"A{account}", mid, chance)
        self._life: Life | None = None
        self._watched: list[FixClient] = []
        self._logons_before = [0, 0]  # the kill: only who has logged on since knows the next life
        self._copied: Counter[str] = Counter()  # executions that the drop copy has heard of

    async def run(self) -> None:
        """Until the batch has its kills; then once more to be told everything."""
        self._begin()
        address = f"127.0.0.1:{self._assignment.port}"
        try:
            options = {"heartbeat_s": 5, "patience_s": PATIENCE_S}
            client, copy = (FixClient(address, name, "PHEMEX", **options) for name in (TRADER, COPY))
            client.listen(self._hear)
            copy.listen(self._hear_copy)
            async with client, copy:
                self._watched = [client, copy]
                while await self._live(client):
                    pass
                self._campaign.result.logons += client.logon_count
        except Exception as error:
            self._campaign.fail(self._account, f"the client ended: {error!r}")
        result, ledger = self._campaign.result, self._ledger
        result.orders += len(ledger.status)
        result.executions += len(ledger.executions)
        result.reports += sum(ledger.exec_ids.values())
        result.copied_executions += len(self._copied)
        result.copied_twice += sum(count > 1 for count in self._copied.values())

    async def _live(self, client: FixClient) -> bool:
        """One life of the gateway, up to its kill: whether there is to be another one."""
        campaign = self._campaign
        chance = random.Random(f"{campaign.plan.seed}:{campaign.next_number}:{self._account}")
        is_over = campaign.next_number >= self._last or time.monotonic() > campaign.stop_s
        if not is_over and chance.random() < STARTING_SHARE:
            await asyncio.sleep(chance.uniform(0, STARTING_S))
            self._kill(while_starting=True)
            return True
        if found := await self._settle(client):
            campaign.fail(self._account, f"after {SETTLE_LIMIT_S:g} s: " + "; ".join(found[:8]))
            return False
        campaign.result.comparisons += 1
        if is_over or campaign.next_number >= self._last:
            return False
        until_s = time.monotonic() + chance.uniform(0, TRADING_S)
        while time.monotonic() < until_s:
            if client.is_logged_on:
                try:
                    client.send(*self._ledger.next_request())
                except ConnectionLost:
                    break
            await asyncio.sleep(min(chance.expovariate(1 / PAUSE_S), max(0.0, until_s - time.monotonic())))
        self._kill(while_starting=False)
        return True

    async def _settle(self, client: FixClient) -> list[str]:
        """Until client and exchange agree; else on what they do not."""
        limit_s = time.monotonic() + SETTLE_LIMIT_S
        found = ["the client never logged on"]
        while time.monotonic() < limit_s:
            assert self._life is not None
            if self._life.has_ended():
                return [f"the gateway ended by itself: see {self._log.name}"]
            if self._are_back():
                found = [f"UNANSWERED: {name}" for name in self._ledger.pending]
                history = await self._history()
                found = found or self._ledger.differences(history, self._unit)
                found += [f"NOT COPIED: {name}" for name in {row["exec_id"] for row in history["executions"]}
                          if name not in self._copied]  # fmt: skip
                if not found:
                    return []
            await asyncio.sleep(LOOK_S)
        return found

    def _are_back(self) -> bool:
        """Both clients know the gateway that runs now."""
        pairs = zip(self._watched, self._logons_before, strict=True)
        return all(one.is_logged_on and one.logon_count > before for one, before in pairs)

    def _hear_copy(self, message: FixReader) -> None:
        if message.find(150) == b"F":
            self._copied[(message.find(17) or b"").decode()] += 1

    def _hear(self, message: FixReader) -> None:
        told: dict[int, str] = {}
        for tag, value in message.fields():
            told.setdefault(tag, value.decode())
        self._ledger.hear(told)

    def _begin(self) -> None:
        self._life = begin(self._assignment, self._log, random.Random(0), serve)

    def _kill(self, *, while_starting: bool) -> None:
        self.end()
        self._logons_before = [one.logon_count for one in self._watched]
        self._campaign.count(while_starting)
        self._begin()

    def end(self) -> None:
        """No more lives."""
        if self._life is not None:
            self._life.end()
            self._life = None

    async def _history(self) -> dict[str, Any]:
        found: dict[str, Any] = await asked(self._admin, f"history?user_id={self._user_id}")
        return found


async def market_of(exchange: RunningExchange) -> tuple[Decimal, Decimal]:
    """The unit of a quantity, and the last price."""
    dump = await asked(exchange.ready["admin"], "dump")
    scales = dump["scales"][SYMBOL]
    price = Decimal(dump["books"][SYMBOL]["last_price"]).scaleb(-scales["price"])
    return Decimal(1).scaleb(-scales["qty"]), price


async def asked(admin: str, what: str) -> Any:
    """A GET without holding up the loop."""
    url = urlsplit(f"{admin}/{what}")
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        request = f"GET {url.path}?{url.query} HTTP/1.1\r\nhost: {url.netloc}\r\nconnection: close\r\n\r\n"
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size_bytes = int(head.split("content-length:")[1].split("\r\n")[0])
        return json.loads(await reader.readexactly(size_bytes))
    finally:
        writer.close()


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
