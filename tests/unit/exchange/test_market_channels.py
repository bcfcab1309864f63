"""Which parameters each market channel takes, what it sends, and that a feed is built once for all who listen."""

import json
import random

import pytest
from stream_pipes import Client, Exchange

from tidings.exchange.orders.order_requests import CancelOrder, NewOrder
from tidings.exchange.streams import market_channels
from tidings.exchange.streams.session import StreamLimits, text_frame

S = 1_000_000_000
COIN_M = ["BTCUSD", "cETHUSD"]


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(StreamLimits(requests_per_s=1_000))


def told(exchange: Exchange, client: Client) -> list[dict]:
    """What a second brings."""
    exchange.now_ns += S
    exchange.hub.poll(exchange.now_ns)
    return client.heard()


@pytest.mark.parametrize(
    ("channel", "params", "key", "symbols"),
    [
        ("market24h", [], "market24h", COIN_M),
        ("market24h", None, "market24h", COIN_M),
        ("market24h", ["BTCUSD"], "market24h", ["BTCUSD"]),
        ("market24h_p", ["BTCUSDT"], "market24h_p", ["BTCUSDT"]),
        ("market24h_p", ["BTCUSDT", "ETHUSDT"], "market24h_p", ["BTCUSDT", "ETHUSDT"]),
        ("spot_market24h", ["sBTCUSDT"], "spot_market24h", ["sBTCUSDT"]),
    ],
)
def test_day_figures_come_at_once_and_each_second(exchange, channel, params, key, symbols):
    client = Client(exchange)
    client.send({"id": 7, "method": f"{channel}.subscribe", "params": params})
    ack, *first = client.heard()
    assert ack == {"error": None, "id": 7, "result": {"status": "success"}}
    again = told(exchange, client)
    for messages in (first, again):
        assert [message[key]["symbol"] for message in messages] == symbols
        assert all(list(message) == [key, "timestamp"] for message in messages)
    assert again[0]["timestamp"] == exchange.now_ns


@pytest.mark.parametrize(("channel", "key", "count"), [
    ("market24h_p", "market24h_p", 9), ("spot_market24h", "spot_market24h", 7),
])
def test_without_a_symbol_every_one_of_the_line_is_told(exchange, channel, key, count):
    client = Client(exchange)
    client.send({"id": 7, "method": f"{channel}.subscribe", "params": []})
    symbols = [message[key]["symbol"] for message in client.heard()[1:]]
    assert len(symbols) == len(set(symbols)) == count


def test_figures_of_the_stream_have_the_keys_of_the_captures(exchange):
    client = Client(exchange)
    keys = {}
    for channel in ("market24h", "market24h_p", "spot_market24h"):
        client.send({"id": 7, "method": f"{channel}.subscribe", "params": []})
        keys[channel] = " ".join(client.heard()[1][channel])
    assert keys == {
        "market24h": "close fundingRate high indexPrice low markPrice open openInterest predFundingRate symbol "
        "turnover volume",
        "market24h_p": "closeRp fundingRateRr highRp indexPriceRp lowRp markPriceRp openInterestRv openRp "
        "predFundingRateRr symbol turnoverRv volumeRq",
        "spot_market24h": "askEp bidEp highEp lastEp lowEp openEp symbol turnoverEv volumeEv",
    }


