"""Parameters from query and body: absent, repeated, escaped, and numbers taken exactly."""

import json
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.exchange.rest.parameters import MAX_PARAMETERS, Parameters, RequestError
from tidings.exchange.server.http_request import Request


def read(query: str = "", body: bytes = b"") -> Parameters:
    return Parameters.of_request(Request("POST", "/x", query, {}, body, True, b""))


def refusal(action) -> tuple[int, str]:
    with pytest.raises(RequestError) as caught:
        action()
    return caught.value.code, caught.value.msg


def test_the_first_value_counts_and_lists_take_all():
    p = read("a=1&b=&a=2,3&&c")
    assert (p.text("a"), p.listed("a")) == ("1", ["1", "2", "3"])
    assert (p.has("b"), p.text("b", "x"), p.has("c"), p.text("d")) == (False, "x", False, "")
    assert refusal(lambda: p.required("b")) == (10500, "Missing required parameter")


def test_body_and_query_are_one_and_json_numbers_keep_their_text():
    body = b'{"priceEp": 93185000, "price": 0.10, "reduceOnly": true, "text": null, "big": 12345678901234567890123}'
    p = read("symbol=BTCUSD", body)
    assert (p.text("symbol"), p.integer("priceEp"), p.text("price"), p.flag("reduceOnly")) == (
        "BTCUSD", 93_185_000, "0.10", True,
    )
    assert not p.has("text")
    assert p.decimal("price", 4) == 1_000
    assert refusal(lambda: p.integer("big"))[0] == 39108


@given(st.text(max_size=20), st.text(max_size=20))
def test_percent_escapes_are_undone(name, value):
    p = read(f"{quote(name, safe='')}={quote(value, safe='')}")
    assert p.text(name) == value


@given(st.integers(-(10**18), 10**18))
def test_integers_are_exact(number):
    assert read(f"n={number}").integer("n") == number
    assert read("", json.dumps({"n": number}).encode()).integer("n") == number


@given(st.decimals(-10**9, 10**9, places=6))
def test_decimals_are_exact(number):
    assert read(f"n={number:f}").decimal("n", 6) == int(number * 10**6)
    assert read(f"n={number:f}").decimal("n", 9) == int(Decimal(number) * 10**9)


@pytest.mark.parametrize("text", ["1.0", "1e3", "+1", " 1", "0x1", "1_0", "١", "12345678901234567890", "--1"])
def test_what_is_no_integer_is_refused(text):
    assert refusal(lambda: read(f"n={quote(text)}").integer("n")) == (39108, "n is not an integer")


@pytest.mark.parametrize("text", ["1.2345", "1e3", ".5", "5.", "NaN", "Infinity", "1,0"])
def test_what_is_no_decimal_of_the_scale_is_refused(text):
    assert refusal(lambda: read(f"n={text}").decimal("n", 3))[0] == 39108


def test_flags_are_true_or_false():
    assert (read("f=TRUE").flag("f"), read("f=false").flag("f"), read("").flag("f")) == (True, False, False)
    assert refusal(lambda: read("f=1").flag("f"))[0] == 39108


BAD_BODIES = [b"{", b"[]", b"1", b"null", b'{"a":{}}', b'{"a":[1]}', b"[" * 50_000, b"\xff", b"{'a':1}"]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_a_body_that_is_no_flat_object_is_refused(body):
    assert refusal(lambda: read("", body))[0] == 39108


def test_the_number_of_parameters_has_a_limit():
    pairs = [f"p{number}=1" for number in range(MAX_PARAMETERS)]
    read("&".join(pairs))
    assert refusal(lambda: read("&".join([*pairs, "q=1"])))[0] == 39108
