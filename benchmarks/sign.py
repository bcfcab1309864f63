"""Signing the canonical order: HMAC-SHA256 over path, query and expiry, 64 hex digits out."""

import hashlib
import hmac
from collections.abc import Iterator

from benchmarks.messages import API_KEY, API_SECRET, CL_ORD_ID, EXPIRY_S, ORDER_PATH, PRICE, QTY, order_query
from benchmarks.report import Row, Table, Target
from benchmarks.timing import alternate
from tidings.venue.phemex.signing import Credentials
from tidings.wire.hmac_sha256 import HmacSha256, current_tier

QUERY = order_query(CL_ORD_ID, QTY, PRICE)
MESSAGE = f"{ORDER_PATH}{QUERY}{EXPIRY_S}".encode()
SECRET = API_SECRET.encode()
OURS, STDLIB = "tidings, key states kept", "hmac.new"


def hmac_by_copies() -> str:
    """What a careful user of hashlib does: both pads hashed once, copied for each message."""
    inner = INNER.copy()
    inner.update(MESSAGE)
    outer = OUTER.copy()
    outer.update(inner.digest())
    return outer.hexdigest()


INNER = hashlib.sha256(bytes(byte ^ 0x36 for byte in SECRET.ljust(64, b"\0")))
OUTER = hashlib.sha256(bytes(byte ^ 0x5C for byte in SECRET.ljust(64, b"\0")))


def run(quick: bool) -> Iterator[Table]:
    key = HmacSha256(SECRET)
    names = {
        **globals(),
        "key": key,
        "prefix": key.after(MESSAGE[:128]),
        "rest": MESSAGE[128:],
        "credentials": Credentials(API_KEY, API_SECRET),
    }
    calls = {
        STDLIB: "hmac.new(SECRET, MESSAGE, 'sha256').hexdigest()",
        "hmac.digest": "hmac.digest(SECRET, MESSAGE, 'sha256').hex()",
        "hashlib, pads copied": "hmac_by_copies()",
        OURS: "key.hexdigest(MESSAGE)",
        "tidings, 128 bytes hashed ahead": "prefix.hexdigest(rest)",
        "tidings, sign_request of strings": "credentials.sign_request(ORDER_PATH, QUERY, EXPIRY_S)",
    }
    expected = hmac.new(SECRET, MESSAGE, hashlib.sha256).hexdigest()
    for name, call in calls.items():
        assert eval(call, names) == expected, name
    rows = [Row.of(name, taken) for name, taken in alternate(calls, 200 if quick else 4000, names).items()]
    note = f"{len(MESSAGE)} bytes, called from Python, tier {current_tier()}"
    yield Table("sign", note, STDLIB, rows, [Target(OURS, limit_ns=350)])
