"""One engine on its own account, and the cuts it has to live through, one after the other.

A cut: place what the scenario needs without a fault, arm the cut, ask, see that it happened, wait until the engine is
quiet, and compare all it believes and has told with the exchange. Then everything is cancelled, and compared again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import tidings
from tests.cut.belief import Asked, Hearing, belief_of, is_quiet
from tests.cut.check import Truth, differences
from tests.cut.exchange_admin import ExchangeAdmin
from tests.cut.gauge import Draft, Gauge
from tests.cut.plan import ANSWER, EXCHANGE, RECORD_HEAD_BYTES, RECORD_TAIL_BYTES, REQUEST, Cut, Sizes, passing_bytes
from tests.cut.proxy import Proxy, ProxyCut
from tidings.errors import ConnectionLost, OrderError
from tidings.model.enums import ProductLine
from tidings.model.scale import price_decimal, qty_decimal

QTY = {
    "BTCUSD": "10", "cETHUSD": "2", "BTCUSDT": "0.01", "ETHUSDT": "0.1", "SOLUSDT": "2", "sBTCUSDT": "0.01",
    "sETHUSDT": "0.1",
}  # fmt: skip
LINE_WORDS = {ProductLine.INVERSE: "COIN-M", ProductLine.LINEAR: "USD-M", ProductLine.SPOT: "Spot"}
QUIET_LIMIT_S = 45.0  # a lane that hangs is given up after six seconds, an order proved absent in four
AGREE_LIMIT_S = 15.0  # a second round of comparisons, on a busy machine
HAPPEN_LIMIT_S = 5.0
SETTLE_S = 0.05  # the book's and the stream's milliseconds
STEP_S = 0.02
SET_UP_MAX = 3  # an expiry of a second may pass on a busy machine before the exchange reads the request


class Unsound(Exception):
    """A case that did not come about, or an engine that does not come to rest: says what."""


@dataclass(slots=True)
class Desk:
    """What all engines of one exchange share.

    Only the first line of a request says whom `cut-request` befalls, and that of a POST no more than the product line:
    while it is armed no other order request of that line may leave.
    """

    admin: ExchangeAdmin
    gauge: Gauge
    lines: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))


class Trial:
    """`proxy`: what lies between this engine and the exchange, if anything does. `account`: its number and user."""

    def __init__(
        self, phemex: tidings.Phemex, desk: Desk, proxy: Proxy | None, account: tuple[int, int], method: str
    ) -> None:
        self._phemex, self._desk, self._proxy, self._method = phemex, desk, proxy, method
        self._number, self._user_id = account
        self._hearing, self._asked = Hearing(), Asked()
        phemex.entry.listen(self._hearing)
        self.order_count = 0

    async def run(self, cut: Cut) -> list[str]:
        """What was wrong. Raises Unsound."""
        draft = self._draft(cut)
        ticket = None if cut.kind == "create" else await self._set_up(draft)
        await self._until(lambda: is_quiet(self._phemex), QUIET_LIMIT_S, "the engine was not quiet before the cut")
        async with self._deafness(cut):
            await self._cut(cut, draft, ticket)
            await self._until(lambda: is_quiet(self._phemex), QUIET_LIMIT_S, "the engine did not come to rest")
            found = await self._differences()
        if cut.end == "hang":  # where all had passed nobody misses anything, and the next request would hang there
            (lane,) = self._phemex.engine.lanes.pool
            lane.close(ConnectionLost("the case is over"))
        await self._clean_up()
        return found or [f"after cancelling all: {sentence}" for sentence in await self._differences()]

    def told_counts(self) -> Counter[str]:
        """How often each callback was called."""
        return Counter(told.what for all_told in self._hearing.told.values() for told in all_told)

    # ---- The scenario ------------------------------------------------------------------------------------------------

    def _draft(self, cut: Cut) -> Draft:
        instrument = self._phemex.instrument(cut.symbol)
        last = self._phemex.engine.risk.reference_price(instrument)
        _, lots = self._phemex.on_grid(instrument, None, QTY[cut.symbol])
        away = -1 if cut.side == "buy" else 1
        rests, crosses = last * (100 + 8 * away) // 100, last * (100 - 2 * away) // 100
        price = crosses if cut.fills and cut.kind == "create" else rests - away * (cut.number % 50)
        new_price = crosses if cut.fills else rests + away * (1 + cut.number % 50)
        return Draft(instrument, cut.side, price, lots, new_price, lots + lots // 5 + 1)

    async def _set_up(self, draft: Draft) -> Any:
        """A working order."""
        for _ in range(SET_UP_MAX):
            async with self._desk.lines[draft.instrument.line]:
                ticket = self._place(draft)
                with contextlib.suppress(OrderError):
                    return await ticket.accepted()
            await self._until(lambda: is_quiet(self._phemex), QUIET_LIMIT_S, "an order without a cut has no fate")
            await self._clean_up()
        raise Unsound("no order could be placed for the scenario")

    def _place(self, draft: Draft) -> Any:
        self.order_count += 1
        instrument = draft.instrument
        return self._phemex.limit(
            instrument.symbol, draft.side, qty=qty_decimal(instrument, draft.qty_lots),
            price=price_decimal(instrument, draft.price_ticks),
        )  # fmt: skip

    async def _ask(self, kind: str, draft: Draft, ticket: Any) -> None:
        """Send the request, and hear its first word; whatever that is, the check judges."""
        with contextlib.suppress(OrderError, ConnectionLost):
            if kind == "create":
                await self._place(draft).accepted()
            elif kind == "amend":
                price = price_decimal(draft.instrument, draft.new_price_ticks)
                qty = qty_decimal(draft.instrument, draft.new_qty_lots)
                self._asked.amends[ticket.cl_ord_id] = price, qty
                await ticket.amend(price=price, qty=qty)
            else:
                await self._cancel(ticket.order)

    async def _cancel(self, order: Any) -> None:
        self._asked.cancels[order.cl_ord_id] += 1
        self._phemex.cancel(order.handle)
        await self._until(lambda: not order.is_cancel_pending, QUIET_LIMIT_S, "a cancel has no end")

    async def _clean_up(self) -> None:
        """Cancel what is open, without a cut."""
        deadline_s = time.monotonic() + QUIET_LIMIT_S
        while orders := self._phemex.open_orders():
            if time.monotonic() > deadline_s:
                raise Unsound(f"orders do not go: {orders}")
            for order in orders:
                async with self._desk.lines[order.terms.instrument.line]:
                    await self._cancel(order)
            await asyncio.sleep(SETTLE_S)
        await self._until(lambda: is_quiet(self._phemex), QUIET_LIMIT_S, "the engine was not quiet after the case")

    # ---- The cut -----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _deafness(self, cut: Cut) -> AsyncIterator[None]:
        """Nothing on the account stream, where the cut wants it so: the lists alone tell what became of the order."""
        if not cut.is_deaf:
            yield
            return
        fault_id = await self._desk.admin.add_fault(kind="omit-message", account=self._number)
        try:
            yield
        finally:
            await self._desk.admin.remove_fault(fault_id)

    async def _cut(self, cut: Cut, draft: Draft, ticket: Any) -> None:
        gauge = self._desk.gauge
        async with self._desk.lines[draft.instrument.line]:
            if cut.stream == REQUEST:
                sizes = gauge.request(self._method, cut.kind, draft)
            else:
                sizes = await gauge.answer(self._method, cut.kind, self._draft(replace(cut, fills=False)))
            make = self._cut_at_exchange if cut.cutter == EXCHANGE else self._cut_at_proxy
            await make(cut, sizes, lambda: self._ask(cut.kind, draft, ticket))

    async def _cut_at_exchange(self, cut: Cut, sizes: Sizes, ask: Callable[[], Any]) -> None:
        line = ProductLine(self._phemex.instrument(cut.symbol).line)
        where = {"account": self._number} if cut.stream == ANSWER else {"line": LINE_WORDS[line]}
        fault_id = await self._desk.admin.add_fault(
            kind="cut-request" if cut.stream == REQUEST else "cut-response", request=cut.kind,
            at_byte=passing_bytes(cut, sizes), then=cut.end, count=1, **where,
        )  # fmt: skip
        try:
            await ask()
            if not await self._desk.admin.fault_happened(fault_id):
                raise Unsound("the exchange never cut")
        finally:
            await self._desk.admin.remove_fault(fault_id)

    async def _cut_at_proxy(self, cut: Cut, sizes: Sizes, ask: Callable[[], Any]) -> None:
        assert self._proxy is not None

        def passing(record_bytes: int) -> int:
            text_bytes = record_bytes - RECORD_HEAD_BYTES - RECORD_TAIL_BYTES
            return passing_bytes(cut, Sizes(min(sizes.inner, text_bytes - 1), text_bytes))

        (lane,) = self._phemex.engine.lanes.pool
        made = ProxyCut(cut.stream, cut.end, passing)
        self._proxy.arm(lane.connection.channel.socket.getsockname()[1], made)
        asking = asyncio.ensure_future(ask())
        try:
            await asyncio.wait_for(made.happened.wait(), HAPPEN_LIMIT_S)
        except TimeoutError:
            raise Unsound("the proxy never cut") from None
        finally:
            await asking
        if cut.stream == REQUEST and made.record_bytes != sizes.total + RECORD_HEAD_BYTES + RECORD_TAIL_BYTES:
            raise Unsound(f"the proxy cut another record: {made.record_bytes} bytes, for {sizes.total} of text")

    # ---- The comparison ----------------------------------------------------------------------------------------------

    async def _differences(self) -> list[str]:
        """Once the two agree, nothing; else what stays different."""
        deadline_s = time.monotonic() + AGREE_LIMIT_S
        await asyncio.sleep(SETTLE_S)
        while True:
            truth = await self._truth()
            found = differences(belief_of(self._phemex, self._hearing, self._asked), truth)
            if not found or time.monotonic() > deadline_s:
                return found
            await asyncio.sleep(0.2)

    async def _truth(self) -> Truth:
        admin, user_id = self._desk.admin, self._user_id
        return Truth(
            await admin.rows("orders", user_id), await admin.rows("positions", user_id),
            await admin.rows("wallets", user_id), admin.scales,
        )  # fmt: skip

    async def _until(self, is_so: Callable[[], bool], limit_s: float, what: str) -> None:
        deadline_s = time.monotonic() + limit_s
        while not is_so():
            if time.monotonic() > deadline_s:
                raise Unsound(f"{what}: {self._phemex.state.reason or self._phemex.open_orders()}")
            await asyncio.sleep(STEP_S)
