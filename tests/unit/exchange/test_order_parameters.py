"""The parameters of the order calls, each taken and each with an effect, on all three lines; and what they refuse."""

import json

import pytest
from test_rule_faces import Client

COIN_M = "symbol=BTCUSD&side=Buy&orderQty=10&priceEp=500000000&clOrdID="
USD_M = "symbol=BTCUSDT&side=Buy&posSide=Merged&orderQtyRq=0.01&priceRp=50000&clOrdID="
SPOT = "symbol=sBTCUSDT&side=Buy&qtyType=ByBase&baseQtyEv=1000000&priceEp=5000000000000&clOrdID="
CREATES = {"/orders": COIN_M, "/g-orders": USD_M, "/spot/orders": SPOT}
REPLACE = {"/orders": "/orders/replace", "/g-orders": "/g-orders/replace", "/spot/orders": "/spot/orders"}
NAMES = {"/orders": "symbol=BTCUSD", "/g-orders": "symbol=BTCUSDT&posSide=Merged", "/spot/orders": "symbol=sBTCUSDT"}
LINES = list(CREATES)


def ask(client: Client, method: str, path: str, query: str = "") -> dict:
    status, document = client.ask(method, path, query)
    assert status == 200, document
    return document


def create(client: Client, line: str, name: str = "one", more: str = "") -> dict:
    document = ask(client, "PUT", f"{line}/create", CREATES[line] + name + more)
    assert document["code"] == 0, document
    client.run()
    return document["data"]


def open_order(client: Client, line: str, query: str) -> dict:
    return ask(client, "GET", f"{line}/active", f"{NAMES[line]}&{query}")


STOP_LIMIT = "&ordType=StopLimit&triggerType=ByLastPrice"
STOP = "&ordType=Stop&triggerType=ByLastPrice&stopPxRp=65000"
SPOT_STOP = "&ordType=StopLimit&trigger=ByLastPrice"
TRAILING = f"{STOP}&pegPriceType=TrailingStopPeg&pegOffsetValueRp=900"
AMENDS = [
    ("/orders", "", "priceEp=490000000", "priceEp", 490_000_000),
    ("/orders", "", "price=49000", "priceEp", 490_000_000),
    ("/orders", "", "orderQty=20", "orderQty", 20),
    ("/orders", f"{STOP_LIMIT}&stopPxEp=650000000", "stopPxEp=660000000", "stopPxEp", 660_000_000),
    ("/orders", f"{STOP_LIMIT}&stopPxEp=650000000", "stopPx=66000.5", "stopPxEp", 660_005_000),
    ("/g-orders", "", "priceRp=49000", "priceRp", "49000"),
    ("/g-orders", "", "orderQtyRq=0.02", "orderQtyRq", "0.02"),
    ("/g-orders", "", "takeProfitRp=55000", "takeProfitRp", "55000"),
    ("/g-orders", "", "stopLossRp=45000", "stopLossRp", "45000"),
    ("/g-orders", "&stopLossRp=45000", "stopLossRp=0", "stopLossRp", "0"),
    ("/g-orders", f"{STOP_LIMIT}&stopPxRp=65000", "stopPxRp=66000", "stopPxRp", "66000"),
    ("/g-orders", f"{STOP_LIMIT}&stopPxRp=65000", "triggerType=ByMarkPrice", "trigger", "ByMarkPrice"),
    ("/g-orders", TRAILING, "pegOffsetValueRp=800", "pegOffsetValueRp", "800"),
    ("/spot/orders", "", "priceEp=4900000000000", "priceEp", 4_900_000_000_000),
    ("/spot/orders", "", "baseQtyEv=2000000", "baseQtyEv", 2_000_000),
    ("/spot/orders", "", "baseQtyEV=2000000", "baseQtyEv", 2_000_000),
    ("/spot/orders", f"{SPOT_STOP}&stopPxEp=6500000000000", "stopPxEp=6600000000000", "stopPxEp", 6_600_000_000_000),
]  # fmt: skip


