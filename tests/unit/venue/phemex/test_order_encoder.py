"""Requests against bytes written by hand from the venue's documents, signed by hmac, and read back by h11."""

import hmac
import json
import sys

import h11
import pytest

from tidings.errors import UsageError
from tidings.model.enums import (
    ExecInst,
    OrdType,
    PegType,
    PosSide,
    ProductLine,
    SelfTradePrevention,
    Side,
    TimeInForce,
    Trigger,
)
from tidings.model.instrument import Instrument
from tidings.model.order import make_order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.signing import Credentials
from tidings.wire.buffer import ByteBuffer

HOST = "venue.test:8443"
API_KEY = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SECRET = "an-invented_secret-that-opens-nothing-42"
EXPIRY_S = 1763486156
ORDER_ID = "b5760445-d6c9-489a-805d-669a4ea9ead6"
OTHER_ORDER_ID = "01234567-89ab-4def-8123-456789abcdef"

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

# name → order, target of the PUT, body of the POST. Parameters as in the venue's documents and examples, order ours.
CREATES = {
    "USD-M limit": (
        order(BTCUSDT, price_ticks=612500, order_qty_lots=10),
        "/g-orders/create?symbol=BTCUSDT&side=Buy&posSide=Merged&ordType=Limit&timeInForce=GoodTillCancel"
        "&clOrdID=td-7-000000000042&orderQtyRq=0.01&priceRp=61250",
        '{"symbol":"BTCUSDT","side":"Buy","posSide":"Merged","ordType":"Limit","timeInForce":"GoodTillCancel",'
        '"clOrdID":"td-7-000000000042","orderQtyRq":"0.01","priceRp":"61250"}',
    ),
    "USD-M market, hedged, reduce only": (
        order(BTCUSDT, Side.SELL, order_qty_lots=1234,
              terms={"ord_type": OrdType.MARKET, "pos_side": PosSide.LONG, "exec_inst": ExecInst.REDUCE_ONLY}),
        "/g-orders/create?symbol=BTCUSDT&side=Sell&posSide=Long&ordType=Market&timeInForce=ImmediateOrCancel"
        "&reduceOnly=true&clOrdID=td-7-000000000042&orderQtyRq=1.234",
        '{"symbol":"BTCUSDT","side":"Sell","posSide":"Long","ordType":"Market","timeInForce":"ImmediateOrCancel",'
        '"reduceOnly":true,"clOrdID":"td-7-000000000042","orderQtyRq":"1.234"}',
    ),
    "USD-M post-only with attached orders, prevention, text and display": (
        order(BTCUSDT, price_ticks=612505, order_qty_lots=2000, take_profit_ticks=650000, take_profit_px_ticks=650010,
              stop_loss_ticks=600000, stop_loss_px_ticks=599990, display_qty_lots=500,
              terms={"exec_inst": ExecInst.POST_ONLY, "take_profit_trigger": Trigger.LAST_PRICE,
                     "stop_loss_trigger": Trigger.MARK_PRICE, "stp": SelfTradePrevention.CANCEL_BOTH,
                     "pos_side": PosSide.SHORT, "text": "desk-1.a_b~c"}),
        "/g-orders/create?symbol=BTCUSDT&side=Buy&posSide=Short&ordType=Limit&timeInForce=PostOnly"
        "&tpTrigger=ByLastPrice&slTrigger=ByMarkPrice&stpInstruction=CancelBoth&text=desk-1.a_b~c"
        "&clOrdID=td-7-000000000042&orderQtyRq=2&priceRp=61250.5&takeProfitRp=65000&tpPxRp=65001&stopLossRp=60000"
        "&slPxRp=59999&displayQtyRq=0.5",
        '{"symbol":"BTCUSDT","side":"Buy","posSide":"Short","ordType":"Limit","timeInForce":"PostOnly",'
        '"tpTrigger":"ByLastPrice","slTrigger":"ByMarkPrice","stpInstruction":"CancelBoth","text":"desk-1.a_b~c",'
        '"clOrdID":"td-7-000000000042","orderQtyRq":"2","priceRp":"61250.5","takeProfitRp":"65000","tpPxRp":"65001",'
        '"stopLossRp":"60000","slPxRp":"59999","displayQtyRq":"0.5"}',
    ),
    "USD-M stop-limit on the index": (
        order(BTCUSDT, price_ticks=600000, stop_px_ticks=600100, order_qty_lots=1,
              terms={"ord_type": OrdType.STOP_LIMIT, "trigger": Trigger.INDEX_PRICE, "time_in_force": TimeInForce.FOK}),
        "/g-orders/create?symbol=BTCUSDT&side=Buy&posSide=Merged&ordType=StopLimit&timeInForce=FillOrKill"
        "&triggerType=ByIndexPrice&clOrdID=td-7-000000000042&orderQtyRq=0.001&priceRp=60000&stopPxRp=60010",
        '{"symbol":"BTCUSDT","side":"Buy","posSide":"Merged","ordType":"StopLimit","timeInForce":"FillOrKill",'
        '"triggerType":"ByIndexPrice","clOrdID":"td-7-000000000042","orderQtyRq":"0.001","priceRp":"60000",'
        '"stopPxRp":"60010"}',
    ),
    "USD-M trailing stop of a short": (
        order(BTCUSDT, stop_px_ticks=620000, peg_offset_ticks=5, terms={**TRAILING, "pos_side": PosSide.SHORT}),
        "/g-orders/create?symbol=BTCUSDT&side=Buy&posSide=Short&ordType=Stop&timeInForce=ImmediateOrCancel"
        "&closeOnTrigger=true&triggerType=ByLastPrice&pegPriceType=TrailingStopPeg&clOrdID=td-7-000000000042"
        "&orderQtyRq=0&stopPxRp=62000&pegOffsetValueRp=0.5",
        '{"symbol":"BTCUSDT","side":"Buy","posSide":"Short","ordType":"Stop","timeInForce":"ImmediateOrCancel",'
        '"closeOnTrigger":true,"triggerType":"ByLastPrice","pegPriceType":"TrailingStopPeg",'
        '"clOrdID":"td-7-000000000042","orderQtyRq":"0","stopPxRp":"62000","pegOffsetValueRp":"0.5"}',
    ),
    "COIN-M limit": (
        order(BTCUSD, Side.SELL, price_ticks=98970, order_qty_lots=7),
        "/orders/create?symbol=BTCUSD&side=Sell&ordType=Limit&timeInForce=GoodTillCancel&clOrdID=td-7-000000000042"
        "&orderQty=7&priceEp=98970000",
        '{"symbol":"BTCUSD","side":"Sell","ordType":"Limit","timeInForce":"GoodTillCancel",'
        '"clOrdID":"td-7-000000000042","orderQty":7,"priceEp":98970000}',
    ),
    "COIN-M hedged, retail post-only, with attached orders": (
        order(BTCUSD, price_ticks=300000, order_qty_lots=1000, take_profit_ticks=311110, stop_loss_ticks=299990,
              display_qty_lots=10,
              terms={"pos_side": PosSide.LONG, "exec_inst": ExecInst.RPI, "take_profit_trigger": Trigger.LAST_PRICE,
                     "stop_loss_trigger": Trigger.MARK_PRICE}),
        "/orders/create?symbol=BTCUSD&side=Buy&posSide=Long&ordType=Limit&timeInForce=RPIPostOnly"
        "&tpTrigger=ByLastPrice&slTrigger=ByMarkPrice&clOrdID=td-7-000000000042&orderQty=1000&priceEp=300000000"
        "&takeProfitEp=311110000&stopLossEp=299990000&displayQty=10",
        '{"symbol":"BTCUSD","side":"Buy","posSide":"Long","ordType":"Limit","timeInForce":"RPIPostOnly",'
        '"tpTrigger":"ByLastPrice","slTrigger":"ByMarkPrice","clOrdID":"td-7-000000000042","orderQty":1000,'
        '"priceEp":300000000,"takeProfitEp":311110000,"stopLossEp":299990000,"displayQty":10}',
    ),
    "COIN-M stop at market": (
        order(BTCUSD, stop_px_ticks=333550, order_qty_lots=10000,
              terms={"ord_type": OrdType.STOP, "trigger": Trigger.MARK_PRICE}),
        "/orders/create?symbol=BTCUSD&side=Buy&ordType=Stop&timeInForce=ImmediateOrCancel&triggerType=ByMarkPrice"
        "&clOrdID=td-7-000000000042&orderQty=10000&stopPxEp=333550000",
        '{"symbol":"BTCUSD","side":"Buy","ordType":"Stop","timeInForce":"ImmediateOrCancel",'
        '"triggerType":"ByMarkPrice","clOrdID":"td-7-000000000042","orderQty":10000,"stopPxEp":333550000}',
    ),
    "COIN-M if touched, limit": (
        order(BTCUSD, Side.SELL, price_ticks=334550, stop_px_ticks=333550, order_qty_lots=10000,
              terms={"ord_type": OrdType.LIMIT_IF_TOUCHED, "trigger": Trigger.MARK_PRICE}),
        "/orders/create?symbol=BTCUSD&side=Sell&ordType=LimitIfTouched&timeInForce=GoodTillCancel"
        "&triggerType=ByMarkPrice&clOrdID=td-7-000000000042&orderQty=10000&priceEp=334550000&stopPxEp=333550000",
        '{"symbol":"BTCUSD","side":"Sell","ordType":"LimitIfTouched","timeInForce":"GoodTillCancel",'
        '"triggerType":"ByMarkPrice","clOrdID":"td-7-000000000042","orderQty":10000,"priceEp":334550000,'
        '"stopPxEp":333550000}',
    ),
    "COIN-M trailing take-profit of a long": (
        order(BTCUSD, Side.SELL, stop_px_ticks=340000, peg_offset_ticks=-10000,
              terms={**TRAILING, "peg_type": PegType.TRAILING_TAKE_PROFIT}),
        "/orders/create?symbol=BTCUSD&side=Sell&ordType=Stop&timeInForce=ImmediateOrCancel&closeOnTrigger=true"
        "&triggerType=ByLastPrice&pegPriceType=TrailingTakeProfitPeg&clOrdID=td-7-000000000042&orderQty=0"
        "&stopPxEp=340000000&pegOffsetValueEp=-10000000",
        '{"symbol":"BTCUSD","side":"Sell","ordType":"Stop","timeInForce":"ImmediateOrCancel","closeOnTrigger":true,'
        '"triggerType":"ByLastPrice","pegPriceType":"TrailingTakeProfitPeg","clOrdID":"td-7-000000000042",'
        '"orderQty":0,"stopPxEp":340000000,"pegOffsetValueEp":-10000000}',
    ),
    "spot limit": (
        order(SBTCUSDT, price_ticks=700000, order_qty_lots=1000),
        "/spot/orders/create?symbol=sBTCUSDT&side=Buy&ordType=Limit&timeInForce=GoodTillCancel&qtyType=ByBase"
        "&clOrdID=td-7-000000000042&baseQtyEv=100000&priceEp=700000000000",
        '{"symbol":"sBTCUSDT","side":"Buy","ordType":"Limit","timeInForce":"GoodTillCancel","qtyType":"ByBase",'
        '"clOrdID":"td-7-000000000042","baseQtyEv":100000,"priceEp":700000000000}',
    ),
    "spot market by money": (
        order(SBTCUSDT, order_qty_lots=2_500_000_000, terms={"ord_type": OrdType.MARKET, "qty_in_quote": True}),
        "/spot/orders/create?symbol=sBTCUSDT&side=Buy&ordType=Market&timeInForce=ImmediateOrCancel&qtyType=ByQuote"
        "&clOrdID=td-7-000000000042&quoteQtyEv=2500000000",
        '{"symbol":"sBTCUSDT","side":"Buy","ordType":"Market","timeInForce":"ImmediateOrCancel","qtyType":"ByQuote",'
        '"clOrdID":"td-7-000000000042","quoteQtyEv":2500000000}',
    ),
    "spot if touched, at market": (
        order(SBTCUSDT, Side.SELL, stop_px_ticks=710000, order_qty_lots=1,
              terms={"ord_type": OrdType.MARKET_IF_TOUCHED, "trigger": Trigger.LAST_PRICE}),
        "/spot/orders/create?symbol=sBTCUSDT&side=Sell&ordType=MarketIfTouched&timeInForce=ImmediateOrCancel"
        "&qtyType=ByBase&trigger=ByLastPrice&clOrdID=td-7-000000000042&baseQtyEv=100&stopPxEp=710000000000",
        '{"symbol":"sBTCUSDT","side":"Sell","ordType":"MarketIfTouched","timeInForce":"ImmediateOrCancel",'
        '"qtyType":"ByBase","trigger":"ByLastPrice","clOrdID":"td-7-000000000042","baseQtyEv":100,'
        '"stopPxEp":710000000000}',
    ),
}
POST_PATHS = {ProductLine.INVERSE: "/orders", ProductLine.LINEAR: "/g-orders", ProductLine.SPOT: "/spot/orders"}


