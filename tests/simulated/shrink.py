"""The smallest schedule that still fails: faults and actions are left out as long as the same rule stays broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tests.simulated.schedule import Schedule
from tests.simulated.simulation import Simulation

Event = TypeVar("Event")
RUNS_MAX = 400


class Shrinker:
    """`shrunk` is the smallest schedule found; `run_count` tells what it cost."""

    def __init__(self, schedule: Schedule, rule: str) -> None:
        self.shrunk = schedule
        self.run_count = 0
        self._rule = rule

    def shrink(self) -> Schedule:
        """Leave out what is not needed, first in large pieces, then one by one."""
        is_smaller = True
        while is_smaller and self.run_count < RUNS_MAX:
            size = len(self.shrunk.faults) + len(self.shrunk.actions)
            self._leave_out(self.shrunk.faults, lambda kept: replace(self.shrunk, faults=kept))
            self._leave_out(self.shrunk.actions, lambda kept: replace(self.shrunk, actions=kept))
            is_smaller = len(self.shrunk.faults) + len(self.shrunk.actions) < size
        return self.shrunk

    def _leave_out(self, events: tuple[Event, ...], with_events: Callable[[tuple[Event, ...]], Schedule]) -> None:
        piece = max(1, len(events) // 2)
        while piece and events and self.run_count < RUNS_MAX:
            start = 0
            while start < len(events):
                kept = events[:start] + events[start + piece :]
                if self._fails(with_events(kept)):
                    events = kept
                else:
                    start += piece
            piece //= 2

    def _fails(self, schedule: Schedule) -> bool:
        self.run_count += 1
        if not any(violation.startswith(self._rule) for violation in Simulation(schedule).run().violations):
            return False
        self.shrunk = schedule
        return True
