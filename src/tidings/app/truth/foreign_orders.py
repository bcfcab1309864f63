"""Open orders of the account that are not of this session: shown, never touched."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from tidings.model.enums import OrdStatus, Side
from tidings.model.execution_report import ExecutionReport

log = logging.getLogger("tidings.account")

_OPEN = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.UNTRIGGERED)
_ENDED = (OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED)
_LAG_NS = 5 * 1_000_000_000  # a list, or a row of an earlier state, may be this much older than what was told of it
_TIDINGS_ID = re.compile(r"T[0-9A-HJKMNP-TV-Z]{9}[0-9]{10}")  # model/order_ids
ORDERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """As the venue told it last; quantities in lots and prices in ticks of the instrument, 0 where none was told.

    Of a spot order by `qty_in_quote`, `order_qty_lots` is the money to spend, in the quote currency's smallest unit.
    """

    symbol: str
    side: Side | None
    order_id: str
    cl_ord_id: str
    ord_status: OrdStatus
    price_ticks: int
    stop_px_ticks: int
    order_qty_lots: int
    cum_qty_lots: int
    qty_in_quote: bool = False

    @property
    def is_of_tidings(self) -> bool:
        """Whether another session of this engine placed it, going by its id."""
        return _TIDINGS_ID.fullmatch(self.cl_ord_id) is not None


class ForeignOrders:
    """Kept by the venue's id, from the stream and from lists. Those of tidings are alarms: another session's, and ours
    that have ended here while the venue's lists go on showing them.

    The account's snapshot tells an order's states one by one, old ones too. So nothing is told as it is heard, but when
    somebody calls `tell_alarms`, about once a second.
    """

    def __init__(self, level: int = logging.ERROR) -> None:
        """`level`: of the alarms in the log."""
        self._level = level
        self._orders: dict[str, ForeignOrder] = {}
        self._told: dict[str, ForeignOrder] = {}  # as they were when they were told
        self._heard_ns: dict[str, int] = {}  # when each was last told to be open
        self._row_ns: dict[str, int] = {}  # of when its row was, by the venue's clock
        self._ended_ns: dict[str, int] = {}  # when the end of each was heard, oldest first

    def hear(self, report: ExecutionReport) -> None:
        """A report about an order that is not ours."""
        if not report.order_id or report.ord_status < 0:
            return
        if report.ord_status in _ENDED:
            self._forget(report.order_id)
            self._note_end(report)
        elif report.ord_status not in _OPEN or self._ended_lately(report):
            return  # one that has just been triggered is neither, for a moment
        elif report.order_id in self._orders or len(self._orders) < ORDERS_MAX:
            self._keep(report)

    def take_list(
        self, symbol: str, listed: list[ExecutionReport], asked_ns: int, *, is_complete: bool = True
    ) -> None:
        """The venue's list of a symbol's open orders that are not ours, asked for at `asked_ns`.

        One that a complete list leaves out is over, unless we were told of it so lately that the list may be older than
        the order.
        """
        shown = {report.order_id for report in listed}
        for order in [order for order in self._orders.values() if order.symbol == symbol and is_complete]:
            if order.order_id not in shown and asked_ns - self._heard_ns[order.order_id] >= _LAG_NS:
                self._forget(order.order_id)
        for report in listed:
            self.hear(report)

    def all(self) -> list[ForeignOrder]:
        """All that are open, as far as we were told."""
        return list(self._orders.values())

    def symbols(self) -> list[str]:
        """Where there are any."""
        return list(dict.fromkeys(order.symbol for order in self._orders.values()))

    def tell_alarms(self) -> None:
        """Of the orders that other sessions of tidings left open: those that were not told yet, or have changed."""
        left = [order for order in self._orders.values() if order.is_of_tidings]
        for order in left:
            if self._told.get(order.order_id) != order:
                log.log(
                    self._level, "order %s (%s) is open in %s (%s), and this session does not answer for it: another"
                    " one of tidings placed it, or its end was told here: watch it, or cancel it with `tidings cancel`",
                    order.cl_ord_id, order.order_id, order.symbol, order.ord_status.name,
                )  # fmt: skip
        self._told = {order.order_id: order for order in left}

    def _forget(self, order_id: str) -> None:
        self._orders.pop(order_id, None)
        self._heard_ns.pop(order_id, None)
        self._row_ns.pop(order_id, None)

    def _note_end(self, report: ExecutionReport) -> None:
        self._ended_ns.pop(report.order_id, None)
        self._ended_ns[report.order_id] = report.received_ns
        while len(self._ended_ns) > ORDERS_MAX:
            del self._ended_ns[next(iter(self._ended_ns))]

    def _ended_lately(self, report: ExecutionReport) -> bool:
        ended_ns = self._ended_ns.get(report.order_id)
        return ended_ns is not None and report.received_ns - ended_ns < _LAG_NS

    def _keep(self, report: ExecutionReport) -> None:
        self._heard_ns[report.order_id] = report.received_ns
        if 0 < report.transact_time_ns < self._row_ns.get(report.order_id, 0):
            return  # as it was before: lists lag, and messages change places
        order = ForeignOrder(
            report.symbol, Side(report.side) if report.side else None, report.order_id, report.cl_ord_id,
            OrdStatus(report.ord_status), max(0, report.price_ticks), max(0, report.stop_px_ticks),
            max(0, report.order_qty_lots), max(0, report.cum_qty_lots), report.qty_in_quote,
        )  # fmt: skip
        self._orders[order.order_id] = order
        self._row_ns[order.order_id] = report.transact_time_ns
