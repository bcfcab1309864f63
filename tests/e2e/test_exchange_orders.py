"""Every order call on every product line, over real TLS, answered in the line's own style."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from phemex_client import Answer, RestClient


@dataclass(frozen=True)
class LineCalls:
    """How one product line says the same things."""

    symbol: str
    create_put: str
    create_post: str
    replace: tuple[str, str]
    cancel: tuple[str, str]
    all: str
    active_list: str
    price_key: str
    qty_key: str
    low: object  # a price far below the market, a little above it, and a quantity
    lower: object
    qty: object
    extra: tuple[tuple[str, str], ...] = ()
    type_key: str = "orderType"
    leaves_key: str = "leavesQty"

    def order(self, **changes: object) -> dict[str, object]:
        fields: dict[str, object] = {
            "symbol": self.symbol, "clOrdID": f"t-{uuid.uuid4().hex[:20]}", "side": "Buy", "ordType": "Limit",
            "timeInForce": "GoodTillCancel", self.price_key: self.low, self.qty_key: self.qty, **dict(self.extra),
        }
        return fields | changes

    def named(self, **names: object) -> dict[str, object]:
        """The fields that name an order in a later call."""
        return {"symbol": self.symbol, **names, **{k: v for k, v in self.extra if k == "posSide"}}


COIN_M = LineCalls(
    "BTCUSD", "/orders/create", "/orders", ("PUT", "/orders/replace"), ("DELETE", "/orders/cancel"), "/orders/all",
    "/orders/activeList", "priceEp", "orderQty", 500_000_000, 500_001_000, 3,
)
USD_M = LineCalls(
    "BTCUSDT", "/g-orders/create", "/g-orders", ("PUT", "/g-orders/replace"), ("DELETE", "/g-orders/cancel"),
    "/g-orders/all", "/g-orders/activeList", "priceRp", "orderQtyRq", "50000.5", "50000.6", "0.01",
    (("posSide", "Merged"),), leaves_key="leavesQtyRq",
)
SPOT = LineCalls(
    "sBTCUSDT", "/spot/orders/create", "/spot/orders", ("PUT", "/spot/orders"), ("DELETE", "/spot/orders"),
    "/spot/orders/all", "/spot/orders", "priceEp", "baseQtyEv", 5_800_000_000_000, 5_800_001_000_000, 1_000_000,
    (("qtyType", "ByBase"),), type_key="ordType", leaves_key="leavesBaseQtyEv",
)
LINES = [pytest.param(line, id=name) for name, line in (("COIN-M", COIN_M), ("USD-M", USD_M), ("spot", SPOT))]
every_line = pytest.mark.parametrize("line", LINES)


def open_orders(client: RestClient, line: LineCalls) -> list[dict[str, Any]]:
    answer = client.call("GET", line.active_list, symbol=line.symbol)
    if answer.code == 10002:
        assert answer.json == {"code": 10002, "msg": "OM_ORDER_NOT_FOUND", "data": None}
        return []
    return answer.data["rows"] if isinstance(answer.data, dict) else answer.data


def settled(client: RestClient, line: LineCalls, count: int) -> list[dict[str, Any]]:
    """The open orders once there are `count` of them: a reply only says that a request was taken."""
    for _ in range(300):
        rows = open_orders(client, line)
        if len(rows) == count:
            return rows
        time.sleep(0.01)
    raise AssertionError(f"{len(rows)} open orders, not {count}")


def create(client: RestClient, line: LineCalls, **changes: object) -> Answer:
    return client.call("PUT", line.create_put, **line.order(**changes))


@every_line
def test_a_put_create_is_answered_created_and_then_rests(clients, line):
    order = line.order()
    data = clients[0].call("PUT", line.create_put, **order).data
    assert (data["clOrdID"], data["symbol"], data["side"]) == (order["clOrdID"], line.symbol, "Buy")
    assert (data["ordStatus"], data.get("execStatus", "PendingNew")) == ("Created", "PendingNew")
    assert data[line.price_key] == line.low
    assert data[line.leaves_key] == line.qty
    for _ in range(300):  # the reply comes first, then the book takes it
        (row,) = settled(clients[0], line, 1)
        if row["ordStatus"] == "New":
            break
        time.sleep(0.01)
    assert (row["orderID"], row["ordStatus"]) == (data["orderID"], "New")


@every_line
def test_a_post_create_says_the_same_in_json(clients, line):
    order = line.order()
    data = clients[0].post(line.create_post, order).data
    assert (data["ordStatus"], data["clOrdID"], data[line.type_key]) == ("Created", order["clOrdID"], "Limit")
    texts = {name: str(value) for name, value in line.order().items()}
    assert clients[0].post(line.create_post, texts).data[line.price_key] == line.low, "numbers may be texts"


@every_line
def test_an_amend_is_pending_with_the_new_values_and_keeps_the_order_id(clients, line):
    created = create(clients[0], line).data
    settled(clients[0], line, 1)
    fields = line.named(origClOrdID=created["clOrdID"]) | {line.price_key: line.lower}
    data = clients[0].call(*line.replace, **fields).data
    assert data["orderID"] == created["orderID"]
    assert data[line.price_key] == line.lower
    assert (data["ordStatus"], data.get("execStatus", "PendingReplace")) == ("New", "PendingReplace")
    for _ in range(300):
        (row,) = open_orders(clients[0], line)
        if row.get("execStatus", "Replaced") == "Replaced" and row[line.price_key] == line.lower:
            break
        time.sleep(0.01)
    assert row[line.price_key] == line.lower


@every_line
@pytest.mark.parametrize("name", ["orderID", "clOrdID"])
def test_a_cancel_by_either_id_is_pending_and_then_done(clients, line, name):
    created = create(clients[0], line).data
    settled(clients[0], line, 1)
    data = clients[0].call(*line.cancel, **line.named(**{name: created[name]})).data
    assert (data["ordStatus"], data.get("execStatus", "PendingCancel")) == ("New", "PendingCancel")
    settled(clients[0], line, 0)
    again = clients[0].call(*line.cancel, **line.named(**{name: created[name]}))
    assert again.code in (10002, 11062, 11063)
    assert again.json["data"] is None


@pytest.mark.parametrize(
    ("line", "name"),
    [pytest.param(COIN_M, "orderID", id="COIN-M"), *((USD_M, name) for name in ("orderID", "clOrdID"))],
)
def test_a_bulk_cancel_names_several_and_answers_with_each(clients, line, name):
    created = [create(clients[0], line).data for _ in range(3)]
    settled(clients[0], line, 3)
    ids = ",".join(order[name] for order in created[:2])
    data = clients[0].call("DELETE", line.create_post, **line.named(**{name: ids})).data
    assert [row["orderID"] for row in data] == [order["orderID"] for order in created[:2]]
    assert {row["execStatus"] for row in data} == {"PendingCancel"}
    (left,) = settled(clients[0], line, 1)
    assert left["orderID"] == created[2]["orderID"]


@every_line
def test_cancel_all_counts_active_orders_and_leaves_other_accounts_alone(clients, line):
    for client in clients[:2]:
        create(client, line)
        create(client, line)
        settled(client, line, 2)
    data = clients[0].call("DELETE", line.all, symbol=line.symbol, untriggered="false").data
    assert data == ({"total": 2} if line is SPOT else 2)
    settled(clients[0], line, 0)
    assert len(open_orders(clients[1], line)) == 2


CONDITIONS = {
    COIN_M: {"ordType": "Stop", "priceEp": 0, "stopPxEp": 700_000_000, "triggerType": "ByMarkPrice"},
    USD_M: {"ordType": "StopLimit", "priceRp": "70001", "stopPxRp": "70000", "triggerType": "ByLastPrice"},
    SPOT: {"ordType": "StopLimit", "priceEp": 6_600_000_000_000, "stopPxEp": 6_500_000_000_000,
           "trigger": "ByLastPrice"},
}


@every_line
def test_a_conditional_order_waits_untriggered_and_only_its_half_of_cancel_all_takes_it(clients, line):
    data = create(clients[0], line, **CONDITIONS[line]).data
    assert data["ordStatus"] == "Untriggered"
    assert data.get("execStatus", "Registered") == "Registered"
    assert data[line.leaves_key] in (0, "0"), "nothing is open until it triggers"
    assert data["stopDirection"] == "Rising"
    (row,) = settled(clients[0], line, 1)
    assert row["ordStatus"] == "Untriggered"
    clients[0].call("DELETE", line.all, symbol=line.symbol, untriggered="false")
    assert len(open_orders(clients[0], line)) == 1
    clients[0].call("DELETE", line.all, symbol=line.symbol, untriggered="true")
    settled(clients[0], line, 0)


@every_line
def test_one_open_order_can_be_asked_for(clients, line):
    created = create(clients[0], line).data
    path = {"BTCUSD": "/orders/active", "BTCUSDT": "/g-orders/active", "sBTCUSDT": "/spot/orders/active"}[line.symbol]
    found = clients[0].call("GET", path, symbol=line.symbol, orderID=created["orderID"]).data
    assert found["clOrdID"] == created["clOrdID"]
    assert clients[1].call("GET", path, symbol=line.symbol, orderID=created["orderID"]).code == 10002
    if line is SPOT:
        again = clients[0].call("GET", path, symbol=line.symbol, clOrDID=created["clOrdID"]).data
        assert again["orderID"] == created["orderID"]


@every_line
@pytest.mark.parametrize("missing", ["symbol", "side"])
def test_a_missing_parameter_is_10500(clients, line, missing):
    order = line.order()
    del order[missing]
    answer = clients[0].call("PUT", line.create_put, **order)
    assert (answer.status, answer.code, answer.json["msg"]) == (200, 10500, "Missing required parameter")


@every_line
@pytest.mark.parametrize("bad", ["1e5", "abc", "0x10", "1,5", "--1", "1.5.1", "9" * 400, "%FF"])
def test_a_number_that_is_none_is_refused_and_nothing_is_placed(clients, line, bad):
    answer = create(clients[0], line, **{line.qty_key: bad})
    assert (answer.status, answer.code, answer.json["data"]) == (200, 39108, None)
    assert open_orders(clients[0], line) == []


@every_line
def test_a_client_id_is_used_once(clients, line):
    order = line.order()
    assert clients[0].call("PUT", line.create_put, **order).code == 0
    answer = clients[0].call("PUT", line.create_put, **order)
    assert answer.json == {"code": 11085, "msg": "TE_CL_ORD_ID_DUPLICATE", "data": None}


@every_line
def test_a_symbol_of_another_line_or_of_none_is_refused(clients, line):
    other = USD_M.symbol if line is COIN_M else COIN_M.symbol
    for symbol in (other, "NOPE"):
        assert create(clients[0], line, symbol=symbol).json == {"code": 11027, "msg": "TE_SYMBOL_INVALID", "data": None}


def test_the_position_side_must_fit_the_mode_on_usd_m(clients):
    answer = create(clients[0], USD_M, posSide="Long")
    assert answer.json == {"code": 20004, "msg": "TE_ERR_INCONSISTENT_POS_MODE", "data": None}
    order = USD_M.order()
    del order["posSide"]
    assert clients[0].call("PUT", USD_M.create_put, **order).code == 10500


def test_the_position_side_is_ignored_on_coin_m(clients):
    assert create(clients[0], COIN_M, posSide="Long").code == 0


@every_line
def test_an_order_that_costs_too_much_is_refused_by_name(clients, line):
    changes = {COIN_M: {"orderQty": 20_000_000}, USD_M: {"orderQtyRq": "900"}, SPOT: {"baseQtyEv": 99_000_000_000}}
    answer = create(clients[0], line, **changes[line])
    assert answer.code in (11001, 11081, 11082, 11106, 11056, 11114)
    assert answer.json["msg"].startswith("TE_")
    assert answer.json["data"] is None


def test_amending_by_real_price_and_trimming_of_strings(clients):
    created = create(clients[0], COIN_M).data
    settled(clients[0], COIN_M, 1)
    data = clients[0].call("PUT", "/orders/replace", symbol="BTCUSD", orderID=created["orderID"], price="49999.5").data
    assert data["priceEp"] == 499_995_000
    assert create(clients[0], USD_M, priceRp="50000.500", orderQtyRq="0.010").data["priceRp"] == "50000.5"


def test_the_exact_style_of_a_coin_m_reply(clients):
    text = clients[0].call("PUT", "/orders/create", **COIN_M.order(clOrdID="style-1")).text
    order_id = text.partition('"orderID":"')[2][:36]
    time_ns = text.partition('"actionTimeNs":')[2][:19]
    assert text == (
        f'{{"code":0,"msg":"","data":{{"bizError":0,"orderID":"{order_id}","clOrdID":"style-1","symbol":"BTCUSD",'
        f'"side":"Buy","actionTimeNs":{time_ns},"transactTimeNs":{time_ns},"orderType":"Limit","priceEp":500000000,'
        '"price":50000.00000000,"orderQty":3,"displayQty":0,"timeInForce":"GoodTillCancel","reduceOnly":false,'
        '"closedPnlEv":0,"closedPnl":0E-8,"closedSize":0,"cumQty":0,"cumValueEv":0,"cumValue":0E-8,"leavesQty":3,'
        '"leavesValueEv":6000,"leavesValue":0.00006000,"stopDirection":"UNSPECIFIED","stopPxEp":0,"stopPx":0E-8,'
        '"trigger":"UNSPECIFIED","pegOffsetValueEp":0,"pegOffsetProportionEr":0,"execStatus":"PendingNew",'
        '"pegPriceType":"UNSPECIFIED","ordStatus":"Created","execInst":"None"}}'
    )
