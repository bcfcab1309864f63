"""Signatures and logins against hashlib, and each way of not being let in."""

import base64
import hashlib
import hmac
import json

import pytest

from tidings.exchange.rest.authentication import (
    ApiKey,
    Authenticator,
    Unauthenticated,
    decode_secret,
    make_api_key,
)
from tidings.exchange.server.http_request import Request

TOKEN = "0a1b2c3d-0000-4000-a000-5e6f70819293"
SECRET = "Wm9vLWtlZXBlci1oYXMtYS1zZWNyZXQ"
NOW_S = 1_790_000_000
NOW_NS = NOW_S * 1_000_000_000
AUTHENTICATOR = Authenticator([ApiKey(TOKEN, 77, SECRET.encode())])


def hex_hmac(text: str, secret: bytes = SECRET.encode()) -> str:
    """HMAC-SHA-256 by its definition (RFC 2104), from hashlib alone."""
    key = secret.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + text.encode("latin-1")).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def request(signed: str, path="/orders/create", query="", body=b"", expiry=str(NOW_S + 60), **changes) -> Request:
    headers = {
        "x-phemex-access-token": TOKEN,
        "x-phemex-request-expiry": expiry,
        "x-phemex-request-signature": hex_hmac(signed),
    } | {f"x-phemex-{name.replace('_', '-')}": value for name, value in changes.items()}
    return Request("PUT", path, query, headers, body, True, b"")


@pytest.mark.parametrize(
    ("path", "query", "body", "signed"),
    [
        ("/accounts/accountPositions", "currency=BTC", b"", f"/accounts/accountPositionscurrency=BTC{NOW_S + 60}"),
        ("/orders", "", b'{"symbol":"BTCUSD"}', f'/orders{NOW_S + 60}{{"symbol":"BTCUSD"}}'),
        ("/orders/x", "a=%2C&a=2,3", b"", f"/orders/xa=%2C&a=2,3{NOW_S + 60}"),
        ("/orders", "", b"\xc3\xa9\x00\xff", f"/orders{NOW_S + 60}\xc3\xa9\x00\xff"),
    ],
)
def test_a_signature_over_the_raw_target_expiry_and_body_is_accepted(path, query, body, signed):
    assert AUTHENTICATOR.user_of_request(request(signed, path, query, body), NOW_NS) == 77


def refused(wanted: Request, now_ns: int = NOW_NS) -> dict:
    with pytest.raises(Unauthenticated) as caught:
        AUTHENTICATOR.user_of_request(wanted, now_ns)
    return json.loads(caught.value.body)


GOOD = f"/orders/createa=1{NOW_S + 60}"


def test_an_unknown_key_is_named_first():
    body = refused(request(GOOD, query="a=1", access_token="0" * 36))
    assert body == {"code": "401", "msg": "401 Failed to load API KEY."}


@pytest.mark.parametrize("header", ["access_token", "request_expiry", "request_signature"])
def test_each_header_is_required(header):
    body = refused(request(GOOD, query="a=1", **{header: ""}))
    assert body == {"msg": "Missing required parameter", "code": 10500}


@pytest.mark.parametrize(
    "wanted",
    [
        request(GOOD, query="a=2"),
        request(GOOD, query="a=1", body=b" "),
        request(GOOD, query="a=1", path="/orders/created"),
        request(GOOD, query="a=1", expiry=str(NOW_S + 61)),
        request(GOOD, query="a=1", request_signature=hex_hmac(GOOD).upper()),
        request(GOOD, query="a=1", request_signature=hex_hmac(GOOD)[:63]),
        request(GOOD, query="a=1", request_signature="é" * 64),
        request(f"/orders/createa=1{NOW_S}.5", query="a=1", expiry=f"{NOW_S}.5"),
    ],
)
def test_anything_not_covered_by_the_signature_is_refused(wanted):
    assert refused(wanted) == {"msg": "API Signature verification failed.", "code": 10500}


def test_a_request_is_good_until_its_expiry_and_not_a_nanosecond_longer():
    wanted = request(GOOD, query="a=1")
    last_ns = (NOW_S + 60) * 1_000_000_000
    assert AUTHENTICATOR.user_of_request(wanted, last_ns) == 77
    assert refused(wanted, last_ns + 1)["code"] == 10500


def login(expiry_s: object = NOW_S + 60, **changes: object) -> list[object]:
    parts = {"kind": "API", "token": TOKEN, "signature": hex_hmac(f"{TOKEN}{expiry_s}"), "expiry": expiry_s} | changes
    return list(parts.values())


@pytest.mark.parametrize("expiry_s", [NOW_S, NOW_S + 120])
def test_a_stream_login_is_accepted_up_to_two_minutes_ahead(expiry_s):
    assert AUTHENTICATOR.user_of_login(login(expiry_s), NOW_NS) == 77


@pytest.mark.parametrize(
    "params",
    [
        login(NOW_S - 1),
        login(NOW_S + 120 + 1),
        login(str(NOW_S + 60)),
        login(True),
        login(kind="api"),
        login(token="nobody"),
        login(signature=hex_hmac("else")),
        login(signature=None),
        [],
        {},
        None,
        login()[:3],
    ],
)
def test_any_other_login_is_refused(params):
    assert AUTHENTICATOR.user_of_login(params, NOW_NS) is None


def test_a_base64url_secret_keys_the_hmac_with_what_it_encodes():
    text = base64.urlsafe_b64encode(b"\xfb\xff some bytes").decode().rstrip("=")
    assert decode_secret(text, "base64url") == b"\xfb\xff some bytes"
    assert decode_secret(text, "raw") == text.encode()


def test_a_made_key_has_the_venues_shapes_and_shows_no_secret():
    key, text = make_api_key(5, lambda count: bytes(range(count)), "raw")
    assert key.api_key == "00010203-0405-4607-a809-0a0b0c0d0e0f"
    assert len(text) == 64 and key.secret == text.encode()
    assert text not in repr(key)
    signature = hmac.new(key.secret, f"{key.api_key}{NOW_S}".encode(), hashlib.sha256).hexdigest()
    assert Authenticator([key]).user_of_login(["API", key.api_key, signature, NOW_S], NOW_NS) == 5
