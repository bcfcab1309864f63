"""What is remembered of done orders: ten thousand of each user and line, found by either id, and shown in pages."""

import json
import time

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, SPOT_60K, SPOT_BTC, START_NS, USD, USD_M_60K, Driver

from tidings.exchange.catalogue import Line, load_catalogue
from tidings.exchange.faults.fault_scope import request_names
from tidings.exchange.orders.order_history import HISTORY_MAX, History
from tidings.exchange.reports import OrderReport
from tidings.exchange.rest import face as rest
from tidings.exchange.rest.endpoint import Call
from tidings.exchange.rest.parameters import Parameters, RequestError

BTCUSD = load_catalogue().instruments["BTCUSD"]
DAY_MS = 86_400_000


def report(n: int, cl_ord_id: str = "", **fields: object) -> OrderReport:
    terms = {
        "side": "Buy", "pos_side": "Merged", "ord_type": "Limit", "time_in_force": "GoodTillCancel",
        "exec_inst": "None", "transact_time_ns": START_NS + n, "ord_status": "Filled", **fields,
    }
    return OrderReport(instrument=BTCUSD, user_id=7_000_001, order_id=f"id-{n}", cl_ord_id=cl_ord_id, **terms)


def ask(d: Driver, path: str, **fields: object):
    parameters = Parameters({name: [str(value)] for name, value in fields.items()})
    return json.loads(rest._ENDPOINTS["GET", path](Call(d.venue, d.a, parameters, d.now_ns)))


def test_the_oldest_is_forgotten_first_under_each_of_its_names():
    history = History(most=3)
    for n, name in enumerate(["a", "b", "a", "", "a"]):
        history.add(report(n, name))
    assert [r.order_id for r in history.newest_first()] == ["id-4", "id-3", "id-2"]
    assert [r.order_id for r in history.named("a")] == ["id-2", "id-4"]
    assert [len(history.named(name)) for name in ("b", "", "id-0", "id-3")] == [0, 0, 0, 1]
    assert len(history) == 3


def test_ten_thousand_orders_and_executions_of_an_account_are_shown_in_pages():
    d = Driver()
    assert HISTORY_MAX == 10_000
    store = d.venue.state.store
    for n in range(HISTORY_MAX + 1):
        done = report(n, f"c{n}", trade_type="Trade", exec_status="TakerFill")
        store._closed[d.a, Line.COIN_M].add(done)
        store._fills[d.a, Line.COIN_M].append(done)
    for path in ("/exchange/order/list", "/exchange/order/trade"):
        began = time.thread_time()
        page = ask(d, path, symbol="BTCUSD", limit=200, offset=9_900, withCount="true")["data"]
        assert (page["total"], len(page["rows"])) == (10_000, 100)
        assert [row["orderID"] for row in page["rows"][-2:]] == ["id-2", "id-1"]
        assert time.thread_time() - began < 1, "rows that are not shown are not written"
    found = ask(d, "/exchange/order", symbol="BTCUSD", clOrdID="c0,c1,c10000")["data"]
    assert [row["orderID"] for row in found] == ["id-1", "id-10000"]


@pytest.mark.parametrize("fields", [{"offset": -1}, {"limit": -1}, {"start": -1}, {"end": -1}])
def test_negative_numbers_get_the_code_of_the_query_services(fields):
    with pytest.raises(RequestError, match="Please double check input arguments") as refused:
        ask(Driver(), "/exchange/order/list", symbol="BTCUSD", **fields)
    assert refused.value.code == 30000


def test_a_limit_that_is_too_large_is_cut_or_refused():
    assert ask(Driver(), "/exchange/order/list", symbol="BTCUSD", limit=201)["code"] == 0
    with pytest.raises(RequestError, match="double check"):
        ask(Driver(large_limit="refuse"), "/exchange/order/list", symbol="BTCUSD", limit=201)
    assert ask(Driver(large_limit="refuse"), "/exchange/order/list", symbol="BTCUSD", limit=200)["code"] == 0


