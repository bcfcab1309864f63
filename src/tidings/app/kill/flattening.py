"""Emptying an account's symbols: all plans carried out at once, and what the venue shows told as it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Protocol

from tidings.app.kill.symbol_plan import Step, SymbolPlan
from tidings.clock import Clock
from tidings.errors import RateLimited, TidingsError
from tidings.model.enums import ProductLine, RequestKind

log = logging.getLogger("tidings.kill")

NS_PER_S = 1_000_000_000
MARKS_LOOK_S = 0.05
PROGRESS_NS = NS_PER_S

Symbol = tuple[ProductLine, str]


class Door(Protocol):
    """The way to the venue: the watchdog's own, or an engine's."""

    async def cancel(self, line: ProductLine, symbol: str) -> None:
        """Both halves. Raises the first problem, after both have been asked for."""

    async def count_open(self, line: ProductLine, symbol: str) -> int:
        """How many open orders the venue shows, by a whole and well-formed answer. Raises otherwise."""

    def wait_ns(self, line: ProductLine, kind: RequestKind, symbol: str, now_ns: int) -> int:
        """How long until the budget has room for such a request."""


class Flattening:
    """One trip's. `marked` tells which symbols may have orders; it is asked again, for an order may have been on its
    way through the engine while the fence went up. `tell(event, facts)` hears how it goes.
    """

    def __init__(
        self,
        door: Door,
        clock: Clock,
        *,
        arrival_ns: int,
        marked: Callable[[], list[Symbol]],
        tell: Callable[[str, dict[str, object]], object],
        is_doubted: Callable[[Symbol], bool] = lambda symbol: False,
    ) -> None:
        """`is_doubted`: whether orders are known in a symbol that are not over yet, whatever the venue's list shows."""
        self._is_doubted = is_doubted
        self._door, self._clock = door, clock
        self._arrival_ns, self._marked, self._tell = arrival_ns, marked, tell
        self._begun_ns = clock.read_now_ns()
        self._plans: dict[Symbol, SymbolPlan] = {}
        self._sent: Collection[Symbol] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._told_left: int | None = None
        self._next_progress_ns = self._begun_ns + PROGRESS_NS
        self._problem = ""  # the last answer that was none

    def begin(self, sent: Collection[Symbol] = ()) -> None:
        """Send the first cancels in the next loop pass, but those that are `sent` already. Then `await finish()`."""
        self._sent = sent
        symbols = self._add_marked()
        self._tell("cancel_sent", {"symbols": symbols, "requests": 2 * len(symbols), "elapsed_ms": self._elapsed_ms()})
        if not symbols:
            self._tell_left()

    async def finish(self) -> None:
        """Until nothing is open and nothing can arrive any more."""
        try:
            while self._clock.read_now_ns() < self._arrival_ns or not all(p.is_settled for p in self._plans.values()):
                await asyncio.sleep(MARKS_LOOK_S)
                if added := self._add_marked():
                    self._tell("symbols_added", {"symbols": added, "elapsed_ms": self._elapsed_ms()})
                self._tell_progress()
        finally:
            for task in self._tasks:
                task.cancel()
        self._tell("settled", {"elapsed_ms": self._elapsed_ms()})

    @property
    def orders_left(self) -> int | None:
        """Open orders at the last looks; None while a symbol was not seen yet."""
        total = 0
        for plan in self._plans.values():
            if plan.left is None:
                return None
            total += plan.left
        return total

    def _add_marked(self) -> list[str]:
        now_ns = self._clock.read_now_ns()
        added = [symbol for symbol in self._marked() if symbol not in self._plans]
        for symbol in added:
            self._plans[symbol] = plan = SymbolPlan(now_ns, self._arrival_ns)
            if symbol in self._sent:
                plan.cancelled(now_ns, is_accepted=True, is_answered=False)
            self._tasks.append(asyncio.create_task(self._empty(symbol), name=f"tidings-empty-{symbol[1]}"))
        return [name for _, name in added]

    async def _empty(self, symbol: Symbol) -> None:
        plan = self._plans[symbol]
        while not plan.is_settled:
            wait_ns = plan.next_ns - self._clock.read_now_ns()
            if wait_ns > 0:
                await asyncio.sleep(wait_ns / NS_PER_S)
            await (self._cancel(symbol, plan) if plan.step is Step.CANCEL else self._look(symbol, plan))

    async def _cancel(self, symbol: Symbol, plan: SymbolPlan) -> None:
        retry_after_ns, is_accepted = 0, False
        try:
            await self._door.cancel(*symbol)
            is_accepted = True
        except Exception as error:  # a bug, too: whatever went wrong, this symbol is still to be emptied
            retry_after_ns = self._problem_of(error, symbol, RequestKind.CANCEL_ALL)
        plan.cancelled(self._clock.read_now_ns(), is_accepted=is_accepted, retry_after_ns=retry_after_ns)

    async def _look(self, symbol: Symbol, plan: SymbolPlan) -> None:
        retry_after_ns, left, asked_ns = 0, None, self._clock.read_now_ns()
        try:
            left = await self._door.count_open(*symbol)
        except Exception as error:
            retry_after_ns = self._problem_of(error, symbol, RequestKind.QUERY)
        plan.looked(
            self._clock.read_now_ns(), left, asked_ns=asked_ns, retry_after_ns=retry_after_ns,
            is_doubted=self._is_doubted(symbol),
        )  # fmt: skip
        is_empty, was_told_empty = self.orders_left == 0, self._told_left == 0
        if is_empty != was_told_empty:  # also an order that came late: it is gone again in a moment
            self._tell_left()

    def _problem_of(self, error: Exception, symbol: Symbol, kind: RequestKind) -> int:
        """Remember why there was no answer; how long to wait before the next."""
        is_foreseen = isinstance(error, TidingsError | OSError)
        self._problem = str(error) if is_foreseen else repr(error)
        if not is_foreseen:
            log.error("emptying %s: %r", symbol[1], error, exc_info=error)
        if not isinstance(error, RateLimited):
            return 0
        return self._door.wait_ns(symbol[0], kind, symbol[1], self._clock.read_now_ns())

    def _tell_progress(self) -> None:
        """Once a second while something is left, or while nobody says what is."""
        now_ns = self._clock.read_now_ns()
        if self.orders_left != 0 and now_ns >= self._next_progress_ns:
            self._next_progress_ns = now_ns + PROGRESS_NS
            self._tell_left()

    def _tell_left(self) -> None:
        self._told_left = self.orders_left
        facts: dict[str, object] = {"orders_left": self._told_left, "elapsed_ms": self._elapsed_ms()}
        if self._told_left != 0:
            facts["left"] = {name: plan.left for (_, name), plan in self._plans.items() if plan.left != 0}
            facts["problem"] = self._problem
        self._tell("verified", facts)

    def _elapsed_ms(self) -> float:
        return round((self._clock.read_now_ns() - self._begun_ns) / 1e6, 3)