@pytest.mark.parametrize("name", CREATES)
def test_create_by_put(name):
    made, target, _ = CREATES[name]

    assert encoder().new_request(made) == signed_request("PUT", target)


@pytest.mark.parametrize("name", CREATES)
def test_create_by_post(name):
    made, _, body = CREATES[name]
    path = POST_PATHS[made.terms.instrument.line]

    assert encoder(create_by_post=True).new_request(made) == signed_request("POST", path, body.encode())


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.parametrize("by_post", [False, True])
def test_another_parser_reads_what_was_signed(name, by_post):
    request = encoder(create_by_post=by_post).new_request(CREATES[name][0])

    method, target, headers, body = read(request)

    path, _, query = target.partition("?")
    signed = f"{path}{query}".encode() + headers[b"x-phemex-request-expiry"] + body
    assert headers[b"x-phemex-request-signature"] == hmac.digest(SECRET.encode(), signed, "sha256").hex().encode()
    assert headers[b"x-phemex-access-token"] == API_KEY.encode()
    assert (method, bool(body)) == (("POST", True) if by_post else ("PUT", False))
    if by_post:
        assert json.loads(body)["clOrdID"] == "td-7-000000000042"


def test_a_template_serves_order_after_order():
    made = encoder()
    terms = OrderTerms(BTCUSDT, Side.BUY)
    made.make_template(terms)
    out = ByteBuffer()

    for number in (1, 2):
        made.write_new(make_order(terms, cl_ord_id=f"c{number}", price_ticks=number, order_qty_lots=number), out)

    head = "/g-orders/create?symbol=BTCUSDT&side=Buy&posSide=Merged&ordType=Limit&timeInForce=GoodTillCancel"
    assert bytes(out) == signed_request("PUT", f"{head}&clOrdID=c1&orderQtyRq=0.001&priceRp=0.1") + signed_request(
        "PUT", f"{head}&clOrdID=c2&orderQtyRq=0.002&priceRp=0.2"
    )


