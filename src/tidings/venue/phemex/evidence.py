"""What the venue's queries prove about orders, executions and positions, as reports on our grid.

A row that cannot be read makes the whole answer a PeerError: of a list with a hole in it nothing can be concluded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from tidings.clock import Clock
from tidings.engine.reconcile import Listing, VenueExecution, VenuePosition
from tidings.errors import PeerError
from tidings.model.enums import ProductLine
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.venue.phemex.history import trades_between
from tidings.venue.phemex.order_rows import execution_from_row, position_from_row, report_from_row
from tidings.venue.phemex.queries import PAGE_ROWS, Queries, shape_of

log = logging.getLogger("tidings.evidence")

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
CLOSED_PAGES_MAX = 10
LIST_AGE_NS = NS_PER_S  # rows without a time are dated this long before the question: a list may be that old
CLOCKS_APART_NS = 5 * NS_PER_S  # windows of time begin this much earlier: whose clock dates a row is not documented


class Evidence:
    """`wall_ns` tells the venue's Unix time at a monotonic time of ours; all times given here are monotonic."""

    def __init__(self, queries: Queries, clock: Clock, wall_ns: Callable[[int], int]) -> None:
        self._queries, self._clock, self.wall_ns = queries, clock, wall_ns

    async def open_orders(self, instrument: Instrument) -> Listing:
        """The open orders of one symbol, conditional ones and foreign ones included."""
        untimed_ns = self.wall_ns(self._clock.read_now_ns()) - LIST_AGE_NS
        rows, is_complete = await self._queries.open_order_page(instrument)
        now_ns = self._clock.read_now_ns()
        return Listing(
            [report_from_row(instrument, row, now_ns, untimed_ns=untimed_ns) for row in rows], is_complete
        )

    async def closed_orders(self, instrument: Instrument, since_ns: int) -> Listing:
        """The done orders of one symbol since then. Complete only if every row tells whose it is."""
        found: list[ExecutionReport] = []
        start_ms = self._start_ms(since_ns)
        for page in range(CLOSED_PAGES_MAX):
            rows = await self._queries.closed_order_page(instrument, start_ms, page)
            now_ns = self._clock.read_now_ns()
            found += [report_from_row(instrument, row, now_ns) for row in rows]
            if len(rows) < PAGE_ROWS:
                return Listing(found, all(map(_names_its_owner, found)))
        return Listing(found, is_complete=False)

    async def order(self, order: Order) -> ExecutionReport | None:
        """What the database of all orders says of one of ours; None when it does not know it."""
        instrument = order.terms.instrument
        row = await self._queries.order_by_id(instrument, order.cl_ord_id)
        now_ns = self._clock.read_now_ns()
        return report_from_row(instrument, row, now_ns, handle=order.handle) if row is not None else None

    async def executions(self, instrument: Instrument, since_ns: int) -> list[VenueExecution]:
        """All executions of one symbol since then, oldest first; other people's orders of the account included."""
        end_ms = (self.wall_ns(self._clock.read_now_ns()) + CLOCKS_APART_NS) // NS_PER_MS
        rows = await trades_between(self._queries, instrument.symbol, self._start_ms(since_ns), end_ms)
        now_ns = self._clock.read_now_ns()
        read = (execution_from_row(instrument, row, now_ns) for row in rows)
        return [execution for execution in read if execution is not None]

    async def positions(
        self, line: ProductLine, currency: str, find: Callable[[str], Instrument | None]
    ) -> tuple[list[VenuePosition], dict[str, bool]]:
        """Positions of one settle currency, and which of its symbols are hedged. Unknown symbols are left out."""
        data = await self._queries.account_positions(line, currency)
        told: list[VenuePosition] = []
        hedged: dict[str, bool] = {}
        for row in _dicts(data.get("positions")):
            instrument = find(str(row.get("symbol")))
            if instrument is None:
                continue
            hedged[instrument.symbol] = row.get("posMode") == "Hedged"
            told.append(position_from_row(instrument, row))
        return told, hedged

    async def balances(self) -> dict[str, int]:
        """Spot balances by currency, in units of its value scale."""
        path = "GET /spot/wallets"
        with shape_of(path):
            return {str(row["currency"]): int(row["balanceEv"]) for row in await self._queries.wallets()}

    def _start_ms(self, since_ns: int) -> int:
        return max(0, self.wall_ns(since_ns) - CLOCKS_APART_NS) // NS_PER_MS


def _names_its_owner(report: ExecutionReport) -> bool:
    """Whether a row tells its ClOrdID; one of the venue's services writes the beginning of the orderID in its place
    (`/exchange/order/v2/orderList`, captured 2024).
    """
    return bool(report.cl_ord_id) and not report.order_id.startswith(report.cl_ord_id)


def _dicts(rows: object) -> Iterable[dict[str, object]]:
    rows = rows or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PeerError("accountPositions: the reply holds no list of positions")
    return rows
