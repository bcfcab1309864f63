"""What the order journal costs: one record, a record after a sync, and the order path with it and without."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import tidings
from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT, WIDE_LIMITS, make_canonical_order, make_terms
from benchmarks.messages import PRICE_TICKS, SYMBOL
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.timing import BATCH_CALLS
from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.journal.keeper import JournalKeeper, begin_session
from tidings.journal.live_disk import LiveDisk
from tidings.journal.order_journal import OrderJournal
from tidings.journal.record import HEAD_BYTES
from tidings.metrics.stages import Stages
from tidings.model.order_ids import ClOrdIDMaker

SEGMENT_BYTES = 64 * 1024 * 1024
WALL_NS = 1_800_000_000_000_000_000
PAUSE_NS = 3_000_000
APPEND, COPY, WRITE = "tidings: record", "copy into mapped memory", "write(2)"
TWO_FILES, ONE_FILE = "tidings: what is stored into is not synced", "one file, mapped and synced"
WITHOUT, WITH = "without a journal", "with a journal"


def begin(directory: Path, *, boot_id: str | None = None) -> JournalKeeper:
    """A journal of one large segment, its pages in place as the journal's thread would have brought them."""
    disk = LiveDisk(directory)
    if boot_id is not None:
        disk.boot_id = boot_id
    disk.lock()
    keeper = begin_session(disk, None, Clock(), wall_ns=WALL_NS, expiry_s=5, segment_bytes=SEGMENT_BYTES)
    segment = keeper.journal.current
    assert segment is not None
    used_bytes = keeper.journal.writer.used_bytes
    segment.buffer[used_bytes:] = bytes(SEGMENT_BYTES - used_bytes)
    return keeper


def append_table(directory: Path, batches: int) -> Table:
    keeper, order = begin(directory / "a"), make_canonical_order()
    before = keeper.journal.writer.used_bytes
    rows = [Row.of(APPEND, loops().append(keeper.journal, order, batches, BATCH_CALLS))]
    record_bytes = (keeper.journal.writer.used_bytes - before) // (batches * BATCH_CALLS)
    assert keeper.journal.last_seq == 1 + batches * BATCH_CALLS and record_bytes >= HEAD_BYTES
    keeper.close(open_count=0)
    segment = begin(directory / "e").journal.close()[0]
    rows.append(Row.of(COPY, loops().copy_record(segment.buffer, record_bytes, batches, BATCH_CALLS)))
    segment.close(is_durable=True)
    fd = os.open(directory / "written", os.O_WRONLY | os.O_CREAT)
    try:
        rows.append(Row.of(WRITE, loops().write_record(fd, record_bytes, batches, BATCH_CALLS)))
    finally:
        os.close(fd)
    note = f"an order's intent, {record_bytes} bytes, {BATCH_CALLS} at a time"
    return Table("journal record", note, WRITE, rows, [Target(APPEND, limit_ns=250)])


def sync_table(directory: Path, count: int) -> Table:
    """The thread syncs behind every record, as it does when orders are milliseconds apart."""
    rows = []
    for name, place, boot_id in ((TWO_FILES, "b", None), (ONE_FILE, "c", "")):
        keeper = begin(directory / place, boot_id=boot_id)
        keeper.tend()
        keeper.start_thread()
        rows.append(Row.of(name, loops().append_after_pause(keeper.journal, make_canonical_order(), count, PAUSE_NS)))
        keeper.close(open_count=0)
    note = f"one record every {PAUSE_NS // 1_000_000} ms, cold caches"
    return Table("journal record after a sync", note, ONE_FILE, rows, [Target(TWO_FILES, versus=ONE_FILE, ratio=1)])


def submit_table(directory: Path, batches: int) -> Table:
    keeper = begin(directory / "d")
    rows = []
    for name, journal in ((WITHOUT, OrderJournal()), (WITH, keeper.journal)):
        risk = Risk([INSTRUMENT], WIDE_LIMITS)
        risk.set_reference_price(INSTRUMENT, PRICE_TICKS)
        entry = OrderEntry(OrderTable(ClOrdIDMaker(wall_ns=WALL_NS)), risk, Stages(), ExecIDSet(), journal)
        entry.plug(loops().MuteGateway())
        rows.append(Row.of(name, loops().submit(entry, make_terms(), PRICE_TICKS, batches, BATCH_CALLS)))
    keeper.close(open_count=0)
    return Table("submit, up to the gateway", f"{BATCH_CALLS} orders at a time", WITHOUT, rows)


async def fire(mode: str, directory: Path, count: int) -> list[float]:
    """Nanoseconds from the decision to the kernel of armed orders on a real session, one at a time."""
    settings = {"journal": mode, "journal_dir": str(directory), "rate_limits": False, "max_open_orders": 100}
    options = ("--no-flow", "--no-rate-limits", "--matching-delay-ms", "0")
    samples = []
    async with tidings.connect("local", exchange_options=options, **settings) as phemex:
        armed = phemex.arm(SYMBOL, "buy")
        price_ticks = phemex.engine.risk.exposure.reference_price(phemex.instrument(SYMBOL)) * 9 // 10
        for step in range(count):
            order = phemex.order(armed.fire(price_ticks - step % 100, 1))
            if order is None:
                raise AssertionError("an order was denied")
            while not order.is_acked:
                await asyncio.sleep(0.001)
            samples.append(float(order.written_ns - order.decided_ns))
            phemex.cancel(order.handle)
            while not order.is_done:
                await asyncio.sleep(0.001)
    return samples


def armed_table(directory: Path, count: int) -> Table:
    taken: dict[str, list[float]] = {WITHOUT: [], WITH: []}
    for round_number in range(2):
        for name, mode in ((WITHOUT, "none"), (WITH, "crash")):
            taken[name] += asyncio.run(fire(mode, directory / f"session{round_number}{mode}", count // 2))
    rows = [Row.of(name, samples) for name, samples in taken.items()]
    return Table("armed order, decision → kernel", "one at a time on a real session, cold caches", WITHOUT, rows)


def run(quick: bool) -> Iterator[Table | Skipped]:
    batches = 200 if quick else 4000
    try:
        loops()
    except RuntimeError as error:
        yield Skipped("journal", str(error))
        return
    with tempfile.TemporaryDirectory(prefix="tidings-journal-", dir=Path.cwd()) as name:  # /tmp may be no disk
        directory = Path(name)
        yield append_table(directory, batches)
        yield sync_table(directory, 100 if quick else 1000)
        yield submit_table(directory, batches // 4)  # each order is two records
        yield armed_table(directory, 40 if quick else 1000)