@pytest.mark.parametrize("by_post", [False, True])
def test_a_new_expiry_is_signed_from_then_on(by_post):
    made = encoder(create_by_post=by_post)
    new = order(BTCUSDT, price_ticks=1, order_qty_lots=1)
    made.new_request(new)

    made.expiry_s = EXPIRY_S + 1

    _, target, headers, body = read(made.new_request(new))
    signed = target.replace("?", "").encode() + str(EXPIRY_S + 1).encode() + body
    assert headers[b"x-phemex-request-expiry"] == str(EXPIRY_S + 1).encode()
    assert headers[b"x-phemex-request-signature"] == hmac.digest(SECRET.encode(), signed, "sha256").hex().encode()


def test_terms_armed_by_another_encoder_are_signed_with_the_right_key():
    new = order(BTCUSDT, price_ticks=1, order_qty_lots=1)
    stranger = OrderEncoder(HOST, Credentials(API_KEY, "another-secret"))
    stranger.make_template(new.terms)
    by_post = encoder(create_by_post=True)
    by_post.make_template(new.terms)

    method, target, headers, _ = read(encoder().new_request(new))

    signed = target.replace("?", "").encode() + headers[b"x-phemex-request-expiry"]
    assert method == "PUT"
    assert headers[b"x-phemex-request-signature"] == hmac.digest(SECRET.encode(), signed, "sha256").hex().encode()


