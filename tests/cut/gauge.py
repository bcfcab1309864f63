"""How long requests and answers are, and where their signature or body begins: so that a place can be told as a byte.

Requests are written as the engine writes them. Answers are those that the exchange gives to a spare account. A wrong
size would move a cut, not what is expected of it.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.cut.plan import METHODS, Sizes
from tidings.model.enums import OrdType, Side, TimeInForce
from tidings.model.order import Order, make_order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.signing import Credentials

SIGNATURE_FIELD = b"x-phemex-request-signature: "
LENGTH_FIELD = b"\r\nContent-Length: "


@dataclass(frozen=True, slots=True)
class Draft:
    """The numbers of an order, and what to amend it to."""

    instrument: Any
    side: str
    price_ticks: int
    qty_lots: int
    new_price_ticks: int
    new_qty_lots: int


class Gauge:
    """Of one exchange."""

    def __init__(self, ready: dict[str, Any], spare_account: int) -> None:
        self._address = urlsplit(ready["rest"])
        self._trust = ssl.create_default_context(cafile=ready["ca_file"])
        account = ready["accounts"][spare_account]
        credentials = Credentials(account["api_key"], account["api_secret"])
        self._encoders = {
            method: OrderEncoder(self._address.netloc, credentials, create_by_post=method == "POST")
            for method in METHODS
        }
        self._spare_count = 0
        self._answers: dict[tuple[str, str, str], Sizes] = {}

    def request(self, method: str, kind: str, draft: Draft) -> Sizes:
        """Sizes of a request about an order that the venue has named."""
        return _request_sizes(self._write(method, kind, draft, "0" * 20, "00000000-0000-4000-8000-000000000001"))

    async def answer(self, method: str, kind: str, draft: Draft) -> Sizes:
        """Sizes of the answer to such a request, about."""
        symbol = draft.instrument.symbol
        if (symbol, method, kind) not in self._answers:
            await self._measure(method, draft)
        return self._answers[symbol, method, kind]

    async def _measure(self, method: str, draft: Draft) -> None:
        """A spare order's whole life."""
        self._spare_count += 1
        name, order_id = f"spare{self._spare_count:015d}", ""
        reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port, ssl=self._trust)
        for kind in ("create", "amend", "cancel"):
            writer.write(self._write(method, kind, draft, name, order_id))
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(int(head.split(LENGTH_FIELD)[1].split(b"\r\n")[0]))
            order_id = order_id or json.loads(body)["data"]["orderID"]
            self._answers[draft.instrument.symbol, method, kind] = Sizes(len(head), len(head) + len(body))
            await asyncio.sleep(0.03)  # the book's turn
        writer.close()

    def _write(self, method: str, kind: str, draft: Draft, name: str, order_id: str) -> bytes:
        encoder = self._encoders[method]
        encoder.expiry_s = int(time.time()) + 10
        order = _order(draft, name, order_id)
        if kind == "create":
            return encoder.new_request(order)
        if kind == "amend":
            return encoder.amend_request(order, price_ticks=draft.new_price_ticks, qty_lots=draft.new_qty_lots)
        return encoder.cancel_request(order, by_order_id=True)


def _order(draft: Draft, name: str, order_id: str) -> Order:
    terms = OrderTerms(
        draft.instrument, Side.BUY if draft.side == "buy" else Side.SELL, ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GTC,
    )  # fmt: skip
    return make_order(
        terms, cl_ord_id=name, order_id=order_id, price_ticks=draft.price_ticks, order_qty_lots=draft.qty_lots
    )


def _request_sizes(request: bytes) -> Sizes:
    return Sizes(request.index(SIGNATURE_FIELD) + len(SIGNATURE_FIELD), len(request))
