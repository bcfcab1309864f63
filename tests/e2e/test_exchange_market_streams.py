"""Market channels over real WebSockets: candles that continue their snapshot, day figures, funding, whole books."""

import time
from itertools import pairwise

import pytest
from exchange_process import launch
from phemex_client import RestClient, StreamClient


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """An exchange with background flow."""
    exchange = launch(tmp_path_factory.mktemp("busy"), "--no-rate-limits")
    yield exchange
    exchange.stop()


@pytest.fixture
def stream(busy):
    client = StreamClient(busy.ready)
    yield client
    client.close()


def subscribe(stream: StreamClient, channel: str, *params: object) -> None:
    answer = stream.request(f"{channel}.subscribe", list(params))
    assert (answer["error"], answer["result"]) == (None, {"status": "success"})


KLINES = [("kline", "BTCUSD", int), ("kline", "sBTCUSDT", int), ("kline_p", "BTCUSDT", str)]


@pytest.mark.parametrize("resolution_s", [60, 604_800])
@pytest.mark.parametrize(("channel", "symbol", "number"), KLINES)
def test_a_kline_begins_with_its_past_and_goes_on_with_the_present(stream, channel, symbol, number, resolution_s):
    subscribe(stream, channel, symbol, resolution_s)
    snapshot = stream.next(channel)
    rows = snapshot[channel]
    assert (snapshot["type"], snapshot["symbol"]) == ("snapshot", symbol)
    assert len(rows) == 1_000 if resolution_s == 60 else 300 < len(rows) < 1_000, "markets exist since 2019"
    starts_s = [row[0] for row in rows]
    assert starts_s == list(range(starts_s[0], starts_s[0] - resolution_s * len(rows), -resolution_s))
    assert all(row[2] == before[6] for row, before in pairwise(rows)), "the close before"
    assert all(type(value) is number for value in rows[0][2:])
    sequence, last = snapshot["sequence"], rows[0]
    for _ in range(3):
        message = stream.next(channel)
        assert (message["type"], message["symbol"]) == ("incremental", symbol)
        assert message["sequence"] > sequence
        newest = message[channel][0]
        if newest[0] == last[0]:
            assert newest[3] == last[3], "the open stays"
            assert float(newest[7]) > float(last[7]), "each message follows a trade"
        sequence, last = message["sequence"], newest


@pytest.mark.parametrize(
    ("channel", "path", "symbol"),
    [
        ("kline", "/exchange/public/md/v2/kline", "BTCUSD"),
        ("kline_p", "/exchange/public/md/v2/kline/last", "BTCUSDT"),
        ("kline", "/exchange/public/md/v2/kline", "sBTCUSDT"),
    ],
)
def test_stream_and_query_tell_the_same_candles(busy, stream, channel, path, symbol):
    rows = RestClient(busy.ready).public(path, f"symbol={symbol}&resolution=300&limit=500").data["rows"]
    subscribe(stream, channel, symbol, 300)
    told = {row[0]: row for row in stream.next(channel)[channel]}
    assert len(rows) == 500
    assert [told[row[0]] for row in rows] == rows


@pytest.mark.parametrize(
    ("channel", "params", "symbols"),
    [
        ("market24h", [], {"BTCUSD", "cETHUSD"}),
        ("market24h_p", [], {"BTCUSDT", "ETHUSDT"}),
        ("market24h_p", ["BTCUSDT"], {"BTCUSDT"}),
        ("spot_market24h", [], {"sBTCUSDT", "sETHUSDT"}),
    ],
)
def test_day_figures_come_each_second(stream, channel, params, symbols):
    subscribe(stream, channel, *params)
    times: dict[str, list[int]] = {symbol: [] for symbol in symbols}
    while min(map(len, times.values())) < 3:
        message = stream.next(channel)
        times.setdefault(message[channel]["symbol"], []).append(message["timestamp"])
        figures = [float(value) for name, value in message[channel].items() if name.startswith(("high", "low"))]
        assert figures[0] >= figures[1] > 0
    assert params == [] or set(times) == symbols
    first, second, third = times[min(symbols)][:3]
    assert 0.9e9 < third - second < 2e9, "at once, then each second"
    assert second > first


def test_the_pack_has_all_contracts_each_second(stream):
    subscribe(stream, "perp_market24h_pack_p")
    packs = [stream.next("fields") for _ in range(3)]
    for pack in packs:
        column = pack["fields"].index("symbol")
        assert len({row[column] for row in pack["data"]}) == len(pack["data"]) == 9
        assert all(len(row) == len(pack["fields"]) == 14 for row in pack["data"])
    assert 0.9e9 < packs[2]["timestamp"] - packs[1]["timestamp"] < 2e9


@pytest.mark.parametrize(("channel", "symbol", "path", "rate"), [
    ("tick", ".BTCFR", "/md/v1/ticker/24hr?symbol=BTCUSD", "predFundingRateEr"),
    ("tick", ".BTCFR8H", "/md/v1/ticker/24hr?symbol=BTCUSD", "fundingRateEr"),
    ("tick_p", ".BTCUSDTFR8H", "/md/v3/ticker/24hr?symbol=BTCUSDT", "fundingRateRr"),
])
def test_funding_ticks_are_the_tickers_rates(busy, stream, channel, symbol, path, rate):
    subscribe(stream, channel, symbol)
    tick = stream.next(channel)[channel]
    assert tick["symbol"] == symbol
    result = RestClient(busy.ready).public(*path.split("?")).json["result"]
    if symbol.endswith("8H"):
        assert tick["last"] == result[rate]
    else:
        assert abs(tick["last"] - result[rate]) < 10_000, "a prediction drifts"


@pytest.mark.parametrize("symbol", ["sBTCUSDT", "sETHUSDT"])
def test_spot_has_books_and_trades_on_the_plain_channels(stream, symbol):
    subscribe(stream, "orderbook", symbol, True)
    subscribe(stream, "trade", symbol)
    book, trades = stream.next("book"), stream.next("trades")
    assert (book["depth"], book["symbol"], trades["symbol"]) == (0, symbol, symbol)
    assert len(book["book"]["bids"]) >= 30


def test_candles_and_day_figures_follow_a_trade_of_ours(quiet_exchange, clients):
    stream = StreamClient(quiet_exchange.ready)
    subscribe(stream, "kline_p", "ETHUSDT", 60)
    assert stream.next("kline_p")["kline_p"] == [], "nobody trades but us"
    order = {"symbol": "ETHUSDT", "posSide": "Merged", "orderQtyRq": "0.02", "priceRp": "2950"}
    for client, side in zip(clients, ("Buy", "Sell"), strict=False):
        assert client.call("PUT", "/g-orders/create", clOrdID=f"k-{side}", side=side, **order).code == 0
    message = stream.next("kline_p")
    row = message["kline_p"][0]
    assert row[1:] == [60, "2950", "2950", "2950", "2950", "2950", "0.02", "59"]
    assert abs(row[0] - time.time()) < 70
    ticker = clients[0].public("/md/v3/ticker/24hr", "symbol=ETHUSDT").json["result"]
    names = ("openRp", "highRp", "lowRp", "lastRp", "volumeRq", "turnoverRv", "openInterestRv")
    assert [ticker[name] for name in names] == ["2950", "2950", "2950", "2950", "0.02", "59", "0.02"]
    stream.close()
