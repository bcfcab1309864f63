"""From what people write to orders on the grid: symbols, words and decimals in, terms and ticks out.

Terms are cached: two orders of one kind share one encoded template, so the comfortable calls travel the same path as
armed orders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tidings.errors import OrderDenied, UsageError
from tidings.model.enums import (
    DenyReason,
    ExecInst,
    OrdType,
    PegType,
    PosSide,
    ProductLine,
    SelfTradePrevention,
    Side,
    TimeInForce,
    Trigger,
)
from tidings.model.scale import offset_ticks, price_ticks, qty_lots, quote_qty_lots
from tidings.model.terms import OrderTerms
from tidings.model.words import pos_side_of, side_of, stp_of, time_in_force_of, trigger_of

if TYPE_CHECKING:
    from tidings.app.engine import Engine
    from tidings.model.instrument import Instrument
    from tidings.model.order import Order

Value = str | int | Decimal

TERMS_MAX = 10_000  # kinds of orders remembered with their templates

_CONDITIONAL_TYPES = {
    ("stop", False): OrdType.STOP,
    ("stop", True): OrdType.STOP_LIMIT,
    ("if_touched", False): OrdType.MARKET_IF_TOUCHED,
    ("if_touched", True): OrdType.LIMIT_IF_TOUCHED,
}


class OrderDesk:
    """Makes terms and orders for one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._terms: dict[tuple[object, ...], OrderTerms] = {}

    def instrument(self, symbol: str) -> Instrument:
        """The instrument, if it can be traded. Raises UnknownSymbol, naming what is near."""
        self.check_entered()
        return self._engine.products.tradable(symbol)

    def check_entered(self) -> None:
        """Raise OrderDenied (NOT_READY) unless the session has been entered."""
        if not hasattr(self._engine, "entry"):
            raise OrderDenied(f"NOT_READY: {self._engine.state.reason}", DenyReason.NOT_READY.name)

    def terms(
        self,
        symbol: str,
        side: str | Side,
        *,
        ord_type: OrdType = OrdType.LIMIT,
        tif: str | TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        reduce_only: bool = False,
        close_on_trigger: bool = False,
        pos_side: str | PosSide | None = None,
        trigger: str | Trigger = Trigger.NONE,
        peg_type: PegType = PegType.NONE,
        stp: str | SelfTradePrevention = SelfTradePrevention.NONE,
        take_profit_trigger: str | Trigger = Trigger.NONE,
        stop_loss_trigger: str | Trigger = Trigger.NONE,
        qty_in_quote: bool = False,
        text: str = "",
    ) -> OrderTerms:
        """The constant part of an order, checked. Equal terms are the same object."""
        instrument = self.instrument(symbol)
        time_in_force, exec_inst = time_in_force_of(tif)
        exec_inst |= ExecInst.POST_ONLY if post_only else ExecInst.NONE
        exec_inst |= ExecInst.REDUCE_ONLY if reduce_only else ExecInst.NONE
        exec_inst |= ExecInst.CLOSE_ON_TRIGGER if close_on_trigger else ExecInst.NONE
        side = side_of(side)
        closes = bool(exec_inst & (ExecInst.REDUCE_ONLY | ExecInst.CLOSE_ON_TRIGGER))
        made = OrderTerms(
            instrument,
            side,
            ord_type=ord_type,
            time_in_force=time_in_force,
            exec_inst=exec_inst,
            pos_side=self._pos_side(instrument, side, pos_side, closes),
            trigger=trigger_of(trigger),
            peg_type=peg_type,
            stp=stp_of(stp),
            take_profit_trigger=trigger_of(take_profit_trigger),
            stop_loss_trigger=trigger_of(stop_loss_trigger),
            qty_in_quote=qty_in_quote,
            text=text,
        )
        if len(self._terms) >= TERMS_MAX:
            self._terms.clear()  # a caller who writes a new text into each order must not fill the memory
        return self._terms.setdefault(made.key, made)

    def _pos_side(self, instrument: Instrument, side: Side, pos_side: str | PosSide | None, closes: bool) -> PosSide:
        """Merged in one-way mode; in hedged mode the side that is opened, or that a reduce-only order closes.

        A mismatch with the symbol's mode would be the venue's code 20004; it is refused here.
        """
        hedged = self._engine.is_hedged(instrument.symbol)
        if pos_side is not None:
            wanted = pos_side_of(pos_side)
            if instrument.line != ProductLine.SPOT and hedged == (wanted == PosSide.MERGED):
                mode, fits = ("hedged", "LONG or SHORT") if hedged else ("one-way", "MERGED, or leave it out")
                raise UsageError(
                    f"{instrument.symbol} is in {mode} position mode: pos_side must be {fits}: was {wanted.name}"
                    " (venue code 20004)"
                )
            return wanted
        if not hedged:
            return PosSide.MERGED
        opens_long = (side == Side.BUY) != closes
        return PosSide.LONG if opens_long else PosSide.SHORT

    def conditional_type(self, kind: str, has_price: bool) -> OrdType:
        """The type of a "stop" or "if_touched" order, limit if it has a price."""
        ord_type = _CONDITIONAL_TYPES.get((kind, has_price))
        if ord_type is None:
            raise UsageError(f'kind: expected "stop" or "if_touched": was {kind!r}')
        return ord_type

    def draft(
        self,
        terms: OrderTerms,
        *,
        qty: Value,
        price: Value | None = None,
        stop_px: Value | None = None,
        take_profit: Value | None = None,
        stop_loss: Value | None = None,
        take_profit_px: Value | None = None,
        stop_loss_px: Value | None = None,
        peg_offset: Value | None = None,
        display_qty: Value | None = None,
    ) -> Order:
        """A draft with its numbers on the grid. Raises GridError, or OrderDenied when the table is full."""
        instrument = terms.instrument
        numbers = {
            "price_ticks": price,
            "stop_px_ticks": stop_px,
            "take_profit_ticks": take_profit,
            "stop_loss_ticks": stop_loss,
            "take_profit_px_ticks": take_profit_px,
            "stop_loss_px_ticks": stop_loss_px,
        }
        ticks = {name: price_ticks(instrument, value) for name, value in numbers.items() if value is not None}
        if terms.qty_in_quote:
            lots = quote_qty_lots(instrument, qty)
        else:
            lots = qty_lots(instrument, qty, zero_allowed=bool(terms.exec_inst & ExecInst.CLOSE_ON_TRIGGER))
        order = self._engine.entry.draft_order(terms)
        if order is None:
            reason = DenyReason.TABLE_FULL
            raise OrderDenied(denial_text(reason, instrument.symbol), reason.name)
        order.order_qty_lots = lots
        for name, value in ticks.items():
            setattr(order, name, value)
        if peg_offset is not None:
            order.peg_offset_ticks = offset_ticks(instrument, peg_offset)
        if display_qty is not None:
            order.display_qty_lots = qty_lots(instrument, display_qty)
        return order


