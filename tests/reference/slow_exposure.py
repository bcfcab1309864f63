"""Exposure worked out anew from the orders themselves: fractions, lists, and every way in which orders could fill."""

from fractions import Fraction
from functools import cache

from tidings.model.enums import ExecInst, OrdType, ProductLine, Side

CLOSING = ExecInst.REDUCE_ONLY | ExecInst.CLOSE_ON_TRIGGER


def value_e4(instrument, price_ticks, lots):
    """What lots are worth in 0.0001 of the quote currency, rounded up, sign ignored."""
    size = Fraction(instrument.lot_size) * Fraction(instrument.contract_size) * abs(lots)
    if instrument.line != ProductLine.INVERSE:
        size *= Fraction(instrument.tick_size) * price_ticks
    return -(-size * 10_000 // 1)


def is_closing(order):
    return bool(order.terms.exec_inst & CLOSING)


def rest_lots(order):
    """What may still fill: of an amend in flight, the larger."""
    if order.is_done:
        return 0
    amended = order.amend_qty_lots if order.is_amend_pending else 0
    return max(0, max(order.order_qty_lots, amended) - order.cum_qty_lots)


def order_value_e4(order, reference_ticks_then):
    price_ticks = reference_ticks_then
    if order.terms.ord_type == OrdType.LIMIT:
        price_ticks = max(order.price_ticks, order.amend_price_ticks if order.is_amend_pending else 0)
    return value_e4(order.terms.instrument, price_ticks, rest_lots(order))


def farthest(position, orders):
    """The highest position that any subset of `orders`, filled in any order, could lead to.

    `orders`: (signed lots, closes). One that closes fills no more than brings the position to zero.
    """
    @cache
    def search(position, left):
        best = position
        for i, (lots, closes) in enumerate(left):
            if closes and position * lots >= 0:
                continue                    # nothing to close: the venue refuses it
            moved = (1 if lots > 0 else -1) * min(abs(lots), abs(position)) if closes else lots
            best = max(best, search(position + moved, left[:i] + left[i + 1 :]))
        return best

    return search(position, tuple(sorted(orders)))


def worst_of(orders, net_lots, venue_lots):
    """(how long, how short) one symbol could become; the venue's word on the position counts too."""
    signed = [
        ((1 if order.side == Side.BUY else -1) * rest_lots(order), is_closing(order))
        for order in orders if rest_lots(order)
    ]  # fmt: skip
    starts = {net_lots, net_lots if venue_lots is None else venue_lots}
    longest = max(farthest(start, signed) for start in starts)
    return longest, max(farthest(-start, [(-lots, closes) for lots, closes in signed]) for start in starts)


def position_ends(orders, net_lots, venue_lots):
    """(highest, lowest): the position once every closing order has filled against it."""
    closing = [
        ((1 if order.side == Side.BUY else -1) * rest_lots(order), True)
        for order in orders if is_closing(order) and rest_lots(order)
    ]  # fmt: skip
    starts = {net_lots, net_lots if venue_lots is None else venue_lots}
    high = max(farthest(start, closing) for start in starts)
    return high, -max(farthest(-start, [(-lots, True) for lots, _ in closing]) for start in starts)
