"""Orders of earlier sessions that this one has adopted: what became of each, and who has to be told.

The venue mostly tells while the session connects, before any strategy can listen. So what is heard of them is kept, and
the first strategy that runs is told, in order, as if it happened then: `report.reconciled` says that it did not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from tidings.engine.order_entry import OrderEntry
from tidings.model.enums import OrdStatus, Side
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order
from tidings.model.scale import qty_text

log = logging.getLogger("tidings.recovery")

EVENTS_MAX = 100_000  # kept until a strategy runs


@dataclass(frozen=True, slots=True)
class AdoptedOrder:
    """One order of an earlier session; `order` is the engine's, and goes on changing."""

    order: Order
    traded_before_lots: int  # by the executions the journal knew

    @property
    def cl_ord_id(self) -> str:
        return self.order.cl_ord_id

    @property
    def symbol(self) -> str:
        return self.order.symbol

    @property
    def is_resolved(self) -> bool:
        """Whether the venue has told, or it is proved that there never was such an order."""
        return self.order.status != OrdStatus.UNKNOWN

    @property
    def traded_since_lots(self) -> int:
        """By executions that this session has heard of."""
        return self.order.traded_qty_lots - self.traded_before_lots

    @property
    def outcome(self) -> str:
        """Where it stands, in words."""
        order, instrument = self.order, self.order.terms.instrument
        if not self.is_resolved:
            return "no known end yet: asking the venue"
        if order.status == OrdStatus.REJECTED and not order.cum_qty_lots:
            return "REJECTED: it is not at the venue"
        filled, since = qty_text(instrument, order.cum_qty_lots), qty_text(instrument, self.traded_since_lots)
        return f"{order.ord_status.name}, {filled} filled, {since} of it unheard of by the session that sent it"


class AdoptedOrders:
    """`look` about once a second; `tell` when a strategy begins to listen."""

    def __init__(self, entry: OrderEntry, orders: Iterable[Order]) -> None:
        self._entry = entry
        self._adopted = [AdoptedOrder(order, order.traded_qty_lots) for order in orders]
        self._unresolved = list(self._adopted)
        self._events: list[tuple[int, Order, ExecutionReport]] = []
        self._is_heard = False  # a strategy listens, and hears by itself
        for one in self._adopted:
            entry.attach(one.order, self._hear)

    def all(self) -> list[AdoptedOrder]:
        """Oldest first, resolved or not."""
        return list(self._adopted)

    def look(self) -> None:
        """Write down what became of those that have been resolved since."""
        for one in [one for one in self._unresolved if one.is_resolved]:
            self._unresolved.remove(one)
            side = Side(one.order.terms.side).name.lower()
            log.warning("order %s of an earlier session (%s %s): %s", one.cl_ord_id, side, one.symbol, one.outcome)

    def tell(self, now_ns: int) -> None:
        """Tell the strategy that has begun to listen what was heard while none did; only the first one, and once."""
        events, self._events, self._is_heard = self._events, [], True
        for effect, order, report in events:
            self._entry.tell_late(effect, order, report, now_ns)

    def _hear(self, effect: int, order: Order, report: ExecutionReport) -> None:
        if self._is_heard:
            return
        if len(self._events) < EVENTS_MAX:
            self._events.append((effect, order, report))
            if len(self._events) == EVENTS_MAX:
                log.error("no strategy runs, and what is heard of adopted orders is too much to keep for one")