def denial_text(reason: DenyReason, symbol: str) -> str:
    """What a DenyReason means for the person who reads it, and what to do."""
    return f"{symbol}: {reason.name}: {_DENIAL_TEXTS.get(reason, 'refused before the wire')}"


_DENIAL_TEXTS = {
    DenyReason.NOT_CONNECTED: "no order lane is up: wait for the reconnect (see `phemex.state`)",
    DenyReason.LANES_FULL: "every lane has its full pipeline of unanswered requests: wait, or raise `lanes`",
    DenyReason.RATE_LIMIT: "the venue's request budget of this minute is used up (a share is kept for cancels)",
    DenyReason.MAX_QTY: "more than the largest order allowed: raise `max_qty` only on purpose",
    DenyReason.MAX_NOTIONAL: "worth more than `max_notional` allows per order",
    DenyReason.PRICE_COLLAR: "the limit price lies too far beyond the last known price (see `collar_percent`)",
    DenyReason.NO_REFERENCE_PRICE: "no price is known yet, so the collar cannot be checked: subscribe its book or wait",
    DenyReason.MAX_IN_FLIGHT: "too many open orders (see `max_open_orders`)",
    DenyReason.BAD_PRICE: "needs a positive price (and trigger price, if conditional)",
    DenyReason.BAD_QTY: "the quantity must be positive, and above what has already filled",
    DenyReason.ORDER_DONE: "the order is finished",
    DenyReason.UNKNOWN_ORDER: "no order of this session has that handle",
    DenyReason.REQUEST_PENDING: "an amend or cancel of this order is still unanswered",
    DenyReason.TABLE_FULL: "every slot of the order table holds an open order: cancel some first",
    DenyReason.NOT_READY: "new orders are not taken now",
    DenyReason.CLOCK_UNSURE: "the venue's time is not sure enough to date an expiry, or this process stood still",
    DenyReason.BAD_TERMS: "its numbers do not fit its terms, or the venue has no words for them here",
    DenyReason.NOTHING_TO_CHANGE: "price and quantity are already what you ask for",
    DenyReason.HALTED: "trading is halted: see `phemex.state`, and `phemex.resume(reason=…)`",
    DenyReason.JOURNAL: "the order journal cannot take it, so it was not sent (see `phemex.state`); cancels still work",
    DenyReason.KILLED: "the kill switch is latched: find the cause, then `tidings rearm --reason …`",
    DenyReason.SYMBOL_HALTED: "trading in this symbol is halted (`phemex.resume(symbol, reason=…)` ends it)",
    DenyReason.STRATEGY_HALTED: "this strategy is halted (`phemex.resume(strategy=…, reason=…)` ends it)",
    DenyReason.REDUCING: "only orders that shrink the position are taken now (see `phemex.state`)",
    DenyReason.REPEATED_EXECUTIONS: "the strategy has executed too often and is disabled until a person re-arms it "
    "with `phemex.resume(strategy=…, reason=…)` (see `max_executions`)",
    DenyReason.DUPLICATE_ORDER: "the same symbol, side, price and quantity was ordered a moment ago, and its answer is "
    "not there yet: wait for it (see `duplicate_window_s`)",
    DenyReason.SELF_MATCH: "it would trade with an open order of our own: cancel that one first",
    DenyReason.MAX_POSITION: "with all open and unknown orders filled the position would be too large "
    "(see `max_position`)",
    DenyReason.MAX_POSITION_NOTIONAL: "with all open and unknown orders filled the position would be worth too much "
    "(see `max_position_notional`)",
    DenyReason.MAX_GROSS: "positions and open orders of all symbols would be worth too much (see `max_gross_notional`)",
    DenyReason.MAX_NET: "the account would lean too far one way (see `max_net_notional`)",
    DenyReason.ORDER_RATE: "too many orders and amends within a second (see `max_orders_per_s`)",
    DenyReason.WINDOW_QTY: "too much quantity ordered in this symbol within the window (see `max_window_qty`)",
    DenyReason.WINDOW_NOTIONAL: "too much value ordered within the window (see `max_window_notional`)",
    DenyReason.STRATEGY_NOTIONAL: "worth more than the strategy may order at once",
    DenyReason.STRATEGY_GROSS: "the strategy's positions and open orders would be worth too much",
    DenyReason.STRATEGY_RATE: "too many orders and amends of this strategy within a second",
    DenyReason.STRATEGY_WINDOW: "the strategy has ordered too much value within the window",
}
