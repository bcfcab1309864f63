"""What the trading engine refuses before an order reaches the book, and with which code.

Pure functions of request, instrument and market; each raises `Refused`. The order of checks is words, numbers, then
conditions, then what depends on the account. Codes: phemex docs 2026, "Error codes".
"""

from tidings.exchange import error_codes as code
from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.orders.orders import CONDITIONAL_TYPES, MARKET_TYPES, SELF_TRADES, SIDES, STAYS
from tidings.exchange.orders.triggers import (
    RISING,
    TRAILING_STOP,
    TRAILING_TAKE_PROFIT,
    TRIGGER_WORDS,
    UNSPECIFIED,
    direction,
    watched_price,
)
from tidings.exchange.venue_config import VenueConfig

CL_ORD_ID_LENGTH_MAX = 40  # phemex docs 2026, "Place order"
TEXT_LENGTH_MAX = 40  # the client's comment (phemex docs 2026, "Place order")
ORD_TYPES = frozenset({"Limit", "Market"}) | CONDITIONAL_TYPES
BRACKET_TYPES = frozenset({"Bracket", "BoTpLimit", "BoSlLimit", "BoSlMarket"})
PER_CENT = 100


class Refused(Exception):
    """A request that is answered with `code`; `detail` says in words what was wrong."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class UsedId(Refused):
    """A client id that was used before. No event tells of it: it could be taken for the end of the first order."""


def check_words(request: NewOrder, instrument: Instrument) -> None:
    """Refuse words that the venue does not know or does not allow together; fill in defaults for absent ones."""
    request.ord_type = request.ord_type or "Limit"
    request.time_in_force = request.time_in_force or "GoodTillCancel"
    request.trigger = request.trigger or UNSPECIFIED
    request.peg_price_type = request.peg_price_type or UNSPECIFIED
    request.stp_instruction = request.stp_instruction or "None"
    if request.side not in SIDES:
        raise Refused(code.TE_SIDE_INVALID, f"side {request.side!r}")
    if request.ord_type in BRACKET_TYPES:
        raise Refused(code.TE_BO_DONOT_SUPPORT_API, "bracket orders")
    if request.ord_type not in ORD_TYPES:
        raise Refused(code.TE_ORD_TYPE_INVALID, f"ordType {request.ord_type!r}")
    if request.time_in_force == "RPIPostOnly":
        raise Refused(code.TE_RPI_NOT_APPROVED_MARKET_MAKER, "RPIPostOnly")
    if request.time_in_force not in STAYS:
        raise Refused(code.TE_TIME_IN_FORCE_INVALID, f"timeInForce {request.time_in_force!r}")
    if request.stp_instruction not in SELF_TRADES:
        raise Refused(code.TE_EXEC_INST_INVALID, f"stpInstruction {request.stp_instruction!r}")
    if len(request.cl_ord_id) > CL_ORD_ID_LENGTH_MAX:
        raise Refused(code.INVALID_PARAMETER, f"clOrdID longer than {CL_ORD_ID_LENGTH_MAX} characters")
    if len(request.text) > TEXT_LENGTH_MAX:
        raise Refused(code.INVALID_PARAMETER, f"text longer than {TEXT_LENGTH_MAX} characters")
    if instrument.line is Line.SPOT:
        _check_spot_words(request)


def _check_spot_words(request: NewOrder) -> None:
    request.qty_type = request.qty_type or "ByBase"
    if request.qty_type not in ("ByBase", "ByQuote"):
        raise Refused(code.TE_QTY_TYPE_INVALID, f"qtyType {request.qty_type!r}")
    if request.reduce_only or request.close_on_trigger or request.peg_price_type != UNSPECIFIED:
        raise Refused(code.TE_EXEC_INST_INVALID, "spot orders know no reduce-only, close-on-trigger or pegs")
    if request.take_profit or request.stop_loss:
        raise Refused(code.TE_CANNOT_ATTACH_TP_SL, "spot orders carry no TP/SL")
    if request.ord_type in CONDITIONAL_TYPES and request.trigger == UNSPECIFIED:
        request.trigger = "ByLastPrice"  # the only one there is
    if request.trigger not in (UNSPECIFIED, "ByLastPrice"):
        raise Refused(code.TE_TRIGGER_INVALID, "spot triggers watch the last price")


def check_price(price: int, instrument: Instrument, config: VenueConfig) -> None:
    """Refuse a limit price outside the instrument's bounds or off its grid."""
    if price < instrument.min_price:
        raise Refused(code.TE_PRICE_TOO_SMALL, "price below the minimum")
    if instrument.max_price and price > instrument.max_price:
        raise Refused(code.TE_PRICE_TOO_LARGE, "price above the maximum")
    if price % instrument.tick_size:
        raise Refused(config.rules.off_grid_code, "price is not a multiple of the tick size")


