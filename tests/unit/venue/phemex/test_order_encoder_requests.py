"""Any other request, and everything that must not be sent."""

import pytest
from phemex_requests import (
    API_KEY,
    BTCUSD,
    BTCUSDT,
    EXPIRY_S,
    HOST,
    SBTCUSDT,
    SECRET,
    TRAILING,
    encoder,
    order,
    read,
    signed_request,
)

from tidings.errors import UsageError
from tidings.model.enums import OrdType, Trigger
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.signing import Credentials


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/g-accounts/accountPositions?currency=USDT", b""),
        ("GET", "/orders/activeList?ordStatus=New&ordStatus=Untriggered&symbol=BTCUSD", b""),
        ("PUT", "/g-positions/leverage?symbol=BTCUSDT&leverageRr=0", b""),
        ("POST", "/positions/assign?symbol=BTCUSD&posBalanceEv=100000", b""),
        ("POST", "/orders", '{"text":"\u00fc"}'.encode()),
        ("DELETE", "/g-orders/all?symbol=BTCUSDT,ETHUSDT&text=a%20b", b""),
        ("GET", "/public/time", b""),
    ],
)
def test_any_signed_request(method, target, body):
    path, _, query = target.partition("?")

    assert encoder().request(method, path, query, body) == signed_request(method, target, body)


def test_unsigned_requests_show_no_key():
    public = OrderEncoder(HOST)

    assert public.request("GET", "/md/trade", "symbol=BTCUSD", signed=False) == (
        b"GET /md/trade?symbol=BTCUSD HTTP/1.1\r\nHost: venue.test:8443\r\n\r\n"
    )
    assert public.ping_request() == b"GET /public/time HTTP/1.1\r\nHost: venue.test:8443\r\n\r\n"
    assert encoder().ping_request() == public.ping_request()
    assert encoder().ping_request(signed=True) == signed_request("GET", "/public/time")


def test_extra_headers_travel_with_every_request():
    made = encoder(extra_headers=[("User-Agent", "tidings/0 (test)"), ("x-phemex-request-tracing", "t1")])

    for request in (made.ping_request(), made.new_request(order(SBTCUSDT, price_ticks=1, order_qty_lots=1))):
        headers = read(request)[2]
        assert headers[b"user-agent"] == b"tidings/0 (test)"
        assert headers[b"x-phemex-request-tracing"] == b"t1"


@pytest.mark.parametrize(
    "header",
    [("Host", "x"), ("content-length", "1"), ("X-Phemex-Access-Token", "x"), ("a b", "x"), ("a:", "x"), ("", "x"),
     ("ok", "x\r\nHost: y"), ("ok", " x"), ("ok", ""), ("ok", "ü")],
)
def test_refuses_headers_that_break_or_repeat_the_head(header):
    with pytest.raises(UsageError, match="extra header"):
        OrderEncoder(HOST, extra_headers=[header])


@pytest.mark.parametrize("host", ["", "a b", "a\r\nb", "https://a", "ä"])
def test_refuses_a_host_that_breaks_the_head(host):
    with pytest.raises(UsageError, match="host"):
        OrderEncoder(host)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("PATCH", "/orders"), "method"),
        (("get", "/orders"), "method"),
        (("GET", "orders"), "path"),
        (("GET", "/orders?x=1"), "path"),
        (("GET", "/orders HTTP/1.1\r\nX: y"), "path"),
        (("GET", "/orders", "?x=1"), "query"),
        (("GET", "/orders", "x=1 2"), "query"),
        (("GET", "/orders", "x=1\n"), "query"),
        (("GET", "/orders", "x=1#y"), "query"),
        (("GET", "/orders", "x=%2"), "query"),
        (("GET", "/orders", "x=ü"), "query"),
        (("GET", "/orders", "x=" + "1" * 8000), "longer than 8000"),
        (("GET", "/orders", "", b"{}"), "in the query"),
        (("DELETE", "/orders", "", b"{}"), "in the query"),
    ],
)
def test_refuses_requests_that_break_the_head(arguments, says):
    with pytest.raises(UsageError, match=says):
        encoder().request(*arguments)


