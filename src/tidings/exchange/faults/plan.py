"""Which faults happen: pure decisions, seeded.

A `FaultPlan` holds the faults in force. Wherever something can go wrong the exchange asks `decide(point, occasion)`
and gets those that happen now, in the order in which they were added. Each fault has a chance of its own, seeded, and
draws from it once for each time that it could happen: the same faults and the same occasions in the same order give
the same answers, whatever else goes on. What a fault does is written where it is done (`http_faults`, `stream_faults`,
`order_desk`, `rest`). Where no fault is set, a point costs one look into a dict.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import fields
from fnmatch import fnmatchcase
from itertools import repeat
from typing import Final

from tidings.exchange.faults.fault_kinds import KINDS, UPGRADE_KINDS, WHEN, WHERE, Fault, Point
from tidings.exchange.faults.fault_scope import Occasion
from tidings.exchange.orders.recent_changes import LAG_NS_MAX

MS_NS: Final = 1_000_000
FAULTS_MAX: Final = 1_000  # at a time


class ArmedFault:
    """One fault in force: what it is, how often it could have happened and did, and its own chance."""

    __slots__ = ("_user_id", "chance", "fault", "fault_id", "fired_count", "seen_count")

    def __init__(self, fault: Fault, fault_id: int, seed: int, user_id: int) -> None:
        self.fault = fault
        self.fault_id = fault_id
        self._user_id = user_id  # whose requests it is about; 0: everybody's
        own_seed = f"{seed}/{fault_id}" if fault.seed < 0 else str(fault.seed)
        self.chance = random.Random(f"{own_seed}/{fault.kind}")  # a text seeds alike in every process
        self.seen_count = self.fired_count = 0

    def happens(self, occasion: Occasion) -> bool:
        """Whether it happens now; counts."""
        fault = self.fault
        if not self._is_about(occasion):
            return False
        self.seen_count += 1
        if fault.nth and self.seen_count != fault.nth:
            return False
        if self.seen_count <= fault.skip or (fault.count and self.fired_count >= fault.count):
            return False
        if fault.probability < 1 and self.chance.random() >= fault.probability:
            return False
        self.fired_count += 1
        return True

    def delay_ns(self) -> int:
        """How long to wait this time."""
        return self._with_jitter(self.fault.delay_ms)

    def lag_ns(self) -> int:
        """How far to lag this time."""
        return min(self._with_jitter(self.fault.lag_ms), LAG_NS_MAX)

    def cut_at(self, length: int) -> int:
        """After how many bytes of `length` to cut: 0 to `length`."""
        return min(self.fault.at_byte, length) if self.fault.at_byte >= 0 else self.chance.randint(0, length)

    def _with_jitter(self, value_ms: float) -> int:
        jitter_ms = self.chance.uniform(0, self.fault.jitter_ms) if self.fault.jitter_ms else 0.0
        return round((value_ms + jitter_ms) * MS_NS)

    def _is_about(self, occasion: Occasion) -> bool:
        fault = self.fault
        return (
            (not fault.method or fault.method == occasion.method)
            and (not fault.path or fnmatchcase(occasion.path, fault.path))
            and (not occasion.is_upgrade or (fault.path != "" and fault.kind in UPGRADE_KINDS))
            and (not fault.request or fault.request in occasion.requests)
            and (not fault.line or (occasion.line is not None and fault.line == occasion.line.value))
            and (not fault.symbol or fault.symbol in occasion.symbols)
            and (not self._user_id or self._user_id == occasion.user_id)
            and (fault.kind != "late-fill" or occasion.has_fill)
            and (fault.message == "any" or (fault.message == "snapshot") == occasion.is_snapshot)
        )


class FaultPlan:
    """The faults in force. `seed` is that of the faults that bring none."""

    def __init__(
        self, user_ids: Iterable[int] = (), seed: int = 1, symbols: Container[str] | None = None
    ) -> None:
        """`symbols`: those that faults may name; None: any."""
        self.seed = seed
        self.counters: Counter[str] = Counter()  # how often each kind happened, removed faults included
        self.armed: dict[int, ArmedFault] = {}
        self.on_removed: list[Callable[[], None]] = []  # told after faults are removed: what is held back may go on
        self._user_ids = tuple(user_ids)
        self._symbols = symbols
        self._by_point: dict[Point, list[ArmedFault]] = {}
        self._last_id = 0

    def check(self, faults: Sequence[Fault]) -> None:
        """Raise ValueError if `faults` cannot be added: too many, or of what is not there: nobody would see them."""
        if len(self.armed) + len(faults) > FAULTS_MAX:
            raise ValueError(f"no more than {FAULTS_MAX} faults at a time")
        for fault in faults:
            if fault.account >= len(self._user_ids):
                raise ValueError(
                    f"{fault.kind}: account: there are {len(self._user_ids)}, numbered from 0: was {fault.account}"
                )
            if self._symbols is not None and fault.symbol and fault.symbol not in self._symbols:
                raise ValueError(
                    f"{fault.kind}: symbol: no product {fault.symbol!r} is listed here; `tidings products` lists them"
                )

    def add(self, fault: Fault) -> int:
        """Put a fault in force; gives the number it is removed by. Raises ValueError as `check` does."""
        self.check([fault])
        self._last_id += 1
        user_id = self._user_ids[fault.account] if fault.account >= 0 else 0
        armed = ArmedFault(fault, self._last_id, self.seed, user_id)
        self.armed[self._last_id] = armed
        self._by_point.setdefault(KINDS[fault.kind].point, []).append(armed)
        return self._last_id

    def remove(self, fault_ids: Iterable[int]) -> int:
        """End faults by number; gives how many were in force."""
        ended = [armed for armed in map(self.armed.pop, fault_ids, repeat(None)) if armed is not None]
        for armed in ended:
            point = KINDS[armed.fault.kind].point
            self._by_point[point].remove(armed)
            if not self._by_point[point]:
                del self._by_point[point]
        if ended:
            for tell in self.on_removed:
                tell()
        return len(ended)

    def has(self, point: Point) -> bool:
        """Whether a fault is in force at `point`."""
        return bool(self._by_point) and point in self._by_point

    def decide(self, point: Point, occasion: Occasion) -> list[ArmedFault]:
        """The faults that happen now."""
        happening = [armed for armed in self._by_point.get(point, ()) if armed.happens(occasion)]
        for armed in happening:
            self.counters[armed.fault.kind] += 1
        return happening

    def view(self) -> list[dict[str, object]]:
        """Every fault in force with its keys as they were given, and its counts."""
        return [
            {
                "id": armed.fault_id, "kind": armed.fault.kind, **_keys_of(armed.fault),
                "could": armed.seen_count, "did": armed.fired_count,
            }
            for armed in self.armed.values()
        ]  # fmt: skip


def _keys_of(fault: Fault) -> dict[str, object]:
    """The keys that differ from their defaults, and those that the kind obeys."""
    kind = KINDS[fault.kind]
    shown = (*WHERE[kind.point], *WHEN)
    defaults = {item.name: item.default for item in fields(Fault)}
    chosen = {name: getattr(fault, name) for name in shown if getattr(fault, name) != defaults[name]}
    return chosen | {name: getattr(fault, name) for name in kind.keys}
