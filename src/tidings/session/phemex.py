"""The awaitable face: connect, place orders, await them. Thin over the engine; the hot path (arm and fire) passes
straight through.

    async with tidings.connect("local") as phemex:
        order = phemex.limit("BTCUSDT", "buy", qty="0.01", price="61250.0")
        await order.accepted()
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from functools import cached_property
from operator import index
from types import TracebackType
from typing import Any

from tidings.app.engine import Engine, engine_for
from tidings.app.engine_state import EngineState
from tidings.app.kill.kill_switch import KillReport
from tidings.app.limits.live_limits import LiveLimits
from tidings.app.truth.adopted_orders import AdoptedOrder
from tidings.app.truth.foreign_orders import ForeignOrder
from tidings.engine.order_entry import OrderEntry
from tidings.engine.strategy import Strategy
from tidings.errors import ConnectionLost, OrderDenied, UsageError
from tidings.fix_gateway.in_process import FixLine
from tidings.model.enums import (
    DenyReason,
    OrdType,
    PegType,
    PosSide,
    RequestKind,
    Side,
    TimeInForce,
    TradingState,
    Trigger,
)  # fmt: skip
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.position import Position
from tidings.model.scale import price_ticks, qty_lots
from tidings.model.words import pos_side_of
from tidings.session.armed_order import ArmedOrder
from tidings.session.bulk_cancel import cancel_orders
from tidings.session.denials import denial_text
from tidings.session.denied_order import denied
from tidings.session.market_face import MarketFace
from tidings.session.order_desk import OrderDesk
from tidings.session.order_ticket import OrderTicket
from tidings.venue.phemex.products import Products

Value = str | int | Decimal


def connect(
    env: str = "local", *, account: int = 0, api_key: str | None = None, api_secret: str | None = None, **settings: Any
) -> Phemex:
    """The engine of one account, to be entered with `async with`.

    `env`: "local" (starts the local exchange, or joins the one named by `exchange=READY_FILE` or TIDINGS_EXCHANGE),
    "testnet", "live" or "vip": live only when named. `account` picks one of the local exchange's funded accounts.
    Keys come from the arguments, else from PHEMEX_API_KEY and PHEMEX_API_SECRET. `settings` are the fields of
    `tidings.config.EngineSettings`.
    """
    return Phemex(engine_for(env, account=account, api_key=api_key, api_secret=api_secret, **settings))


class Phemex(MarketFace):
    """One account at the venue.

    Prices and quantities: str, int or Decimal (never float); ticks and lots on the hot path.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waiting: set[OrderTicket] = set()  # somebody awaits these
        self.desk = OrderDesk(engine)
        self._was_entered = self._is_running = False

    async def __aenter__(self) -> Phemex:
        if self._was_entered or self.engine.is_open:
            raise UsageError("a session is entered once: make another with connect()")
        self._was_entered = True
        await self.engine.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_iterators()
        try:
            await self.engine.stop()
        finally:
            for ticket in list(self.waiting):
                ticket.end_waits(ConnectionLost(f"the session ended while order {ticket.cl_ord_id} was awaited"))

    @property
    def entry(self) -> OrderEntry:
        """The order path. Raises OrderDenied (NOT_READY) before the session was entered."""
        self.desk.check_entered()
        return self.engine.entry

    @cached_property
    def fix(self) -> FixLine:
        """FIX messages in place of calls: `fix.send(b"…35=D…")`, reports by `fix.listen` or `fix.messages`."""
        return FixLine(self)

    @property
    def state(self) -> EngineState:
        """What works right now: lanes up, account stream live, ready for orders, and if not, why."""
        return self.engine.state

    # ---- Placing orders ------------------------------------------------------------------------------------------

    def limit(
        self, symbol: str, side: str | Side, *, qty: Value, price: Value, tif: str | TimeInForce = "GTC", **options: Any
    ) -> OrderTicket:
        """Place a limit order. `tif`: GTC, IOC, FOK or PostOnly.

        Options: post_only, reduce_only, pos_side, stp, text, strategy, display_qty; take_profit and stop_loss (trigger
        prices of attached orders) with take_profit_trigger / stop_loss_trigger and take_profit_px / stop_loss_px.
        Raises GridError, UnknownSymbol, UsageError or OrderDenied; nothing was sent then.
        """
        return self._place(symbol, side, {"qty": qty, "price": price}, {"ord_type": OrdType.LIMIT, "tif": tif}, options)

    def market(
        self, symbol: str, side: str | Side, *, qty: Value | None = None, quote_qty: Value | None = None, **options: Any
    ) -> OrderTicket:
        """Place a market order. Spot may spend `quote_qty` of the quote currency instead of `qty` of the base."""
        if (qty is None) == (quote_qty is None):
            raise UsageError(f"{symbol}: a market order takes either qty or quote_qty")
        amount = qty if qty is not None else quote_qty
        words = {"ord_type": OrdType.MARKET, "tif": "IOC", "qty_in_quote": quote_qty is not None}
        return self._place(symbol, side, {"qty": amount}, words, options)

    def conditional(
        self,
        symbol: str,
        side: str | Side,
        *,
        kind: str,
        qty: Value,
        stop_px: Value,
        price: Value | None = None,
        tif: str | TimeInForce | None = None,
        trigger: str | Trigger = "last",
        **options: Any,
    ) -> OrderTicket:
        """Place an order that waits for `stop_px`: `kind` "stop" (price moves against us) or "if_touched" (in our
        favour).

        With `price` a limit order is placed when triggered, GTC unless `tif` says otherwise, else a market order.
        `trigger`: "last", "mark" (contracts) or "index".
        """
        ord_type = self.desk.conditional_type(kind, price is not None)
        words = {"ord_type": ord_type, "trigger": trigger, "tif": tif or ("GTC" if price is not None else "IOC")}
        return self._place(symbol, side, {"qty": qty, "stop_px": stop_px, "price": price}, words, options)

    def trailing_stop(
        self,
        symbol: str,
        side: str | Side,
        *,
        offset: Value,
        stop_px: Value,
        trigger: str = "last",
        activation: bool = False,
        **options: Any,
    ) -> OrderTicket:
        """Close the position when the price turns by `offset`: negative protects a long (side "sell"), positive a
        short (side "buy").

        `stop_px` lies on the losing side of the last price; with `activation` it is the price from which trailing
        starts.
        """
        peg_type = PegType.TRAILING_TAKE_PROFIT if activation else PegType.TRAILING_STOP
        words = {"ord_type": OrdType.STOP, "peg_type": peg_type, "close_on_trigger": True, "tif": "IOC"}
        numbers = {"qty": 0, "stop_px": stop_px, "peg_offset": offset}
        return self._place(symbol, side, numbers, {**words, "trigger": trigger}, options)

    def _place(
        self, symbol: str, side: str | Side, numbers: dict[str, Any], words: dict[str, Any], options: dict[str, Any]
    ) -> OrderTicket:
        for name in ("take_profit", "stop_loss", "take_profit_px", "stop_loss_px", "display_qty"):
            if name in options:
                numbers[name] = options.pop(name)
        for name in ("take_profit", "stop_loss"):
            if numbers.get(name) is not None:
                options.setdefault(f"{name}_trigger", "last")
        order = self.desk.draft(self.desk.terms(symbol, side, **{**words, **options}), **numbers)
        result = self.entry.submit_order(order, self.engine.clock.read_now_ns())
        if result == -DenyReason.BAD_TERMS:
            raise UsageError(self.engine.gateway.bad_terms)
        if result < 0:
            raise self.denial(-result, symbol)
        return OrderTicket(self, order)

    def denial(
        self, reason: int, what: str, cl_ord_id: str = "", *, symbol: str = "", kind: RequestKind = RequestKind.NEW
    ) -> OrderDenied:
        """The error for a DenyReason; what the engine's state or a request budget denies comes with why."""
        return denied(self.engine, DenyReason(reason), what, cl_ord_id, symbol=symbol, kind=kind)

    # ---- The hot path --------------------------------------------------------------------------------------------

    def arm(self, symbol: str, side: str | Side, **words: Any) -> ArmedOrder:
        """Lay out and hash one kind of order ahead; `fire(price_ticks, qty_lots)` sends it.

        Takes the words of `limit`, and `ord_type`, `trigger` for other types. What needs a number of its own in each
        order (attached take-profit and stop-loss, trailing) is not armed but placed.
        """
        terms = self.desk.terms(symbol, side, **words)
        if terms.take_profit_trigger or terms.stop_loss_trigger or terms.peg_type:
            raise UsageError(f"{symbol}: attached and trailing orders cannot be armed: use limit() or trailing_stop()")
        return ArmedOrder(self.entry, terms, self.engine.clock)

    def order(self, handle: int) -> Order | None:
        """The order of a handle; None when it is not of this session or long forgotten."""
        return self.entry.orders.find(index(handle))  # a float would be cut, and mean some order

    def cancel(self, handle: int) -> int:
        """Ask to cancel an order: 0, or the negative DenyReason. Returns when the kernel has the bytes."""
        order = self.order(handle)
        return self.entry.cancel_order(order, self.engine.clock.read_now_ns()) if order else -DenyReason.UNKNOWN_ORDER

    def amend(self, handle: int, price_ticks: int = 0, qty_lots: int = 0) -> int:
        """Ask for a new price and total quantity (0: as is): 0, or the negative DenyReason."""
        order = self.order(handle)
        if order is None:
            return -DenyReason.UNKNOWN_ORDER
        return self.entry.amend_order(order, price_ticks, qty_lots, self.engine.clock.read_now_ns())

    def cancel_many(self, handles: Iterable[int]) -> int:
        """Cancel many orders: 0, or the first negative DenyReason.

        One bulk request per symbol and position side; spot orders and those not yet acknowledged go one by one.
        """
        orders = [order for handle in handles if (order := self.order(handle)) is not None]
        return cancel_orders(self.entry, orders, self.engine.clock.read_now_ns())

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Hold the orders fired inside, and send those of one lane as one record when it ends."""
        if not self.engine.is_open or self.engine.credentials is None:
            raise OrderDenied(denial_text(DenyReason.NOT_READY, "batch"), DenyReason.NOT_READY.name)
        self.engine.lanes.pool.cork()
        try:
            yield
        finally:
            self.engine.lanes.pool.uncork()

    # ---- Everything else -----------------------------------------------------------------------------------------

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a symbol: its grid and limits. Raises UnknownSymbol."""
        return self.desk.instrument(symbol)

    def on_grid(self, instrument: Instrument, price: Value | None, qty: Value | None) -> tuple[int, int]:
        """Ticks and lots of a price and a quantity; 0 where None. Raises GridError."""
        ticks = price_ticks(instrument, price) if price is not None else 0
        return ticks, qty_lots(instrument, qty) if qty is not None else 0

    def open_orders(self) -> list[Order]:
        """Our orders that are not done, unknown ones included."""
        return self.entry.orders.open_orders()

    def positions(self) -> list[Position]:
        """What we hold, per symbol and position side."""
        return [position for position in self.engine.positions if position.net_qty_lots or position.venue_qty_lots]

    def position(self, symbol: str, pos_side: str | PosSide = PosSide.MERGED) -> Position:
        """What we hold in one symbol; changed in place as executions come. Raises UnknownSymbol."""
        self.desk.check_symbol(symbol)
        return self.engine.positions.of(symbol, pos_side_of(pos_side))

    def foreign_orders(self) -> list[ForeignOrder]:
        """Open orders of the account that are not of this session, as far as we were told: shown, never touched."""
        self.desk.check_entered()
        return self.engine.truth.reconciliation.foreign.all() if self.engine.credentials is not None else []

    def adopted_orders(self) -> list[AdoptedOrder]:
        """Orders of earlier sessions without a known end, which this one looks after: what became of each."""
        self.desk.check_entered()
        return self.engine.adopted.all() if self.engine.credentials is not None else []

    def accept_position(self, symbol: str) -> None:
        """Take the venue's word for what we hold in `symbol`, whatever our executions make: ends that halt.

        For when somebody has found out why the two differ.
        """
        instrument = self.desk.known(symbol)
        if self.engine.credentials is not None:
            self.engine.truth.watch.accept(instrument.symbol)

    async def cancel_all(self, symbol: str) -> None:
        """Cancel everything in one symbol, working and untriggered orders. Reports follow on the stream."""
        instrument = self.desk.known(symbol)
        await self.engine.queries.cancel_all(instrument)

    # ---- Limits and states ---------------------------------------------------------------------------------------

    @property
    def limits(self) -> LiveLimits:
        """The limits in force: read them, lower them at once, raise them with a reason (docs/risk.md)."""
        self.desk.check_entered()
        return self.engine.limits

    def reduce_only(self, symbol: str | None = None, *, strategy: str | None = None, reason: str = "") -> None:
        """From now on only orders that surely shrink the position: of a symbol, a strategy, or the account."""
        self.desk.check_entered()
        self.engine.control.restrict(TradingState.REDUCING, symbol, strategy, reason)

    def halt(self, symbol: str | None = None, *, strategy: str | None = None, reason: str = "") -> None:
        """Nothing new from now on, of a symbol, a strategy, or the account. Open orders stay; cancels go on."""
        self.desk.check_entered()
        self.engine.control.restrict(TradingState.HALTED, symbol, strategy, reason)

    def resume(self, symbol: str | None = None, *, strategy: str | None = None, reason: str) -> None:
        """End what `reduce_only` or `halt` began, or arm a strategy's breaker again. The reason is written down."""
        self.desk.check_entered()
        self.engine.control.resume(symbol, strategy, reason)

    def kill(self, reason: str) -> asyncio.Task[KillReport]:
        """The kill switch: nothing new from this instant, everything cancelled, latched until a person re-arms it.

        The cancels are in the kernel when this returns; await the result for the outcome, verified at the venue.
        Raises UsageError without a reason or a key; and in another thread than the engine's, which then does it.
        """
        self.desk.check_entered()
        if not isinstance(reason, str) or not reason.strip():
            raise UsageError("a kill needs a reason: it is written down, and read by who re-arms")
        if self.engine.credentials is None:
            raise UsageError("this session has no key: there is nothing it could cancel")
        with self.engine.tap.aside() if self.engine.tap is not None else nullcontext():
            return self.engine.kill.trip(reason)

    def rearm(self, reason: str = "") -> None:
        """Take orders again after a kill (with a reason), or after the watchdog has shut this engine out and cancelled
        its orders (docs/risk.md, docs/watchdog.md).

        Raises UsageError while something of that is not settled yet, or when there is nothing to re-arm.
        """
        self.desk.check_entered()
        is_killed = self.engine.credentials is not None and self.engine.kill.is_tripped
        if is_killed:
            self.engine.kill.rearm(reason)
        if self.engine.watchdog is None:
            if not is_killed:
                raise UsageError("nothing is killed here, and this session has no watchdog: nothing to re-arm")
        elif not is_killed or self.engine.watchdog.heartbeat.page.is_fenced:
            self.engine.watchdog.rearm()

    async def set_leverage(self, symbol: str, leverage: Value, *, short_leverage: Value | None = None) -> None:
        """0 or negative: cross margin; positive: isolated. Hedged symbols take one value per side."""
        instrument = self.instrument(symbol)
        await self.engine.queries.set_leverage(
            instrument, leverage, short_leverage, is_hedged=self.engine.is_hedged(symbol)
        )

    async def set_position_mode(self, symbol: str, mode: str) -> None:
        """ "OneWay" or "Hedged" (USD-M); the venue refuses while the symbol has a position or open orders."""
        instrument = self.instrument(symbol)
        await self.engine.queries.set_position_mode(instrument, mode)
        self.engine.set_hedged(symbol, mode == "Hedged")

    async def assign_margin(self, symbol: str, amount: Value, *, pos_side: str | None = None) -> None:
        """Set the balance assigned to an isolated position, in its settle currency; hedged symbols: of which side."""
        instrument, is_hedged = self.instrument(symbol), self.engine.is_hedged(symbol)
        await self.engine.queries.assign_margin(instrument, amount, pos_side, is_hedged=is_hedged)

    async def refresh_products(self) -> Products:
        """Read the product catalogue again.

        What is new, or has another grid than at the start, can be traded after the next connect; what is delisted is
        refused from now on.
        """
        self.desk.check_entered()
        return await self.engine.refresh_products()

    async def run(
        self, *strategies: Strategy | Iterable[Strategy], seconds: float | None = None, timer_ms: int = 100
    ) -> None:
        """Let strategies trade: for `seconds`, or until its task is cancelled or the session ends.

        Raises AuthenticationError when the venue refuses the account's stream for good.
        """
        from tidings.session.strategy_session import check_times, members_of  # it derives from this class

        check_times(seconds, timer_ms)
        self.desk.check_open()
        if self._is_running:
            raise UsageError("strategies run here already: those that are to run together are given to one run()")
        self._is_running = True
        try:
            await self.engine.run(members_of(self, strategies), seconds=seconds, timer_ms=timer_ms)
        finally:
            self._is_running = False
