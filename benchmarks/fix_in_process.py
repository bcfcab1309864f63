"""Orders and reports of `phemex.fix` beside the engine's own calls: what the FIX layer costs on top of them.

The session is the product's, composed by hand on a gateway that sends nothing, so that a sample ends where the request
would be encoded; the venue's lanes and the kernel are the business of "round trip" and "FIX gateway".
"""

import gc
import time
from collections.abc import Callable, Iterator
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT, WIDE_LIMITS
from benchmarks.messages import PRICE, PRICE_TICKS, QTY, QTY_LOTS, SYMBOL
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.timing import BATCH_CALLS
from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.metrics.stages import Stages
from tidings.model.enums import ExecType, OrdStatus, ReportSource
from tidings.model.execution_report import ExecutionReport, report_of
from tidings.model.order_ids import ClOrdIDMaker
from tidings.session.phemex import Phemex
from tidings.venue.phemex.products import Products

TITLE = "FIX in process: an order"
FIRE, LIMIT, SEND, WORDS = "armed order's fire()", "limit()", "fix.send(), bytes", "fix.send(), new kind"
ACKS, FILLS = "FIX in process: an ack told", "FIX in process: a fill told"
NATIVE, MESSAGES = "limit()'s reports()", "fix.listen()"
STREAM = ReportSource.STREAM
ROUNDS = 5
OVER_NATIVE_NS, ABSOLUTE_NS = 2000, 10_000
ORDER = f"8=FIX.4.4|35=D|11=bench-%d|18=6|38={QTY}|40=2|44={PRICE}|54=1|55={SYMBOL}|59=1|60=20260801-12:00:00.000|"


def uuid(number: int) -> str:
    return str(UUID(int=number))


def make_phemex() -> Phemex:
    """A session of one instrument that takes every order and sends none."""
    risk = Risk([INSTRUMENT], WIDE_LIMITS)
    risk.set_reference_price(INSTRUMENT, PRICE_TICKS)
    entry = OrderEntry(OrderTable(ClOrdIDMaker(wall_ns=time.time_ns())), risk, Stages(), ExecIDSet())
    entry.plug(loops().MuteGateway())
    engine: Any = SimpleNamespace(
        entry=entry, clock=Clock(), products=Products({SYMBOL: INSTRUMENT}), is_hedged=lambda symbol: False
    )
    return Phemex(engine)


class Calls:
    """The ways in, each with its argument made ahead, and the orders taken off the table after each batch."""

    def __init__(self) -> None:
        self.phemex = make_phemex()
        self.entry, self.clock = self.phemex.entry, self.phemex.engine.clock
        self.phemex.fix.listen(self.hear)
        self.heard = 0
        self.count = 0
        armed = self.phemex.arm(SYMBOL, "buy", post_only=True)
        self.ways: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
            FIRE: (lambda: None, lambda _: armed.fire(PRICE_TICKS, QTY_LOTS)),
            LIMIT: (lambda: None, lambda _: self.phemex.limit(SYMBOL, "buy", qty=QTY, price=PRICE, post_only=True)),
            SEND: (self.message, self.phemex.fix.send),
            WORDS: (lambda: self.message(text=True), self.phemex.fix.send),
        }

    def hear(self, message: object) -> None:
        self.heard += 1

    def message(self, text: bool = False) -> bytes:
        self.count += 1
        more = f"58=note {self.count}|" if text else ""
        return f"{ORDER % self.count}{more}".replace("|", "\x01").encode()

    def orders(self, way: str) -> tuple[float, range]:
        """One batch: ns per call, and the handles it made."""
        make, call = self.ways[way]
        arguments = [make() for _ in range(BATCH_CALLS)]
        first = self.entry.orders.last_handle + 1
        start_ns = perf_counter_ns()
        for argument in arguments:
            call(argument)
        taken_ns = (perf_counter_ns() - start_ns) / BATCH_CALLS
        handles = range(first, first + BATCH_CALLS)
        assert self.entry.orders.last_handle == handles[-1], way
        return taken_ns, handles

    def reports(self, way: str) -> tuple[float, float]:
        """Acks and then fills of one batch of orders: ns per report of each."""
        _, handles = self.orders(way)
        acks = [report_of(ExecType.NEW, STREAM, handle=handle, order_id=uuid(handle)) for handle in handles]
        fills = [
            report_of(
                ExecType.TRADE, STREAM, handle=handle, exec_id=uuid(handle), ord_status=OrdStatus.PARTIALLY_FILLED,
                last_qty_lots=QTY_LOTS - 1, last_px_ticks=PRICE_TICKS, cum_qty_lots=QTY_LOTS - 1, fee_mantissa=1,
                fee_scale=4,
            )
            for handle in handles
        ]  # fmt: skip
        taken = self.tell(acks, way), self.tell(fills, way)
        self.end(handles)
        return taken

    def tell(self, reports: list[ExecutionReport], way: str) -> float:
        before, now_ns = self.heard, self.clock.read_now_ns()
        start_ns = perf_counter_ns()
        for report in reports:
            self.entry.take_report(report, now_ns)
        taken_ns = (perf_counter_ns() - start_ns) / len(reports)
        assert self.heard - before == (len(reports) if way == SEND else 0)
        return taken_ns

    def end(self, handles: range) -> None:
        for handle in handles:
            self.entry.take_report(report_of(ExecType.CANCELED, handle=handle), self.clock.read_now_ns())


def orders(calls: Calls, batches: int) -> dict[str, list[float]]:
    """Samples of every way in, taken in turns."""
    taken: dict[str, list[float]] = {way: [] for way in calls.ways}
    for _ in range(ROUNDS):
        for way, samples in taken.items():
            for _ in range(batches // ROUNDS):
                taken_ns, handles = calls.orders(way)
                samples.append(taken_ns)
                calls.end(handles)
    return taken


def run(quick: bool) -> Iterator[Table | Skipped]:
    batches = 50 if quick else 1000
    try:
        calls = Calls()
    except RuntimeError as error:
        yield Skipped(TITLE, str(error))
        return
    gc.collect()
    gc.freeze()
    rows = [Row.of(way, samples) for way, samples in orders(calls, batches).items()]
    targets = [Target(SEND, versus=LIMIT, over_ns=OVER_NATIVE_NS), Target(SEND, limit_ns=ABSOLUTE_NS)]
    yield Table(TITLE, "up to the venue's encoder", LIMIT, rows, targets)
    told: dict[str, list[tuple[float, float]]] = {LIMIT: [], SEND: []}
    for _ in range(batches):
        for way, pairs in told.items():
            pairs.append(calls.reports(way))
    gc.unfreeze()
    names = {LIMIT: NATIVE, SEND: MESSAGES}
    for place, title in enumerate((ACKS, FILLS)):
        rows = [Row.of(names[way], [pair[place] for pair in told[way]]) for way in told]
        yield Table(title, "from the engine to who listens", NATIVE, rows)
