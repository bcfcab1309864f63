"""Creates against bytes written by hand from the venue's documents, signed by hmac, and read back by h11."""

import hmac
import json
import sys

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
from tidings.model.order import make_order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.signing import Credentials
from tidings.wire.buffer import ByteBuffer

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