def check_price_band(price: int, side: int, market: Market) -> None:
    """Refuse a spot price too far through the market: the pair's limits in per cent of the last price."""
    instrument = market.instrument
    if instrument.buy_limit_pct and side == BUY and price * PER_CENT > market.last_price * instrument.buy_limit_pct:
        raise Refused(code.TE_PRICE_TOO_LARGE, f"buy price above {instrument.buy_limit_pct} % of the last price")
    if instrument.sell_limit_pct and side != BUY and price * PER_CENT < market.last_price * instrument.sell_limit_pct:
        raise Refused(code.TE_PRICE_TOO_SMALL, f"sell price below {instrument.sell_limit_pct} % of the last price")


def check_qty(qty: int, instrument: Instrument, config: VenueConfig) -> None:
    """Refuse a quantity outside the bounds or off the grid."""
    if qty < instrument.lot_size:
        raise Refused(code.TE_QTY_TOO_SMALL, "quantity below one lot")
    if qty > instrument.max_qty:
        raise Refused(code.TE_QTY_TOO_LARGE, "quantity above the maximum")
    if qty % instrument.lot_size:
        raise Refused(config.rules.off_grid_code, "quantity is not a multiple of the lot size")


def check_value(value: int, instrument: Instrument) -> None:
    """Refuse an order worth too little or too much."""
    if value < instrument.min_value:
        raise Refused(code.TE_ORDER_VALUE_TOO_SMALL, "order value below the minimum")
    if instrument.max_value and value > instrument.max_value:
        raise Refused(code.TE_ORDER_VALUE_TOO_LARGE, "order value above the maximum")


def check_numbers(request: NewOrder, market: Market, config: VenueConfig) -> None:
    """Refuse prices, quantities and values that the instrument does not allow."""
    instrument = market.instrument
    if instrument.line is not Line.SPOT or request.qty_type != "ByQuote":
        request.quote_qty = 0
    is_by_quote = instrument.line is Line.SPOT and request.qty_type == "ByQuote"
    is_position_sized = request.close_on_trigger and request.qty == 0 and request.ord_type in CONDITIONAL_TYPES
    if is_by_quote:
        check_quote_qty(request.quote_qty, instrument, config)
    elif not is_position_sized:
        check_qty(request.qty, instrument, config)
    if request.ord_type not in MARKET_TYPES:
        check_price(request.price, instrument, config)
        if request.ord_type == "Limit":
            check_price_band(request.price, SIDES[request.side], market)
    if is_by_quote or is_position_sized:
        return
    if not request.reduce_only and not request.close_on_trigger:
        price = request.price if request.ord_type not in MARKET_TYPES else request.stop_px or market.last_price
        check_value(instrument.value(request.qty, price), instrument)


def check_quote_qty(quote_qty: int, instrument: Instrument, config: VenueConfig) -> None:
    """Refuse an amount of quote currency that is none, off the grid, or worth too little or too much."""
    if quote_qty <= 0:
        raise Refused(code.TE_QTY_TOO_SMALL, "quote quantity missing")
    if quote_qty % instrument.quote_lot_size:
        raise Refused(config.rules.off_grid_code, "quote quantity has too many decimals")
    check_value(quote_qty, instrument)


def check_condition(request: NewOrder, market: Market, config: VenueConfig) -> None:
    """Refuse a conditional order with a bad trigger, or one that would fire at once."""
    if request.ord_type not in CONDITIONAL_TYPES:
        if request.peg_price_type != UNSPECIFIED:
            raise Refused(code.TE_PEG_PRICE_TYPE_INVALID, "only Stop orders trail")
        return
    if request.trigger not in TRIGGER_WORDS:
        raise Refused(code.TE_TRIGGER_INVALID, f"trigger {request.trigger!r}")
    current = watched_price(market, request.trigger)
    if current is None:
        raise Refused(code.TE_NO_LAST_PRICE, "the watched price is not known yet")
    check_stop_px(request.stop_px, market.instrument, config)
    if request.peg_price_type != UNSPECIFIED:
        _check_new_trailing(request, current)
    else:
        check_direction(request.stop_px, direction(request.ord_type, SIDES[request.side]), current)


def check_stop_px(stop_px: int, instrument: Instrument, config: VenueConfig) -> None:
    """Refuse a trigger price outside the bounds or off the grid."""
    if stop_px < instrument.min_price:
        raise Refused(code.TE_TRIGGER_PRICE_TOO_SMALL, "trigger price missing or below the minimum")
    if instrument.max_price and stop_px > instrument.max_price:
        raise Refused(code.TE_TRIGGER_PRICE_TOO_LARGE, "trigger price above the maximum")
    if stop_px % instrument.tick_size:
        raise Refused(config.rules.off_grid_code, "trigger price is not a multiple of the tick size")


