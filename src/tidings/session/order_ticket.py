"""An order to await: the cold, comfortable face of one order.

The engine's Order object holds the truth; a ticket only waits for it. Each waiting call makes its future when it is
called, so an order nobody awaits costs nothing, and every wait ends: with what was asked, or with the error that says
what happened instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tidings.errors import ConnectionLost, OrderDone, OrderError, OrderNotSent, OrderRejected, OrderUnknown
from tidings.model.enums import DenyReason, ExecType, OrdStatus, ReportSource, RequestKind
from tidings.model.scale import price_decimal, qty_decimal
from tidings.venue.phemex.error_codes import FINISHED_CODES, NOT_FOUND_CODES, meaning_of

if TYPE_CHECKING:
    from tidings.model.execution_report import ExecutionReport
    from tidings.model.order import Order
    from tidings.session.phemex import Phemex

# Of an order that goes on.
_REFUSED_REQUESTS: dict[int, str] = {ExecType.CANCEL_REJECTED: "cancel", ExecType.REPLACE_REJECTED: "amend"}
REPORTS_MAX = 1000  # kept for `reports()` while nobody reads; an order has a handful


class OrderTicket:
    """What `phemex.limit(…)` returns.

    Attributes of the engine's order (`cum_qty_lots`, `ord_status`, …) read through.
    """

    def __init__(self, phemex: Phemex, order: Order) -> None:
        self._phemex = phemex
        self._waits: list[tuple[Callable[[ExecutionReport], object], asyncio.Future[ExecutionReport]]] = []
        self._reports: deque[ExecutionReport] = deque(maxlen=REPORTS_MAX)
        self._news = asyncio.Event()
        self._reader_count = 0
        self._last_of_create: ExecutionReport | None = None
        self._ended: ConnectionLost | None = None
        self.order = order
        phemex.entry.attach(order, self._on_event)

    # ---- What it is ----------------------------------------------------------------------------------------------

    @property
    def handle(self) -> int:
        return self.order.handle

    @property
    def cl_ord_id(self) -> str:
        return self.order.cl_ord_id

    @property
    def status(self) -> OrdStatus:
        return self.order.ord_status

    @property
    def is_done(self) -> bool:
        return self.order.is_done

    @property
    def price(self) -> Decimal:
        return price_decimal(self.order.terms.instrument, self.order.price_ticks)

    @property
    def cum_qty(self) -> Decimal:
        return qty_decimal(self.order.terms.instrument, self.order.cum_qty_lots)

    @property
    def leaves_qty(self) -> Decimal:
        return qty_decimal(self.order.terms.instrument, self.order.leaves_qty_lots)

    @property
    def avg_px(self) -> Decimal | None:
        return self.order.avg_px

    def __repr__(self) -> str:
        return f"<OrderTicket {self.order!r}>"

    # ---- Waiting -------------------------------------------------------------------------------------------------

    async def accepted(self) -> OrderTicket:
        """Wait until the venue has the order. Raises OrderRejected, OrderNotSent or OrderUnknown."""
        if self.order.is_acked:
            return self
        if self._last_of_create is not None:
            self._raise_end_of_create(self._last_of_create)
        report = await self._wait_for(self._ends_create)
        if not self.order.is_acked:
            self._raise_end_of_create(self._last_of_create or report)
        return self

    async def done(self) -> OrderTicket:
        """Wait until the order is filled, cancelled or expired. Raises as `accepted` if it never came to work."""
        if not self.order.is_done:
            await self.accepted()
        if not self.order.is_done:
            await self._wait_for(lambda report: self.order.is_done)
        if self._last_of_create is not None and self.status in (OrdStatus.REJECTED, OrdStatus.UNSENT):
            self._raise_end_of_create(self._last_of_create)
        return self

    async def cancel(self) -> OrderTicket:
        """Cancel and wait until it is off the book.

        Raises OrderDone if it was finished or filled first, OrderRejected, OrderUnknown.
        """
        self._check_not_done("cancel")
        result = self._phemex.cancel(self.handle)
        self._deny(result, RequestKind.CANCEL, also_fine=DenyReason.REQUEST_PENDING)
        self._raise_end(await self._wait_for(self._ends_cancel))
        if self.order.status == OrdStatus.FILLED:
            raise self._done_first("cancel")
        return self

    async def amend(
        self, *, price: str | int | Decimal | None = None, qty: str | int | Decimal | None = None
    ) -> OrderTicket:
        """Change price and/or total quantity, and wait until they are in force.

        Raises OrderDone, OrderRejected, OrderUnknown.
        """
        self._check_not_done("amend")
        price_ticks, qty_lots = self._phemex.on_grid(self.order.terms.instrument, price, qty)
        self._deny(self._phemex.amend(self.handle, price_ticks, qty_lots), RequestKind.AMEND)
        self._raise_end(await self._wait_for(self._ends_amend))
        in_force = price_ticks in (0, self.order.price_ticks) and qty_lots in (0, self.order.order_qty_lots)
        if self.order.is_done and not (in_force and self.order.status == OrdStatus.FILLED):
            raise self._done_first("amend")  # a post-only order that would have crossed at its new price ends too
        return self

    async def reports(self) -> AsyncIterator[ExecutionReport]:
        """Every report about this order from its creation on, ending after the last one, or with the session. For one
        reader.
        """
        is_late = not self._phemex.engine.is_open
        self._reader_count += 1
        self._phemex.waiting.add(self)
        try:
            while True:
                while self._reports:
                    yield self._reports.popleft()
                if self.order.is_done or is_late or self._ended is not None:
                    return
                self._news.clear()
                await self._news.wait()
        finally:
            self._reader_count -= 1
            self._leave()

    # ---- Inside --------------------------------------------------------------------------------------------------

    def _on_event(self, effect: int, order: Order, report: ExecutionReport) -> None:
        """The engine's call, after the order has taken the report in."""
        if self._is_end_of_create(report):
            self._last_of_create = report
        self._reports.append(report)
        self._news.set()
        for ends, future in self._waits:
            if not future.done() and ends(report):
                future.set_result(report)

    def end_waits(self, error: ConnectionLost) -> None:
        """The session is over: nothing will come any more."""
        self._ended = error
        self._news.set()
        for _, future in self._waits:
            if not future.done():
                future.set_exception(error)

    async def _wait_for(self, ends: Callable[[ExecutionReport], object]) -> ExecutionReport:
        """The first report that satisfies `ends`, or the session's end as an error."""
        if not self._phemex.engine.is_open:
            raise ConnectionLost(f"the session is over: nothing more is heard of order {self.cl_ord_id}")
        future: asyncio.Future[ExecutionReport] = asyncio.get_running_loop().create_future()
        wait = ends, future
        self._waits.append(wait)
        self._phemex.waiting.add(self)
        try:
            return await future
        finally:
            self._waits.remove(wait)
            self._leave()

    def _leave(self) -> None:
        """Who has waited does so no more."""
        if not self._waits and not self._reader_count:
            self._phemex.waiting.discard(self)

    def _is_end_of_create(self, report: ExecutionReport) -> bool:
        if report.exec_type == ExecType.STATUS:  # a list or a snapshot tells an order's state, and no event
            return self.order.status == OrdStatus.REJECTED
        ends = report.exec_type in (ExecType.UNKNOWN, ExecType.UNSENT, ExecType.REJECTED)
        return ends and report.request_kind in (0, RequestKind.NEW)

    def _ends_create(self, report: ExecutionReport) -> bool:
        return self.order.is_acked or self.order.is_done or self._is_end_of_create(report)

    def _ends_cancel(self, report: ExecutionReport) -> bool:
        lost = report.exec_type in (ExecType.UNKNOWN, ExecType.UNSENT) and report.request_kind == RequestKind.CANCEL
        return self.order.is_done or report.exec_type == ExecType.CANCEL_REJECTED or lost

    def _ends_amend(self, report: ExecutionReport) -> bool:
        lost = report.exec_type in (ExecType.UNKNOWN, ExecType.UNSENT) and report.request_kind == RequestKind.AMEND
        return report.exec_type == ExecType.REPLACE_REJECTED or not self.order.is_amend_pending or lost

    def _raise_end(self, report: ExecutionReport) -> None:
        """The error a wait ended with, if it was one."""
        if report.exec_type in (ExecType.CANCEL_REJECTED, ExecType.REPLACE_REJECTED):
            # The venue may know the end of an order before its stream has told us.
            is_gone = report.code in FINISHED_CODES or (report.code in NOT_FOUND_CODES and self.order.is_acked)
            if self.order.is_done or is_gone:
                raise OrderDone(
                    f"order {self.cl_ord_id} is finished ({self.status.name} as far as we heard; the venue says"
                    f" {report.code} {meaning_of(report.code, report.text).name})",
                    self.cl_ord_id,
                )
            raise self._rejection(report)
        lost = report.exec_type in (ExecType.UNKNOWN, ExecType.UNSENT)
        if lost or report.exec_type == ExecType.REJECTED or self._is_end_of_create(report):
            self._raise_end_of_create(report)

    def _done_first(self, what: str) -> OrderDone:
        return OrderDone(
            f"order {self.cl_ord_id} was {self.status.name} before the {what} was in force", self.cl_ord_id
        )

    def _raise_end_of_create(self, report: ExecutionReport) -> None:
        if report.exec_type == ExecType.UNSENT:
            kind = RequestKind(report.request_kind).name.lower() if report.request_kind else "request"
            raise OrderNotSent(
                f"order {self.cl_ord_id}: {report.text}: its {kind} never left whole, and may be asked for again",
                self.cl_ord_id,
            )
        if report.exec_type == ExecType.UNKNOWN:
            kind = RequestKind(report.request_kind).name.lower() if report.request_kind else "request"
            raise OrderUnknown(
                f"order {self.cl_ord_id}: no clean answer to its {kind} request ({report.text}): it may be live; it is"
                " not resent, and a report will tell when the venue shows it",
                self.cl_ord_id,
            )
        raise self._rejection(report)

    def _rejection(self, report: ExecutionReport) -> OrderError:
        request = _REFUSED_REQUESTS.get(report.exec_type, "")
        if report.code == 0:  # no code of the venue's
            return OrderRejected(0, *_words_without_code(report), self.cl_ord_id, request)
        entry = meaning_of(report.code, report.text)
        return OrderRejected(report.code, entry.name, entry.meaning, self.cl_ord_id, request)

    def _check_not_done(self, what: str) -> None:
        if self.order.is_done:
            raise OrderDone(
                f"order {self.cl_ord_id} is finished ({self.status.name}): nothing to {what}", self.cl_ord_id
            )

    def _deny(self, result: int, kind: RequestKind, also_fine: DenyReason = DenyReason.NONE) -> None:
        if result < 0 and -result != also_fine:
            what = f"{kind.name.lower()} of order {self.cl_ord_id}"
            raise self._phemex.denial(-result, what, self.cl_ord_id, symbol=self.order.symbol, kind=kind)


def _words_without_code(report: ExecutionReport) -> tuple[str, str]:
    """Name and meaning of an end that the venue gave no number for."""
    if report.exec_type in (ExecType.CANCEL_REJECTED, ExecType.REPLACE_REJECTED):
        return "WITHOUT_EFFECT", report.text or "the request had no effect"
    if report.exec_type == ExecType.REJECTED and report.source == ReportSource.QUERY:
        return "NOT_AT_THE_VENUE", report.text  # our own proof that the order never was
    return "REJECTED", report.text or "the venue tells no reason"
