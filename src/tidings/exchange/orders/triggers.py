"""Conditional orders: which price they watch, in which direction they fire, and how trailing stops follow the market.

    type                              side   fires when the watched price
    Stop, StopLimit                   Sell   falls to the trigger price
    Stop, StopLimit                   Buy    rises to it
    MarketIfTouched, LimitIfTouched   Sell   rises to it
    MarketIfTouched, LimitIfTouched   Buy    falls to it

(phemex docs 2026, "Place order", table of conditional orders.) A trailing stop is a Stop whose trigger price follows
the best price seen at a fixed distance, at once (TrailingStopPeg) or after an activation price was reached
(TrailingTakeProfitPeg).
"""

from typing import Final

from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY
from tidings.exchange.orders.orders import Order

RISING: Final = "Rising"
FALLING: Final = "Falling"
UNSPECIFIED: Final = "UNSPECIFIED"
TRAILING_STOP: Final = "TrailingStopPeg"
TRAILING_TAKE_PROFIT: Final = "TrailingTakeProfitPeg"
TRIGGER_WORDS: Final = frozenset({
    "ByMarkPrice", "ByIndexPrice", "ByLastPrice", "ByBidPrice", "ByAskPrice", "ByMarkPriceLimit", "ByLastPriceLimit",
})  # fmt: skip


def watched_price(market: Market, trigger: str) -> int | None:
    """The price that `trigger` names, None if the market has none."""
    match trigger:
        case "ByMarkPrice" | "ByMarkPriceLimit":
            return market.mark_price
        case "ByIndexPrice":
            return market.index_price
        case "ByBidPrice":
            return market.book.best_bid()
        case "ByAskPrice":
            return market.book.best_offer()
        case _:
            return market.last_price


def direction(ord_type: str, side: int) -> str:
    """Rising or Falling: where the watched price must go for the order to fire."""
    is_stop = ord_type in ("Stop", "StopLimit")
    return RISING if is_stop == (side == BUY) else FALLING


class TriggerWatch:
    """The conditional orders of one instrument that wait for their price."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.waiting: dict[Order, None] = {}

    def add(self, order: Order) -> None:
        """Begin to watch for `order`."""
        order.is_activated = order.peg_price_type != TRAILING_TAKE_PROFIT
        self.waiting[order] = None

    def amended(self, order: Order, old_peg: tuple[int, str], *, has_new_stop: bool) -> None:
        """New trailing terms of a waiting order: a new offset moves its stop at once, a new kind begins anew."""
        old_offset, old_type = old_peg
        if order.peg_price_type != old_type:
            order.is_activated, order.anchor_price = order.peg_price_type != TRAILING_TAKE_PROFIT, 0
        elif order.peg_offset != old_offset and order.anchor_price and not has_new_stop:
            order.stop_px = order.anchor_price + order.peg_offset

    def remove(self, order: Order) -> None:
        """Stop watching; does nothing if it did not wait."""
        self.waiting.pop(order, None)

    def fired(self) -> list[Order]:
        """Move trailing stops along, and give the orders whose trigger price is reached, oldest first."""
        return [order for order in self.waiting if self._fires(order)]

    def _fires(self, order: Order) -> bool:
        price = watched_price(self._market, order.trigger)
        if price is None:
            return False
        if order.peg_price_type != UNSPECIFIED:
            return self._trail(order, price)
        return price >= order.stop_px if order.stop_direction == RISING else price <= order.stop_px

    def _trail(self, order: Order, price: int) -> bool:
        """Follow `price`; gains of the position lie upwards for a sell, downwards for a buy: `order.side` × −1."""
        gain = -order.side
        if not order.is_activated:
            order.is_activated = (price - order.stop_px) * gain >= 0
            if not order.is_activated:
                return False
            order.stop_px = order.anchor_price = 0
        if order.anchor_price == 0 or (price - order.anchor_price) * gain > 0:
            order.anchor_price = price
            followed = price + order.peg_offset
            if order.stop_px == 0 or (followed - order.stop_px) * gain > 0:
                order.stop_px = followed
        return (price - order.stop_px) * gain <= 0
