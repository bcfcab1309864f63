"""When Python looks for reference cycles: small rounds as ever, the round over everything only when nobody waits.

An exchange that remembers tens of thousands of orders would stand still for a tenth of a second in each whole round,
and orders make no cycles; what makes some (connections, exceptions) is little. So a whole round waits for a quiet
moment, and comes at least every `ROUND_AT_LEAST_S`.
"""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator
from typing import Final

YOUNG_OBJECTS: Final = 2_000  # made since the last small round; one takes about a millisecond
SMALL_ROUNDS: Final = 1  # before one over what survived them: ten took forty milliseconds
NEVER: Final = 1_000_000_000
LOOK_S: Final = 5.0
ROUND_AT_LEAST_S: Final = 600.0


@contextlib.contextmanager
def rare_whole_rounds(work_count: Callable[[], int]) -> Iterator[None]:
    """Collect so inside a running loop. `work_count` rises with everything that somebody waits for."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()  # what was made until now stays
    gc.set_threshold(YOUNG_OBJECTS, SMALL_ROUNDS, NEVER)
    chore = asyncio.get_running_loop().create_task(_collect_when_quiet(work_count))
    try:
        yield
    finally:
        chore.cancel()
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def _collect_when_quiet(work_count: Callable[[], int]) -> None:
    collected, seen, since_s = work_count(), work_count(), 0.0
    while True:
        await asyncio.sleep(LOOK_S)
        now, since_s = work_count(), since_s + LOOK_S
        if (now == seen and now != collected) or since_s >= ROUND_AT_LEAST_S:
            gc.collect()
            collected, since_s = now, 0.0
        seen = now
