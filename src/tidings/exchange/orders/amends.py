"""What an amend may not ask of an order: attached prices, trailing offsets and client ids that a create could not have.

Pure functions; each raises `Refused`. Price, quantity and trigger price are checked where the money is (`order_desk`).
"""

from tidings.exchange import error_codes as code
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY
from tidings.exchange.orders.client_ids import check_form, is_used
from tidings.exchange.orders.order_checks import (
    CL_ORD_ID_LENGTH_MAX,
    Refused,
    UsedId,
    check_attached_sides,
    check_offset_sign,
    check_stop_px,
)
from tidings.exchange.orders.order_requests import AmendOrder
from tidings.exchange.orders.order_store import OrderStore
from tidings.exchange.orders.orders import UNTRIGGERED, Order
from tidings.exchange.orders.triggers import TRAILING_STOP, TRAILING_TAKE_PROFIT, TRIGGER_WORDS
from tidings.exchange.venue_config import VenueConfig


def check_conditions(order: Order, request: AmendOrder, market: Market, config: VenueConfig) -> None:
    """Refuse new conditions that the order could not have been created with; what does not change is not looked at."""
    if request.trigger not in (None, order.trigger) and request.trigger not in TRIGGER_WORDS:
        raise Refused(code.TE_TRIGGER_INVALID, f"trigger {request.trigger!r}")
    _check_attached(order, request, market, config)
    _check_peg(order, request)


def _check_attached(order: Order, request: AmendOrder, market: Market, config: VenueConfig) -> None:
    """Take-profit and stop-loss prices; 0 takes one away, which is always allowed."""
    new = [price for price in (request.take_profit, request.stop_loss) if price]
    if not new or (request.take_profit or 0, request.stop_loss or 0) == (order.take_profit, order.stop_loss):
        return
    if order.reduce_only:
        raise Refused(code.TE_CLOSE_ORDER_CANNOT_ATTACH_TP_SL, "a closing order cannot carry TP/SL")
    for stop_px in new:
        check_stop_px(stop_px, order.instrument, config)
    base = request.price or order.price or market.last_price
    check_attached_sides(request.take_profit or 0, request.stop_loss or 0, base, is_buy=order.side == BUY)


def _check_peg(order: Order, request: AmendOrder) -> None:
    offset = order.peg_offset if request.peg_offset is None else request.peg_offset
    kind = order.peg_price_type if request.peg_price_type is None else request.peg_price_type
    if (offset, kind) == (order.peg_offset, order.peg_price_type):
        return
    if order.ord_type != "Stop" or kind not in (TRAILING_STOP, TRAILING_TAKE_PROFIT):
        raise Refused(code.TE_PEG_PRICE_TYPE_INVALID, f"pegPriceType {kind!r}")
    if order.ord_status != UNTRIGGERED:
        raise Refused(code.TE_ORD_STATUS_CANNOT_REPLACE, "the order does not wait for a trigger")
    check_offset_sign(offset, closes_long=order.side != BUY)


def check_new_id(store: OrderStore, order: Order, cl_ord_id: str, config: VenueConfig) -> None:
    """Refuse a client id that the order may not be renamed to."""
    if len(cl_ord_id) > CL_ORD_ID_LENGTH_MAX:
        raise Refused(code.INVALID_PARAMETER, f"clOrdID longer than {CL_ORD_ID_LENGTH_MAX} characters")
    check_form(cl_ord_id, config.rules)
    if is_used(store, order.owner, order.instrument.symbol, cl_ord_id, config.rules):
        raise UsedId(config.rules.duplicate_id_code, f"clOrdID {cl_ord_id!r} was used before")
