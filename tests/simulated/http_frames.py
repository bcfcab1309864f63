"""Cuts a connection's bytes into HTTP messages; the simulation's own few lines, sharing nothing with either side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

KINDS = {
    ("PUT", "create"): "create", ("POST", "orders"): "create", ("POST", "g-orders"): "create",
    ("PUT", "replace"): "amend", ("PUT", "orders"): "amend",
    ("DELETE", "cancel"): "cancel", ("DELETE", "all"): "cancel_all",
}
ORDER_KINDS = frozenset({"create", "amend", "cancel", "bulk_cancel", "cancel_all"})


class Framer:
    """Collects bytes; `feed` gives the messages they complete. Bodies come by Content-Length, as both sides send."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        rest = self.rest + data if self.rest else data
        messages = []
        while (end := rest.find(b"\r\n\r\n")) >= 0:
            size = end + 4 + _content_length(rest[:end])
            if len(rest) < size:
                break
            messages.append(rest[:size])  # mostly all of it, which is no copy
            rest = rest[size:]
        self.rest = rest
        return messages


def _content_length(head: bytes) -> int:
    start = head.lower().find(b"\r\ncontent-length:")
    return int(head[start + 17 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


@dataclass(frozen=True, slots=True)
class Passing:
    """A request as a gateway sees it go by."""

    data: bytes
    method: str
    path: str
    kind: str  # create, amend, cancel, bulk_cancel, cancel_all, query, public, upgrade
    symbol: str
    cl_ord_id: str  # whose order it is about, if it is named by that
    order_id: str
    fields: dict[str, str]

    @property
    def is_order(self) -> bool:
        """Whether it changes orders."""
        return self.kind in ORDER_KINDS


@lru_cache(maxsize=256)  # two look at each: who watches what leaves, and who serves what comes
def read_request(data: bytes) -> Passing:
    """What a whole request asks for."""
    head, _, body = data.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    path, _, query = target.partition("?")
    text = query or (body.decode("latin-1") if body[:1] != b"{" else "")
    fields = _fields_of(text)
    if body[:1] == b"{":
        fields |= {pair.split(":", 1)[0].strip('{" '): pair.split(":", 1)[1].strip('}" ')
                   for pair in body.decode("latin-1").split(",")}
    kind = _kind_of(method, path, head)
    cl_ord_id = fields.get("origClOrdID") or fields.get("clOrdID") or ""
    return Passing(data, method, path, kind, fields.get("symbol", ""), cl_ord_id, fields.get("orderID", ""), fields)


def _fields_of(query: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&")) if query else ()
    return {name: unquote_plus(value) if "%" in value or "+" in value else value for name, _, value in pairs}


def _kind_of(method: str, path: str, head: bytes) -> str:
    if method == "GET":
        if b"\r\nupgrade: websocket" in head.lower():
            return "upgrade"
        return "public" if b"x-phemex-access-token" not in head.lower() else "query"
    last = path.rsplit("/", 1)[-1]
    if method == "DELETE" and last in ("orders", "g-orders"):
        return "cancel" if path.startswith("/spot") else "bulk_cancel"
    return KINDS.get((method, last), "setting")