@pytest.mark.parametrize(("line", "more", "change", "key", "value"), AMENDS)
@pytest.mark.parametrize("by", ["orderID", "origClOrdID"])
def test_every_key_of_an_amend_shows_in_the_reply_and_in_the_order(line, more, change, key, value, by):
    client = Client()
    order = create(client, line, "one", more)
    assert order[key] != value
    who = f"orderID={order['orderID']}" if by == "orderID" else "origClOrdID=one"
    reply = ask(client, "PUT", REPLACE[line], f"{NAMES[line]}&{who}&{change}")
    assert (reply["code"], (reply["data"] or {}).get(key)) == (0, value), reply
    client.run()
    assert open_order(client, line, "clOrdID=one")["data"][key] == value


@pytest.mark.parametrize(
    ("line", "more", "change", "code"),
    [
        ("/g-orders", "", "takeProfitRp=45000", 11047), ("/g-orders", "", "stopLossRp=55000", 11048),
        ("/g-orders", "", "takeProfitRp=55000.05", 39108), ("/g-orders", "", "pegPriceType=TrailingStopPeg", 11066),
        ("/g-orders", STOP, "pegPriceType=TrailingStopPeg&pegOffsetValueRp=800", 11086),
        ("/g-orders", STOP, "pegOffsetValueRp=-5", 11086), ("/g-orders", STOP, "triggerType=ByMoon", 11038),
        ("/orders", "", "takeProfitEp=450000000", 11047), ("/orders", "", "stopLoss=55000", 11048),
        ("/orders", "", "priceEp=500000000", 11065), ("/spot/orders", "", "quoteQtyEv=500000000000", 11112),
        ("/g-orders", TRAILING, "pegOffsetValueRp=-800", 11092),
    ],
)  # fmt: skip
def test_an_amend_may_not_ask_for_what_a_create_could_not(line, more, change, code):
    client = Client()
    create(client, line, "one", more)
    before = open_order(client, line, "clOrdID=one")["data"]
    assert ask(client, "PUT", REPLACE[line], f"{NAMES[line]}&origClOrdID=one&{change}")["code"] == code
    client.run()
    assert open_order(client, line, "clOrdID=one")["data"] == before


BY_QUOTE = "symbol=sBTCUSDT&side=Buy&qtyType=ByQuote&quoteQtyEv=50000000000&clOrdID=one"


def test_an_order_by_quote_amount_is_amended_in_that_amount_only():
    client = Client()
    query = f"{BY_QUOTE}&priceEp=5000000000000"
    assert ask(client, "PUT", "/spot/orders/create", query)["code"] == 0
    client.run()
    amend = "symbol=sBTCUSDT&origClOrdID=one&"
    assert ask(client, "PUT", "/spot/orders", f"{amend}baseQtyEv=2000000")["code"] == 11112
    assert ask(client, "PUT", "/spot/orders", f"{amend}quoteQtyEv=0")["code"] == 11058
    assert ask(client, "PUT", "/spot/orders", f"{amend}quoteQtyEv=100000000000")["code"] == 0
    client.run()
    order = open_order(client, "/spot/orders", "clOrdID=one")["data"]
    assert (order["quoteQtyEv"], order["leavesQuoteQtyEv"]) == (100_000_000_000, 100_000_000_000)


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [("stopPxEp=6600000000000", "stopPxEp", 6_600_000_000_000),
     ("quoteQtyEv=60000000000", "quoteQtyEv", 60_000_000_000)],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["Stop", "StopLimit&priceEp=6500000000000"])
def test_a_waiting_order_by_quote_amount_takes_an_amend_and_goes_on_waiting(kind, change, key, value):
    client = Client()
    query = f"{BY_QUOTE}&trigger=ByLastPrice&stopPxEp=6500000000000&ordType={kind}"
    assert ask(client, "PUT", "/spot/orders/create", query)["code"] == 0
    client.run()
    assert ask(client, "PUT", "/spot/orders", f"symbol=sBTCUSDT&origClOrdID=one&{change}")["code"] == 0
    client.run()
    order = open_order(client, "/spot/orders", "clOrdID=one")["data"]
    assert (order["ordStatus"], order[key]) == ("Untriggered", value)


