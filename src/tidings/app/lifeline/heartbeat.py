"""The engine's side of the dead-man's switch: signs of life, which symbols may have open orders, and who watches.

What it writes is `engine/heartbeat_page`'s to lay out; who reads it is a watchdog process. It never decides for the
engine: `trouble` says in words why new orders should be denied, and the engine's readiness does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tidings.app.lifeline.heartbeat_file import HeartbeatFile
from tidings.app.lifeline.process_identity import ProcessIdentity
from tidings.engine.heartbeat_signs import EngineMode, TripCause, WatchMode, WatchSigns
from tidings.engine.lifeline import Lifeline
from tidings.errors import ConfigError, UsageError
from tidings.model.instrument import Instrument
from tidings.model.order import Order

NS_PER_S = 1_000_000_000
WATCHDOG_GONE_NS = NS_PER_S  # it beats fifty times a second
SWEEP_NS = 10 * NS_PER_S  # the whole order table is read: a millisecond
FEW_MARKS = 10  # as many symbols are flattened in one volley; marks that are too many cost requests, never orders
QUIET_MARGIN_S = 4  # beyond a request's expiry: see `last_arrival_ns`

_CAUSES: Mapping[int, str] = {
    TripCause.DIED: "it took this engine for dead",
    TripCause.STALLED: "this engine stood still",
    TripCause.CUT_OFF: "this engine had lost its order lanes",
    TripCause.FOUND_DEAD: "it took this engine for dead",
}


def last_arrival_ns(decided_ns: int, expiry_s: int) -> int:
    """When the venue refuses whatever was decided by `decided_ns`, however long it was held up on its way.

    Expiries are whole seconds, rounded up (1 s), on a clock that may be wrong by as much as trading allows (1 s), and
    what is let in just before may be executed a little later (2 s).
    """
    return decided_ns + (expiry_s + QUIET_MARGIN_S) * NS_PER_S


class Heartbeat:
    """One engine's. `enlist` with its instruments, `attach` when it is ready, `beat` from a timer, then say goodbye."""

    def __init__(self, file: HeartbeatFile, *, expiry_s: int, is_required: bool) -> None:
        """Raises ConfigError when another engine beats in this file."""
        self.file, self.page = file, file.page
        self._expiry_s, self._is_required = expiry_s, is_required
        self._lifeline = Lifeline(self.page)
        self._identity = ProcessIdentity.own()
        self._inherited: set[int] = set()
        self._cut_off_ns = self._next_sweep_ns = 0
        if not file.lock():
            pid = self.page.engine_signs().pid
            file.close()
            raise ConfigError(
                f"another engine (process {pid}) beats in {file.path}: an account has one engine with a watchdog,"
                " or give this one its own `watchdog_file`"
            )

    def enlist(self, instruments: Iterable[Instrument]) -> None:
        """Before the first order. What an earlier engine may have left open stays marked as long as this one runs."""
        self._inherited = set(self.page.enlist(instruments))

    def attach(self, now_ns: int) -> int:
        """From here on a watchdog acts if this process dies or stands still; gives the epoch."""
        self._cut_off_ns = 0
        self._lifeline.hold()
        own = self._identity
        return self.page.attach(
            pid=own.pid, start_ticks=own.start_ticks, boot=own.boot, expiry_s=self._expiry_s, now_ns=now_ns
        )

    def beat(self, now_ns: int, *, is_connected: bool, open_count: int) -> None:
        """A sign of life, and whether orders could be cancelled by this engine itself."""
        self._cut_off_ns = 0 if is_connected else self._cut_off_ns or now_ns
        self.page.beat(now_ns, open_count=open_count, cut_off_ns=self._cut_off_ns)

    def sweep(self, now_ns: int, open_count: int, orders: Callable[[], list[Order]]) -> None:
        """Take marks back where nothing can be open. `orders` reads the whole table, and is asked rarely."""
        if now_ns < self._next_sweep_ns:
            return
        self._next_sweep_ns = now_ns + SWEEP_NS
        marked = set(self.page.marked_indexes()) - self._inherited
        if not marked or (open_count and len(marked) <= FEW_MARKS):
            return
        for order in orders():
            if not order.is_done or now_ns < last_arrival_ns(order.decided_ns, self._expiry_s):
                marked.discard(order.terms.instrument.index)
        for index in marked:
            self.page.unmark(index)

    def trouble(self, now_ns: int) -> str:
        """Why new orders should be denied, in words; "" if they need not be."""
        watch = self.page.watch_signs()
        is_alive = is_watchdog_alive(watch, now_ns)
        if self.page.is_fenced:
            return _fence_text(watch, is_alive, self.page.epoch)
        if is_alive and watch.settled_epoch < watch.fenced_epoch:
            return "the watchdog is still cancelling what the engine before this one left open: wait"
        if not self._is_required:
            return ""
        if not is_alive:
            return f"no watchdog is alive, and one is required: start `tidings watchdog` (file {self.file.path})"
        if watch.mode == WatchMode.CONNECTING:
            return "the watchdog has no connection to the venue"
        return "" if watch.armed_epoch == self.page.epoch else "the watchdog has not taken note of this engine yet"

    def rearm(self, now_ns: int, open_count: int) -> None:
        """Trade again after the watchdog has acted. Raises UsageError while what it did is not known to be complete."""
        if not self.page.is_fenced:
            raise UsageError("the watchdog has not acted: there is nothing to re-arm")
        if self.page.watch_signs().settled_epoch != self.page.epoch:
            raise UsageError("the watchdog has not told yet that nothing is open any more: wait, and re-arm then")
        if open_count:
            raise UsageError(
                f"{open_count} orders are open or unknown by this engine's own account, though the watchdog cancelled"
                " them all: wait until the reports or the inquiry have settled them"
            )
        for index in self.page.marked_indexes():
            self.page.unmark(index)
        self._inherited.clear()
        self.attach(now_ns)

    @property
    def inherited(self) -> frozenset[int]:
        """Indexes of instruments in which an earlier engine may have left orders open."""
        return frozenset(self._inherited)

    def release(self, index: int) -> None:
        """The venue shows nothing of an earlier engine's in this instrument: its mark is this engine's alone."""
        self._inherited.discard(index)

    def say_goodbye(self, is_flat: bool) -> None:
        """The engine ends on purpose: no watchdog shall act. `is_flat`: nothing of it is open."""
        self.page.say_goodbye(EngineMode.CANCELLED if is_flat else EngineMode.LEFT)

    def close(self) -> None:
        """Let go of file and lifeline, from the thread that attached: after a goodbye, or for the beat to be missed."""
        self._lifeline.release()
        self.file.close()


def is_watchdog_alive(watch: WatchSigns, now_ns: int) -> bool:
    """Whether a watchdog has beaten lately."""
    return watch.mode != WatchMode.NONE and abs(now_ns - watch.beat_ns) <= WATCHDOG_GONE_NS


def _fence_text(watch: WatchSigns, is_alive: bool, epoch: int) -> str:
    cause = _CAUSES.get(watch.fence_cause, "of a reason this version does not know")
    acted = f"the watchdog has shut this engine out and cancels all its orders, because {cause}"
    if watch.settled_epoch == epoch:
        return f"{acted}; nothing is open any more: look at what happened, then call `rearm()`"
    return f"{acted}; it is still at it" if is_alive else f"{acted}; it ended before it was done: start another"
