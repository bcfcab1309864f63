"""Many FIX sessions in one process, of either engine; each hands what it is told to its ledger."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.reference.fix_ledger import FixLedger
from tests.reference.quickfix_peer import QuickFixProcess, dictionary_in
from tidings.fix.reader import FixReader
from tidings.fix_client import FixClient


class Driver(Protocol):
    """All clients."""

    lock: threading.Lock  # whoever asks a ledger what to do next holds it
    resent_count: int  # reports that came with PossDupFlag

    @property
    def logon_count(self) -> int: ...
    async def start(self) -> None: ...
    def is_logged_on(self, name: str) -> bool: ...
    def send(self, name: str, msg_type: str, fields: Mapping[int, str]) -> None: ...
    async def stop(self) -> list[str]:
        """What went wrong in the sessions."""


class TidingsDriver:
    """Our own client, with numbers in memory."""

    def __init__(self, address: str, ledgers: dict[str, FixLedger], directory: Path) -> None:
        self.lock = threading.Lock()
        self.resent_count = 0
        self._clients = {
            name: FixClient(address, name, "PHEMEX", heartbeat_s=5, patience_s=60, is_lenient=False) for name in ledgers
        }
        for name, ledger in ledgers.items():
            self._clients[name].listen(self._listener(ledger))
        self._stack = contextlib.AsyncExitStack()

    def _listener(self, ledger: FixLedger):
        def listen(message: FixReader) -> None:
            told: dict[int, str] = {}
            for tag, value in message.fields():
                told.setdefault(tag, value.decode())
            self.resent_count += told.get(43) == "Y"
            ledger.hear(told)

        return listen

    @property
    def logon_count(self) -> int:
        return sum(client.logon_count for client in self._clients.values())

    async def start(self) -> None:
        await asyncio.gather(*(self._stack.enter_async_context(client) for client in self._clients.values()))

    def is_logged_on(self, name: str) -> bool:
        return self._clients[name].is_logged_on

    def send(self, name: str, msg_type: str, fields: Mapping[int, str]) -> None:
        self._clients[name].send(msg_type, fields)

    async def stop(self) -> list[str]:
        rejected = {name: client.session.rejects_received for name, client in self._clients.items()}
        await self._stack.aclose()
        return [f"{name}: {count} Rejects received" for name, count in rejected.items() if count]


class QuickFixDriver:
    """Stock QuickFIX sessions, all in one process, every check on."""

    def __init__(self, address: str, ledgers: dict[str, FixLedger], directory: Path) -> None:
        self._ledgers, self._address, self._directory = ledgers, address, directory
        self.lock = threading.Lock()
        self.resent_count = 0

    def _hear(self, name: str, message: dict[int, str]) -> None:
        self.resent_count += message.get(43) == "Y"
        self._ledgers[name].hear(message)

    @property
    def logon_count(self) -> int:
        return self._process.logon_count

    async def start(self) -> None:
        self._directory.mkdir(parents=True)
        dictionary = dictionary_in(self._directory)
        names = list(self._ledgers)
        self._process = QuickFixProcess(
            "initiator", self._directory, dictionary, self._address, names, "PHEMEX", self._hear
        )
        self.lock = self._process.lock

    def is_logged_on(self, name: str) -> bool:
        return name in self._process.logged_on

    def send(self, name: str, msg_type: str, fields: Mapping[int, str]) -> None:
        self._process.send(name, msg_type, fields)

    async def stop(self) -> list[str]:
        await asyncio.to_thread(self._process.stop)
        return self._process.rejects


DRIVERS = {"tidings": TidingsDriver, "quickfix": QuickFixDriver}
