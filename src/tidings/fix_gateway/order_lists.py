"""Batches: NewOrderList (E) → each of its orders as if it had come alone, and one ListStatus (N).

Only independent orders: nothing of the venue's lets one wait for another, so a list with a contingency is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from tidings.fix.dictionary import FIX44
from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import Fields, FieldSource, body_of
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.tag_message import TagMessage, all_fields, group_entries
from tidings.model.order import Order
from tidings.model.scale import qty_text

ORDERS_MIN, ORDERS_MAX = 2, 20
NO_BIDDING = b"3"  # BidType (394)
RESPONSE = b"2"  # ListStatusType (429)
EXECUTING, REJECTED = b"3", b"7"  # ListOrderStatus (431)
ORDERS = FIX44.groups(b"E")[73]
# What of the whole message says how each of its orders came: its number, PossDup and PossResend, and their times.
_OF_THE_MESSAGE = (34, 35, 43, 52, 97, 122, 25000)
Submit = Callable[[FieldSource], Order | None]


def submit_list(client: Client, desk: FixOrderDesk, message: FieldSource, submit: Submit) -> None:
    """A NewOrderList; `submit` is the client's way for one NewOrderSingle."""
    entries = group_entries(message, ORDERS)
    refusal = _why_not(message, entries)
    header = [(tag, value) for tag, value in all_fields(message) if tag in _OF_THE_MESSAGE]
    orders = [None if refusal else submit(TagMessage([*header, *entry.fields])) for entry in entries]
    outcome = REJECTED if orders.count(None) == len(orders) else EXECUTING
    found = {
        60: timestamp(desk.clock.read_wall_ns(), client.profile.time_digits), 66: message.find(66) or b"",
        68: b"%d" % len(entries), 82: b"1", 83: b"1", 429: RESPONSE, 431: outcome,
    }  # fmt: skip
    if refusal:
        found[444] = refusal.encode()
    states = [_state(entry, order) for entry, order in zip(entries, orders, strict=True)]
    client.tell(b"N", body_of(found, {73: states}))


def _why_not(message: FieldSource, entries: list[TagMessage]) -> str:
    """Why the whole list is refused, none of it sent; "": it is not."""
    if message.find(1385) is not None:
        return "ContingencyType (1385): only independent orders are taken"
    if message.find(394) != NO_BIDDING:
        return "BidType (394) must be 3"
    if not ORDERS_MIN <= len(entries) <= ORDERS_MAX:
        return f"a list has {ORDERS_MIN} to {ORDERS_MAX} orders"
    if (total := message.find(68)) != b"%d" % len(entries):
        return f"TotNoOrders (68) says {(total or b'').decode('latin-1')}, and there are {len(entries)} orders"
    return ""


def _state(entry: TagMessage, order: Order | None) -> Fields:
    """One order as it is right now: on its way, or refused; reports tell the rest."""
    leaves = qty_text(order.terms.instrument, order.leaves_qty_lots).encode() if order is not None else b"0"
    status = b"A" if order is not None else b"8"
    return [
        (11, entry.find(11) or b""), (14, b"0"), (39, status), (151, leaves), (84, b"0"), (6, b"0"),
    ]  # fmt: skip
