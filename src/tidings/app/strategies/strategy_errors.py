"""Exceptions of callbacks: counted, and told so that nobody misses them and nothing drowns in them."""

from __future__ import annotations

import logging
from typing import Any

from tidings.clock import Clock

log = logging.getLogger("tidings.strategy")

AGAIN_AFTER_NS = 10 * 1_000_000_000  # of one kind: the same callback, the same exception
KINDS_MAX = 100


class StrategyErrors:
    """`hear` logs the first of each kind at once, with its traceback, and then one every ten seconds with the count."""

    def __init__(self, clock: Clock, log: logging.Logger = log) -> None:
        self.count = 0
        self._clock, self._log = clock, log
        self._kinds: dict[tuple[str, type[BaseException]], tuple[int, int]] = {}  # → when it was told, how many since

    def hear(self, error: BaseException, callback: Any) -> None:
        """`callback` raised `error`."""
        self.count += 1
        name = str(getattr(callback, "__qualname__", callback))
        kind, now_ns = (name, type(error)), self._clock.read_now_ns()
        told_ns, untold_count = self._kinds.get(kind, (now_ns - AGAIN_AFTER_NS, 0))
        if now_ns - told_ns < AGAIN_AFTER_NS:
            self._kinds[kind] = told_ns, untold_count + 1
            return
        if len(self._kinds) >= KINDS_MAX:
            self._kinds.clear()
        self._kinds[kind] = now_ns, 0
        since = f" ({untold_count} more times since it was told last)" if untold_count else ""
        self._log.error("%s raised %r%s; the engine goes on", name, error, since, exc_info=error)