def check_direction(stop_px: int, stop_direction: str, current: int) -> None:
    """Refuse a trigger price that the market has reached already."""
    if stop_direction == RISING and stop_px <= current:
        raise Refused(code.TE_RISING_TRIGGER_DIRECTLY, "trigger price must lie above the current price")
    if stop_direction != RISING and stop_px >= current:
        raise Refused(code.TE_FALLING_TRIGGER_DIRECTLY, "trigger price must lie below the current price")


def _check_new_trailing(request: NewOrder, current: int) -> None:
    if request.ord_type != "Stop":
        raise Refused(code.TE_PEG_PRICE_TYPE_INVALID, "only Stop orders trail")
    check_trailing(request.side == "Sell", request.peg_price_type, request.peg_offset, request.stop_px, current)


def check_trailing(
    closes_long: bool, peg_type: str, offset: int, stop_px: int, current: int, *, is_active: bool = False
) -> None:
    """Refuse trailing terms on the wrong side. `is_active`: a take-profit that was activated has a stop price too."""
    if peg_type not in (TRAILING_STOP, TRAILING_TAKE_PROFIT):
        raise Refused(code.TE_PEG_PRICE_TYPE_INVALID, f"pegPriceType {peg_type!r}")
    if closes_long and offset >= 0:
        raise Refused(code.TE_BUY_REVERT_VALUE_SHOULD_LT_ZERO, "offset must be negative")
    if not closes_long and offset <= 0:
        raise Refused(code.TE_SELL_REVERT_VALUE_SHOULD_GT_ZERO, "offset must be positive")
    lies_below = stop_px < current
    has_stop = is_active or peg_type == TRAILING_STOP
    if has_stop and closes_long != lies_below:
        wrong = code.TE_BUY_TS_SHOULD_LT_BASE if closes_long else code.TE_SELL_TS_SHOULD_GT_BASE
        raise Refused(wrong, "stop price on the winning side of the market")
    if not has_stop and closes_long == lies_below:
        wrong = (code.TE_BUY_TTP_SHOULD_ACTIVATE_ABOVE_BASE if closes_long
                 else code.TE_SELL_TTP_SHOULD_ACTIVATE_BELOW_BASE)  # fmt: skip
        raise Refused(wrong, "activation price on the losing side of the market")


def check_attached(
    request: NewOrder, market: Market, config: VenueConfig, *, has_position: bool, is_closing: bool = False
) -> None:
    """Refuse attached take-profit and stop-loss prices on the wrong side or off the grid, or where none may be."""
    if not request.take_profit and not request.stop_loss:
        return
    if is_closing or request.reduce_only or request.close_on_trigger:
        raise Refused(code.TE_CLOSE_ORDER_CANNOT_ATTACH_TP_SL, "a closing order cannot carry TP/SL")
    if has_position:
        raise Refused(code.TE_CANNOT_ATTACH_TP_SL, "TP/SL cannot be attached while a position exists")
    for price in (request.tp_px, request.sl_px):
        if price:
            check_price(price, market.instrument, config)
    base = request.price if request.ord_type not in MARKET_TYPES else request.stop_px or market.last_price
    check_attached_prices(
        request.take_profit, request.stop_loss, base, market.instrument, config, is_buy=request.side == "Buy"
    )
    _check_attached_trigger(request.take_profit, request.tp_trigger, code.TE_TP_TRIGGER_INVALID)
    _check_attached_trigger(request.stop_loss, request.sl_trigger, code.TE_SL_TRIGGER_INVALID)


def check_attached_prices(
    take_profit: int, stop_loss: int, base: int, instrument: Instrument, config: VenueConfig, *, is_buy: bool
) -> None:
    """Refuse trigger prices of attached orders that are out of bounds, off the grid, or on the wrong side of `base`."""
    for stop_px, small, large in (
        (take_profit, code.TE_TP_TOO_SMALL, code.TE_TP_TOO_LARGE),
        (stop_loss, code.TE_SL_TOO_SMALL, code.TE_SL_TOO_LARGE),
    ):
        if stop_px and stop_px < instrument.min_price:
            raise Refused(small, "attached trigger price below the minimum")
        if stop_px and instrument.max_price and stop_px > instrument.max_price:
            raise Refused(large, "attached trigger price above the maximum")
        if stop_px % instrument.tick_size:
            raise Refused(config.rules.off_grid_code, "attached trigger price is not a multiple of the tick size")
    if take_profit and (take_profit > base) != is_buy:
        raise Refused(code.TE_BUY_TP_SHOULD_GT_BASE if is_buy else code.TE_SELL_TP_SHOULD_LT_BASE, "take-profit")
    if stop_loss and (stop_loss < base) != is_buy:
        raise Refused(code.TE_BUY_SL_SHOULD_LT_BASE if is_buy else code.TE_SELL_SL_SHOULD_GT_BASE, "stop-loss")


def _check_attached_trigger(price: int, word: str, wrong: int) -> None:
    if price and word not in TRIGGER_WORDS and word not in ("", UNSPECIFIED):
        raise Refused(wrong, f"trigger {word!r}")
