"""How much of the limits is used: LimitQuery (XLQ) → LimitResponse (XLR): the venue's budgets, and our own rate."""

from __future__ import annotations

from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import Fields, FieldSource, body_of
from tidings.fix_gateway.order_desk import FixOrderDesk

ORDER_LIMIT, MESSAGE_LIMIT = b"1", b"2"  # LimitType (25004)
SECOND, MINUTE = b"s", b"m"
ORDER_BUDGETS = ("contract", "spotorder")  # per minute, by the venue's rules; `ip` counts every request in five


def limit_response(client: Client, desk: FixOrderDesk, message: FieldSource) -> None:
    """Answer a LimitQuery: order limits first, in the order contracts, spot; then those of messages."""
    used = desk.phemex.engine.budget_use()
    entries = [_limit(ORDER_LIMIT, used[name], b"1", MINUTE) for name in ORDER_BUDGETS if name in used]
    if "ip" in used:
        entries.append(_limit(MESSAGE_LIMIT, used["ip"], b"5", MINUTE))
    if (own := client.message_use) is not None:
        entries.append(_limit(MESSAGE_LIMIT, {"used": own[0], "capacity": own[1]}, b"1", SECOND))
    client.tell(b"XLR", body_of({6136: message.find(6136) or b""}, {25003: entries}))


def _limit(kind: bytes, use: dict[str, int], interval: bytes, unit: bytes) -> Fields:
    return [
        (25004, kind), (25005, b"%d" % use["used"]), (25006, b"%d" % use["capacity"]), (25007, interval), (25008, unit),
    ]  # fmt: skip
