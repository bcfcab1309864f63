"""The kill switch of a running engine: nothing new, everything cancelled, verified, and latched until a person re-arms.

`trip` does three things before it returns, in this order: new orders and amends are denied; a thread begins to write
the latch; both cancel-alls of every symbol that may have orders are in the kernel, on the warm order lanes, out of the
share of the budget that is kept for cancels. Nothing of that waits for a disk, a stream or an answer.

Then it looks: symbol by symbol, until the venue's own list shows nothing and nothing that was under way can arrive any
more; what shows up is cancelled again. Only that is "verified"; an accepted cancel is not.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from msgspec import structs

from tidings.app.kill.flattening import Flattening, Symbol
from tidings.app.kill.kill_latch import KillLatch, Latched
from tidings.app.lifeline.heartbeat import last_arrival_ns
from tidings.app.links.venue_link import VenueLink
from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.risk import Risk
from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_KILL
from tidings.errors import ConfigError, UsageError
from tidings.model.enums import OrdStatus, ProductLine, RequestKind
from tidings.model.instrument import Instrument
from tidings.venue.phemex.mass_cancel import MassCancel
from tidings.venue.phemex.queries import Queries

log = logging.getLogger("tidings.kill")

SETTLE_NS = 500_000_000  # at least this long the list must stay empty: it may lag behind the book
FROM_LATCH = "latch"  # the source of a kill that an earlier run began
HALVES = (False, True)  # untriggered or not: the venue cancels working and waiting orders apart


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """How a kill stands. Only `is_verified` says that nothing is open."""

    reason: str
    source: str  # "api", "cli", "signal", "file", "latch" (of an earlier run)
    wall_ns: int
    is_verified: bool = False
    orders_left: int | None = None  # open at the venue at the last looks; None: not every symbol was seen yet
    symbols: tuple[str, ...] = ()  # that may have had orders
    sent_count: int = 0  # cancel-alls that left at once
    sent_ms: float = 0.0  # from the trip until the last of them was in the kernel
    elapsed_ms: float = 0.0
    problem: str = ""  # the last answer that was none
    latch_problem: str = ""  # why the latch could not be written: it holds in this process only
    history: tuple[str, ...] = field(default=(), repr=False)  # what was told, in order


class EngineDoor:
    """Cancels and looks over the engine's link, out of the share of the budget that is kept for cancels.

    The first cancel of a symbol leaves whatever the venue says of its budgets; what follows waits as long as it says.
    """

    def __init__(self, link: VenueLink) -> None:
        self._link = link
        self._first = Queries(partial(link.ask, priority=PRIORITY_KILL))
        self._queries = Queries(partial(link.ask, priority=PRIORITY_CANCEL))
        self._tried: set[Symbol] = set()

    async def cancel(self, line: ProductLine, symbol: str) -> None:
        """Both halves. Raises the first problem, after both have been asked for."""
        queries = self._queries if (line, symbol) in self._tried else self._first
        self._tried.add((line, symbol))
        halves = (queries.cancel_half(line, symbol, untriggered=untriggered) for untriggered in HALVES)
        for result in await asyncio.gather(*halves, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def count_open(self, line: ProductLine, symbol: str) -> int:
        """How many open orders the venue shows, by a whole and well-formed answer. Raises otherwise."""
        rows, _ = await self._queries.open_page_in(line, symbol)
        return len(rows)

    def wait_ns(self, line: ProductLine, kind: RequestKind, symbol: str, now_ns: int) -> int:
        """How long until the reserve has room for such a request."""
        return max(0, self._link.budget.order_cost(line, kind, symbol).next_take_ns(PRIORITY_CANCEL, now_ns) - now_ns)


class KillSwitch:
    """One engine's. `symbols` tells which may have orders, `known_open` where some are not over as far as we heard;
    `hears` are called with each event and its facts.
    """

    def __init__(
        self,
        *,
        risk: Risk,
        entry: OrderEntry,
        mass_cancel: MassCancel,
        link: VenueLink,
        latch: KillLatch,
        clock: Clock,
        symbols: Callable[[], list[Instrument]],
        known_open: Callable[[], set[str]],
        expiry_s: int,
        has_threads: bool = True,
    ) -> None:
        self.latch = latch
        self.report: KillReport | None = None
        self.hears: list[Callable[[str, dict[str, object]], object]] = []
        self._risk, self._entry, self._mass_cancel = risk, entry, mass_cancel
        self._link, self._clock, self._symbols, self._known_open = link, clock, symbols, known_open
        self._expiry_s, self._has_threads = expiry_s, has_threads
        self._loop, self._thread_id = asyncio.get_running_loop(), threading.get_ident()
        self._task: asyncio.Task[KillReport] | None = None
        self._latch_writer: threading.Thread | None = None  # the last that was started
        self._first = Latched()  # of the kills since it was last armed

    @property
    def is_tripped(self) -> bool:
        return self._risk.is_killed

    @property
    def is_unfinished(self) -> bool:
        """It is thrown, and the venue has not shown yet that nothing is open."""
        return self.is_tripped and (self.report is None or not self.report.is_verified)

    def trip(
        self, reason: str, source: str = "api", wall_ns: int = 0, *, is_inherited: bool = False
    ) -> asyncio.Task[KillReport]:
        """Throw it. Await the result for the outcome; a second call while one runs gives the same, and its reason is
        written down beside the first. `wall_ns`: when it was thrown, if not now; `is_inherited`: in an earlier run.

        Raises UsageError in another thread than the engine's, which then does all but the first step.
        """
        self._risk.set_killed(True)
        if self._thread_id != threading.get_ident():
            self._loop.call_soon_threadsafe(self.trip, reason, source)
            raise UsageError("kill() was called in another thread than the engine's: nothing new leaves from now on,"
                             " and the engine has been told to do the rest")  # fmt: skip
        kill = Latched(reason=reason, source=source, wall_ns=wall_ns or self._clock.read_wall_ns())
        if self._task is not None and not self._task.done():
            self._write_latch(kill)
            return self._task
        begun_ns = self._clock.read_now_ns()
        first = self.report if self.report is not None and self.is_tripped else None
        if first is None:
            self._first = kill
        self.report = KillReport(
            reason=first.reason if first else reason, source=first.source if first else source,
            wall_ns=first.wall_ns if first else kill.wall_ns,
        )  # fmt: skip
        self._write_latch(kill)
        try:
            sent = self._send_cancels(begun_ns)
        except Exception as error:  # a bug, or a lane's: the slower way below cancels everything all the same
            log.error("the first cancels of the kill switch failed", exc_info=error)
            sent = set()
        emptying = self._empty(begun_ns, sent, is_inherited=is_inherited)
        self._task = asyncio.get_running_loop().create_task(emptying, name="tidings-kill")
        return self._task

    def look(self) -> None:
        """Call it with the housekeeping: whether somebody has put up a latch or a kill file."""
        if not self.is_tripped and self.latch.is_set():
            try:
                latched = self.latch.read() or Latched()
            except OSError:  # it was there a moment ago
                latched = Latched()
            self.trip(latched.reason, latched.source, latched.wall_ns)

    def heed_latch(self) -> None:
        """At the start: an earlier run was killed. Nothing new; and what it did not see done is done now.

        Raises ConfigError when it cannot be told: a latch that cannot be looked at is no leave to trade.
        """
        try:
            latched = self.latch.read()
        except OSError as error:
            raise ConfigError(f"whether the kill switch is latched cannot be told: {self.latch.path}:"
                              f" {error.strerror}: make its directory readable") from error  # fmt: skip
        if latched is None:
            return
        reasons = "; ".join(kill.reason for kill in self.latch.kills()) or latched.reason
        log.error("the kill switch is latched: %s: re-arm it with `tidings rearm --reason …`", reasons)
        self._risk.set_killed(True)
        latched = self._first = structs.replace(latched, wall_ns=latched.wall_ns or self._clock.read_wall_ns())
        self.report = KillReport(
            reason=latched.reason, source=FROM_LATCH, wall_ns=latched.wall_ns, is_verified=latched.is_verified,
            orders_left=0 if latched.is_verified else None,
        )  # fmt: skip
        if not latched.is_verified:
            self.trip(latched.reason, latched.source, latched.wall_ns, is_inherited=True)

    def rearm(self, reason: str) -> None:
        """Take orders again. Raises UsageError without a reason, or while it is not verified that nothing is open."""
        if not self.is_tripped:
            raise UsageError("nothing is killed here: there is nothing to re-arm")
        if self.is_unfinished:
            raise UsageError("the venue has not shown yet that nothing is open: await the kill, or call it again")
        try:
            self.latch.remove(reason)
        except OSError as error:
            raise UsageError(f"{self.latch.path} cannot be removed: {error.strerror}") from None
        log.warning("the kill switch is re-armed: %s", reason)
        self.report = None
        self._risk.set_killed(False)

    async def stop(self, limit_s: float) -> None:
        """The engine ends: give a kill that is under way this long, no longer."""
        if self._task is None or self._task.done():
            return
        try:
            await asyncio.wait({self._task}, timeout=limit_s)
        finally:  # also when whoever waits is cancelled: nothing may be left running
            if not self._task.done():
                self._task.cancel()
                log.error("the engine ends before the venue has shown that nothing is open: the latch remembers it")

    # ---- What trip does ------------------------------------------------------------------------------------------

    def _send_cancels(self, begun_ns: int) -> set[Symbol]:
        """Both halves of everything: USD-M at once, also symbols nobody has told us of, then the others one by one.

        Gives the symbols of which both halves have left; what finds no room goes the slower way.
        """
        now_ns = self._clock.read_now_ns()
        self._mass_cancel.flush()
        sent_before = self._mass_cancel.sent_count
        linear = [self._mass_cancel.send_all_linear(untriggered, now_ns) for untriggered in HALVES]
        instruments = self._symbols()
        apart = [it for it in instruments if it.line != ProductLine.LINEAR or not all(linear)]
        unsent = {it for untriggered in HALVES for it in apart if not self._mass_cancel.send(it, untriggered, now_ns)}
        sent_ms = (self._clock.read_now_ns() - begun_ns) / 1e6
        self._note(
            "tripped", symbols=tuple(instrument.symbol for instrument in instruments), sent_ms=round(sent_ms, 3),
            sent_count=self._mass_cancel.sent_count - sent_before,
        )  # fmt: skip
        return {_named(instrument) for instrument in instruments if instrument not in unsent}

    async def _empty(self, begun_ns: int, sent: set[Symbol], *, is_inherited: bool) -> KillReport:
        flattening = Flattening(
            EngineDoor(self._link),
            self._clock,
            arrival_ns=self._arrival_ns(begun_ns, is_inherited=is_inherited),
            marked=lambda: [_named(instrument) for instrument in self._symbols()],
            tell=self._hear,
            is_doubted=lambda symbol: symbol[1] in self._known_open(),
        )
        flattening.begin(sent)
        await flattening.finish()
        self._note("killed", is_verified=True, orders_left=0, elapsed_ms=self._elapsed_ms(begun_ns))
        self._write_latch(structs.replace(self._first, is_verified=True))
        assert self.report is not None
        return self.report

    def _arrival_ns(self, now_ns: int, *, is_inherited: bool) -> int:
        """From when on nothing that was sent before can still be taken in.

        An adopted order of which nobody knows when it left may have left just now; and the engine before may have sent
        what its journal lost with the power.
        """
        unanswered = [last_arrival_ns(now_ns, self._expiry_s)] if is_inherited else []
        unanswered += [
            last_arrival_ns(order.decided_ns or now_ns, self._expiry_s)
            for order in self._entry.orders.open_orders()
            if order.status in (OrdStatus.PENDING_NEW, OrdStatus.UNKNOWN)
        ]
        return max([now_ns + SETTLE_NS, *unanswered])

    def _hear(self, event: str, facts: dict[str, object]) -> None:
        assert self.report is not None
        self._note(
            event,
            symbols=tuple(dict.fromkeys([*self.report.symbols, *_texts(facts.get("symbols"))])),
            orders_left=facts.get("orders_left", self.report.orders_left),
            problem=str(facts.get("problem", "")),
            elapsed_ms=facts.get("elapsed_ms", 0.0),
        )

    def _note(self, event: str, **facts: object) -> None:
        assert self.report is not None
        self.report = replace(self.report, history=(*self.report.history, event), **facts)  # type: ignore[arg-type]
        told = ", ".join(f"{name} {value}" for name, value in facts.items() if value not in ("", ()))
        log.warning("kill switch: %s: %s (%s)", event, told, self.report.reason)
        for hear in self.hears:
            hear(event, facts)

    def _elapsed_ms(self, begun_ns: int) -> float:
        return round((self._clock.read_now_ns() - begun_ns) / 1e6, 3)

    def _write_latch(self, latched: Latched) -> None:
        """In a thread of its own that nothing waits for but the next one: a disk may hang, and what was seen to be over
        before a second kill must not be written behind that.
        """
        if self._has_threads:
            self._latch_writer = threading.Thread(
                target=self._try_latch, args=(latched, self.latch.epoch, self._latch_writer), name="tidings-latch",
                daemon=True,
            )  # fmt: skip
            self._latch_writer.start()
        else:
            self._try_latch(latched, self.latch.epoch)

    def _try_latch(self, latched: Latched, epoch: int, behind: threading.Thread | None = None) -> None:
        if behind is not None:
            behind.join()
        try:
            self.latch.write(latched, epoch)
        except OSError as error:
            log.error("the kill switch holds in this process only: %s: %s", self.latch.path, error.strerror)
            problem = error.strerror or str(error)
            if not self._has_threads:
                self._take_latch_problem(problem)
                return
            with suppress(RuntimeError):  # the loop is closed: nobody reads the report any more
                self._loop.call_soon_threadsafe(self._take_latch_problem, problem)

    def _take_latch_problem(self, problem: str) -> None:
        """In the loop's thread: it replaces the report as well, and would lose its own change or this one."""
        if self.report is not None:
            self.report = replace(self.report, latch_problem=problem)


def _texts(names: object) -> list[str]:
    return [str(name) for name in names] if isinstance(names, list) else []


def _named(instrument: Instrument) -> Symbol:
    return ProductLine(instrument.line), instrument.symbol
