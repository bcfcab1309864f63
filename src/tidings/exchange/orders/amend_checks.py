"""What an amend may do to an order's conditions: trigger, trailing terms, attached take-profit and stop-loss.

The same rules as for a new order (`order_checks`), asked of the terms that the order would have afterwards.
"""

from tidings.exchange import error_codes as code
from tidings.exchange.catalogue import Line
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY
from tidings.exchange.orders.order_checks import (
    Refused,
    check_attached_prices,
    check_direction,
    check_stop_px,
    check_trailing,
)
from tidings.exchange.orders.order_requests import AmendOrder
from tidings.exchange.orders.orders import UNTRIGGERED, Order
from tidings.exchange.orders.triggers import TRIGGER_WORDS, UNSPECIFIED, watched_price
from tidings.exchange.venue_config import VenueConfig


def changes(order: Order, request: AmendOrder) -> bool:
    """Whether the amend asks for anything that the order is not already."""
    pairs = (
        (request.price, order.price), (request.qty, order.order_qty), (request.stop_px, order.stop_px),
        (request.quote_qty, order.quote_qty),
        (request.take_profit, order.take_profit), (request.stop_loss, order.stop_loss),
        (request.peg_offset, order.peg_offset), (request.peg_price_type, order.peg_price_type),
        (request.trigger, order.trigger),
    )  # fmt: skip
    is_renamed = request.new_cl_ord_id not in ("", order.cl_ord_id)
    return is_renamed or any(new is not None and new != old for new, old in pairs)


def check_new_conditions(order: Order, request: AmendOrder, market: Market, config: VenueConfig) -> None:
    """Refuse conditions that the order cannot take on."""
    pairs = (
        (request.trigger, order.trigger), (request.stop_px, order.stop_px), (request.peg_offset, order.peg_offset),
        (request.peg_price_type, order.peg_price_type),
    )  # fmt: skip
    if any(new is not None and new != old for new, old in pairs):
        if order.ord_status != UNTRIGGERED:
            raise Refused(code.TE_ORD_STATUS_CANNOT_REPLACE, "the order does not wait for a trigger")
        _check_trigger_word(order, request.trigger)
        _check_stop(order, request, market, config)
    _check_attached(order, request, config)


def _check_trigger_word(order: Order, trigger: str | None) -> None:
    is_spot = order.instrument.line is Line.SPOT
    if trigger is not None and (trigger not in TRIGGER_WORDS or (is_spot and trigger != "ByLastPrice")):
        raise Refused(code.TE_TRIGGER_INVALID, f"trigger {trigger!r}")


def _check_stop(order: Order, request: AmendOrder, market: Market, config: VenueConfig) -> None:
    peg_type = order.peg_price_type if request.peg_price_type is None else request.peg_price_type
    if (peg_type == UNSPECIFIED) != (order.peg_price_type == UNSPECIFIED):
        raise Refused(code.TE_PEG_PRICE_TYPE_INVALID, "an order begins to trail, or not, when it is made")
    offset = order.peg_offset if request.peg_offset is None else request.peg_offset
    if peg_type == UNSPECIFIED and offset:
        raise Refused(code.TE_PEG_PRICE_TYPE_INVALID, "only trailing orders have an offset")
    current = watched_price(market, request.trigger or order.trigger)
    stop_px = order.stop_px if request.stop_px is None else request.stop_px
    if request.stop_px is not None and request.stop_px != order.stop_px:
        check_stop_px(stop_px, order.instrument, config)
    if current is None:
        return
    if peg_type == UNSPECIFIED:
        check_direction(stop_px, order.stop_direction, current)
    else:
        is_active = order.is_activated and peg_type == order.peg_price_type
        check_trailing(order.side != BUY, peg_type, offset, stop_px, current, is_active=is_active)


def _check_attached(order: Order, request: AmendOrder, config: VenueConfig) -> None:
    take_profit = request.take_profit if request.take_profit != order.take_profit else None
    stop_loss = request.stop_loss if request.stop_loss != order.stop_loss else None
    if take_profit is None and stop_loss is None:
        return
    if order.instrument.line is Line.SPOT or order.has_attached:
        raise Refused(code.TE_CANNOT_ATTACH_TP_SL, "it carries none, or they are orders of their own already")
    if (take_profit or stop_loss) and order.reduce_only:
        raise Refused(code.TE_CLOSE_ORDER_CANNOT_ATTACH_TP_SL, "a closing order cannot carry TP/SL")
    base = order.price if request.price is None else request.price
    check_attached_prices(
        take_profit or 0, stop_loss or 0, base or order.stop_px, order.instrument, config, is_buy=order.side == BUY
    )
