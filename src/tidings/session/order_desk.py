"""From what people write to orders on the grid: symbols, words and decimals in, terms and ticks out.

Terms are cached: two orders of one kind share one encoded template, so the comfortable calls travel the same path as
armed orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

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
from tidings.model.words import ord_type_of, peg_type_of, pos_side_of, side_of, stp_of, time_in_force_of, trigger_of
from tidings.session.denials import denial_text

if TYPE_CHECKING:
    from tidings.app.engine import Engine
    from tidings.model.instrument import Instrument
    from tidings.model.order import Order

Value = str | int | Decimal

STRATEGY_CHARACTERS_MAX = 32
TERMS_MAX = 10_000  # kinds of orders remembered with their templates
_CLOSE_ON_TRIGGER = int(ExecInst.CLOSE_ON_TRIGGER)  # with a member on one side, Python's enumerations take a µs for &

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
        self._worded: dict[tuple[object, ...], OrderTerms] = {}  # by the words that asked for them

    def instrument(self, symbol: str) -> Instrument:
        """The instrument, if it can be traded. Raises UnknownSymbol, naming what is near."""
        self.check_entered()
        return self._engine.products.tradable(symbol)

    def known(self, symbol: str) -> Instrument:
        """The instrument, tradable or not: what is open in it can be taken off. Raises UnknownSymbol."""
        self.check_entered()
        products = self._engine.products
        if isinstance(symbol, str) and symbol in products.skipped:  # since the catalogue was read again, perhaps
            for order in self._engine.entry.orders.open_orders():
                if order.symbol == symbol:
                    return order.terms.instrument
        return products.known(symbol)

    def check_symbol(self, symbol: str) -> None:
        """Raise UnknownSymbol for what the catalogue never had: a slip must not read as nothing held."""
        self.check_entered()
        products = self._engine.products
        if not isinstance(symbol, str) or (products.find(symbol) is None and symbol not in products.skipped):
            products.tradable(symbol)

    def check_entered(self) -> None:
        """Raise OrderDenied (NOT_READY) unless the session has been entered."""
        if not hasattr(self._engine, "entry"):
            raise OrderDenied(f"NOT_READY: {self._engine.state.reason}", DenyReason.NOT_READY.name)

    def check_open(self) -> None:
        """Raise OrderDenied (NOT_READY) unless the session has been entered and has not ended."""
        if not self._engine.is_open:
            raise OrderDenied(f"NOT_READY: {self._engine.state.reason}", DenyReason.NOT_READY.name)

    def terms(self, symbol: str, side: str | Side, **words: Any) -> OrderTerms:
        """The constant part of an order, checked: the words of `Phemex.limit`. Equal terms are the same object.

        A strategy says the same words again and again; reading them once costs more than sending the order.
        """
        self.instrument(symbol)  # it may have been delisted since
        # With the types: True, 1 and a member of some enumeration are equal, and not all of them are allowed.
        values = words.values()
        said = (symbol, side, type(side), self._engine.is_hedged(symbol), *words, *values, *map(type, values))
        try:
            made = self._worded.get(said)
        except TypeError:
            _check_words(words)
            return self._read_words(symbol, side, **words)  # a value that cannot be looked up: says what is wrong
        if made is None:
            _check_words(words)
            made = self._read_words(symbol, side, **words)
            if len(self._worded) >= TERMS_MAX:
                self._worded.clear()
            self._worded[said] = made
        return made

    def _read_words(
        self,
        symbol: str,
        side: str | Side,
        *,
        ord_type: str | OrdType = OrdType.LIMIT,
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
        strategy: str = "",
    ) -> OrderTerms:
        if not isinstance(text, str):
            raise UsageError(f"text: expected a text: was {text!r}")
        instrument = self.instrument(symbol)
        time_in_force, exec_inst = time_in_force_of(tif)
        if post_only:
            exec_inst |= ExecInst.POST_ONLY
        if reduce_only:
            exec_inst |= ExecInst.REDUCE_ONLY
        if close_on_trigger:
            exec_inst |= ExecInst.CLOSE_ON_TRIGGER
        side = side_of(side)
        closes = reduce_only or close_on_trigger
        made = OrderTerms(
            instrument,
            side,
            ord_type=ord_type_of(ord_type),
            time_in_force=time_in_force,
            exec_inst=exec_inst,
            pos_side=self._pos_side(instrument, side, pos_side, closes),
            trigger=trigger_of(trigger),
            peg_type=peg_type_of(peg_type),
            stp=stp_of(stp),
            take_profit_trigger=trigger_of(take_profit_trigger),
            stop_loss_trigger=trigger_of(stop_loss_trigger),
            qty_in_quote=qty_in_quote,
            text=text,
            owner=self.owner(strategy),
        )
        if len(self._terms) >= TERMS_MAX:
            self._terms.clear()  # a caller who writes a new text into each order must not fill the memory
        return self._terms.setdefault(made.key, made)

    def owner(self, strategy: str) -> int:
        """A strategy's index. One that the settings do not name gets the account's limits when it first appears."""
        if not strategy:
            return 0
        if not isinstance(strategy, str) or len(strategy) > STRATEGY_CHARACTERS_MAX or not strategy.isprintable():
            most = STRATEGY_CHARACTERS_MAX
            raise UsageError(f"a strategy's name is a text of at most {most} characters: was {strategy!r}")
        try:
            return self._engine.risk.owner(strategy).index
        except ValueError as error:
            raise UsageError(f"strategy {strategy!r}: {error}") from None

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
            lots = qty_lots(instrument, qty, zero_allowed=bool(terms.exec_inst & _CLOSE_ON_TRIGGER))
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


def _check_words(words: Iterable[str]) -> None:
    """Raise UsageError for an option that no order has."""
    known = OrderDesk._read_words.__kwdefaults__ or {}
    for name in words:
        if name not in known:
            raise UsageError(f"{name!r} is no option of this order: there are {', '.join(known)}")
