"""Cancel on disconnect: when a client that asked for it is gone, its orders go too, until each is confirmed.

That it is armed is written down: after a crash of the gateway the cancels are made at the next start, before anybody
is let in. Who is back within the window keeps its orders; once the window is over, what was open then goes, and nothing
that is placed later.
"""

from __future__ import annotations

import asyncio
import logging
from enum import Enum

from tidings.errors import TidingsError
from tidings.fix_gateway.order_chains import OrderChain
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

    def __init__(
        self, owner: str, desk: FixOrderDesk, queries: OrderQueries, symbols: frozenset[str] = frozenset()
    ) -> None:
        """`symbols`: that the client may touch; none: all."""
        self._owner = owner
        self._symbols = symbols
        self._desk = desk
        self._queries = queries
        self._scope = Scope.OFF
        self._is_away = False
        self._crash_scope = Scope.OFF  # what a crash would have to be made up for, once no run is under way
        self._waiting: asyncio.Task[None] | None = None  # within its window
        self._runs: set[asyncio.Task[None]] = set()

    def arm(self, scope: Scope, *, also_for_crash: bool = True) -> None:
        """The client is there; what waits for its return ends. With OFF nothing will be done when it goes.

        `also_for_crash`: a gateway that is killed makes up for it at the next start, as after a disconnect.
        """
        self._scope, self._is_away = scope, False
        self._crash_scope = scope if also_for_crash else Scope.OFF
        if self._waiting is not None:
            self._waiting.cancel()
            self._runs.discard(self._waiting)
            self._waiting = None
        if not self._runs or self._crash_scope is not Scope.OFF:
            self._desk.chains.note_armed(self._owner, self._crash_scope.value)

    def begin(self, window_s: float) -> None:
        """The client is gone: cancel after the window, unless it is back by then."""
        self._is_away = True
        if self._waiting is not None:
            return
        self._desk.chains.note_armed(self._owner, self._scope.value)
        # Without a window, too, the loop's present turn ends first: whoever takes over his own session is back in it.
        run = self._waiting = asyncio.get_running_loop().create_task(self._wait(self._scope, window_s))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)

    def recover(self) -> None:
        """Go on with what a crash left."""
        scope = Scope(self._desk.chains.armed.get(self._owner, ""))
        if scope is not Scope.OFF:
            log.warning("%s: the gateway ended while its orders were to be cancelled without it", self._owner)
            self._scope = scope
            self.begin(0)

    async def finish(self) -> None:
        """Wait until every run is through."""
        if self._runs:
            await asyncio.wait(set(self._runs))

    async def _wait(self, scope: Scope, window_s: float) -> None:
        await asyncio.sleep(window_s)
        self._waiting = None
        await self._cancel(scope, self._targets(scope))

    async def _cancel(self, scope: Scope, targets: list[OrderChain]) -> None:
        """Ask, and ask again, until each is over."""
        pause_s = RETRY_S
        is_swept = scope is not Scope.ACCOUNT
        while not is_swept or any(not chain.is_done for chain in targets):
            try:
                for chain in targets:
                    if not chain.is_done:
                        self._queries.cancel_quietly(chain, TEXT)
                is_swept = is_swept or await self._sweep(targets)
            except Exception:  # a fault of ours must not leave orders open that nobody looks after
                log.exception("%s: %s: trying again", self._owner, TEXT)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_MAX_S)
        if len(self._runs) == 1:  # this one: nothing else is to be made up for any more
            self._desk.chains.note_armed(self._owner, "" if self._is_away else self._crash_scope.value)

    def _targets(self, scope: Scope) -> list[OrderChain]:
        """What is open now, orders on their way included; those of which nothing is known are not the venue's."""
        owner = self._owner if scope is Scope.SESSION else None
        found = [chain for chain in self._desk.chains.open_chains(owner) if chain.order is not None]
        return [chain for chain in found if chain.owner == self._owner or self._may_touch(chain.symbol)]

    def _may_touch(self, symbol: str) -> bool:
        return not self._symbols or symbol in self._symbols

    async def _sweep(self, targets: list[OrderChain]) -> bool:
        """Everything of the account by symbol, untriggered and foreign orders too: whether every call has gone well.

        Somebody who is back may have placed new orders, which a sweep would take as well: then it is left out.
        """
        if not self._is_away:
            return True
        foreign = {order.symbol for order in self._desk.phemex.foreign_orders()}
        is_well = True
        for symbol in sorted(filter(self._may_touch, foreign | {chain.symbol for chain in targets})):
            try:
                await self._desk.phemex.cancel_all(symbol)
            except TidingsError as error:
                log.warning("%s: %s in %s: %s; trying again", self._owner, TEXT, symbol, error)
                is_well = False
        return is_well
