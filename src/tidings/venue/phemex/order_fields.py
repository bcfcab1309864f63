"""How each product line words an order: its paths, its parameter names, and which of them an order's terms fill.

Plain data, read once per template; `order_template` lays it out as bytes. What the venue has no word for is refused
here, because a parameter it ignores would be an instruction silently dropped.
"""

from dataclasses import dataclass

from tidings.errors import UsageError
from tidings.model.enums import (
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
from tidings.model.instrument import Instrument
from tidings.model.terms import OrderTerms


@dataclass(frozen=True, kw_only=True)
class LineWords:
    """What one product line calls things. `None`: it has no such thing."""

    create_by_put_path: str
    create_by_post_path: str
    amend_path: str
    cancel_path: str
    cancel_many_path: str | None
    cancel_all_path: str
    trigger: str
    has_pos_side: bool  # every request names the position it works on
    cancels_many_by_client_id: bool
    writes_decimals: bool  # numbers are plain decimals; else integers at the instrument's scale
    # Order field → parameter.
    numbers: dict[str, str]


# phemex docs 2026, "Contract (COIN-M)": place, amend, cancel.
_INVERSE = LineWords(
    create_by_put_path="/orders/create",
    create_by_post_path="/orders",
    amend_path="/orders/replace",
    cancel_path="/orders/cancel",
    cancel_many_path="/orders",
    cancel_all_path="/orders/all",
    trigger="triggerType",
    has_pos_side=False,
    cancels_many_by_client_id=False,
    writes_decimals=False,
    numbers={
        "order_qty_lots": "orderQty",
        "price_ticks": "priceEp",
        "stop_px_ticks": "stopPxEp",
        "take_profit_ticks": "takeProfitEp",
        "stop_loss_ticks": "stopLossEp",
        "peg_offset_ticks": "pegOffsetValueEp",
        "display_qty_lots": "displayQty",
    },
)

# phemex docs 2026, "Contract (USD-M)": place, amend, cancel.
_LINEAR = LineWords(
    create_by_put_path="/g-orders/create",
    create_by_post_path="/g-orders",
    amend_path="/g-orders/replace",
    cancel_path="/g-orders/cancel",
    cancel_many_path="/g-orders",
    cancel_all_path="/g-orders/all",
    trigger="triggerType",
    has_pos_side=True,
    cancels_many_by_client_id=True,
    writes_decimals=True,
    numbers={
        "order_qty_lots": "orderQtyRq",
        "price_ticks": "priceRp",
        "stop_px_ticks": "stopPxRp",
        "take_profit_ticks": "takeProfitRp",
        "stop_loss_ticks": "stopLossRp",
        "take_profit_px_ticks": "tpPxRp",
        "stop_loss_px_ticks": "slPxRp",
        "peg_offset_ticks": "pegOffsetValueRp",
        "display_qty_lots": "displayQtyRq",
    },
)

# phemex docs 2026, "Spot": place, amend, cancel. The trigger's key differs from the contracts' on purpose.
_SPOT = LineWords(
    create_by_put_path="/spot/orders/create",
    create_by_post_path="/spot/orders",
    amend_path="/spot/orders",
    cancel_path="/spot/orders",
    cancel_many_path=None,
    cancel_all_path="/spot/orders/all",
    trigger="trigger",
    has_pos_side=False,
    cancels_many_by_client_id=False,
    writes_decimals=False,
    numbers={"order_qty_lots": "baseQtyEv", "price_ticks": "priceEp", "stop_px_ticks": "stopPxEp"},
)

LINES = {ProductLine.INVERSE: _INVERSE, ProductLine.LINEAR: _LINEAR, ProductLine.SPOT: _SPOT}
QUOTE_QTY = "quoteQtyEv"  # spot: money to spend, instead of baseQtyEv

SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
POS_SIDES = {PosSide.MERGED: "Merged", PosSide.LONG: "Long", PosSide.SHORT: "Short"}
ORD_TYPES = {
    OrdType.MARKET: "Market",
    OrdType.LIMIT: "Limit",
    OrdType.STOP: "Stop",
    OrdType.STOP_LIMIT: "StopLimit",
    OrdType.MARKET_IF_TOUCHED: "MarketIfTouched",
    OrdType.LIMIT_IF_TOUCHED: "LimitIfTouched",
}
TIMES_IN_FORCE = {
    TimeInForce.GTC: "GoodTillCancel",
    TimeInForce.IOC: "ImmediateOrCancel",
    TimeInForce.FOK: "FillOrKill",
}
CONTRACT_TRIGGERS = {Trigger.MARK_PRICE: "ByMarkPrice", Trigger.LAST_PRICE: "ByLastPrice"}
TRIGGERS = {
    ProductLine.INVERSE: CONTRACT_TRIGGERS,
    ProductLine.LINEAR: {
        **CONTRACT_TRIGGERS,
        Trigger.INDEX_PRICE: "ByIndexPrice",
        Trigger.BID_PRICE: "ByBidPrice",
        Trigger.ASK_PRICE: "ByAskPrice",
    },
    ProductLine.SPOT: {Trigger.LAST_PRICE: "ByLastPrice"},
}
PEGS = {PegType.TRAILING_STOP: "TrailingStopPeg", PegType.TRAILING_TAKE_PROFIT: "TrailingTakeProfitPeg"}
SELF_TRADE_PREVENTIONS = {
    SelfTradePrevention.CANCEL_MAKER: "CancelMaker",
    SelfTradePrevention.CANCEL_TAKER: "CancelTaker",
    SelfTradePrevention.CANCEL_BOTH: "CancelBoth",
}


@dataclass(frozen=True)
class NumberField:
    """One number that each order writes anew: parameter `name`, worth field × mantissa / 10**scale on the wire."""

    field: str  # of Order
    name: str
    mantissa: int
    scale: int
    is_optional: bool = False  # left out when 0
    may_be_zero: bool = False
    is_signed: bool = False


def words_of(instrument: Instrument) -> LineWords:
    """The words of the instrument's product line."""
    return LINES[ProductLine(instrument.line)]


def constant_fields(terms: OrderTerms) -> list[tuple[str, str | bool]]:
    """Parameters of a create that `terms` decide, as they are sent. UsageError for what the line cannot say."""
    instrument = terms.instrument
    words = words_of(instrument)
    is_spot = instrument.line == ProductLine.SPOT
    fields: list[tuple[str, str | bool]] = [("symbol", instrument.symbol), ("side", SIDES[Side(terms.side)])]
    # COIN-M documents no posSide but takes it (observed in production clients, 2025): sent when it says something.
    if words.has_pos_side or terms.pos_side != PosSide.MERGED:
        fields.append(("posSide", POS_SIDES[PosSide(terms.pos_side)]))
    fields.append(("ordType", ORD_TYPES[OrdType(terms.ord_type)]))
    fields.append(("timeInForce", _time_in_force(terms)))
    if is_spot:
        fields.append(("qtyType", "ByQuote" if terms.qty_in_quote else "ByBase"))
    if terms.exec_inst & ExecInst.REDUCE_ONLY:
        fields.append(("reduceOnly", True))
    if terms.exec_inst & ExecInst.CLOSE_ON_TRIGGER:
        fields.append(("closeOnTrigger", True))
    for key, trigger in (
        (words.trigger, terms.trigger),
        ("tpTrigger", terms.take_profit_trigger),
        ("slTrigger", terms.stop_loss_trigger),
    ):
        if trigger != Trigger.NONE:
            fields.append((key, _trigger(instrument, Trigger(trigger))))
    if terms.peg_type != PegType.NONE:
        fields.append(("pegPriceType", PEGS[PegType(terms.peg_type)]))
    if terms.stp != SelfTradePrevention.NONE:
        fields.append(("stpInstruction", _self_trade_prevention(terms)))
    if terms.text:
        fields.append(("text", terms.text))
    return fields


def number_fields(terms: OrderTerms) -> list[NumberField]:
    """Numbers that each order of these terms writes, in the order they are sent."""
    has_peg = terms.peg_type != PegType.NONE
    closes_position = bool(terms.exec_inst & ExecInst.CLOSE_ON_TRIGGER)
    fields = [_qty_field(terms, may_be_zero=closes_position)]
    if terms.has_price:
        fields.append(_price_field(terms, "price_ticks"))
    if terms.is_conditional:
        fields.append(_price_field(terms, "stop_px_ticks"))
    if terms.take_profit_trigger != Trigger.NONE:
        fields.append(_price_field(terms, "take_profit_ticks"))
        fields.append(_price_field(terms, "take_profit_px_ticks", is_optional=True))
    if terms.stop_loss_trigger != Trigger.NONE:
        fields.append(_price_field(terms, "stop_loss_ticks"))
        fields.append(_price_field(terms, "stop_loss_px_ticks", is_optional=True))
    if has_peg:
        fields.append(_price_field(terms, "peg_offset_ticks", is_signed=True))
    if terms.has_price:
        fields.append(_lots_field(terms.instrument, "display_qty_lots", is_optional=True))
    return [field for field in fields if field.name]


def _qty_field(terms: OrderTerms, *, may_be_zero: bool) -> NumberField:
    if terms.qty_in_quote:
        return NumberField("order_qty_lots", QUOTE_QTY, 1, 0)  # a lot is a unit of the quote currency's value scale
    return _lots_field(terms.instrument, "order_qty_lots", may_be_zero=may_be_zero)


def _lots_field(
    instrument: Instrument, field: str, *, is_optional: bool = False, may_be_zero: bool = False
) -> NumberField:
    """A quantity: a decimal (USD-M), contracts (COIN-M), or an integer at the base currency's value scale (spot)."""
    words = words_of(instrument)
    name = words.numbers.get(field, "")
    if words.writes_decimals:
        return NumberField(
            field, name, instrument.lot_mantissa, instrument.qty_scale, is_optional, may_be_zero=may_be_zero
        )
    wire_scale = instrument.base_value_scale if instrument.line == ProductLine.SPOT else 0
    if instrument.qty_scale > wire_scale:
        raise UsageError(f"{instrument.symbol}: a lot has {instrument.qty_scale} decimals, the wire only {wire_scale}")
    mantissa = instrument.lot_mantissa * 10 ** (wire_scale - instrument.qty_scale)
    return NumberField(field, name, mantissa, 0, is_optional, may_be_zero=may_be_zero)


def _price_field(terms: OrderTerms, field: str, *, is_optional: bool = False, is_signed: bool = False) -> NumberField:
    """A price, or a distance of prices: a decimal (USD-M) or an integer at the instrument's price scale."""
    instrument = terms.instrument
    words = words_of(instrument)
    scale = instrument.price_scale if words.writes_decimals else 0
    name = words.numbers.get(field, "")
    return NumberField(field, name, instrument.tick_mantissa, scale, is_optional, is_signed=is_signed)


def _time_in_force(terms: OrderTerms) -> str:
    """Post-only and its retail form are times in force here; what executes at market never rests, so GTC means IOC."""
    if terms.exec_inst & (ExecInst.POST_ONLY | ExecInst.RPI) and not terms.has_price:
        raise UsageError(f"{terms.instrument.symbol}: post-only needs a limit price: was {terms!r}")
    if terms.exec_inst & ExecInst.RPI:
        return "RPIPostOnly"
    if terms.exec_inst & ExecInst.POST_ONLY:
        return "PostOnly"
    if not terms.has_price and terms.time_in_force == TimeInForce.GTC:
        return TIMES_IN_FORCE[TimeInForce.IOC]
    return TIMES_IN_FORCE[TimeInForce(terms.time_in_force)]


def _trigger(instrument: Instrument, trigger: Trigger) -> str:
    known = TRIGGERS[ProductLine(instrument.line)]
    if trigger not in known:
        names = ", ".join(f"Trigger.{each.name}" for each in known)
        raise UsageError(f"{instrument.symbol}: the venue watches {names} here: was Trigger.{trigger.name}")
    return known[trigger]


def _self_trade_prevention(terms: OrderTerms) -> str:
    if terms.instrument.line != ProductLine.LINEAR:
        raise UsageError(f"{terms.instrument.symbol}: the venue documents self-trade prevention for USD-M orders only")
    return SELF_TRADE_PREVENTIONS[SelfTradePrevention(terms.stp)]
