"""What a DenyReason means, in the words of who reads it: which limit, what was asked, what is allowed, what to do."""

from __future__ import annotations

from decimal import Decimal

from tidings.engine.risk_limits import E4
from tidings.model.enums import DenyReason
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.scale import price_text, qty_text

ANY_PRICE_TICKS = 2**62

_QTY = (DenyReason.MAX_QTY, DenyReason.MAX_POSITION, DenyReason.WINDOW_QTY)
_MONEY = (
    DenyReason.MAX_NOTIONAL, DenyReason.MAX_POSITION_NOTIONAL, DenyReason.MAX_GROSS, DenyReason.MAX_NET,
    DenyReason.WINDOW_NOTIONAL, DenyReason.STRATEGY_NOTIONAL, DenyReason.STRATEGY_GROSS, DenyReason.STRATEGY_WINDOW,
)  # fmt: skip
_COUNT = (DenyReason.MAX_OPEN_ORDERS, DenyReason.ORDER_RATE, DenyReason.STRATEGY_RATE)
OF_STRATEGIES = (
    DenyReason.STRATEGY_NOTIONAL, DenyReason.STRATEGY_GROSS, DenyReason.STRATEGY_WINDOW, DenyReason.STRATEGY_RATE,
    DenyReason.STRATEGY_HALTED, DenyReason.REPEATED_EXECUTIONS,
)  # fmt: skip
BASIS_POINTS = 10_000
NS_PER_S = 1_000_000_000


def denial_numbers(
    reason: DenyReason, instrument: Instrument | None, asked: int, allowed: int, collar_bp: int = 0
) -> str:
    """The text " (asked …, allowed …)", or "" where a reason has no numbers. `instrument`: None if it is not known."""
    if reason == DenyReason.REPEATED_EXECUTIONS:
        return f" (max_executions: {allowed})"
    if reason in _MONEY:
        currency = f" {instrument.quote_currency}" if instrument is not None else ""
        return f" (asked {_money(asked)}{currency}, allowed {_money(allowed)})"
    if reason in _COUNT:
        return f" (asked {asked}, allowed {allowed})"
    if instrument is None:
        return ""
    if reason in _QTY:
        return f" (asked {qty_text(instrument, asked)}, allowed {qty_text(instrument, allowed)})"
    if reason == DenyReason.PRICE_COLLAR:
        return _collar(instrument, asked, allowed, collar_bp)
    if reason == DenyReason.SELF_MATCH:
        return f" (asked {_price(instrument, asked)}, ours stands at {_price(instrument, allowed)})"
    return ""


def waiting_words(first: Order | None, window_s: float, now_ns: int) -> str:
    """For how long the same order again is denied, if the first is still unanswered then."""
    if first is None:
        return ""
    age_s = (now_ns - first.decided_ns) / NS_PER_S
    left_s = max(0.0, window_s - age_s)
    return f" ({first.cl_ord_id} was sent {age_s:.3f} s ago; without an answer the same is taken in {left_s:.3f} s)"


def _collar(instrument: Instrument, asked_ticks: int, reference_ticks: int, collar_bp: int) -> str:
    """How far beyond it is, and which price would still do."""
    side = 1 if asked_ticks > reference_ticks else -1
    furthest_ticks = reference_ticks + side * (reference_ticks * collar_bp // BASIS_POINTS)
    beyond_percent = abs(asked_ticks - reference_ticks) * 100 / reference_ticks
    return (
        f" (asked {price_text(instrument, asked_ticks)}, which is {beyond_percent:.2f} % beyond"
        f" {price_text(instrument, reference_ticks)}, the last price or its own trigger; {collar_bp / 100:g} % allow"
        f" {price_text(instrument, furthest_ticks)})"
    )


def _money(e4: int) -> str:
    return f"{Decimal(e4) / E4:f}"


def _price(instrument: Instrument, ticks: int) -> str:
    """A market order with no price known to measure it by reaches any."""
    return price_text(instrument, ticks) if 0 < ticks < ANY_PRICE_TICKS else "any price"


def denial_text(reason: DenyReason, symbol: str, strategy: str = "", cause: str = "") -> str:
    """What a DenyReason means for the person who reads it, and what to do. `strategy`: whose own limit it was;
    `cause`: what the engine's state says, which may say it all.
    """
    text = _DENIAL_TEXTS.get(reason, "refused before the wire")
    if strategy:
        text = text.replace("the strategy", f"strategy {strategy}").replace("this strategy", f"strategy {strategy}")
    if cause:
        text = cause + _AFTER_CAUSE[reason] if reason in _AFTER_CAUSE else f"{text}: {cause}"
    return f"{symbol}: {reason.name}: {text}"


# Where the engine's state says what the text would say, what is left to say.
_AFTER_CAUSE = {DenyReason.KILLED: "", DenyReason.HALTED: " (`phemex.resume(reason=…)` ends it)"}


_DENIAL_TEXTS = {
    DenyReason.NOT_CONNECTED: "no order lane is up: wait for the reconnect (see `phemex.state`)",
    DenyReason.LANES_FULL: "every lane has its full pipeline of unanswered requests: wait, or raise `lanes`",
    DenyReason.RATE_LIMIT: "no room in the venue's request budget (see `phemex.state.rate_limits`)",
    DenyReason.MAX_QTY: "more than the largest order allowed: raise `max_qty` only on purpose",
    DenyReason.MAX_NOTIONAL: "worth more than `max_notional` allows per order",
    DenyReason.PRICE_COLLAR: "the limit price lies too far beyond the last known price (see `collar_percent`)",
    DenyReason.NO_REFERENCE_PRICE: "no price is known yet, so the collar cannot be checked: subscribe its book or wait",
    DenyReason.MAX_OPEN_ORDERS: "too many open orders (see `max_open_orders`)",
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
    DenyReason.STALE_BOOK: "orders need a live book here",
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
    DenyReason.STRATEGY_NOTIONAL: "worth more than the strategy may order at once (see its `max_notional`)",
    DenyReason.STRATEGY_GROSS: "positions and open orders of the strategy would be worth too much (see its "
    "`max_gross_notional`)",
    DenyReason.STRATEGY_RATE: "too many orders and amends of the strategy within a second (see its "
    "`max_orders_per_s`)",
    DenyReason.STRATEGY_WINDOW: "the strategy has ordered too much value within the window (see its "
    "`max_window_notional`)",
}