@pytest.mark.parametrize(
    ("made", "numbers", "target"),
    [
        (order(BTCUSDT), {"price_ticks": 612515}, "/g-orders/replace?symbol=BTCUSDT&posSide=Merged"
         "&origClOrdID=td-7-000000000042&priceRp=61251.5"),
        (order(BTCUSDT, order_id=ORDER_ID, terms={"pos_side": PosSide.LONG}), {"qty_lots": 20},
         f"/g-orders/replace?symbol=BTCUSDT&posSide=Long&orderID={ORDER_ID}&orderQtyRq=0.02"),
        (order(BTCUSD, order_id=ORDER_ID), {"price_ticks": 323230, "qty_lots": 1},
         f"/orders/replace?symbol=BTCUSD&orderID={ORDER_ID}&priceEp=323230000&orderQty=1"),
        (order(BTCUSD), {"qty_lots": 3}, "/orders/replace?symbol=BTCUSD&origClOrdID=td-7-000000000042&orderQty=3"),
        (order(SBTCUSDT, order_id=ORDER_ID), {"price_ticks": 700000},
         f"/spot/orders?symbol=sBTCUSDT&orderID={ORDER_ID}&priceEp=700000000000"),
        (order(SBTCUSDT), {"qty_lots": 5}, "/spot/orders?symbol=sBTCUSDT&origClOrdID=td-7-000000000042&baseQtyEv=500"),
        (order(SBTCUSDT, terms={"qty_in_quote": True}), {"qty_lots": 5},
         "/spot/orders?symbol=sBTCUSDT&origClOrdID=td-7-000000000042&quoteQtyEv=5"),
    ],
)
@pytest.mark.parametrize("by_post", [False, True])
def test_amend(made, numbers, target, by_post):
    assert encoder(create_by_post=by_post).amend_request(made, **numbers) == signed_request("PUT", target)


