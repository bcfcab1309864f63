"""Public REST over real TLS: time, catalogue, books, trades, tickers, and what does not exist."""

import time

import pytest
from exchange_process import launch
from phemex_client import RestClient


def test_server_time_is_milliseconds_of_now(clients):
    answer = clients[0].public("/public/time")
    assert (answer.status, answer.json["code"], answer.json["msg"]) == (200, 0, "")
    assert abs(answer.data["serverTime"] - time.time() * 1000) < 5_000


def test_the_catalogue_has_the_venues_nodes_and_all_three_lines(clients):
    data = clients[0].public("/public/products").data
    assert {"currencies", "products", "perpProductsV2", "riskLimits", "leverages", "ratioScale"} <= set(data)
    types = {p["type"] for p in data["products"]} | {p["type"] for p in data["perpProductsV2"]}
    assert types == {"Perpetual", "Spot", "PerpetualV2"}
    by_symbol = {p["symbol"]: p for p in data["products"] + data["perpProductsV2"]}
    assert by_symbol["BTCUSD"]["tickSize"] == 0.1
    assert by_symbol["BTCUSDT"]["tickSize"] == "0.1"
    plus = clients[0].public("/public/products-plus").data
    assert all(len(product["timeline"]) == 4 for product in plus["products"])


def test_the_legacy_catalogue_says_sizes_in_words(clients):
    rows = {row["symbol"]: row for row in clients[0].public("/exchange/public/products").data}
    assert rows["BTCUSD"]["contractSize"] == "1 USD"
    assert rows["BTCUSD"]["priceScale"] == 4


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """An exchange with background flow, so that its markets have books and trades."""
    exchange = launch(tmp_path_factory.mktemp("busy"), "--no-rate-limits")
    yield exchange
    exchange.stop()


@pytest.fixture
def market(busy):
    return RestClient(busy.ready)


@pytest.mark.parametrize(
    ("path", "symbol", "key", "number"),
    [
        ("/md/orderbook", "BTCUSD", "book", int),
        ("/md/orderbook", "sBTCUSDT", "book", int),
        ("/v1/md/orderbook", "cETHUSD", "book", int),
        ("/md/v2/orderbook", "BTCUSDT", "orderbook_p", str),
    ],
)
def test_a_book_has_30_levels_best_first_in_the_lines_numbers(market, path, symbol, key, number):
    answer = market.public(path, f"symbol={symbol}&id=77").json
    assert (answer["error"], answer["id"]) == (None, 77)
    result = answer["result"]
    assert {"depth": 30, "symbol": symbol, "type": "snapshot"}.items() <= result.items()
    bids, asks = result[key]["bids"], result[key]["asks"]
    assert all(type(value) is number for side in (bids, asks) for level in side for value in level)
    bid_prices, ask_prices = ([float(price) for price, _ in side] for side in (bids, asks))
    assert len(bids) == len(asks) == 30
    assert bid_prices == sorted(bid_prices, reverse=True)
    assert ask_prices == sorted(ask_prices)
    assert bid_prices[0] < ask_prices[0]


def wait_for_trades(market, path, symbol):
    for _ in range(200):
        result = market.public(path, f"symbol={symbol}").json["result"]
        if len(result.get("trades", result.get("trades_p"))) > 1:
            return result
        time.sleep(0.02)
    raise AssertionError("the background flow made no trades")


@pytest.mark.parametrize(
    ("path", "symbol", "key", "number"),
    [
        ("/md/trade", "BTCUSD", "trades", int),
        ("/md/trade", "sBTCUSDT", "trades", int),
        ("/md/v2/trade", "BTCUSDT", "trades_p", str),
    ],
)
def test_trades_are_four_columns_newest_first(market, path, symbol, key, number):
    rows = wait_for_trades(market, path, symbol)[key]
    times = [row[0] for row in rows]
    assert times == sorted(times, reverse=True)
    for _, side, price, qty in rows:
        assert side in ("Buy", "Sell")
        assert type(price) is type(qty) is number


def test_the_older_trade_query_has_the_trade_id_in_second_place(market):
    result = wait_for_trades(market, "/v1/md/trade", "BTCUSD")
    assert {len(row) for row in result["trades"]} == {5}


TICKERS = [
    ("/md/v1/ticker/24hr", "BTCUSD", "askEp bidEp fundingRateEr highEp indexEp lastEp lowEp markEp openEp openInterest "
     "predFundingRateEr symbol timestamp turnoverEv volume"),
    ("/md/spot/ticker/24hr", "sBTCUSDT", "askEp bidEp highEp indexEp lastEp lowEp openEp symbol timestamp turnoverEv "
     "volumeEv"),
    ("/md/v2/ticker/24hr", "BTCUSDT", "closeRp fundingRateRr highRp indexPriceRp lowRp markPriceRp openInterestRv "
     "openRp predFundingRateRr symbol timestamp turnoverRv volumeRq"),
    ("/md/v3/ticker/24hr", "BTCUSDT", "askRp bidRp fundingRateRr highRp indexRp lastRp lowRp markRp openInterestRv "
     "openRp predFundingRateRr symbol timestamp turnoverRv volumeRq"),
]


@pytest.mark.parametrize(("path", "symbol", "keys"), TICKERS)
def test_a_ticker_has_the_keys_of_its_version(market, path, symbol, keys):
    result = market.public(path, f"symbol={symbol}").json["result"]
    assert list(result) == keys.split()
    last = next(float(result[key]) for key in ("lastEp", "lastRp", "closeRp") if key in result)
    high, low = (next(float(result[key]) for key in result if key.startswith(name)) for name in ("high", "low"))
    assert low <= last <= high


@pytest.mark.parametrize(("path", "symbol", "keys"), TICKERS)
def test_all_tickers_of_a_line_come_at_once(market, path, symbol, keys):
    rows = market.public(f"{path}/all").json["result"]
    assert [list(row) for row in rows] == [keys.split()] * len(rows)
    assert len(rows) == len({row["symbol"] for row in rows}) > 1
    assert symbol in {row["symbol"] for row in rows}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/md/orderbook", "symbol=NOPE"),
        ("/md/orderbook", ""),
        ("/md/orderbook", "symbol=BTCUSDT"),
        ("/md/v2/orderbook", "symbol=BTCUSD"),
        ("/md/trade", "symbol=%22"),
    ],
)
def test_a_wrong_market_is_6001_in_the_market_envelope(clients, path, query):
    answer = clients[0].public(path, query)
    assert answer.status == 200
    assert answer.json == {"error": {"code": 6001, "message": "invalid argument"}, "id": None, "result": None}


def test_what_does_not_exist_is_404_and_a_wrong_method_405(clients):
    assert clients[0].public("/no/such/path").status == 404
    assert clients[0].public("/g-orders/create").status == 405
    assert clients[0].public("/public/time", method="POST").status == 405
