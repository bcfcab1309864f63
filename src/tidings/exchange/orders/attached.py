"""The take-profit and stop-loss orders that an order brings along, as requests: they close what it opens."""

from collections.abc import Iterator

from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.orders.orders import SIDE_WORDS, Order
from tidings.exchange.orders.triggers import UNSPECIFIED


def attached_requests(parent: Order) -> Iterator[NewOrder]:
    """Take-profit first; a limit price of its own makes each a limit order. Quantity 0: the whole position's."""
    if parent.take_profit:
        ord_type = "LimitIfTouched" if parent.tp_px else "MarketIfTouched"
        yield _request(parent, ord_type, parent.take_profit, parent.tp_px, parent.tp_trigger, "ByLastPrice")
    if parent.stop_loss:
        ord_type = "StopLimit" if parent.sl_px else "Stop"
        yield _request(parent, ord_type, parent.stop_loss, parent.sl_px, parent.sl_trigger, "ByMarkPrice")


def _request(parent: Order, ord_type: str, stop_px: int, price: int, trigger: str, default: str) -> NewOrder:
    return NewOrder(
        symbol=parent.instrument.symbol, side=SIDE_WORDS[-parent.side], pos_side=parent.pos_side, ord_type=ord_type,
        price=price, close_on_trigger=True, stop_px=stop_px,
        trigger=trigger if trigger not in ("", UNSPECIFIED) else default,
    )  # fmt: skip
