"""Cancel on disconnect: when a client that asked for it is gone, its orders go too, until each is confirmed.

That it is armed is written down: after a crash of the gateway the cancels are made at the next start, before anybody
is let in.
"""

from __future__ import annotations

import asyncio
import logging
from enum import Enum

from tidings.errors import TidingsError
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.order_queries import OrderQueries

log = logging.getLogger("tidings.fix")

TEXT = "cancel on disconnect"
RETRY_S, RETRY_MAX_S = 0.05, 5.0


class Scope(Enum):
    """Whose orders."""

    OFF = ""
    SESSION = "S"
    ACCOUNT = "Y"


class DisconnectCancel:
    """One client's."""

    def __init__(self, owner: str, desk: FixOrderDesk, queries: OrderQueries) -> None:
        self._owner = owner
        self._desk = desk
        self._queries = queries
        self._scope = Scope.OFF
        self._run: asyncio.Task[None] | None = None

    def arm(self, scope: Scope) -> None:
        """The client is there; a run that waits for it ends. With OFF nothing will be done when it goes."""
        self._scope = scope
        if self._run is not None:
            self._run.cancel()
            self._run = None
        self._desk.chains.note_armed(self._owner, scope.value)

    def begin(self, window_s: float) -> None:
        """The client is gone: cancel after the window, unless it is back by then."""
        if self._run is None or self._run.done():
            self._run = asyncio.get_running_loop().create_task(self._work(window_s))

    def recover(self) -> None:
        """Go on with what a crash left."""
        scope = Scope(self._desk.chains.armed.get(self._owner, ""))
        if scope is not Scope.OFF:
            log.warning("%s: the gateway ended while its orders were to be cancelled without it", self._owner)
            self._scope = scope
            self.begin(0)

    async def finish(self) -> None:
        """Wait until the run is through."""
        if self._run is not None:
            await asyncio.gather(self._run, return_exceptions=True)

    async def _work(self, window_s: float) -> None:
        if window_s:
            await asyncio.sleep(window_s)
        pause_s = RETRY_S
        while self._open_chains():
            await self._cancel_once()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_MAX_S)
        self._desk.chains.note_armed(self._owner, "")

    def _open_chains(self) -> list[object]:
        owner = self._owner if self._scope is Scope.SESSION else None
        return [chain for chain in self._desk.chains.open_chains(owner) if chain.order is not None]

    async def _cancel_once(self) -> None:
        """Everything that is open; the account's by symbol, orders of others in it included."""
        owner = self._owner if self._scope is Scope.SESSION else None
        symbols = set()
        for chain in self._desk.chains.open_chains(owner):
            self._queries.cancel_quietly(chain, TEXT)
            symbols.add(chain.symbol)
        if self._scope is Scope.ACCOUNT:
            for symbol in sorted(symbols):
                try:
                    await self._desk.phemex.cancel_all(symbol)
                except TidingsError as error:
                    log.warning("%s: %s in %s: %s; trying again", self._owner, TEXT, symbol, error)
