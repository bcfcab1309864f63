"""What happens later: actions by due time, first in first out among equals."""

import heapq
from collections.abc import Callable
from typing import TypeAlias

Action: TypeAlias = Callable[[int], None]  # called with the time it was due


class Schedule:
    """A queue of actions ordered by time."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Action]] = []
        self._count = 0
        self._is_running = False
        self.on_sooner: Action | None = None  # told of a new first action, so that whoever runs us can be there

    def add(self, due_ns: int, action: Action) -> None:
        """Plan `action` for `due_ns`."""
        self._count += 1
        heapq.heappush(self._heap, (due_ns, self._count, action))
        if self.on_sooner is not None and not self._is_running and self._heap[0][1] == self._count:
            self.on_sooner(due_ns)

    def next_due_ns(self) -> int | None:
        """When the first action is due, or None if there is none."""
        return self._heap[0][0] if self._heap else None

    def run_until(self, now_ns: int) -> None:
        """Run all actions due until `now_ns`, those they add included, each with its own due time."""
        heap = self._heap
        self._is_running = True
        try:
            while heap and heap[0][0] <= now_ns:
                due_ns, _, action = heapq.heappop(heap)
                action(due_ns)
        finally:
            self._is_running = False

    def entries(self) -> list[tuple[int, Action]]:
        """What is planned, in the order in which it will be done."""
        return [(due_ns, action) for due_ns, _, action in sorted(self._heap, key=lambda entry: entry[:2])]

    def replace(self, entries: list[tuple[int, Action]]) -> None:
        """Plan `entries` and nothing else."""
        self._heap[:] = [(due_ns, number, action) for number, (due_ns, action) in enumerate(entries)]
        heapq.heapify(self._heap)
        self._count = len(entries)
