"""Asks the venue about orders of unknown fate, by itself and within the rate budget, and tells the engine what it
learns.

One list answers for all open orders of a symbol. Those that are not in it are asked for one by one, or, where they are
many, looked for in the list of done orders: five hundred lost orders must not eat the budget that cancels need. Where
that list is too long, or does not tell whose its rows are, they are asked for one by one all the same, a few at a time.
Only orders that neither of the two well-formed answers knows count as not found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tidings.app.readiness import Readiness
from tidings.app.truth.reconciliation import Reconciliation
from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.resolver import NS_PER_S, Resolver
from tidings.errors import RateLimited, TidingsError
from tidings.model.enums import DenyReason, OrdStatus
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.venue.phemex.evidence import Evidence

log = logging.getLogger("tidings.inquiry")

CAUSE = "unknown orders"
SYMBOLS_AT_ONCE_MAX = 4
ASKED_BY_ID_MAX = 3  # of one symbol at once
LOOK_ANYWAY_NS = 5 * NS_PER_S  # for an amend that was answered, and whose outcome the stream left out


class Inquiry:
    """Call `look` every fifth of a second or so; it costs nothing while nothing is unclear.

    `request_life_ns` tells how long a request may still be executed after it was sent; None: the venue's clock is in
    doubt, and nothing is proved absent or not in force. More than `unknown_max` unknown orders in a symbol, or one for
    longer than `age_max_ns`, halt it until they are resolved.
    """

    def __init__(
        self,
        entry: OrderEntry,
        evidence: Evidence,
        resolver: Resolver,
        clock: Clock,
        reconciliation: Reconciliation,
        readiness: Readiness,
        *,
        request_life_ns: Callable[[], int | None],
        unknown_max: int,
        age_max_ns: int,
    ) -> None:
        self._entry, self._evidence, self._resolver, self._clock = entry, evidence, resolver, clock
        self._reconciliation, self._readiness = reconciliation, readiness
        self._request_life_ns, self._unknown_max, self._age_max_ns = request_life_ns, unknown_max, age_max_ns
        self.question_count = 0
        self.late_sighting_count = 0
        self._lost_count = 0  # requests without a clean answer, as of the last look
        self._look_anyway_ns = 0
        self._revived_count = 0
        self._halted: dict[Instrument, None] = {}
        self._by_id_ns: dict[int, int] = {}  # handle → when an order was last asked for by its id

    async def look(self) -> None:
        """Ask about whoever is due. What fails is asked again later: an error is no answer."""
        self._look_for_sightings()
        lost_count, now_ns = self._entry.unknown_count, self._clock.read_now_ns()
        is_quiet = lost_count == self._lost_count and not self._resolver.is_busy
        if is_quiet and not self._entry.orders.unknown_count and now_ns < self._look_anyway_ns:
            return  # reading the whole order table would take a moment from the loop
        self._lost_count, self._look_anyway_ns = lost_count, now_ns + LOOK_ANYWAY_NS
        self._resolver.expiry_ns = self._request_life_ns()
        open_orders = self._entry.orders.open_orders()
        if self._by_id_ns:
            self._by_id_ns = {o.handle: self._by_id_ns[o.handle] for o in open_orders if o.handle in self._by_id_ns}
        due: dict[Instrument, list[Order]] = {}
        for order in self._resolver.due(open_orders, now_ns):
            due.setdefault(order.terms.instrument, []).append(order)
        self._judge([order for order in open_orders if order.status == OrdStatus.UNKNOWN], now_ns)
        for instrument, orders in list(due.items())[:SYMBOLS_AT_ONCE_MAX]:
            try:
                await self._ask(instrument, orders)
            except RateLimited as error:
                log.info("asking about %d orders of unknown fate has to wait: %s", len(orders), error)
                return
            except (TidingsError, OSError) as error:
                log.warning(
                    "order %s (%d in all) is of unknown fate, and asking failed: %s", orders[0].cl_ord_id,
                    len(orders), error,
                )  # fmt: skip

    async def _ask(self, instrument: Instrument, orders: list[Order]) -> None:
        asked_ns = self._clock.read_now_ns()
        for order in orders:
            self._resolver.asking(order, asked_ns)
        self.question_count += 1
        listing = await self._evidence.open_orders(instrument)
        unlisted = await self._tell_found(instrument, orders, listing.reports, asked_ns)
        if len(unlisted) > ASKED_BY_ID_MAX:
            closed = await self._evidence.closed_orders(instrument, self._reconciliation.sent_since(unlisted))
            lists_heard_ns = self._clock.read_now_ns()
            unlisted = await self._tell_found(instrument, unlisted, closed.reports, asked_ns)
            if closed.is_complete:
                if listing.is_complete:
                    self._tell_not_found(unlisted, asked_ns, lists_heard_ns)
                return
        for order in self._whose_turn_it_is(unlisted, asked_ns):
            self.question_count += 1
            report = await self._evidence.order(order)
            if report is not None:
                await self._tell_found(instrument, [order], [report], asked_ns)
            elif listing.is_complete:
                self._tell_not_found([order], asked_ns)

    def _whose_turn_it_is(self, orders: list[Order], now_ns: int) -> list[Order]:
        """Some that may be asked for by id, those first that were not for the longest time: not all can be resolved."""
        chosen = sorted(orders, key=lambda order: self._by_id_ns.get(order.handle, 0))[:ASKED_BY_ID_MAX]
        self._by_id_ns.update({order.handle: now_ns for order in chosen})
        return chosen

    async def _tell_found(
        self, instrument: Instrument, orders: list[Order], reports: list[ExecutionReport], asked_ns: int
    ) -> list[Order]:
        """Tell the engine what became of the orders that are in a list; who is not in it is returned."""
        told: dict[int, ExecutionReport] = {}
        for report in reports:
            owner = self._entry.find_owner(report)
            if owner is not None:
                told[owner.handle] = report
        found = [order for order in orders if order.handle in told]
        owing = [order for order in found if told[order.handle].cum_qty_lots > order.traded_qty_lots]
        try:
            await self._reconciliation.fetch_executions(instrument, owing)
        finally:  # where requests are few, executions may have to wait for long: what became of the orders must not
            self._resolver.expiry_ns = self._request_life_ns()
            for order in found:
                self._tell(order, self._resolver.found(order, told[order.handle], asked_ns))
        return [order for order in orders if order.handle not in told]

    def _tell_not_found(self, orders: list[Order], asked_ns: int, lists_heard_ns: int = 0) -> None:
        self._resolver.expiry_ns = self._request_life_ns()
        for order in orders:
            self._tell(order, self._resolver.not_found(order, asked_ns, lists_heard_ns))

    def _tell(self, order: Order, reports: list[ExecutionReport]) -> None:
        for report in reports:
            log.info("order %s: %r", order.cl_ord_id, report)
            self._entry.take_report(report, self._clock.read_now_ns())

    # ---- Halts and alarms ----------------------------------------------------------------------------------------

    def _judge(self, unknown: list[Order], now_ns: int) -> None:
        """Halt the symbols where too many orders are of unknown fate, or one for too long."""
        by_symbol: dict[Instrument, list[Order]] = {}
        for order in unknown:
            by_symbol.setdefault(order.terms.instrument, []).append(order)
        halted: dict[Instrument, None] = {}
        for instrument, orders in by_symbol.items():
            age_ns = max(self._resolver.age_ns(order, now_ns) for order in orders)
            if len(orders) > self._unknown_max or age_ns > self._age_max_ns:
                text = f"{len(orders)} orders of unknown fate, for up to {age_ns // NS_PER_S} s: asking the venue"
                self._readiness.deny(instrument, CAUSE, DenyReason.HALTED, text)
                halted[instrument] = None
        for instrument in self._halted:
            if instrument not in halted:
                self._readiness.allow(instrument, CAUSE)
        self._halted = halted

    def _look_for_sightings(self) -> None:
        """An order we had written off, and that the venue works: told as loud as can be."""
        if self._entry.revived_count == self._revived_count:
            return
        self._revived_count = self._entry.revived_count
        alive = {order.cl_ord_id for order in self._entry.orders.orders() if order.status != OrdStatus.REJECTED}
        for cl_ord_id in [cl_ord_id for cl_ord_id in self._resolver.buried if cl_ord_id in alive]:
            self._tell_sighting(cl_ord_id)
        log.critical("%d orders in all were written off, and live: they count again", self._revived_count)

    def hear_foreign(self, report: ExecutionReport) -> None:
        """A report about an order that is not in the table: perhaps one that was proved absent long ago."""
        if self._resolver.is_buried(report.cl_ord_id):
            self._tell_sighting(report.cl_ord_id)

    def _tell_sighting(self, cl_ord_id: str) -> None:
        self.late_sighting_count += 1
        self._resolver.exhume(cl_ord_id)
        log.critical("order %s was proved never to have reached the venue, and the venue shows it", cl_ord_id)
