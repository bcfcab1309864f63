"""What a caller gives as a message's fields, as the session wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tidings.errors import UsageError
from tidings.fix.dictionary import FIX44
from tidings.fix.outbound import ROUTING_TAGS
from tidings.fix.timestamps import timestamp

Value = bytes | str | int | Decimal
Given = Mapping[int, Value] | Iterable[tuple[int, Value]]

TRANSACT_TIME = 60
SOH = b"\x01"
SESSION_TAGS = (FIX44.header_tags | FIX44.trailer_tags) - ROUTING_TAGS


def body_fields(msg_type: bytes, given: Given, wall_ns: int) -> list[tuple[int, bytes]]:
    """Fields in wire order: a mapping's ascending, pairs (which groups need) as they come.

    TransactTime (60) is added where the message must have it and has not. Raises UsageError.
    """
    if not msg_type or SOH in msg_type:
        raise UsageError(f"{msg_type!r} is no message type")
    pairs = list(given.items() if isinstance(given, Mapping) else given)
    fields = [(_number(tag), _text(tag, value)) for tag, value in pairs]
    if isinstance(given, Mapping):
        fields.sort()
    if TRANSACT_TIME in FIX44.required(msg_type) and all(tag != TRANSACT_TIME for tag, _ in fields):
        fields.append((TRANSACT_TIME, timestamp(wall_ns)))
        if isinstance(given, Mapping):
            fields.sort()
    return fields


def _number(tag: object) -> int:
    if isinstance(tag, bool) or not isinstance(tag, int) or tag <= 0:
        raise UsageError(f"{tag!r} is no tag: fields are given by their numbers, as 55 for Symbol")
    return tag


def _text(tag: int, value: Value) -> bytes:
    if tag in SESSION_TAGS:
        raise UsageError(f"tag {tag} ({FIX44.name(tag)}) is the session's own")
    if isinstance(value, Decimal):
        text = f"{value:f}".encode()
    elif isinstance(value, bool) or not isinstance(value, bytes | str | int):
        raise UsageError(f"tag {tag}: {value!r} is no bytes, str, int or Decimal")
    else:
        text = value if isinstance(value, bytes) else str(value).encode()
    if not text or (SOH in text and FIX44.field_type(tag) != "DATA"):
        raise UsageError(f"tag {tag}: a value is neither empty nor has SOH in it")
    return text


def host_and_port(address: str) -> tuple[str, int]:
    """Of "host:port" or "[::1]:port". Raises UsageError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"{address!r} is no HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)
