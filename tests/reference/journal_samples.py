"""Journals to test with: sessions of made-up orders on a disk in memory."""

from order_samples import LIMIT, said, trade
from paged_disk import PagedDisk

from tidings.clock import ManualClock
from tidings.journal.keeper import JournalKeeper, begin_session
from tidings.journal.log_reader import read_log
from tidings.model.enums import ExecType
from tidings.model.order import apply_report, make_order

WALL_NS = 1_795_000_000_000_000_000
SEGMENT_BYTES = 4096  # a dozen records


def begin(disk: PagedDisk, clock=None, *, wall_ns=WALL_NS, **options) -> JournalKeeper:
    """A session of an engine that has just locked the disk; `tend` it by hand."""
    disk.lock()
    past = read_log(disk)
    options = {"expiry_s": 5, "segment_bytes": SEGMENT_BYTES, **options}
    return begin_session(disk, past, clock or ManualClock(1, WALL_NS), wall_ns=wall_ns, **options)


def send(keeper: JournalKeeper, handle: int, *reports) -> str:
    """Note an order of this handle, and what is heard of it; its ClOrdID."""
    order = make_order(
        LIMIT, handle=handle, cl_ord_id=keeper.ids.text(handle), price_ticks=612_500, order_qty_lots=10
    )
    assert keeper.journal.note("new", order, now_ns=1000 * handle) == 0
    for report in reports:
        effect = apply_report(order, report)
        assert keeper.journal.note("report", order, report, effect, now_ns=1000 * handle + 1) == 0
    return order.cl_ord_id


def send_many(keeper: JournalKeeper, count: int, first_handle: int = 1, *, tends_every: int = 3) -> list[str]:
    """Orders of which every third is left open; the journal is tended now and then."""
    ids = []
    for handle in range(first_handle, first_handle + count):
        ended = [said(ExecType.CANCELED)] if handle % 3 else [trade(4, 4)]
        ids.append(send(keeper, handle, said(ExecType.NEW), *ended))
        if handle % tends_every == 0:
            keeper.tend()
    return ids