@pytest.mark.parametrize(
    ("instrument", "head"),
    [
        (BTCUSD, "/orders/cancel?symbol=BTCUSD&"),
        (BTCUSDT, "/g-orders/cancel?symbol=BTCUSDT&posSide=Merged&"),
        (SBTCUSDT, "/spot/orders?symbol=sBTCUSDT&"),
    ],
)
def test_cancel_by_either_id(instrument, head):
    made = order(instrument, order_id=ORDER_ID)

    assert encoder().cancel_request(made) == signed_request("DELETE", f"{head}clOrdID=td-7-000000000042")
    assert encoder().cancel_request(made, by_order_id=True) == signed_request("DELETE", f"{head}orderID={ORDER_ID}")


def test_cancel_many_by_order_ids():
    known = {"order_id": ORDER_ID}, {"order_id": OTHER_ORDER_ID}
    ids = f"{ORDER_ID},{OTHER_ORDER_ID}"

    linear = encoder().cancel_many_request(BTCUSDT, [order(BTCUSDT, **each) for each in known])
    inverse = encoder().cancel_many_request(BTCUSD, [order(BTCUSD, **each) for each in known])

    assert linear == signed_request("DELETE", f"/g-orders?symbol=BTCUSDT&posSide=Merged&orderID={ids}")
    assert inverse == signed_request("DELETE", f"/orders?symbol=BTCUSD&orderID={ids}")


def test_cancel_many_by_client_ids_where_the_venue_takes_them():
    orders = [order(BTCUSDT, cl_ord_id="first", order_id=ORDER_ID), order(BTCUSDT, cl_ord_id="second")]

    request = encoder().cancel_many_request(BTCUSDT, orders)

    assert request == signed_request("DELETE", "/g-orders?symbol=BTCUSDT&posSide=Merged&clOrdID=first,second")
    with pytest.raises(UsageError, match="wait for its ack"):
        encoder().cancel_many_request(BTCUSD, [order(BTCUSD)])


def test_cancel_many_takes_the_limit_and_not_one_more():
    orders = [order(BTCUSDT, cl_ord_id=f"{index:040d}") for index in range(150)]

    _, target, _, _ = read(encoder().cancel_many_request(BTCUSDT, orders))

    assert target.endswith(",".join(f"{index:040d}" for index in range(150)))
    assert len(f"DELETE {target} HTTP/1.1") < 8000
    for refused in ([], [*orders, orders[0]]):
        with pytest.raises(UsageError, match="1 to 150 orders"):
            encoder().cancel_many_request(BTCUSDT, refused)


@pytest.mark.parametrize(
    ("instrument", "orders", "says"),
    [
        (SBTCUSDT, [order(SBTCUSDT, order_id=ORDER_ID)], "no bulk cancel for spot"),
        (BTCUSDT, [order(BTCUSDT), order(BTCUSD)], "one symbol"),
        (BTCUSDT, [order(BTCUSDT), order(BTCUSDT, terms={"pos_side": PosSide.LONG})], "one position side"),
    ],
)
def test_cancel_many_refuses_what_one_request_cannot_say(instrument, orders, says):
    with pytest.raises(UsageError, match=says):
        encoder().cancel_many_request(instrument, orders)


