"""What became of an order from the shell, as an exit code: a script must not believe that it rests when it does not."""

from __future__ import annotations

from tidings.model.enums import ExecInst, OrdStatus, OrdType, TimeInForce
from tidings.model.order import Order
from tidings.model.scale import qty_text

DONE, FAILED, FILLED_IN_PART = 0, 1, 3


def may_rest(order: Order) -> bool:
    """Whether it stays at the venue when nothing trades with it: on the book, or waiting for its trigger."""
    terms = order.terms
    return terms.is_conditional or (terms.ord_type != OrdType.MARKET and terms.time_in_force == TimeInForce.GTC)


def how_it_went(order: Order) -> tuple[int, str]:
    """Exit code, and what is missing in words, to go on after "order …"; "" when nothing is."""
    if order.ord_status == OrdStatus.FILLED:
        return DONE, ""
    if order.is_done:
        if order.cum_qty_lots == 0:
            return FAILED, f"ended without a fill ({order.ord_status.name}): {_why(order)}"
        filled, wanted = (qty_text(order.terms.instrument, lots) for lots in (order.cum_qty_lots, order.order_qty_lots))
        return FILLED_IN_PART, f"filled {filled} of {wanted} and ended ({order.ord_status.name}): {_why(order)}"
    if may_rest(order) and order.streamed_ns:
        return DONE, ""
    return FAILED, "was accepted, and its book has not said yet what became of it: look with `tidings orders`"


def _why(order: Order) -> str:
    terms = order.terms
    if terms.exec_inst & ExecInst.POST_ONLY:
        return "post-only, it would have traded at once"
    if terms.ord_type == OrdType.MARKET:
        return "the book had no more to trade with"
    if terms.time_in_force == TimeInForce.FOK:
        return "fill-or-kill, and the book could not fill all of it at its price"
    if terms.time_in_force == TimeInForce.IOC:
        return "immediate-or-cancel, and the book had no more at its price"
    return "somebody cancelled it, or the venue did"