@pytest.mark.parametrize("line", LINES)
def test_a_client_id_in_an_amend_names_the_order_or_renames_it(line):
    change = {"/orders": "orderQty=20", "/g-orders": "orderQtyRq=0.02", "/spot/orders": "baseQtyEv=2000000"}[line]
    client = Client()
    order_id = create(client, line)["orderID"]
    assert ask(client, "PUT", REPLACE[line], f"{NAMES[line]}&clOrdID=one&{change}")["code"] == 0
    client.run()
    client.rules.set("replace-client-id", "renames")
    reply = ask(client, "PUT", REPLACE[line], f"{NAMES[line]}&orderID={order_id}&clOrdID=two")
    assert (reply["code"], reply["data"]["clOrdID"]) == (0, "two")
    client.run()
    assert open_order(client, line, "clOrdID=two")["data"]["orderID"] == order_id
    assert open_order(client, line, "clOrdID=one")["code"] == 10002
    create(client, line, "one")
    reply = ask(client, "PUT", REPLACE[line], f"{NAMES[line]}&orderID={order_id}&clOrdID=one")
    assert reply["code"] == 11085, "the old id was free again, and is taken now"


def test_a_client_id_beside_an_order_id_is_no_contradiction_in_an_amend():
    client = Client()
    order_id = create(client, "/g-orders")["orderID"]
    query = f"{NAMES['/g-orders']}&orderID={order_id}&clOrdID=one&priceRp=49000"
    assert ask(client, "PUT", "/g-orders/replace", query)["code"] == 0
    client.run()
    query = f"{NAMES['/g-orders']}&orderID={order_id}&origClOrdID=one&priceRp=48000"
    assert ask(client, "PUT", "/g-orders/replace", query)["code"] == 39108


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("by", ["orderID", "clOrdID"])
def test_one_open_order_is_asked_for_by_either_id(line, by):
    client = Client()
    order = create(client, line)
    assert open_order(client, line, f"{by}={order[by]}")["data"]["orderID"] == order["orderID"]
    assert open_order(client, line, f"{by}=none")["code"] == 10002
    assert open_order(client, line, "")["code"] == 10500
    if line == "/spot/orders":
        assert open_order(client, line, "clOrDID=one")["data"]["clOrdID"] == "one", "as its documents spell it"


@pytest.mark.parametrize(("line", "code"), [("/orders", 10500), ("/g-orders", 0)])
def test_only_the_usd_m_line_cancels_several_by_client_id(line, code):
    client = Client()
    for name in ("one", "two"):
        create(client, line, name)
    assert ask(client, "DELETE", line, f"{NAMES[line]}&clOrdID=one,two")["code"] == code
    client.run()
    assert open_order(client, line, "clOrdID=one")["code"] == (0 if code else 10002)


def test_a_bulk_cancel_keeps_to_the_position_side():
    client = Client()
    assert ask(client, "PUT", "/g-positions/switch-pos-mode-sync", "symbol=BTCUSDT&targetPosMode=Hedged")["code"] == 0
    ids = {}
    for side, pos_side in (("Buy", "Long"), ("Sell", "Short")):
        price = 50_000 if side == "Buy" else 70_000
        query = f"symbol=BTCUSDT&side={side}&posSide={pos_side}&orderQtyRq=0.01&priceRp={price}"
        ids[pos_side] = ask(client, "PUT", "/g-orders/create", query)["data"]["orderID"]
    client.run()
    both = ",".join(ids.values())
    reply = ask(client, "DELETE", "/g-orders", f"symbol=BTCUSDT&posSide=Long&orderID={both}")
    assert [row["orderID"] for row in reply["data"]] == [ids["Long"]]
    assert ask(client, "DELETE", "/g-orders", f"symbol=BTCUSDT&posSide=Long&orderID={ids['Short']}")["code"] == 20004