def test_the_pack_is_a_table_of_all_contracts(exchange):
    client = Client(exchange)
    client.send({"id": 7, "method": "perp_market24h_pack_p.subscribe", "params": []})
    _, pack = client.heard()
    assert list(pack) == ["data", "fields", "method", "timestamp", "type"]
    assert (pack["method"], pack["type"]) == ("perp_market24h_pack_p.update", "snapshot")
    assert " ".join(pack["fields"]) == (
        "symbol openRp highRp lowRp lastRp volumeRq turnoverRv openInterestRv indexRp markRp fundingRateRr "
        "predFundingRateRr bidRp askRp"
    )
    rows = {row[0]: dict(zip(pack["fields"], row, strict=True)) for row in pack["data"]}
    assert len(rows) == len(pack["data"]) == 9
    assert (rows["BTCUSDT"]["lastRp"], rows["BTCUSDT"]["bidRp"]) == ("61000", "0")
    assert all(isinstance(value, str) for row in pack["data"] for value in row)
    (again,) = told(exchange, client)
    assert again["timestamp"] == exchange.now_ns


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("kline", ["BTCUSD"]),
        ("kline", ["BTCUSD", 61]),
        ("kline", ["BTCUSD", 60.0]),
        ("kline", ["BTCUSD", "60"]),
        ("kline", ["BTCUSDT", 60]),
        ("kline_p", ["BTCUSD", 60]),
        ("kline", [60]),
        ("kline", []),
        ("kline", {"symbol": "BTCUSD"}),
        ("market24h", ["BTCUSDT"]),
        ("market24h", [".BTC"]),
        ("market24h", ["BTCUSD", 1]),
        ("market24h", [None]),
        ("perp_market24h_pack_p", ["BTCUSDT"]),
        ("tick", [".BTCUSDTFR"]),
        ("tick_p", [".BTCFR"]),
        ("tick", [".ETHFR"]),
        ("tick", []),
        ("trade", "BTCUSD"),
        ("orderbook", ["BTCUSD", "cETHUSD", 5]),
    ],
)
def test_what_no_channel_takes_is_refused(exchange, method, params):
    answer = Client(exchange).ask(f"{method}.subscribe", params)
    assert answer == {"error": {"code": 6001, "message": "invalid argument"}, "id": 7, "result": None}
    assert not exchange.hub.has_feeds


@pytest.mark.parametrize(("channel", "symbol"), [
    ("tick", ".BTC"), ("tick", ".MBTC"), ("tick", ".BTCFR"), ("tick", ".BTCFR8H"), ("tick", ".cETHFR"),
    ("tick_p", ".BTCUSDT"), ("tick_p", ".METHUSDT"), ("tick_p", ".BTCUSDTFR"), ("tick_p", ".BTCUSDCFR8H"),
])
def test_ticks_are_of_index_mark_and_funding(exchange, channel, symbol):
    client = Client(exchange)
    client.send({"id": 7, "method": f"{channel}.subscribe", "params": [symbol]})
    _, tick = client.heard()
    assert tick[channel]["symbol"] == symbol
    if "FR" in symbol:
        contract = next(i for i in exchange.venue.catalogue.listed() if symbol.startswith(i.funding_symbol or "none"))
        rates = exchange.venue.funding.rates[contract.symbol]
        rate_er = (rates.rate_er if symbol.endswith("8H") else rates.predicted_rate_er)(exchange.now_ns)
        last, scale = tick[channel]["last"], 10**8 if channel == "tick_p" else 1
        assert round(float(last) * scale) == rate_er
        assert channel == "tick_p" or tick["tick"]["scale"] == 8


@pytest.mark.parametrize(("params", "left"), [
    ([], set()), (["BTCUSD"], {("cETHUSD", 60)}), (["BTCUSD", 60], {("BTCUSD", 300), ("cETHUSD", 60)}),
    (["BTCUSD", "cETHUSD"], set()), (["NOPE"], {("BTCUSD", 60), ("BTCUSD", 300), ("cETHUSD", 60)}),
])
def test_unsubscribing_is_for_all_for_a_symbol_or_for_a_resolution(exchange, params, left):
    client = Client(exchange)
    for symbol, resolution_s in (("BTCUSD", 60), ("BTCUSD", 300), ("cETHUSD", 60)):
        client.ask("kline.subscribe", [symbol, resolution_s])
    assert client.ask("kline.unsubscribe", params)["error"] is None
    for symbol in COIN_M:
        exchange.venue.markets[symbol].print_trade(1, 600_000_000, 1, 1, exchange.now_ns)
    assert {(m["symbol"], m["kline"][0][1]) for m in told(exchange, client)} == left


def test_a_message_is_built_and_framed_once_for_all_its_listeners(exchange, monkeypatch):
    clients = [Client(exchange) for _ in range(5)]
    for client in clients:
        client.ask("perp_market24h_pack_p.subscribe", [])
        client.ask("orderbook.subscribe", ["BTCUSD"])
    framed = []
    monkeypatch.setattr(market_channels, "text_frame", lambda text: framed.append(text) or text_frame(text))
    exchange.now_ns += S
    exchange.hub.poll(exchange.now_ns)
    heard = [client.heard() for client in clients]
    assert len(framed) == 1
    assert heard == [[json.loads(framed[0])]] * 5


