"""Keeps our picture of the account equal to the venue's: by its lists, besides what its stream tells.

    outage   at connect, after the stream was down, after this process stood still: new orders are denied until the
             positions are compared, those of each symbol with anything open until its orders are, and those of one
             whose position differs until an execution explains it (or halts it, by PositionWatch)
    round    every few seconds: the symbols where something is open, and the accounts where something is held, for a
             stream can leave out messages while its heartbeats go on

Differences become reports with `reconciled` set, executions (if they can be had) before the state they lead to. What
the lists do not say is never guessed: an order that is open here and unknown there halts its symbol. Lists may be older
than what the stream has told; what may be concluded from them is `engine/reconcile`'s to say.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from decimal import Decimal

from tidings.app.readiness import Readiness
from tidings.app.truth.foreign_orders import ForeignOrders
from tidings.app.truth.position_watch import CAUSE as POSITION
from tidings.app.truth.position_watch import PositionWatch
from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.reconcile import (
    DIFFERS_AFTER_NS,
    BalanceCheck,
    DoubtedEnds,
    QuietCancels,
    VanishedOrders,
    compare_orders,
    owes_executions,
    tells_news,
)
from tidings.errors import TidingsError
from tidings.model.enums import DenyReason, ExecType, ProductLine, ReportSource, RequestKind
from tidings.model.execution_report import ExecutionReport, report_of
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.venue.phemex.evidence import Evidence
from tidings.venue.phemex.products import Products

log = logging.getLogger("tidings.reconciliation")

VANISHED = "vanished"  # a cause of a halt
NS_PER_S = 1_000_000_000
MINUTE_NS = 60 * NS_PER_S
BUDGET_PERCENT = 20  # of what one rate group allows may go into rounds; more symbols than that take turns
ACCOUNTS_EVERY = 6  # rounds: accounts where nothing is held
LOOK_AGAIN_NS = NS_PER_S
LISTS_LAG_NS = 10 * NS_PER_S  # by far
EXPLAINED_WITHIN_NS = 2 * DIFFERS_AFTER_NS
ASKED_BY_ID_MAX = 3  # more missing orders in one symbol are looked for in the list of done ones
OWED_LOOKS_MAX = 20  # for executions that the venue does not list
LONGEST_WINDOW_NS = 7 * 24 * 3600 * NS_PER_S


class Reconciliation:
    """`begin` when the picture may have holes; `look` every fifth of a second or so; `catch_up` at the start."""

    def __init__(
        self,
        entry: OrderEntry,
        evidence: Evidence,
        watch: PositionWatch,
        products: Products,
        readiness: Readiness,
        clock: Clock,
        *,
        interval_ns: int,
        requests_per_minute: int,
        foreign: ForeignOrders,
    ) -> None:
        self._entry, self._evidence, self._watch = entry, evidence, watch
        self._products, self._readiness, self._clock = products, readiness, clock
        self._interval_ns = interval_ns
        self._pause_ns = MINUTE_NS * 100 // (BUDGET_PERCENT * requests_per_minute)  # between two requests of rounds
        self.foreign = foreign
        self.report_count = 0  # what the lists told and the stream had not
        self.round_count = 0
        self._outage_count = 0
        self._has_compared_positions = True
        self._to_compare: dict[Instrument, None] = {}
        self._compared_ns: dict[Instrument, int] = {}
        self._vanished = VanishedOrders()
        self._quiet_cancels, self._doubted_ends = QuietCancels(), DoubtedEnds()
        self._balances: dict[str, int] | None = None  # spot wallets as the stream tells them, to be kept right
        self._balance_scales: dict[str, int] = {}
        self._balance_check = BalanceCheck()
        self._owed_looks: dict[int, int] = {}
        self._counted_ns: dict[int, int] = {}  # handle → when a list was asked for that showed as much filled as heard
        self._next_round_ns = self._next_request_ns = self._not_before_ns = 0
        self._agreed_ns = clock.read_now_ns()  # all positions were last seen to agree, or we began
        self._differing: list[Instrument] = []  # whose positions do not agree
        self._explained_by_ns = 0  # after an outage
        self._positions_again_ns = 0  # when a difference is to be looked at once more; 0: there is none

    # ---- What others tell ----------------------------------------------------------------------------------------

    def begin(self, why: str) -> None:
        """From here on the picture may have holes: `why` is told with every order that is denied for it."""
        self._outage_count += 1
        self._has_compared_positions = False
        self._not_before_ns = 0
        self._owed_looks.clear()  # what an outage hid may be listed now
        self._readiness.deny_all("comparison", DenyReason.NOT_READY, f"{why}: comparing positions with the venue's")
        # What an outage before this one has denied is compared, too, though nothing may be open in it any more.
        self._to_compare = dict.fromkeys([*self._to_compare, *self._open_symbols(), *self._watch.held()])
        for instrument in self._to_compare:
            text = f"{why}: comparing its orders with the venue's"
            self._readiness.deny(instrument, "comparison", DenyReason.NOT_READY, text)

    def keep_balances(self, balances: dict[str, int], scales: dict[str, int]) -> None:
        """Spot wallets, by currency: what the stream leaves out is put right in here. `scales`: of the currencies that
        some pair trades; of others the catalogue tells no scale, so the stream's word on them cannot be read.
        """
        self._balances, self._balance_scales = balances, scales

    def hear_foreign(self, report: ExecutionReport) -> None:
        """A report about an order that is not ours."""
        self.foreign.hear(report)
        if report.exec_type == ExecType.TRADE:
            self._watch.count_external(report)

    # ---- Outages -------------------------------------------------------------------------------------------------

    @property
    def is_behind(self) -> bool:
        """Whether something has not been compared since the last outage."""
        return not self._has_compared_positions or bool(self._to_compare)

    async def catch_up(self) -> None:
        """Compare what is denied until it is. Raises what the venue's answers raise; the rest stays denied."""
        outage = self._outage_count
        if not self._has_compared_positions:
            await self._compare_denied_positions()
            if self._outage_count != outage:
                return  # a newer one began meanwhile: this answer may be older
            self._lift_all()
        elif self._differing:
            await self._compare_positions()
        for instrument in list(self._to_compare):
            self._to_compare[instrument] = self._to_compare.pop(instrument)  # one that fails is last the next time
            is_clean = await self._compare_denied_orders(instrument)
            if self._outage_count != outage:
                return
            if is_clean and not self._is_in_doubt(instrument):
                self._to_compare.pop(instrument, None)
                self._readiness.allow(instrument, "comparison")

    async def _compare_denied_positions(self) -> None:
        try:
            await self._compare_positions()
        except (TidingsError, OSError) as error:
            text = f"comparing positions with the venue's failed, and is tried again: {error}"
            self._readiness.deny_all("comparison", DenyReason.NOT_READY, text)
            raise

    def _lift_all(self) -> None:
        """The positions are compared: from here on only symbols are denied, those too whose positions do not agree."""
        self._has_compared_positions = True
        self._explained_by_ns = self._clock.read_now_ns() + EXPLAINED_WITHIN_NS
        for instrument in self._differing:
            self._to_compare[instrument] = None
            text = "its position differs from the venue's: looking for what explains it"
            self._readiness.deny(instrument, "comparison", DenyReason.NOT_READY, text)
        self._readiness.allow_all("comparison")

    async def _compare_denied_orders(self, instrument: Instrument) -> bool:
        try:
            return await self._compare_orders(instrument)
        except (TidingsError, OSError) as error:
            text = f"comparing its orders with the venue's failed, and is tried again: {error}"
            self._readiness.deny(instrument, "comparison", DenyReason.NOT_READY, text)
            raise

    def _is_in_doubt(self, instrument: Instrument) -> bool:
        """Whether its position may still turn out to be another. One that goes on to differ by the same has halted its
        symbol by then; where others trade all the time each look differs, and by another number.
        """
        if instrument not in self._differing or self._readiness.has(instrument, POSITION):
            return False
        return self._clock.read_now_ns() < self._explained_by_ns

    # ---- Rounds --------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """What is due now. What fails is tried again; until then what was denied stays so.

        Rounds go on beside what an outage has left: one symbol may stay unexplained for long.
        """
        if self._clock.read_now_ns() < self._not_before_ns:
            return
        if self.is_behind:
            await self._try(self.catch_up())
            if self.is_behind:
                self._not_before_ns = self._clock.read_now_ns() + LOOK_AGAIN_NS
        if self._has_compared_positions:
            await self._try(self._go_on(self._clock.read_now_ns()))

    async def _try(self, comparison: Awaitable[None]) -> None:
        try:
            await comparison
        except (TidingsError, OSError) as error:
            self._not_before_ns = self._clock.read_now_ns() + LOOK_AGAIN_NS
            log.warning("comparing with the venue failed, and is tried again: %s", error)

    async def _go_on(self, now_ns: int) -> None:
        if now_ns >= self._next_round_ns:
            self._next_round_ns = now_ns + self._interval_ns
            symbols = self._open_symbols()
            await self._try(self._compare_some([one for one in symbols if one not in self._to_compare], now_ns))
            await self._compare_accounts(symbols)
        elif 0 < self._positions_again_ns <= now_ns:
            await self._compare_positions()

    async def _compare_some(self, symbols: list[Instrument], now_ns: int) -> None:
        """The symbols whose turn it is, longest waiting first."""
        symbols = sorted(symbols, key=lambda symbol: (self._compared_ns.get(symbol, 0), symbol.index))
        self._counted_ns = {h: ns for h, ns in self._counted_ns.items() if self._entry.orders.find(h) is not None}
        self._next_request_ns = max(self._next_request_ns, now_ns - self._interval_ns)
        for instrument in symbols:
            if self._next_request_ns > now_ns:
                break  # the others' turn comes with the next round
            self._next_request_ns += self._pause_ns
            if not await self._compare_orders(instrument):
                self._next_round_ns = min(self._next_round_ns, now_ns + LOOK_AGAIN_NS)

    async def _compare_accounts(self, symbols: list[Instrument]) -> None:
        await self._compare_positions(held_only=self.round_count % ACCOUNTS_EVERY != 0)
        if any(symbol.line == ProductLine.SPOT for symbol in symbols) or self.round_count % ACCOUNTS_EVERY == 0:
            await self._compare_balances()
        self.round_count += 1

    def _open_symbols(self) -> list[Instrument]:
        """Where anything is open or owed, ours or not, and where one had vanished: it may have ended since."""
        owing = self._entry.orders.owing_executions()
        ours = self._entry.orders.open_orders()
        ours += [order for order in owing if self._is_worth_asking(order)]
        named = map(self._products.find, [*self.foreign.symbols(), *self._doubted_ends.symbols()])
        found = [one for one in self._compared_ns if self._readiness.has(one, VANISHED)]
        found += [order.terms.instrument for order in ours]
        return list(dict.fromkeys([*found, *(instrument for instrument in named if instrument is not None)]))

    # ---- Orders --------------------------------------------------------------------------------------------------

    async def _compare_orders(self, instrument: Instrument) -> bool:
        """One symbol's open orders against the venue's list; whether nothing is left to be explained soon.

        An order that vanished may never be: it halts the symbol, and the rounds look at it.
        """
        asked_ns = self._compared_ns[instrument] = self._clock.read_now_ns()
        listing = await self._evidence.open_orders(instrument)
        found = compare_orders(listing, self._ours(instrument), self._entry.find_owner, asked_ns)
        self._note_counted(listing.reports, asked_ns)
        doubted = self._doubted_ends.lasting(instrument, found.ended, asked_ns)
        others = [*found.foreign, *doubted]
        self.foreign.take_list(instrument.symbol, others, asked_ns, is_complete=listing.is_complete)
        owing = [order for order in self._entry.orders.owing_executions() if order.terms.instrument is instrument]
        await self._take(instrument, found.news, owing)
        await self._look_for(instrument, found.missing)
        for order in self._quiet_cancels.overdue(instrument, found.shown, asked_ns):
            self._hand_up(_cancel_without_effect(order, self._clock.read_now_ns()))
        self._vanished.keep_only(instrument, {order.handle for order in found.missing if not order.is_done})
        is_clean = listing.is_complete and all(order.is_done for order in found.missing)
        if is_clean:
            self._readiness.allow(instrument, VANISHED)
        return is_clean or self._readiness.has(instrument, VANISHED)

    def _ours(self, instrument: Instrument) -> list[Order]:
        return [order for order in self._entry.orders.open_orders() if order.terms.instrument is instrument]

    async def _look_for(self, instrument: Instrument, missing: list[Order]) -> None:
        """How orders ended that are open here and not there. Each is handed up as soon as it is known: where requests
        are few the next may be refused, and the next look begins with what is still missing.
        """
        if len(missing) > ASKED_BY_ID_MAX:
            closed = await self._evidence.closed_orders(instrument, self.sent_since(missing))
            wanted = set(missing)  # hundreds, perhaps, and as many rows
            await self._take(instrument, [row for row in closed.reports if self._entry.find_owner(row) in wanted])
        for order in missing:
            if order.is_done:
                continue
            report = await self._evidence.order(order)
            if report is not None:
                self._vanished.found(order)
                await self._take(instrument, [report])
            elif not order.is_done and self._vanished.not_found(order, self._clock.read_now_ns()):
                text = f"order {order.cl_ord_id} is open here, and the venue neither lists it nor knows how it ended"
                self._readiness.deny(instrument, VANISHED, DenyReason.HALTED, text)

    async def _take(self, instrument: Instrument, news: list[ExecutionReport], owing: Iterable[Order] = ()) -> None:
        """Hand up what the lists told, executions first if they can be had. `owing`: orders that owed some before."""
        owners = [(self._entry.find_owner(report), report) for report in news]
        owing = [*owing, *(order for order, report in owners if order and report.cum_qty_lots > order.traded_qty_lots)]
        try:
            await self.fetch_executions(instrument, list({order.handle: order for order in owing}.values()))
        finally:  # where requests are few, executions may have to wait for long: the states that were told must not
            for order, report in owners:
                if order is not None and tells_news(order, report):
                    self._hand_up(report)

    def _is_worth_asking(self, order: Order) -> bool:
        """Whether executions that the venue owes may still come: it need not list those of long ago."""
        return self._owed_looks.get(order.handle, 0) < OWED_LOOKS_MAX

    def _count_look(self, order: Order) -> None:
        """The venue has answered, and not with all the executions of `order`. What it could not be asked is no look."""
        looks = self._owed_looks[order.handle] = self._owed_looks.get(order.handle, 0) + 1
        if looks == OWED_LOOKS_MAX:
            log.error("order %s: the venue lists no executions for all that has filled: %r", order.cl_ord_id, order)

    async def fetch_executions(self, instrument: Instrument, owing: list[Order]) -> None:
        """Hand up the executions the venue lists for orders of one symbol of which more has filled than we heard."""
        owing = [order for order in owing if self._is_worth_asking(order)]
        if not owing:
            return
        await self._hear_executions(instrument, self._owed_since(owing))
        for order in owing:
            if owes_executions(order):
                self._count_look(order)
            else:
                self._owed_looks.pop(order.handle, None)

    def _owed_since(self, orders: list[Order]) -> int:
        """Since when the executions can be that these orders owe: each was sent, and a list showed that all were heard.

        A quote may have rested for a day, and the executions of a day are more than can be asked for.
        """
        counted_ns = (self._counted_ns.get(order.handle, 0) - MINUTE_NS for order in orders)
        return min(max(self.sent_since([order]), since_ns) for order, since_ns in zip(orders, counted_ns, strict=True))

    def _note_counted(self, rows: list[ExecutionReport], asked_ns: int) -> None:
        """Whose executions we have all heard: a row of later than the last one shows as much as they add up to."""
        settled_ns = self._evidence.wall_ns(asked_ns - LISTS_LAG_NS)
        for order, row in ((self._entry.find_owner(row), row) for row in rows):
            if order is None or owes_executions(order) or order.venue_time_ns > settled_ns:
                continue
            if row.cum_qty_lots == order.traded_qty_lots:
                self._counted_ns[order.handle] = asked_ns

    async def _hear_executions(self, instrument: Instrument, since_ns: int) -> None:
        """Hand up the executions of one symbol since then. Of orders that are not ours, or forgotten, only those count
        in the position that came after it was last seen to agree: it has the others, and no memory of them is endless.
        """
        uncounted_ns = self._evidence.wall_ns(self._agreed_ns - MINUTE_NS)  # of then, all that could be listed was
        for execution in await self._evidence.executions(instrument, since_ns):
            if self._entry.find_owner(execution.report) is not None:
                self._hand_up(execution.report)
            elif execution.report.transact_time_ns >= uncounted_ns:
                self._watch.count_external(execution.report, execution.pos_side)

    def _hand_up(self, report: ExecutionReport) -> None:
        duplicate_count = self._entry.duplicate_count
        self._entry.take_report(report, self._clock.read_now_ns())
        if self._entry.duplicate_count == duplicate_count:
            self.report_count += 1
            log.info("reconciled: %r", report)

    def sent_since(self, orders: list[Order]) -> int:
        """When the first was sent, by our monotonic clock; long ago if that was in an earlier run of the machine."""
        now_ns = self._clock.read_now_ns()
        sent_ns = min(order.decided_ns if 0 < order.decided_ns <= now_ns else 0 for order in orders)
        return max(sent_ns, now_ns - LONGEST_WINDOW_NS) if sent_ns else now_ns - LONGEST_WINDOW_NS

    async def _compare_balances(self) -> None:
        if not self._balances:
            return  # no spot wallets were told of
        scales = self._balance_scales
        told = {currency: units for currency, units in (await self._evidence.balances()).items() if currency in scales}
        for currency, units in self._balance_check.missed(self._balances, told).items():
            amount = Decimal(units).scaleb(-scales[currency])
            log.warning("the stream left out a change of the %s balance: the venue has %s", currency, f"{amount:f}")
            self._balances[currency] = units

    # ---- Positions -----------------------------------------------------------------------------------------------

    async def _compare_positions(self, *, held_only: bool = False) -> None:
        """All accounts; where a position differs, executions we have not heard of may explain it, soon. One that has
        halted its symbol waits for a person, and may do so for a night: the rounds look at it.
        """
        asked_ns = self._clock.read_now_ns()
        held_only = held_only and not self._differing
        differing = await self._watch.compare(held_only=held_only)
        for instrument in differing:
            await self._hear_executions(instrument, self._agreed_ns - MINUTE_NS)
        is_open = any(not self._readiness.has(instrument, POSITION) for instrument in differing)
        self._positions_again_ns = self._clock.read_now_ns() + LOOK_AGAIN_NS if is_open else 0
        self._differing = differing
        if not differing and not held_only:
            self._agreed_ns = asked_ns


def _cancel_without_effect(order: Order, now_ns: int) -> ExecutionReport:
    return report_of(
        ExecType.CANCEL_REJECTED, ReportSource.QUERY, now_ns, handle=order.handle, cl_ord_id=order.cl_ord_id,
        request_kind=RequestKind.CANCEL, reconciled=True, text="the order is open long after: ask again to cancel it",
    )  # fmt: skip
