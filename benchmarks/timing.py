"""Samples of calls too short for a clock reading each: every sample is the mean of a small batch.

A batch is timed as a whole, so one sample costs two clock readings (about 0.1 µs) spread over its calls. Percentiles
are therefore of batches: an outlier of one call shows divided by the batch's size. The loop's own cost is included.
"""

import gc
from collections.abc import Callable, Sequence
from itertools import repeat
from time import perf_counter_ns

BATCH_CALLS = 50
WARM_UP_SHARE = 10


def samples_ns(call: Callable[[], object], batches: int, batch_calls: int = BATCH_CALLS) -> list[float]:
    """Nanoseconds per call, one sample per batch, after a warm-up of a tenth."""
    means = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(batches + batches // WARM_UP_SHARE):
            start_ns = perf_counter_ns()
            for _ in repeat(None, batch_calls):
                call()
            means.append((perf_counter_ns() - start_ns) / batch_calls)
    finally:
        gc.enable()
    return means[batches // WARM_UP_SHARE :]


def alternate(
    calls: dict[str, Callable[[], object]], batches: int, rounds: int = 5, batch_calls: int = BATCH_CALLS
) -> dict[str, Sequence[float]]:
    """Samples of several calls taken in turns, so that the machine's mood falls on all of them alike."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            taken[name] += samples_ns(call, max(1, batches // rounds), batch_calls)
    return dict(taken)