class KeptBook:
    """A book kept as the documents say: a snapshot replaces it, 0 deletes a level, and it is cut to the depth."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[str, str]] = {}

    def apply(self, message: dict, key: str) -> None:
        for name in ("bids", "asks"):
            side = {} if message["type"] == "snapshot" else self.sides[name]
            side |= {str(price): str(qty) for price, qty in message[key][name]}
            best_first = sorted((price for price in side if side[price] != "0"), key=float, reverse=name == "bids")
            self.sides[name] = {price: side[price] for price in best_first[: message["depth"] or None]}


FORMS = [[], [True], [False], [False, 0], [False, 1], [False, 5], [True, 10], [False, "30"]]


@pytest.mark.parametrize("seed", [1, 2])
def test_books_kept_at_every_depth_and_pace_are_the_exchanges_when_all_is_quiet(exchange, seed):
    chance, user_id = random.Random(seed), exchange.venue.user_ids[0]
    clients = {}
    for key, channel, symbol in (("book", "orderbook", "BTCUSD"), ("orderbook_p", "orderbook_p", "BTCUSDT")):
        for form in FORMS:
            client = clients[key, str(form)] = Client(exchange)
            client.send({"id": 1, "method": f"{channel}.subscribe", "params": [symbol, *form]})
    for step in range(4_000):
        symbol, unit, lot = chance.choice([("BTCUSD", 10_000, 1), ("BTCUSDT", 10**9, 1_000)])
        side, price = chance.choice(["Buy", "Sell"]), (60_000 + chance.randrange(-45, 45)) * unit
        if chance.random() < 0.3:
            exchange.venue.cancel(user_id, CancelOrder(symbol=symbol, cl_ord_id=f"{seed}-{chance.randrange(step + 1)}"),
                                  exchange.now_ns)  # fmt: skip
        else:
            order = NewOrder(symbol=symbol, side=side, price=price, qty=lot * chance.randrange(1, 4),
                             cl_ord_id=f"{seed}-{step}", pos_side="Merged")  # fmt: skip
            exchange.venue.create(user_id, order, exchange.now_ns)
        exchange.now_ns += chance.randrange(0, 40_000_000)
        exchange.pump()
        exchange.hub.poll(exchange.now_ns)
    exchange.now_ns += S
    exchange.pump()
    exchange.hub.poll(exchange.now_ns)
    for (key, form), client in clients.items():
        kept = KeptBook()
        types = []
        for message in client.heard()[1:]:
            kept.apply(message, key)
            types.append(message["type"])
        bids, asks = exchange.venue.markets[message["symbol"]].levels(message["depth"])
        assert min(len(bids), len(asks)) >= min(message["depth"] or 8, 8), "there is something to compare"
        scale = 1 if key == "book" else 10**9
        wanted = {"bids": [price / scale for price, _ in bids], "asks": [price / scale for price, _ in asks]}
        assert {name: [float(price) for price in side] for name, side in kept.sides.items()} == wanted, (key, form)
        quantities = [float(qty) for side in kept.sides.values() for qty in side.values()]
        assert quantities == [qty / (1 if key == "book" else 10**6) for _, qty in (*bids, *asks)]
        assert types.count("snapshot") == 2, "at the beginning, and after a minute"
        assert types.count("incremental") > 100


def test_a_feed_that_fails_takes_nothing_from_the_others(exchange, monkeypatch):
    clients = [Client(exchange) for _ in range(3)]
    for client, symbol in zip(clients, ["BTCUSDT", "ETHUSDT", "XRPUSDT"], strict=True):
        client.ask("market24h_p.subscribe", [symbol])
    feeds = exchange.hub._markets._feeds
    broken = next(feed for key, feed in feeds.items() if key.symbol == "BTCUSDT")

    def poll(now_ns: int) -> list[str]:
        raise RuntimeError("broken feed")

    monkeypatch.setattr(broken, "poll", poll)
    exchange.now_ns += S
    with pytest.raises(RuntimeError, match="broken feed"):
        exchange.hub.poll(exchange.now_ns)
    assert [len(client.heard()) for client in clients] == [0, 1, 1]
