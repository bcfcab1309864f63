"""One line per event, from a thread of its own: a reader that stops reading must not stop who has things to do."""

from __future__ import annotations

import queue
import threading
from typing import IO

import orjson

from tidings.clock import Clock

FLUSH_LIMIT_S = 1.0  # for what is not written yet when it is closed


class EventLines:
    """JSON for programs, words for people. Close it at the end."""

    def __init__(self, out: IO[str], clock: Clock, *, as_json: bool) -> None:
        self._out, self._clock, self._as_json = out, clock, as_json
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="tidings-events", daemon=True)
        self._writer.start()

    def tell(self, event: str, facts: dict[str, object]) -> None:
        """Hand one event over; never waits."""
        if self._as_json:
            line = orjson.dumps({"event": event, "t_ns": self._clock.read_wall_ns(), **facts}, default=str).decode()
        else:
            line = f"{event}: " + ", ".join(f"{name} {_shown(value)}" for name, value in facts.items())
        self._lines.put(line.rstrip(": ") + "\n")

    def close(self) -> None:
        self._lines.put(None)
        self._writer.join(FLUSH_LIMIT_S)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._out.write(line)
                self._out.flush()
            except OSError:  # nobody reads any more: no reason to stop
                return


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
