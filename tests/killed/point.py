"""One kill at a boundary: a life before it, the traced one, and one after it that must come to terms.

`step` is called again and again and never waits; `outcome` says what came of it.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.killed import scenario
from tests.killed.boundaries import MAIN, Boundary, calls_in
from tests.killed.check import Account, differences
from tests.killed.child import Life, Lived, begin
from tests.killed.life import Assignment, live
from tests.killed.tracing import Tracer, trace

LIFE_LIMIT_S = 60.0  # a life before or a traced one, on a loaded machine
SETTLE_LIMIT_S = 60.0  # expiry 1 s, margin 2 s, two answers apart: on a loaded machine
KILLED, MISSED, FAILED, LISTED = "killed", "missed", "failed", "listed"

Dump = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point happens: an account and a directory of its own. `dump` asks the exchange for all it has."""

    ready_file: Path
    account: int
    user_id: int
    directory: Path
    dump: Dump

    @property
    def journal(self) -> Path:
        return self.directory / "journal"


class Point:
    """`boundary`: where to die. None: the calls of `thread` are only listed, and nobody dies."""

    def __init__(self, place: Place, boundary: Boundary | None, thread: str = "") -> None:
        self.boundary, self.thread = boundary, boundary.thread if boundary is not None else thread
        self.outcome, self.why = "", ""
        self.log = place.directory / "strace.log"
        self._place = place
        place.directory.mkdir(parents=True)
        self._tracer: Tracer | None = None
        self._life = self._begin(scenario.place)
        self._step: Callable[[], None] = self._wait_for_orders
        self.modules: list[str] = []

    def step(self) -> None:
        """Go on as far as possible."""
        self._life.hear()
        try:
            self._step()
        except OSError as error:
            self._end(FAILED, str(error))

    def give_up(self) -> None:
        """Nobody waits for it any more: end its processes."""
        self._end(FAILED, "given up")

    def clear_away(self) -> None:
        """Journals have their space reserved: thousands would fill a disk."""
        shutil.rmtree(self._place.directory)

    def _begin(self, lived: Lived) -> Life:
        place = self._place
        assignment = Assignment(place.ready_file, place.account, place.journal, 0)
        return begin(assignment, place.directory / "engine.log", random.Random(0), lived)

    # ---- The life before ---------------------------------------------------------------------------------------------

    def _wait_for_orders(self) -> None:
        if not self._has_spoken("the life before"):
            return
        assert self._life.view is not None
        self.modules = self._life.view["modules"]
        self._life.end()  # by SIGKILL
        self._life = self._begin(scenario.act if self.thread == MAIN else scenario.act_with_gated_journal)
        self._step = self._wait_for_thread

    def _has_spoken(self, who: str) -> bool:
        if self._life.take_view():
            return True
        if self._life.has_ended():
            self._end(FAILED, f"{who} ended by itself: see its log")
        elif time.monotonic() - self._life.born_s > LIFE_LIMIT_S:
            self._end(FAILED, f"{who} was too slow")
        return False

    # ---- The traced life ---------------------------------------------------------------------------------------------

    def _wait_for_thread(self) -> None:
        if self._has_spoken("the traced life"):
            assert self._life.view is not None
            self._tracer = trace(self._life.view["thread"], self.log, self.boundary)
            self._step = self._wait_for_tracer

    def _wait_for_tracer(self) -> None:
        if self._tracer is not None and self._tracer.is_attached:
            with contextlib.suppress(BrokenPipeError):  # waiting for this, a thread changes places with others: futex
                os.write(self._life.go_fd, b"g")
            self._step = self._wait_for_death

    def _wait_for_death(self) -> None:
        """Of the traced life: killed where it was to be, or at its end."""
        if not self._life.has_ended():
            if time.monotonic() - self._life.born_s > LIFE_LIMIT_S:
                self._end(FAILED, "the traced life does not end")
            return
        self._life.hear()  # its last words
        is_done = self._life.take_view()
        assert self._tracer is not None and self._life.status is not None
        self._tracer.end()
        last_call = calls_in(self.log.read_text())[-1][0]
        if not os.WIFSIGNALED(self._life.status):
            no_death = LISTED if self.boundary is None else MISSED
            self._end(no_death if is_done else FAILED, "" if is_done else "the scenario failed by itself: see its log")
        elif self.boundary is None or last_call != self.boundary.call:
            self._end(FAILED, f"it died in {last_call}")
        else:
            self._life.end()
            self._life = self._begin(live)
            self._step = self._wait_for_agreement

    # ---- The life after ----------------------------------------------------------------------------------------------

    def _wait_for_agreement(self) -> None:
        """A settled engine says again and again what it believes; the exchange's stream may be a moment behind."""
        if self._life.take_view():
            self.why = self._differences()
            if not self.why:
                self._end(KILLED)
        elif self._life.has_ended():
            self._end(FAILED, "the life after ended by itself: see its log")
        elif time.monotonic() - self._life.born_s > SETTLE_LIMIT_S:
            self._end(FAILED, self.why or "the life after did not settle")

    def _differences(self) -> str:
        place = self._place
        assert self._life.view is not None
        found, orders = differences(Account(self._life.view, place.journal, place.user_id), place.dump())
        if orders > scenario.ORDERS:
            found.append(f"MORE: the exchange has {orders} orders, {scenario.ORDERS} were placed")
        return "; ".join(found)

    def _end(self, outcome: str, why: str = "") -> None:
        self.outcome, self.why = outcome, why
        self._life.end()
        if self._tracer is not None:
            self._tracer.end()
