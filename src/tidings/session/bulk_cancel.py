"""Many orders cancelled with as few requests as the venue allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tidings.engine.order_entry import OrderEntry
from tidings.model.enums import DenyReason, ProductLine
from tidings.model.order import Order

ORDERS_PER_REQUEST = 150  # their ids still fit the request line (see venue/phemex/order_encoder)


def cancel_orders(entry: OrderEntry, orders: Iterable[Order], now_ns: int) -> int:
    """Ask to cancel all of `orders` that are not done or being cancelled: 0, or the first negative DenyReason.

    One bulk request per symbol and position side. An order the venue has not acknowledged is cancelled by itself, on
    the lane of its create: a bulk cancel could overtake that. So is a spot order: spot has no bulk cancel (phemex docs
    2026, "Spot").
    """
    bulks: defaultdict[tuple[str, int], list[Order]] = defaultdict(list)
    singles: list[Order] = []
    outcome = -DenyReason.UNKNOWN_ORDER
    for order in dict.fromkeys(orders):
        if order.is_done or order.is_cancel_pending:
            outcome = -DenyReason.ORDER_DONE if order.is_done else -DenyReason.REQUEST_PENDING
        elif order.is_acked and order.terms.instrument.line != ProductLine.SPOT:
            bulks[order.symbol, order.terms.pos_side].append(order)
        else:
            singles.append(order)
    results = [entry.cancel_order(order, now_ns) for order in singles]
    for alike in bulks.values():
        for first in range(0, len(alike), ORDERS_PER_REQUEST):
            results.append(entry.cancel_orders(alike[first : first + ORDERS_PER_REQUEST], now_ns))
    return next(filter(None, results), 0) if results else outcome