@pytest.mark.parametrize(
    ("line", "symbols", "wrong"),
    [("/orders", "BTCUSD,cETHUSD", "BTCUSDT"), ("/g-orders", "BTCUSDT,ETHUSDT", "BTCUSD"),
     ("/spot/orders", "sBTCUSDT,sETHUSDT", "BTCUSDT")],
)  # fmt: skip
def test_cancel_all_takes_a_list_of_symbols_of_its_line(line, symbols, wrong):
    client = Client()
    create(client, line)
    stop = {"/orders": "stopPxEp=650000000", "/g-orders": "stopPxRp=65000", "/spot/orders": "stopPxEp=6500000000000"}
    create(client, line, "waits", f"{STOP_LIMIT}&{stop[line]}")
    assert ask(client, "DELETE", f"{line}/all", f"symbol={symbols},{wrong}")["code"] == 11027

    def count(query: str) -> int:
        data = ask(client, "DELETE", f"{line}/all", query)["data"]
        client.run()
        return data["total"] if isinstance(data, dict) else data

    assert count(f"symbol={symbols}&text=all+out") == 1
    assert count(f"symbol={symbols}&untriggered=false") == 0
    assert count(f"symbol={symbols}&untriggered=true") == 1


def test_a_missing_parameter_and_an_unlisted_symbol_in_the_words_that_were_seen():
    client = Client()
    status, document = client.ask("PUT", "/g-orders/create", "symbol=BTCUSDT&side=Buy")
    assert (status, document) == (200, {"msg": "Missing required parameter", "code": 10500})
    query = "symbol=uBTCUSD&side=Buy&orderQty=1&priceEp=500000000"
    assert ask(client, "PUT", "/orders/create", query) == {
        "code": 39997, "msg": "Symbol not listed uBTCUSD", "data": None,
    }
    client.rules.set("client-id-required", "on")
    assert client.ask("PUT", "/g-orders/create", USD_M)[1] == document, "the same from deeper inside"


@pytest.mark.parametrize(
    ("line", "query"),
    [("/g-orders", USD_M.replace("Merged", '"x')), ("/spot/orders", SPOT.replace("ByBase", '"x'))],
)
def test_what_is_no_word_is_refused_before_any_event_could_repeat_it(line, query):
    client = Client(qty_type_required=True)
    assert ask(client, "PUT", f"{line}/create", query.replace("side=Buy", "side=Up"))["code"] == 39108
    assert client.venue.advance(client.now_ns + 10_000_000) == []


def test_a_rule_has_spot_orders_name_their_quantity():
    client = Client(qty_type_required=True)
    query = SPOT.replace("qtyType=ByBase&", "")
    assert ask(client, "PUT", "/spot/orders/create", query)["code"] == 10500
    assert json.dumps(create(client, "/spot/orders")["qtyType"]) == '"ByBase"'


@pytest.mark.parametrize("line", ["/orders", "/g-orders"])
def test_one_open_order_comes_by_itself_or_as_a_row(line):
    client = Client()
    create(client, line)
    order = open_order(client, line, "clOrdID=one")["data"]
    client.rules.set("active-shape", "rows")
    assert open_order(client, line, "clOrdID=one")["data"] == {"rows": [order]}
    assert open_order(client, line, "clOrdID=none")["code"] == 10002


@pytest.mark.parametrize(("line", "asked", "whole", "part"), [
    ("/orders", "displayQty=4", 10, 4), ("/g-orders", "displayQtyRq=0.004", "0.01", "0.004"),
    ("/g-orders", "displayQtyRq=1", "0.01", "0.01"),
])  # fmt: skip
def test_a_display_quantity_is_told_back_where_a_rule_says_so(line, asked, whole, part):
    for rule, shown in (("whole", whole), ("as-sent", part)):
        client = Client(display_qty=rule)
        create(client, line, "one", f"&{asked}")
        order = open_order(client, line, "clOrdID=one")["data"]
        assert order.get("displayQty", order.get("displayQtyRq")) == shown
