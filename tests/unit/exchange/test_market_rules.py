"""The switches of market data: what each value changes in queries and on the streams."""

import json

import pytest
from stream_pipes import Client, Exchange
from venue_driver import START_NS, Driver

from tidings.exchange.rest.authentication import Authenticator
from tidings.exchange.rest.face import RestApi
from tidings.exchange.rest.rate_limits import RateLimits
from tidings.exchange.server.http_request import Request
from tidings.exchange.streams.session import StreamLimits

MINUTE_S = START_NS // 10**9 // 60 * 60


def asked(path: str, query: str, *, has_flow: bool = False, **rules: object) -> dict:
    driver = Driver(has_flow=has_flow, **rules)
    api = RestApi(driver.venue, Authenticator([]), RateLimits(), lambda: None)
    return json.loads(api.respond(Request("GET", path, query, {}, b"", True, b""), "192.0.2.1", driver.now_ns).body)


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(StreamLimits())


def heard(exchange: Exchange, channel: str, params: list[object]) -> list[dict]:
    client = Client(exchange)
    client.send({"id": 7, "method": f"{channel}.subscribe", "params": params})
    return client.heard()


def test_the_v1_ticker_has_suffixed_or_plain_keys():
    path, query = "/md/v1/ticker/24hr", "symbol=BTCUSD"
    suffixed = asked(path, query)["result"]
    plain = asked(path, query, v1_ticker_keys="plain")["result"]
    assert plain == asked("/md/ticker/24hr", query)["result"]
    assert (suffixed["lastEp"], plain["close"]) == (600_000_000, 600_000_000)
    assert not set(suffixed) & set(plain) - {"symbol", "timestamp", "openInterest", "volume"}


def test_spot_tickers_have_an_index_or_none():
    path, query = "/md/spot/ticker/24hr", "symbol=sBTCUSDT"
    with_index, without = asked(path, query)["result"], asked(path, query, spot_ticker_index=False)["result"]
    assert set(with_index) - set(without) == {"indexEp"}


@pytest.mark.parametrize(("order", "is_rising"), [("oldest-first", True), ("newest-first", False)])
def test_kline_queries_have_an_order(order, is_rising):
    path, query = "/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=60&limit=50"
    rows = asked(path, query, has_flow=True, kline_order=order)["data"]["rows"]
    starts = [row[0] for row in rows]
    assert len(starts) == 50
    assert starts == sorted(starts, reverse=not is_rising)


def test_the_limit_of_a_kline_query_is_one_of_the_listed_or_any():
    path, query = "/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=60&limit="
    assert asked(path, f"{query}7", has_flow=True)["code"] == 30000
    assert len(asked(path, f"{query}7", has_flow=True, kline_limit="any")["data"]["rows"]) == 7
    for limit, code in (("0", 30000), ("-7", 30000), ("1001", 30018)):
        assert asked(path, f"{query}{limit}", has_flow=True, kline_limit="any")["code"] == code


def test_the_rows_of_a_kline_list_have_a_limit():
    path, query = "/exchange/public/md/v2/kline/list", f"symbol=BTCUSD&resolution=60&from={MINUTE_S - 90_000}&to="
    assert asked(path, f"{query}{MINUTE_S}", has_flow=True)["code"] == 0
    refused = asked(path, f"{query}{MINUTE_S}", has_flow=True, kline_list_rows_max=1_000)
    assert (refused["code"], refused["data"]) == (30018, None)


def test_usd_m_books_and_trades_carry_the_gateways_times_or_do_not(exchange):
    for channel, key in (("orderbook_p", "orderbook_p"), ("trade_p", "trades_p")):
        exchange.venue.config.rules.set("gateway-times", "on")
        assert {"dts", "mts", key} <= set(heard(exchange, channel, ["BTCUSDT"])[1])
        exchange.venue.config.rules.set("gateway-times", "off")
        message = heard(exchange, channel, ["BTCUSDT"])[1]
        assert key in message
        assert not {"dts", "mts"} & set(message)


def test_klines_carry_their_scales_or_do_not(exchange):
    exchange.venue.config.rules.set("kline-scales", "off")
    for channel, symbol in (("kline", "BTCUSD"), ("kline", "sBTCUSDT"), ("kline_p", "BTCUSDT")):
        assert list(heard(exchange, channel, [symbol, 60])[1]) == [channel, "sequence", "symbol", "type"]


def test_day_figures_repeat_their_time_or_do_not(exchange):
    exchange.venue.config.rules.set("stream-ticker-time", "on")
    for channel in ("market24h", "spot_market24h"):
        message = heard(exchange, channel, [])[1]
        assert message[channel]["timestamp"] == message["timestamp"]
    assert "timestamp" not in heard(exchange, "market24h_p", [])[1]["market24h_p"], "as captured"