def traded(**rules: object) -> Driver:
    """Two trades of user a as taker, and one as maker, on each line."""
    d = Driver(**rules)
    lines = (("BTCUSD", 600, COIN_M_60K), ("BTCUSDT", MILLI_BTC, USD_M_60K), ("sBTCUSDT", SPOT_BTC // 1000, SPOT_60K))
    for symbol, qty, price in lines:
        for maker, taker in ((d.b, d.a), (d.b, d.a), (d.a, d.b)):
            d.place(maker, symbol, "Buy", qty, price)
            d.place(taker, symbol, "Sell", qty, price)
    return d


@pytest.mark.parametrize(
    ("rule", "shapes"),
    [("by-path", [list, dict, list, dict]), ("bare", [list, list, list, list]), ("rows", [dict, dict, dict, dict])],
)
def test_the_data_services_answer_in_the_shape_a_rule_gives_them(rule, shapes):
    d = traded(api_data_shape=rule)
    answers = [
        ask(d, "/api-data/futures/trades", symbol="BTCUSD"), ask(d, "/api-data/g-futures/trades", symbol="BTCUSDT"),
        ask(d, "/api-data/spots/trades", symbol="sBTCUSDT"), ask(d, "/api-data/g-futures/orders", currency="USDT"),
    ]
    assert [type(answer) for answer in answers] == shapes
    assert isinstance(ask(d, "/exchange/order", symbol="BTCUSD", orderID="none")["data"], list), "no data service"


@pytest.mark.parametrize(("rule", "uncounted", "counted"), [
    ("by-count", list, dict), ("list", list, list), ("rows", dict, dict),
])  # fmt: skip
def test_the_lists_of_v2_answer_in_the_shape_a_rule_gives_them(rule, uncounted, counted):
    d = traded(v2_list_shape=rule)
    for path in ("/exchange/order/v2/orderList", "/exchange/order/v2/tradingList"):
        assert isinstance(ask(d, path, currency="USDT")["data"], uncounted)
        assert isinstance(ask(d, path, currency="USDT", withCount="true")["data"], counted)


def test_a_total_nobody_asked_for_is_zero_or_told():
    assert ask(traded(), "/exchange/order/trade", symbol="BTCUSD", limit=1)["data"]["total"] == 0
    assert ask(traded(uncounted_total="full"), "/exchange/order/trade", symbol="BTCUSD", limit=1)["data"]["total"] == 3


@pytest.mark.parametrize(
    ("rule", "found"), [("exec-status", {6: 1, 7: 2, 1: 0}), ("ord-status", {7: 3, 6: 0}), ("trade-type", {1: 3, 7: 0})]
)
def test_what_the_numbers_in_exec_type_mean(rule, found):
    d = traded(exec_type=rule)
    for number, count in found.items():
        rows = ask(d, "/exchange/order/v2/tradingList", currency="USDT", execType=number)["data"]
        assert len(rows) == count


def test_trades_are_chosen_by_kind():
    d = traded()
    for words, count in (("Trade", 3), ("Funding", 0), ("Trade,Funding", 3), ("LiqTrade", 0)):
        assert len(ask(d, "/exchange/order/trade", symbol="BTCUSD", tradeType=words)["data"]["rows"]) == count


@pytest.mark.parametrize(
    ("path", "days", "fields"),
    [
        ("/exchange/order/list", 60, {"symbol": "BTCUSD"}),
        ("/exchange/order/v2/orderList", 60, {"currency": "USDT"}),
        ("/exchange/order/v2/tradingList", 90, {"currency": "USDT"}),
        ("/api-data/futures/orders", 2, {"symbol": "BTCUSD"}),
        ("/api-data/spots/orders", 2, {"symbol": "sBTCUSDT"}),
    ],
)
def test_without_a_start_a_query_goes_back_so_many_days(path, days, fields):
    d = traded()
    started_ms = START_NS // 1_000_000

    def count(days_later: int, **more: object) -> int:
        d.now_ns = START_NS + days_later * DAY_MS * 1_000_000
        answer = ask(d, path, **fields, **more)
        data = answer if isinstance(answer, list) else answer["data"]
        return len(data if isinstance(data, list) else data["rows"])

    assert (count(days), count(days + 1), count(days + 1, start=started_ms)) == (3, 0, 3)
    assert count(days + 1, end=started_ms + 1_000) == 3, "back from the end, not from now"


def test_trading_fees_lag_with_the_trades_they_sum():
    assert {"trades", "query"} <= request_names("GET", "/api-data/futures/trading-fees")
    assert {"trades", "query"} <= request_names("GET", "/api-data/g-futures/trading-fees")
    d = traded()
    parameters = Parameters({"symbol": ["BTCUSD"]})
    lag_ns = d.now_ns - START_NS
    call = Call(d.venue, d.a, parameters, d.now_ns, lag_ns)
    assert json.loads(rest._ENDPOINTS["GET", "/api-data/futures/trading-fees"](call)) == []


def test_trading_fees_are_told_per_day():
    d = traded()
    # 600 USD at 60,000 are 0.01 BTC: twice as taker at 0.06 %, once as maker at 0.01 % (rates of the catalogue)
    (row,) = ask(d, "/api-data/futures/trading-fees", symbol="BTCUSD")
    assert list(row) == [
        "createTime", "currency", "exchangeFeeValueEv", "id", "makerRateEr", "makerValueEv", "symbol", "takerRateEr",
        "takerValueEv", "userId",
    ]  # fmt: skip
    assert (row["makerValueEv"], row["takerValueEv"]) == (1_000_000, 2_000_000)
    assert row["exchangeFeeValueEv"] == 2 * 600 + 100
    assert (row["createTime"] % DAY_MS, row["userId"]) == (0, d.a)
    (linear,) = ask(d, "/api-data/g-futures/trading-fees", symbol="BTCUSDT")["data"]["rows"]
    assert (linear["makerValueRv"], linear["takerValueRv"], linear["exchangeFeeValueRv"]) == ("60", "120", "0.078")
    d.now_ns += DAY_MS * 1_000_000
    d.venue.advance(d.now_ns)
    d.place(d.b, "BTCUSD", "Buy", 6, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Sell", 6, COIN_M_60K - 10 * USD)
    days = ask(d, "/api-data/futures/trading-fees", symbol="BTCUSD")
    assert [day["takerValueEv"] for day in days] == [10_000, 2_000_000]
    assert ask(d, "/api-data/futures/trading-fees", symbol="BTCUSD", offset=1) == days[1:]
