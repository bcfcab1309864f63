"""Own orders and fills of a recording, from what the account stream said: where each stood, from when to when.

A snapshot tells open orders, and up to a hundred executions and ended orders each as history (phemex docs 2026, "aop").
What happened before the first snapshot of a product line is not of this recording; a later snapshot may tell what was
missed while the stream was down, and that is.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

import orjson

from tidings.errors import PeerError
from tidings.model.enums import ExecType, OrdStatus, ReportSource, Side
from tidings.model.execution_report import ExecutionReport
from tidings.recorder.entries import Entry
from tidings.venue.phemex.account_stream import AccountEvents, AccountStream
from tidings.venue.phemex.products import Products

KEPT_MAX: Final = 50_000  # of each kind and symbol: more cannot be told apart in a picture
EXECUTIONS_MAX: Final = 100_000  # remembered, so that one told again is not taken for another
Kept = TypeVar("Kept")
WORKING: Final = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)


class Stand(NamedTuple):
    """An order at one price; `end_ns` 0: it stood there when the recording ended."""

    side: Side
    price_ticks: int
    start_ns: int
    end_ns: int
    order_id: str  # an order that was amended stands several times


class Fill(NamedTuple):
    side: Side
    price_ticks: int
    qty_lots: int
    time_ns: int


class OwnOrders:
    """`fills` and `stands` by symbol; `left_out` counts what was too much to keep."""

    def __init__(self) -> None:
        self.fills: dict[str, list[Fill]] = {}
        self.stands: dict[str, list[Stand]] = {}
        self.fill_count = self.left_out = 0
        self._events = AccountEvents()
        self._stream: AccountStream | None = None
        self._open: dict[str, tuple[str, Stand]] = {}  # order → (symbol, where it stands)
        self._executions: dict[str, None] = {}  # a snapshot repeats them; the oldest are forgotten
        self._begun_ns: dict[int, int] = {}  # product line → when its first snapshot was made, on the venue's clock

    def catalogue_changed(self, products: Products) -> None:
        self._stream = AccountStream(dict(products.instruments), self._events)

    def take(self, entry: Entry) -> None:
        """One message of the account stream."""
        if self._stream is None:
            return
        try:
            self._stream.feed_message(entry.payload, entry.received_ns)
        except PeerError:
            return  # the engine has subscribed anew, and a snapshot follows
        events = self._events.take()
        # A snapshot's last event is its product line.
        line = events[-1] if events and isinstance(events[-1], int) else None
        if line is not None and line not in self._begun_ns:
            self._begun_ns[line] = orjson.loads(entry.payload).get("timestamp") or entry.wall_ns
        for event in events:
            if isinstance(event, ExecutionReport):
                self._take_report(event, entry.wall_ns, 0 if line is None else self._begun_ns[line])

    def finish(self, now_ns: int) -> None:
        """The recording is over: what stands, stands to its end."""
        for symbol, stand in self._open.values():
            self._keep(self.stands, symbol, stand._replace(end_ns=now_ns))
        self._open.clear()

    def _take_report(self, report: ExecutionReport, now_ns: int, begun_ns: int) -> None:
        """`begun_ns`: executions until then are history; 0: none is."""
        # The row of an open order may bear the status of its last execution, but tells none.
        is_execution = report.exec_type == ExecType.TRADE and report.last_px_ticks > 0 and report.last_qty_lots > 0
        if is_execution and report.transact_time_ns > begun_ns:
            self._take_execution(report, now_ns)
        status = report.ord_status
        if not report.order_id or status < 0 or status in (OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE):
            return
        before = self._open.get(report.order_id)
        if status not in WORKING or report.price_ticks <= 0:
            if before is not None:
                self._end(report.order_id, now_ns)
            return
        if before is None and is_execution and report.source == ReportSource.SNAPSHOT:
            return  # how the order was when it was filled; whether it is still open another row says
        if before is None or before[1].price_ticks != report.price_ticks:
            if before is not None:
                self._end(report.order_id, now_ns)
            stand = Stand(Side(report.side), report.price_ticks, now_ns, 0, report.order_id)
            self._open[report.order_id] = (report.symbol, stand)

    def _take_execution(self, report: ExecutionReport, now_ns: int) -> None:
        if report.exec_id in self._executions:
            return
        self._executions[report.exec_id] = None
        if len(self._executions) > EXECUTIONS_MAX:
            del self._executions[next(iter(self._executions))]
        self.fill_count += 1
        self._keep(
            self.fills, report.symbol, Fill(Side(report.side), report.last_px_ticks, report.last_qty_lots, now_ns)
        )

    def _end(self, order_id: str, now_ns: int) -> None:
        symbol, stand = self._open.pop(order_id)
        self._keep(self.stands, symbol, stand._replace(end_ns=now_ns))

    def _keep(self, by_symbol: dict[str, list[Kept]], symbol: str, thing: Kept) -> None:
        kept = by_symbol.setdefault(symbol, [])
        if len(kept) < KEPT_MAX:
            kept.append(thing)
        else:
            self.left_out += 1
