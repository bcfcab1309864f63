"""From an OrderCancelReplaceRequest to the engine's numbers: what of an order is to be different. Pure.

The venue amends price, total quantity, stop price, the trigger prices of attached orders and a trailing distance. The
rest of the message says what the order is, and must be so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tidings.errors import GridError
from tidings.fix_gateway.field_text import FieldSource, decimal_of
from tidings.fix_gateway.order_chains import OrderChain
from tidings.fix_gateway.reject_codes import OTHER, TOO_LATE
from tidings.fix_gateway.translate_in import Refusal
from tidings.model.enums import PegType, PosSide, ProductLine, Side, Trigger
from tidings.model.order import Order
from tidings.model.scale import offset_ticks, price_ticks, qty_lots

_POS_SIDES: Final = {PosSide.MERGED: "M", PosSide.LONG: "L", PosSide.SHORT: "S"}
# What an order was placed with and keeps: no amend of the venue's changes it.
_FIXED: Final = {
    20011: "take_profit_px_ticks", 20014: "stop_loss_px_ticks", 111: "display_qty_lots", 210: "display_qty_lots",
    1138: "display_qty_lots",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewNumbers:
    """Ticks and lots that are asked for; 0: as is."""

    price_ticks: int
    qty_lots: int
    triggers: dict[str, int]

    @property
    def by_name(self) -> dict[str, int]:
        """What is asked for, by the order's own names."""
        numbers = {"price_ticks": self.price_ticks, "order_qty_lots": self.qty_lots, **self.triggers}
        return {name: number for name, number in numbers.items() if number}


def new_numbers(message: FieldSource, chain: OrderChain, order: Order) -> NewNumbers:
    """Raises Refusal with a CxlRejReason."""
    _check_identity(message, chain, order)
    instrument, terms = order.terms.instrument, order.terms
    try:
        ticks = price_ticks(instrument, _number(message, 44)) if message.find(44) and terms.has_price else 0
        lots = qty_lots(instrument, _number(message, 38), zero_allowed=True) if message.find(38) else 0
        triggers = _triggers(message, order)
        _check_fixed(message, order)
    except GridError as error:
        raise Refusal(OTHER, str(error)) from None
    is_nothing = message.find(38) is not None and not lots and order.order_qty_lots > 0
    if is_nothing or (lots and lots <= order.cum_qty_lots):
        raise Refusal(TOO_LATE, "OrderQty (38) is not above what has filled")
    if ticks in (0, order.price_ticks) and lots in (0, order.order_qty_lots) and not triggers:
        raise Refusal(OTHER, "no change")
    return NewNumbers(ticks, lots, triggers)


def _check_identity(message: FieldSource, chain: OrderChain, order: Order) -> None:
    """What names the order's kind must be the order's."""
    terms = order.terms
    same = {55: chain.symbol, 54: chain.side, 40: chain.echo.get(40)}
    if terms.instrument.line != ProductLine.SPOT:
        same[20002] = _POS_SIDES[PosSide(terms.pos_side)]
    for tag, is_value in same.items():
        if (value := message.find(tag)) is not None and value.decode("latin-1") != is_value:
            raise Refusal(OTHER, f"tag {tag} differs from the order's")


def _triggers(message: FieldSource, order: Order) -> dict[str, int]:
    """Of the prices that trigger, those that differ from what the order has."""
    terms = order.terms
    stop_px, other = message.find(99), message.find(1102)
    if stop_px is not None and other is not None and stop_px != other:
        raise Refusal(OTHER, "StopPx (99) and TriggerPrice (1102) differ")
    asked = {
        "stop_px_ticks": (99 if stop_px is not None else 1102, order.stop_px_ticks, terms.trigger != Trigger.NONE),
        "take_profit_ticks": (20010, order.take_profit_ticks, terms.take_profit_trigger != Trigger.NONE),
        "stop_loss_ticks": (20013, order.stop_loss_ticks, terms.stop_loss_trigger != Trigger.NONE),
        "peg_offset_ticks": (211, order.peg_offset_ticks, terms.peg_type != PegType.NONE),
    }
    found: dict[str, int] = {}
    for name, (tag, now_ticks, has_place) in asked.items():
        if message.find(tag) is None:
            continue
        if not has_place:
            raise Refusal(OTHER, f"tag {tag}: the order was placed without it, and the venue adds none")
        text = _number(message, tag)
        if tag == 211:  # its sign follows from the side, whatever is written
            size = offset_ticks(terms.instrument, text.lstrip("-"))
            ticks = size if terms.side == Side.BUY else -size
        else:
            ticks = price_ticks(terms.instrument, text)
        if ticks != now_ticks:
            found[name] = ticks
    return found


def _check_fixed(message: FieldSource, order: Order) -> None:
    """Raises Refusal if something else than what the venue amends is to be different."""
    instrument = order.terms.instrument
    for tag, name in _FIXED.items():
        if message.find(tag) is None:
            continue
        asked = (qty_lots if name.endswith("_lots") else price_ticks)(instrument, _number(message, tag))
        if asked != getattr(order, name):
            raise Refusal(OTHER, f"tag {tag}: the venue does not amend it; cancel, and place the order anew")


def _number(message: FieldSource, tag: int) -> str:
    text = decimal_of(message.find(tag) or b"")
    if text is None:
        raise Refusal(OTHER, f"tag {tag} is no decimal number")
    return text
