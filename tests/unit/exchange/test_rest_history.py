"""The query services asked as a client asks them: selection, windows, pages, envelopes, on all three lines."""

import json

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, MS_NS, SPOT_60K, SPOT_BTC, START_NS, USD_M_60K, Driver

from tidings.exchange.rest import face as rest
from tidings.exchange.rest.endpoint import Call
from tidings.exchange.rest.parameters import Parameters, RequestError

ENDPOINTS = rest._ENDPOINTS
LINES = {
    "BTCUSD": (1, COIN_M_60K), "BTCUSDT": (MILLI_BTC, USD_M_60K), "sBTCUSDT": (SPOT_BTC // 1000, SPOT_60K),
}


@pytest.fixture(scope="module")
def d() -> Driver:
    """Three trades of user a in each line's first symbol, ten milliseconds apart, then one order that rests."""
    d = Driver()
    for symbol, (qty, price) in LINES.items():
        for n in range(3):
            d.place(d.b, symbol, "Buy", qty, price, cl_ord_id=f"b-{symbol}-{n}")
            d.place(d.a, symbol, "Sell", qty, price, cl_ord_id=f"{symbol}-{n}")
        d.place(d.a, symbol, "Buy", qty, price - price // 60 // 100 * 100, cl_ord_id=f"{symbol}-rests")
    return d


def ask(d: Driver, path: str, lag_ms: int = 0, **fields: object):
    parameters = Parameters({name: [str(value)] for name, value in fields.items()})
    call = Call(d.venue, d.a, parameters, d.now_ns, lag_ms * MS_NS)
    return json.loads(ENDPOINTS["GET", path](call))


def rows_of(document) -> list[dict]:
    """The rows of any of the envelopes."""
    data = document if isinstance(document, list) else document["data"]
    return data if isinstance(data, list) else data["rows"]


# path → (symbol, how a row names its order: the client's id, or nothing to compare)
CLOSED = {
    "/exchange/order/list": ("BTCUSD", "clOrdID"),
    "/api-data/futures/orders": ("BTCUSD", "clOrdID"),
    "/api-data/g-futures/orders": ("BTCUSDT", "clOrdId"),
    "/api-data/spots/orders": ("sBTCUSDT", "clOrdID"),
    "/exchange/spot/order": ("sBTCUSDT", "clOrdID"),
}
TRADES = {
    "/exchange/order/trade": ("BTCUSD", "clOrdID"),
    "/api-data/futures/trades": ("BTCUSD", "clOrdID"),
    "/api-data/g-futures/trades": ("BTCUSDT", "clOrdID"),
    "/api-data/spots/trades": ("sBTCUSDT", "clOrdID"),
    "/exchange/spot/order/trades": ("sBTCUSDT", "clOrdID"),
}
HISTORIES = [pytest.param(path, *names, id=path) for path, names in (CLOSED | TRADES).items()]


@pytest.mark.parametrize(("path", "symbol", "key"), HISTORIES)
def test_a_history_is_newest_first_and_comes_in_pages(d, path, symbol, key):
    assert [row[key] for row in rows_of(ask(d, path, symbol=symbol))] == [f"{symbol}-{n}" for n in (2, 1, 0)]
    page = rows_of(ask(d, path, symbol=symbol, limit=2, offset=1))
    assert [row[key] for row in page] == [f"{symbol}-1", f"{symbol}-0"]
    assert rows_of(ask(d, path, symbol=symbol, offset=3)) == []
    assert rows_of(ask(d, path, symbol=symbol, offset=10**19 - 1)) == []


@pytest.mark.parametrize(("path", "symbol", "key"), HISTORIES)
def test_a_history_is_cut_to_its_window(d, path, symbol, key):
    fills = d.venue.queries.fills(d.a, d.venue.catalogue.instruments[symbol].line)
    middle_ms = fills[1].transact_time_ns // MS_NS
    found = rows_of(ask(d, path, symbol=symbol, start=middle_ms, end=middle_ms))
    assert [row[key] for row in found] == [f"{symbol}-1"]
    found = rows_of(ask(d, path, symbol=symbol, end=middle_ms))
    assert [row[key] for row in found] == [f"{symbol}-1", f"{symbol}-0"]


@pytest.mark.parametrize(("path", "symbol", "key"), HISTORIES)
def test_a_history_lags_when_its_database_does(d, path, symbol, key):
    line = d.venue.catalogue.instruments[symbol].line
    newest_ns = next(iter(d.venue.queries.fills(d.a, line))).transact_time_ns
    lag_ms = (d.now_ns - newest_ns) // MS_NS + 1
    assert [row[key] for row in rows_of(ask(d, path, lag_ms, symbol=symbol))] == [f"{symbol}-1", f"{symbol}-0"]


@pytest.mark.parametrize(
    ("path", "symbol", "id_key"),
    [
        ("/exchange/order", "BTCUSD", "orderID"),
        ("/api-data/futures/orders/by-order-id", "BTCUSD", "orderID"),
        ("/api-data/g-futures/orders/by-order-id", "BTCUSDT", "orderId"),
        ("/api-data/spots/orders/by-order-id", "sBTCUSDT", "orderID"),
    ],
)
def test_orders_are_found_by_either_id_one_or_several_open_or_done(d, path, symbol, id_key):
    names = f"{symbol}-rests,{symbol}-0,nobody"
    found = rows_of(ask(d, path, symbol=symbol, clOrdID=names))
    assert [row["ordStatus"] for row in found] == ["New", "Filled"]
    ids = [row[id_key] for row in found]
    assert [row[id_key] for row in rows_of(ask(d, path, symbol=symbol, orderID=",".join(ids)))] == ids
    assert len(rows_of(ask(d, path, symbol=symbol, orderID=ids[1], clOrdID=f"{symbol}-0"))) == 1
    assert rows_of(ask(d, path, symbol=symbol, clOrdID=f"b-{symbol}-0")) == [], "somebody else's"
    with pytest.raises(RequestError, match="Missing"):
        ask(d, path, symbol=symbol)


@pytest.mark.parametrize(
    ("path", "symbol"), [("/orders/activeList", "BTCUSD"), ("/g-orders/activeList", "BTCUSDT"),
                         ("/spot/orders", "sBTCUSDT")],
)
def test_open_orders_lag_too_and_none_is_code_10002(d, path, symbol):
    assert [row["clOrdID"] for row in rows_of(ask(d, path, symbol=symbol))] == [f"{symbol}-rests"]
    lag_ms = (d.now_ns - START_NS) // MS_NS
    assert ask(d, path, lag_ms, symbol=symbol) == {"code": 10002, "msg": "OM_ORDER_NOT_FOUND", "data": None}
    one = "/spot/orders/active" if path.startswith("/spot") else path.removesuffix("List")
    assert ask(d, one, symbol=symbol, clOrdID=f"{symbol}-rests")["data"]["ordStatus"] == "New"
    assert ask(d, one, symbol=symbol, clOrdID=f"{symbol}-0")["code"] == 10002
    assert ask(d, one, lag_ms, symbol=symbol, clOrdID=f"{symbol}-rests")["code"] == 10002


def test_the_three_envelopes(d):
    counted = ask(d, "/exchange/order/list", symbol="BTCUSD", limit=1, withCount="true")
    assert (counted["code"], counted["msg"], counted["data"]["total"], len(counted["data"]["rows"])) == (0, "OK", 3, 1)
    assert ask(d, "/exchange/order/list", symbol="BTCUSD")["data"]["total"] == 0
    assert ask(d, "/exchange/spot/order", symbol="sBTCUSDT", limit=1)["data"]["total"] == 3
    assert set(ask(d, "/api-data/g-futures/trades", symbol="BTCUSDT")["data"]) == {"rows"}
    assert isinstance(ask(d, "/api-data/spots/trades", symbol="sBTCUSDT"), list)


def test_closed_orders_are_chosen_by_status(d):
    assert len(rows_of(ask(d, "/exchange/order/list", symbol="BTCUSD", ordStatus="Filled,Canceled"))) == 3
    assert rows_of(ask(d, "/exchange/order/list", symbol="BTCUSD", ordStatus="Canceled")) == []


def test_usd_m_histories_are_asked_by_currency_too(d):
    by_currency = rows_of(ask(d, "/api-data/g-futures/trades", currency="USDT"))
    assert [row["clOrdID"] for row in by_currency] == ["BTCUSDT-2", "BTCUSDT-1", "BTCUSDT-0"]
    assert rows_of(ask(d, "/api-data/g-futures/trades", currency="USDT", symbols="ETHUSDT")) == []
    assert rows_of(ask(d, "/api-data/g-futures/orders", currency="USDC")) == []
    with pytest.raises(RequestError):
        ask(d, "/api-data/g-futures/orders")


def test_the_order_list_has_open_orders_too_and_filters_by_numbers(d):
    listed = ask(d, "/exchange/order/v2/orderList", currency="USDT")["data"]
    assert [row["ordStatus"] for row in listed] == [5, 7, 7, 7]
    filled = ask(d, "/exchange/order/v2/orderList", currency="USDT", ordStatus="7,8", ordType=2, withCount="true")
    assert (filled["data"]["total"], [row["ordStatus"] for row in filled["data"]["rows"]]) == (3, [7, 7, 7])
    assert ask(d, "/exchange/order/v2/orderList", currency="USDT", ordType=1)["data"] == []
    with pytest.raises(RequestError):
        ask(d, "/exchange/order/v2/orderList", currency="USDT", ordStatus="Filled")
    with pytest.raises(RequestError):
        ask(d, "/exchange/order/v2/orderList", symbol="BTCUSDT")


def test_the_trading_list_filters_by_kind_of_execution(d):
    takers = ask(d, "/exchange/order/v2/tradingList", currency="USDT", execType=7, limit=2)["data"]
    assert [(row["execStatus"], row["side"]) for row in takers] == [(7, 2), (7, 2)]
    assert ask(d, "/exchange/order/v2/tradingList", currency="USDT", execType=6)["data"] == []


def test_without_a_start_the_data_service_goes_back_two_days(d):
    d2 = Driver()
    d2.place(d2.b, "BTCUSD", "Buy", 1, COIN_M_60K)
    d2.place(d2.a, "BTCUSD", "Sell", 1, COIN_M_60K)
    traded_ms = d2.now_ns // MS_NS
    d2.run(2 * 86_400_000 - 6)  # the trade was 5 ms before the end of its run
    trades = {"symbol": "BTCUSD", "tradeType": "Trade"}  # there are funding payments too
    assert len(ask(d2, "/api-data/futures/trades", **trades)) == 1
    d2.run(12)
    assert ask(d2, "/api-data/futures/trades", **trades) == []
    assert len(ask(d2, "/api-data/futures/trades", start=traded_ms - 20, **trades)) == 1
    assert len(ask(d2, "/api-data/futures/trades", end=traded_ms, **trades)) == 1
    assert len(rows_of(ask(d2, "/exchange/order/trade", **trades))) == 1


def test_at_least_a_thousand_orders_and_fills_are_remembered():
    d = Driver()
    for n in range(1_200):
        d.place(d.b, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id=f"b{n}")
        d.place(d.a, "BTCUSD", "Sell", 1, COIN_M_60K, cl_ord_id=f"a{n}")
    for path in ("/exchange/order/list", "/exchange/order/trade"):
        assert ask(d, path, symbol="BTCUSD", withCount="true")["data"]["total"] == 1_200
        assert len(rows_of(ask(d, path, symbol="BTCUSD", limit=500))) == 200, "the venue's largest page"