@pytest.mark.parametrize(
    ("instrument", "terms", "numbers", "says"),
    [
        (BTCUSDT, {}, {"order_qty_lots": 1}, "price_ticks must be 1 to"),
        (BTCUSDT, {}, {"price_ticks": -1, "order_qty_lots": 1}, "price_ticks must be 1 to"),
        (BTCUSDT, {}, {"price_ticks": 1}, "order_qty_lots must be 1 to"),
        (BTCUSD, {}, {"price_ticks": 2**62, "order_qty_lots": 1}, "price_ticks must be 1 to 9223372036854775"),
        (BTCUSDT, {"ord_type": OrdType.MARKET}, {"order_qty_lots": 1, "price_ticks": 5}, "no place for price_ticks"),
        (BTCUSDT, {}, {"order_qty_lots": 1, "price_ticks": 5, "stop_px_ticks": 4}, "no place for stop_px_ticks"),
        (BTCUSDT, {}, {"order_qty_lots": 1, "price_ticks": 5, "stop_loss_ticks": 4}, "no place for stop_loss_ticks"),
        (BTCUSDT, {"stop_loss_trigger": Trigger.MARK_PRICE}, {"order_qty_lots": 1, "price_ticks": 5},
         "stop_loss_ticks must be 1"),
        (BTCUSDT, {"stop_loss_trigger": Trigger.MARK_PRICE},
         {"order_qty_lots": 1, "price_ticks": 5, "stop_loss_ticks": 4, "stop_loss_px_ticks": -4}, "stop_loss_px_ticks"),
        (BTCUSD, {"stop_loss_trigger": Trigger.MARK_PRICE},
         {"order_qty_lots": 1, "price_ticks": 5, "stop_loss_ticks": 4, "stop_loss_px_ticks": 4}, "no place"),
        (SBTCUSDT, {}, {"order_qty_lots": 1, "price_ticks": 5, "display_qty_lots": 1}, "no place for display_qty_lots"),
        (BTCUSD, TRAILING, {"stop_px_ticks": 5}, "peg_offset_ticks must be .* and not 0"),
        (BTCUSD, TRAILING, {"stop_px_ticks": 5, "peg_offset_ticks": -(2**63)}, "peg_offset_ticks"),
    ],
)
def test_refuses_numbers_missing_out_of_range_or_without_a_place(instrument, terms, numbers, says):
    with pytest.raises(UsageError, match=says):
        encoder().new_request(order(instrument, terms=terms, **numbers))


@pytest.mark.parametrize("cl_ord_id", ["", "a b", "a&b", "a=b", 'a"b', "a\r\n", "a,b", "a%20", "a~b", "a/b"])
def test_refuses_a_cl_ord_id_that_could_end_a_parameter(cl_ord_id):
    unfit = order(BTCUSDT, cl_ord_id=cl_ord_id, price_ticks=1, order_qty_lots=1)

    for ask in (
        lambda: encoder().new_request(unfit),
        lambda: encoder().cancel_request(unfit),
        lambda: encoder().amend_request(unfit, qty_lots=1),
        lambda: encoder().cancel_many_request(BTCUSDT, [unfit]),
    ):
        with pytest.raises(UsageError, match="ClOrdID must be"):
            ask()


def test_signed_requests_need_expiry_and_credentials():
    new = order(BTCUSDT, price_ticks=1, order_qty_lots=1)
    no_expiry = OrderEncoder(HOST, Credentials(API_KEY, SECRET))
    no_credentials = OrderEncoder(HOST)
    no_credentials.expiry_s = EXPIRY_S

    for made, says in ((no_expiry, "no expiry"), (no_credentials, "no credentials")):
        for ask in (lambda m: m.new_request(new), lambda m: m.cancel_request(new), lambda m: m.request("GET", "/x")):
            with pytest.raises(UsageError, match=says):
                ask(made)


@pytest.mark.parametrize("expiry_s", [0, -1, 999_999_999, 10_000_000_000])
def test_an_expiry_has_ten_digits(expiry_s):
    made = encoder()

    with pytest.raises(UsageError, match="ten digits"):
        made.expiry_s = expiry_s

    assert made.expiry_s == EXPIRY_S
