"""What a watchdog costs an order: mark its symbol, look at the fence, in memory that both processes map."""

import mmap
from collections.abc import Iterator

from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT
from benchmarks.report import Row, Table, Target
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.engine.heartbeat_page import HeartbeatPage

TITLE = "mark and fence"
IN_C, FROM_PYTHON = "tidings, called in C", "tidings, from Python"
CALLS_PER_BATCH = 1000


def run(quick: bool) -> Iterator[Table]:
    """One table."""
    page = HeartbeatPage(mmap.mmap(-1, HeartbeatPage.BYTES))
    page.enlist([INSTRUMENT])
    page.attach(pid=1, start_ticks=1, boot=1, expiry_s=5, now_ns=1)
    batches = 200 if quick else 2000
    taken = alternate({FROM_PYTHON: lambda: page.may_send_to(INSTRUMENT.index)}, batches)
    rows = [
        Row.of(IN_C, loops().may_send(page, INSTRUMENT.index, batches, CALLS_PER_BATCH)),
        Row.of(FROM_PYTHON, taken[FROM_PYTHON]),
    ]
    note = f"ns per question, means of {CALLS_PER_BATCH} and {BATCH_CALLS}"
    yield Table(TITLE, note, IN_C, rows, [Target(IN_C, limit_ns=20)])
