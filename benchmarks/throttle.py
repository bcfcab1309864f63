"""One rate-limit decision over four dimensions: group, symbol, all symbols of the group, IP address."""

import importlib.util
from collections import deque
from collections.abc import Iterator

from benchmarks.compiled import loops
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.engine.throttle import Bucket, Cost

TITLE = "rate-limit decision"
MINUTE_NS = 60_000_000_000
STEP_NS = 150_000_000  # 400 decisions a minute: the smallest budget is nearly full and never runs out
# Capacity and window of the four dimensions, as the venue's order groups have them.
DIMENSIONS = {
    "group": (500, MINUTE_NS),
    "symbol": (500, MINUTE_NS),
    "all": (5000, MINUTE_NS),
    "ip": (5000, 5 * MINUTE_NS),
}
IN_C, FROM_PYTHON, PLAIN, LIBRARY = "tidings, called in C", "tidings, from Python", "Python class", "token-bucket"


class PlainBucket:
    """The same exact sliding log as one writes it in Python."""

    def __init__(self, capacity: int, window_ns: int) -> None:
        self.capacity, self.window_ns = capacity, window_ns
        self.sent_ns: deque[int] = deque()

    def has_room(self, now_ns: int) -> bool:
        while self.sent_ns and self.sent_ns[0] <= now_ns - self.window_ns:
            self.sent_ns.popleft()
        return len(self.sent_ns) < self.capacity


class Decision:
    """Counts time forward by a step per call, and insists that every call is granted."""

    def __init__(self, take) -> None:
        self.take, self.now_ns = take, 0

    def __call__(self) -> None:
        self.now_ns += STEP_NS
        if not self.take(self.now_ns):
            raise AssertionError("the budget ran out: the step is too short")


def make_cost() -> Cost:
    buckets = [Bucket(name, most, window_ns, reserve=0) for name, (most, window_ns) in DIMENSIONS.items()]
    return Cost(*((bucket, 1) for bucket in buckets))


def plain_decision() -> Decision:
    buckets = [PlainBucket(*dimension) for dimension in DIMENSIONS.values()]

    def take(now_ns: int) -> bool:
        if not all(bucket.has_room(now_ns) for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.sent_ns.append(now_ns)
        return True

    return Decision(take)


def library_decision() -> Decision:
    """token-bucket reads a clock of its own; its budgets are made so large that they never run out."""
    import token_bucket

    storage = token_bucket.MemoryStorage()
    limiters = [token_bucket.Limiter(1e9, 1_000_000_000, storage) for _ in DIMENSIONS]
    names = [name.encode() for name in DIMENSIONS]
    return Decision(lambda now_ns: all(limiter.consume(name) for limiter, name in zip(limiters, names, strict=True)))


def assert_it_refuses() -> None:
    """The smallest budget, and no more, in one window."""
    cost = make_cost()
    assert sum(cost.take(False, 1) for _ in range(600)) == min(most for most, _ in DIMENSIONS.values())


def run(quick: bool) -> Iterator[Table | Skipped]:
    assert_it_refuses()
    batches, cost = 200 if quick else 4000, make_cost()
    calls = {PLAIN: plain_decision(), FROM_PYTHON: Decision(lambda now_ns: cost.take(False, now_ns))}
    if importlib.util.find_spec("token_bucket"):
        calls[LIBRARY] = library_decision()
    rows = [Row.of(name, taken) for name, taken in alternate(calls, batches).items()]
    try:
        rows.append(Row.of(IN_C, loops().take(make_cost(), STEP_NS, batches, BATCH_CALLS)))
    except RuntimeError as error:
        yield Skipped(f"{TITLE}, in C", str(error))
    yield Table(TITLE, "four dimensions, 400 a minute", PLAIN, rows, [Target(IN_C, limit_ns=100)])
