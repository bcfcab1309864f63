"""The query services over real TLS with the standard library's client: each line's closed orders and executions."""

import time
import uuid

import pytest

LINES = {
    "BTCUSD": ("/orders/create", {"orderQty": 3, "priceEp": 600_000_000}),
    "BTCUSDT": ("/g-orders/create", {"posSide": "Merged", "orderQtyRq": "0.03", "priceRp": "60000"}),
    "sBTCUSDT": ("/spot/orders/create", {"qtyType": "ByBase", "baseQtyEv": 3_000_000, "priceEp": 6_000_000_000_000}),
}


@pytest.fixture
def traded(clients):
    """Account 0 bought from account 1 on every line; gives symbol → the buyer's client id."""
    names = {}
    for symbol, (path, fields) in LINES.items():
        for client, side in ((clients[0], "Buy"), (clients[1], "Sell")):
            name = f"h-{uuid.uuid4().hex[:16]}"
            assert client.call("PUT", path, symbol=symbol, side=side, clOrdID=name, **fields).code == 0
            names.setdefault(symbol, name)
    time.sleep(0.1)
    return names


@pytest.mark.parametrize(
    ("path", "symbol", "key"),
    [
        ("/exchange/order/list", "BTCUSD", "clOrdID"), ("/exchange/order/trade", "BTCUSD", "clOrdID"),
        ("/api-data/futures/orders", "BTCUSD", "clOrdID"), ("/api-data/futures/trades", "BTCUSD", "clOrdID"),
        ("/api-data/g-futures/orders", "BTCUSDT", "clOrdId"), ("/api-data/g-futures/trades", "BTCUSDT", "clOrdID"),
        ("/api-data/spots/orders", "sBTCUSDT", "clOrdID"), ("/api-data/spots/trades", "sBTCUSDT", "clOrdID"),
        ("/exchange/spot/order", "sBTCUSDT", "clOrdID"), ("/exchange/spot/order/trades", "sBTCUSDT", "clOrdID"),
    ],
)
def test_the_newest_row_is_the_last_trade(clients, traded, path, symbol, key):
    document = clients[0].call("GET", path, symbol=symbol, limit=1).json
    data = document if isinstance(document, list) else document["data"]
    (row,) = data if isinstance(data, list) else data["rows"]
    assert (row[key], row["side"]) == (traded[symbol], "Buy")


def test_the_pages_services_speak_in_integers(clients, traded):
    (order,) = clients[0].call("GET", "/exchange/order/v2/orderList", currency="USDT", ordStatus=7, limit=1).data
    assert (order["symbol"], order["side"], order["ordStatus"], order["execQtyRq"]) == ("BTCUSDT", 1, 7, "0.03")
    assert order["orderId"].startswith(order["clOrdId"])
    found = clients[0].call("GET", "/exchange/order/v2/tradingList", currency="USDT", limit=1, withCount="true").data
    assert found["total"] >= 1 and found["rows"][0]["execStatus"] == 6
    path = "/api-data/g-futures/orders/by-order-id"
    (same,) = clients[0].call("GET", path, symbol="BTCUSDT", orderID=order["orderId"]).data
    assert same["clOrdId"] == traded["BTCUSDT"]
