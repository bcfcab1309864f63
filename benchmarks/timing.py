"""Samples of calls too short for a clock reading each: every sample is the mean of a small batch.

Percentiles are therefore of batches: an outlier of one call shows divided by the batch's size. An expression is
timed in place, as timeit does; a callable costs one more Python call.
"""

from collections.abc import Callable, Mapping
from time import perf_counter_ns
from timeit import Timer
from typing import Any

BATCH_CALLS = 50
WARM_UP_SHARE = 10


def alternate(
    calls: Mapping[str, str | Callable[[], object]],
    batches: int,
    namespace: dict[str, Any] | None = None,
    rounds: int = 5,
) -> dict[str, list[float]]:
    """Nanoseconds per call of each, taken in turns, so that the machine's mood falls on all of them alike.

    Expressions find their names in `namespace`. Garbage collection rests while a batch runs.
    """
    timers = {name: Timer(call, timer=perf_counter_ns, globals=namespace or {}) for name, call in calls.items()}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    per_round = max(1, batches // rounds)
    for _ in range(rounds):
        for name, timer in timers.items():
            for _ in range(per_round // WARM_UP_SHARE):
                timer.timeit(BATCH_CALLS)
            taken[name] += [timer.timeit(BATCH_CALLS) / BATCH_CALLS for _ in range(per_round)]
    return taken