def test_cancel_many_wants_orders():
    with pytest.raises(TypeError):
        encoder().cancel_many_request(BTCUSDT, ["td-7"])


@pytest.mark.parametrize(
    ("instrument", "path"), [(BTCUSD, "/orders/all"), (BTCUSDT, "/g-orders/all"), (SBTCUSDT, "/spot/orders/all")]
)
def test_cancel_all_in_two_halves(instrument, path):
    active = encoder().cancel_all_request(instrument)
    waiting = encoder().cancel_all_request(instrument, untriggered=True)

    assert active == signed_request("DELETE", f"{path}?symbol={instrument.symbol}&untriggered=false")
    assert waiting == signed_request("DELETE", f"{path}?symbol={instrument.symbol}&untriggered=true")


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

    for request in (made.ping_request(), made.new_request(CREATES["spot limit"][0])):
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


def test_longest_cl_ord_id_and_largest_numbers_fit():
    largest = order(
        BTCUSDT, cl_ord_id="Z" * 40, price_ticks=2**63 - 1, order_qty_lots=2**63 - 1, take_profit_ticks=2**63 - 1,
        take_profit_px_ticks=2**63 - 1, stop_loss_ticks=2**63 - 1, stop_loss_px_ticks=2**63 - 1,
        display_qty_lots=2**63 - 1, stop_px_ticks=2**63 - 1,
        terms={"ord_type": OrdType.STOP_LIMIT, "trigger": Trigger.LAST_PRICE, "take_profit_trigger": Trigger.LAST_PRICE,
               "stop_loss_trigger": Trigger.LAST_PRICE},
    )

    for by_post in (False, True):
        _, target, _, body = read(encoder(create_by_post=by_post).new_request(largest))
        assert (target + body.decode()).count("922337203685477580.7") == 6
        assert (target + body.decode()).count("9223372036854775.807") == 2


@pytest.mark.parametrize(
    ("numbers", "says"),
    [({}, "new price or quantity"), ({"price_ticks": -1}, "price_ticks must be"), ({"qty_lots": -1}, "order_qty_lots")],
)
def test_refuses_an_amend_without_sense(numbers, says):
    with pytest.raises(UsageError, match=says):
        encoder().amend_request(order(BTCUSDT), **numbers)


def test_refuses_to_amend_the_price_of_a_market_order():
    with pytest.raises(UsageError, match="no price_ticks to amend"):
        encoder().amend_request(order(BTCUSDT, terms={"ord_type": OrdType.MARKET}), price_ticks=5)


def test_refuses_an_order_id_that_is_not_known():
    with pytest.raises(UsageError, match="not known yet"):
        encoder().cancel_request(order(BTCUSDT), by_order_id=True)


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


def test_a_refused_request_leaves_the_buffer_as_it_was():
    out = ByteBuffer(64, 4096)
    made = encoder()
    made.write_new(order(BTCUSDT, price_ticks=1, order_qty_lots=1), out)
    before = bytes(out)

    with pytest.raises(UsageError):
        made.write_new(order(BTCUSDT, price_ticks=0, order_qty_lots=1), out)
    out.write(b"x" * (4096 - len(before) - 100))
    with pytest.raises(BufferError):
        made.write_new(order(BTCUSDT, price_ticks=1, order_qty_lots=1), out)

    assert bytes(out) == before + b"x" * (4096 - len(before) - 100)


@pytest.mark.parametrize("by_post", [False, True])
def test_an_armed_order_allocates_nothing(by_post):
    made, out = encoder(create_by_post=by_post), ByteBuffer()
    new = order(BTCUSDT, price_ticks=612500, order_qty_lots=10)
    write, reset, count_blocks = made.write_new, out.reset, sys.getallocatedblocks
    rounds = range(1000)
    for _ in rounds:
        write(new, out)
        reset()

    before = count_blocks()
    for _ in rounds:
        write(new, out)
        reset()
    after = count_blocks()

    assert after - before <= 1  # the counter's own integer


def test_nothing_shows_the_secret():
    made = encoder()

    assert SECRET not in repr(made) + repr(made.credentials) + repr(made.make_template(OrderTerms(BTCUSDT, Side.BUY)))
