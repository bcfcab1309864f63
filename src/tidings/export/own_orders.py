"""Own orders and fills of a recording, from what the account stream said: where each stood, from when to when."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

from tidings.errors import PeerError
from tidings.model.enums import ExecType, OrdStatus, Side
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
        for event in self._events.take():
            if isinstance(event, ExecutionReport):
                self._take_report(event, entry.wall_ns)

    def finish(self, now_ns: int) -> None:
        """The recording is over: what stands, stands to its end."""
        for symbol, stand in self._open.values():
            self._keep(self.stands, symbol, stand._replace(end_ns=now_ns))
        self._open.clear()

    def _take_report(self, report: ExecutionReport, now_ns: int) -> None:
        is_told = report.last_px_ticks > 0 and report.last_qty_lots > 0  # else both are far below zero
        if report.exec_type == ExecType.TRADE and is_told and report.exec_id not in self._executions:
            self._executions[report.exec_id] = None
            if len(self._executions) > EXECUTIONS_MAX:
                del self._executions[next(iter(self._executions))]
            self.fill_count += 1
            fill = Fill(Side(report.side), report.last_px_ticks, report.last_qty_lots, now_ns)
            self._keep(self.fills, report.symbol, fill)
        status = report.ord_status
        if not report.order_id or status < 0 or status in (OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE):
            return
        before = self._open.get(report.order_id)
        if status not in WORKING or report.price_ticks <= 0:
            if before is not None:
                self._end(report.order_id, now_ns)
        elif before is None or before[1].price_ticks != report.price_ticks:
            if before is not None:
                self._end(report.order_id, now_ns)
            self._open[report.order_id] = (report.symbol, Stand(Side(report.side), report.price_ticks, now_ns, 0))

    def _end(self, order_id: str, now_ns: int) -> None:
        symbol, stand = self._open.pop(order_id)
        self._keep(self.stands, symbol, stand._replace(end_ns=now_ns))

    def _keep(self, by_symbol: dict[str, list[Kept]], symbol: str, thing: Kept) -> None:
        kept = by_symbol.setdefault(symbol, [])
        if len(kept) < KEPT_MAX:
            kept.append(thing)
        else:
            self.left_out += 1
