"""Open orders of the account that are not of this session: shown, never touched."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from tidings.model.enums import OrdStatus, Side
from tidings.model.execution_report import ExecutionReport

log = logging.getLogger("tidings.account")

_OPEN = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.UNTRIGGERED)
_TIDINGS_ID = re.compile(r"T[0-9A-HJKMNP-TV-Z]{9}[0-9]{10}")  # model/order_ids
ORDERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """As the venue told it last; quantities in lots and prices in ticks of the instrument, 0 where none was told."""

    symbol: str
    side: Side | None
    order_id: str
    cl_ord_id: str
    ord_status: OrdStatus
    price_ticks: int
    stop_px_ticks: int
    order_qty_lots: int
    cum_qty_lots: int

    @property
    def is_of_tidings(self) -> bool:
        """Whether another session of this engine placed it, going by its id."""
        return _TIDINGS_ID.fullmatch(self.cl_ord_id) is not None


class ForeignOrders:
    """Kept by the venue's id, from the stream and from lists."""

    def __init__(self) -> None:
        self._orders: dict[str, ForeignOrder] = {}

    def hear(self, report: ExecutionReport) -> None:
        """A report about an order that is not ours."""
        if not report.order_id or report.ord_status < 0:
            return
        if report.ord_status not in _OPEN:
            self._orders.pop(report.order_id, None)
        elif report.order_id in self._orders or len(self._orders) < ORDERS_MAX:
            self._keep(report)

    def replace(self, symbol: str, listed: list[ExecutionReport]) -> None:
        """The venue's complete list of a symbol's open orders that are not ours."""
        for order in [order for order in self._orders.values() if order.symbol == symbol]:
            del self._orders[order.order_id]
        for report in listed:
            self.hear(report)

    def all(self) -> list[ForeignOrder]:
        """All that are open, as far as we were told."""
        return list(self._orders.values())

    def symbols(self) -> list[str]:
        """Where there are any."""
        return list(dict.fromkeys(order.symbol for order in self._orders.values()))

    def _keep(self, report: ExecutionReport) -> None:
        order = ForeignOrder(
            report.symbol, Side(report.side) if report.side else None, report.order_id, report.cl_ord_id,
            OrdStatus(report.ord_status), max(0, report.price_ticks), max(0, report.stop_px_ticks),
            max(0, report.order_qty_lots), max(0, report.cum_qty_lots),
        )  # fmt: skip
        if order.order_id not in self._orders and order.is_of_tidings:
            log.error(
                "order %s (%s) is open in %s: another session of tidings placed it and does not answer for it here:"
                " watch it, or cancel it with `tidings cancel`", order.cl_ord_id, order.order_id, order.symbol,
            )  # fmt: skip
        self._orders[order.order_id] = order
