"""Asks the venue about orders of unknown fate, by itself and within the rate budget, and tells the engine what it
learns.
"""

from __future__ import annotations

import logging

from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.resolver import Resolver
from tidings.errors import TidingsError
from tidings.model.order import Order
from tidings.venue.phemex.order_rows import report_from_row
from tidings.venue.phemex.queries import Queries

log = logging.getLogger("tidings.inquiry")


class Inquiry:
    """Call `look` every half second or so; it costs nothing while nothing is unclear."""

    def __init__(self, entry: OrderEntry, queries: Queries, resolver: Resolver, clock: Clock) -> None:
        self._entry, self._queries, self._resolver, self._clock = entry, queries, resolver, clock
        self.question_count = 0
        self._lost_count = 0  # requests without a clean answer, as of the last look

    async def look(self) -> None:
        """Ask about whoever is due. What fails is asked again later: an error is no answer."""
        if self._entry.unknown_count == self._lost_count and not self._resolver.is_busy:
            return  # reading the whole order table would stall the loop a millisecond
        self._lost_count = self._entry.unknown_count
        now_ns = self._clock.read_now_ns()
        for order in self._resolver.due(self._entry.orders.open_orders(), now_ns):
            self.question_count += 1
            try:
                await self._ask(order)
            except (TidingsError, OSError) as error:
                log.warning("order %s is of unknown fate, and asking failed: %s", order.cl_ord_id, error)

    async def _ask(self, order: Order) -> None:
        instrument = order.terms.instrument
        row = await self._queries.find_order(instrument, order.cl_ord_id)
        now_ns = self._clock.read_now_ns()
        if row is None:
            reports = self._resolver.not_found(order, now_ns)
        else:
            report = report_from_row(instrument, row, now_ns)
            reports = self._resolver.found(order, report, now_ns) if report is not None else []
        for report in reports:
            log.info("order %s: %r", order.cl_ord_id, report)
            self._entry.take_report(report, now_ns)
