"""Order to bytes: one whole signed HTTP request, ready for the TLS layer."""

import hmac
from collections.abc import Iterator
from urllib.parse import parse_qsl

from benchmarks.compiled import loops
from benchmarks.instrument import HOST, make_canonical_order, make_encoder
from benchmarks.messages import (
    API_KEY,
    API_SECRET,
    CL_ORD_ID,
    EXPIRY_S,
    ORDER_PATH,
    PRICE,
    PRICE_TICKS,
    QTY,
    order_query,
)
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.wire.buffer import ByteBuffer

TITLE = "encode and sign"
SECRET = API_SECRET.encode()
ARMED, IN_C, PLAIN = "tidings, armed, from Python", "tidings, armed, called in C", "f-string and hmac.digest"


def encode_plainly() -> bytes:
    """What a careful author writes in Python: two f-strings and the fastest call of the standard library."""
    query = order_query(CL_ORD_ID, QTY, PRICE)
    signature = hmac.digest(SECRET, f"{ORDER_PATH}{query}{EXPIRY_S}".encode(), "sha256").hex()
    return (
        f"PUT {ORDER_PATH}?{query} HTTP/1.1\r\nHost: {HOST}\r\nx-phemex-access-token: {API_KEY}\r\n"
        f"Content-Length: 0\r\nx-phemex-request-expiry: {EXPIRY_S}\r\nx-phemex-request-signature: {signature}\r\n\r\n"
    ).encode()


def meaning(request: bytes) -> tuple[str, dict[str, str], dict[str, str]]:
    """(method and path, query, headers) of a request whose signature is right."""
    line, *fields = request.decode().removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = line.split(" ")
    path, query = target.split("?")
    headers = dict(field.split(": ") for field in fields)
    signed = f"{path}{query}{headers['x-phemex-request-expiry']}".encode()
    assert headers.pop("x-phemex-request-signature") == hmac.digest(SECRET, signed, "sha256").hex()
    return f"{method} {path}", dict(parse_qsl(query)), headers


def assert_same_order(ours: bytes, plain: bytes) -> None:
    """Ours says what the plain request says; fields with the venue's default values may be left out."""
    our_target, our_query, our_headers = meaning(ours)
    target, query, headers = meaning(plain)
    assert (our_target, our_headers) == (target, headers)
    assert our_query.items() <= query.items(), (our_query, query)
    assert query.keys() - our_query.keys() <= {"reduceOnly", "posSide", "timeInForce"}


def run(quick: bool) -> Iterator[Table | Skipped]:
    batches, order, out, encoder = 200 if quick else 4000, make_canonical_order(handle=0), ByteBuffer(), make_encoder()
    names = {**globals(), "order": order, "out": out, "write_new": encoder.write_new, "price_ticks": PRICE_TICKS}
    calls = {
        PLAIN: "encode_plainly()",
        ARMED: "order.price_ticks = price_ticks; out.reset(); write_new(order, out)",
    }
    exec(calls[ARMED], names)
    assert_same_order(bytes(out), encode_plainly())
    rows = [Row.of(name, taken) for name, taken in alternate(calls, batches, names).items()]
    try:
        rows.append(Row.of(IN_C, loops().encode(encoder, order, PRICE_TICKS, batches, BATCH_CALLS)))
    except RuntimeError as error:
        yield Skipped(f"{TITLE}, in C", str(error))
    yield Table(TITLE, f"{len(bytes(out))} bytes", PLAIN, rows, [Target(ARMED, limit_ns=400)])
