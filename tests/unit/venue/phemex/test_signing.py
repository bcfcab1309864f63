"""Signatures against hmac: what is joined, how secrets are read, and that no message shows one."""

import base64
import hmac
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import ConfigError, UsageError
from tidings.venue.phemex.signing import Credentials, sign_request

API_KEY = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SECRET = "an-invented_secret-that-opens-nothing-42"

DOCUMENTED_BODY = (
    '{"symbol":"BTCUSD","clOrdID":"uuid-1573058952273","side":"Sell","priceEp":93185000,"orderQty":7,"ordType":"Limit",'
    '"reduceOnly":false,"timeInForce":"GoodTillCancel","takeProfitEp":0,"stopLossEp":0}'
)
# The strings that the venue's documents show as signed (phemex docs 2026, REST authentication); we bring the secret.
DOCUMENTED = [
    ("/accounts/accountPositions", "currency=BTC", 1575735514, "", "/accounts/accountPositionscurrency=BTC1575735514"),
    (
        "/orders/activeList",
        "ordStatus=New&ordStatus=PartiallyFilled&ordStatus=Untriggered&symbol=BTCUSD",
        1575735951,
        "",
        "/orders/activeListordStatus=New&ordStatus=PartiallyFilled&ordStatus=Untriggered&symbol=BTCUSD1575735951",
    ),
    (
        "/orders",
        "",
        1575735514,
        DOCUMENTED_BODY,
        "/orders1575735514" + DOCUMENTED_BODY,
    ),
    ("/positions/assign", "symbol=BTCUSD&posBalanceEv=100000", 1587552407, "",
     "/positions/assignsymbol=BTCUSD&posBalanceEv=1000001587552407"),
]


def expected(key: bytes, signed: str) -> str:
    return hmac.digest(key, signed.encode(), "sha256").hex()


@pytest.mark.parametrize(("path", "query", "expiry_s", "body", "signed"), DOCUMENTED)
def test_signs_the_documented_strings(path, query, expiry_s, body, signed):
    signature = expected(SECRET.encode(), signed)

    assert sign_request(path, query, expiry_s, body, SECRET) == signature
    assert sign_request(path, query, expiry_s, body.encode(), SECRET, "raw") == signature
    assert Credentials(API_KEY, SECRET).sign_request(path, query, expiry_s, body.encode()) == signature


def test_signs_the_login_over_key_and_expiry():
    assert Credentials(API_KEY, SECRET).sign_login(1570091232) == expected(SECRET.encode(), API_KEY + "1570091232")


@given(key=st.binary(min_size=1, max_size=100))
def test_base64url_secrets_decode_with_and_without_padding(key):
    padded = base64.urlsafe_b64encode(key).decode()

    for secret in (padded, padded.rstrip("=")):
        assert sign_request("/p", "q=1", 5, b"{}", secret, "base64url") == expected(key, "/pq=15{}")


def test_raw_takes_a_base64_secret_as_it_stands():
    assert sign_request("/p", "", 5, b"", "QUJD", "raw") == expected(b"QUJD", "/p5")


@pytest.mark.parametrize(
    ("secret", "encoding", "says"),
    [
        ("", "raw", "empty"),
        ("", "base64url", "empty"),
        ("hidden-secret\n", "raw", "white space"),
        (" hidden-secret", "raw", "white space"),
        ("hidden secret", "base64url", "white space"),
        ("hidden-secret\x00", "raw", "white space"),
        ("hidden-secret-ü", "raw", "beyond ASCII"),
        ("hidden-secret-\ud800", "raw", "beyond ASCII"),
        ("hidden-secret" * 40, "raw", "longer than 512"),
        ("hidden+secret/", "base64url", "not base64url"),
        ("hidden=secret", "base64url", "not base64url"),
        ("hidden-secret", "base64url", "not base64url"),  # 13 characters: a lone last one holds no byte
        ("=", "base64url", "not base64url"),
        ("hidden-secret", "base64", "'raw' or 'base64url'"),
    ],
)
def test_a_bad_secret_is_explained_without_being_shown(secret, encoding, says):
    with pytest.raises(ConfigError, match=says) as caught:
        Credentials(API_KEY, secret, encoding)

    shown = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value.args)
    assert "hidden" not in shown
    assert caught.value.__context__ is None


def test_credentials_show_and_yield_no_secret():
    credentials = Credentials(API_KEY, SECRET)

    assert repr(credentials) == f"Credentials({API_KEY!r})"
    assert not hasattr(credentials, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(credentials)


@pytest.mark.parametrize("api_key", ["", "a" * 129, "key\r\nHost: x", "key with space", "schlüssel", "key\n"])
def test_an_api_key_must_fit_a_header(api_key):
    with pytest.raises(ConfigError, match="API key"):
        Credentials(api_key, SECRET)


@pytest.mark.parametrize("path", ["", "orders", "/orders?x=1", "/or ders", "/orders\n", "/ördnung", "/\ud800", "/\x7f"])
def test_refuses_a_path_that_cannot_be_sent(path):
    with pytest.raises(UsageError, match="path"):
        sign_request(path, "", 5, b"", SECRET)


@pytest.mark.parametrize("query", ["?a=1", "a=1 2", "a=1\n", "a=ü"])
def test_refuses_a_query_that_cannot_be_sent(query):
    with pytest.raises(UsageError, match="query"):
        sign_request("/p", query, 5, b"", SECRET)


@pytest.mark.parametrize("expiry_s", [0, -1])
def test_refuses_an_expiry_that_is_no_time(expiry_s):
    with pytest.raises(UsageError, match="expiry_s"):
        sign_request("/p", "", expiry_s, b"", SECRET)
    with pytest.raises(UsageError, match="expiry_s"):
        Credentials(API_KEY, SECRET).sign_login(expiry_s)


def test_refuses_an_expiry_with_a_fraction():
    with pytest.raises(TypeError):
        sign_request("/p", "", 5.5, b"", SECRET)
