"""What the encoder's tests share: instruments, orders, and requests as the documents describe them."""

import hmac

import h11

from tidings.model.enums import ExecInst, OrdType, PegType, ProductLine, Side, Trigger
from tidings.model.instrument import Instrument
from tidings.model.order import make_order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.signing import Credentials

HOST = "venue.test:8443"
API_KEY = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SECRET = "an-invented_secret-that-opens-nothing-42"
EXPIRY_S = 1763486156
ORDER_ID = "b5760445-d6c9-489a-805d-669a4ea9ead6"

BTCUSD = Instrument(
    symbol="BTCUSD", line=ProductLine.INVERSE, index=0, base_currency="BTC", quote_currency="USD",
    settle_currency="BTC", price_scale=4, tick_mantissa=1000, qty_scale=0, lot_mantissa=1, value_scale=8,
)
BTCUSDT = Instrument(
    symbol="BTCUSDT", line=ProductLine.LINEAR, index=1, base_currency="BTC", quote_currency="USDT",
    settle_currency="USDT", price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1,
)
SBTCUSDT = Instrument(
    symbol="sBTCUSDT", line=ProductLine.SPOT, index=2, base_currency="BTC", quote_currency="USDT",
    settle_currency="USDT", price_scale=8, tick_mantissa=1_000_000, qty_scale=8, lot_mantissa=100, value_scale=8,
    base_value_scale=8,
)


def encoder(**options):
    made = OrderEncoder(HOST, Credentials(API_KEY, SECRET), **options)
    made.expiry_s = EXPIRY_S
    return made


def order(instrument, side=Side.BUY, *, terms=None, **numbers):
    numbers.setdefault("cl_ord_id", "td-7-000000000042")
    return make_order(OrderTerms(instrument, side, **(terms or {})), **numbers)


def signed_request(method: str, target: str, body: bytes = b"") -> bytes:
    """The whole request as the documents describe it (header order is ours)."""
    path, _, query = target.partition("?")
    signature = hmac.digest(SECRET.encode(), f"{path}{query}{EXPIRY_S}".encode() + body, "sha256").hex()
    length = ["Content-Length: 0"] if method in ("PUT", "POST") else []
    if body:
        length = ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {HOST}",
        f"x-phemex-access-token: {API_KEY}",
        *length,
        f"x-phemex-request-expiry: {EXPIRY_S}",
        f"x-phemex-request-signature: {signature}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def read(request: bytes):
    """(method, target, headers, body) as another implementation understands the bytes; nothing may be left over."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(request)
    head = connection.next_event()
    body, event = b"", connection.next_event()
    while isinstance(event, h11.Data):
        body += bytes(event.data)
        event = connection.next_event()
    assert isinstance(event, h11.EndOfMessage)
    assert connection.trailing_data == (b"", False)
    return head.method.decode(), head.target.decode(), dict(head.headers), body


TRAILING = {
    "ord_type": OrdType.STOP, "trigger": Trigger.LAST_PRICE, "exec_inst": ExecInst.CLOSE_ON_TRIGGER,
    "peg_type": PegType.TRAILING_STOP,
}
