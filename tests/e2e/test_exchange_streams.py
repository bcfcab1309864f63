"""Streams over real WebSockets: logins, account events in their order, books and trades that add up, and limits."""

import time
import uuid

import pytest
from exchange_process import launch
from phemex_client import StreamClient, StreamClosed

SUCCESS = {"error": None, "result": {"status": "success"}}
REFUSED_LOGIN = {"code": 6012, "message": "invalid login token"}
INVALID = {"code": 6001, "message": "invalid argument"}


def is_success(answer) -> bool:
    return {"error": answer["error"], "result": answer["result"]} == SUCCESS


def test_a_ping_is_answered_and_echoes_the_id(open_stream):
    stream = open_stream()
    assert stream.request("server.ping") == {"error": None, "id": 1, "result": "pong"}
    stream.ping(b"are you there")
    assert stream.pongs == [b"are you there"], "pings of the protocol are answered too"


def test_a_login_needs_the_right_signature_and_a_near_expiry(open_stream):
    stream = open_stream()
    assert stream.login(signature="0" * 64) == {"error": REFUSED_LOGIN, "id": 1, "result": None}
    assert stream.login(expiry_s=int(time.time()) - 5)["error"] == REFUSED_LOGIN
    assert stream.login(expiry_s=int(time.time()) + 600)["error"] == REFUSED_LOGIN
    assert stream.request("aop.subscribe")["error"] == REFUSED_LOGIN, "still not logged in"
    assert is_success(stream.login())


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("nothing.subscribe", []),
        ("orderbook.subscribe", ["NOPE"]),
        ("orderbook.subscribe", ["BTCUSDT"]),
        ("orderbook_p.subscribe", ["BTCUSD"]),
        ("orderbook.subscribe", ["BTCUSD", False, 7]),
        ("orderbook.subscribe", []),
        ("trade.subscribe", [".BTC"]),
        ("tick.subscribe", ["BTCUSD"]),
        ("trade.subscribe", {"symbol": "BTCUSD"}),
    ],
)
def test_what_cannot_be_subscribed_is_an_invalid_argument(open_stream, method, params):
    assert open_stream().request(method, params) == {"error": INVALID, "id": 1, "result": None}


@pytest.mark.parametrize("text", ["", "x", "[]", '{"id":1}', '{"method":1}', "[" * 5_000])
def test_garbage_is_refused_and_the_connection_stays(open_stream, text):
    stream = open_stream()
    stream.send(text)
    assert stream.next()["error"] == INVALID
    assert stream.request("server.ping")["result"] == "pong"


def test_a_message_above_the_limit_ends_the_connection(open_stream):
    stream = open_stream()
    stream.send('{"method":"server.ping","params":["' + "x" * 20_000 + '"]}')
    with pytest.raises(StreamClosed) as closed:
        stream.next()
    assert closed.value.code == 1009


class Line:
    """How a line's account stream says what happened."""

    def __init__(self, channel, orders, create, fields, cancel):
        self.channel, self.orders, self.create, self.fields, self.cancel = channel, orders, create, fields, cancel


COIN_M = Line(
    "aop", "orders", "/orders/create", {"symbol": "BTCUSD", "orderQty": 4, "priceEp": 590_000_000}, "/orders/cancel"
)
USD_M = Line(
    "aop_p", "orders_p", "/g-orders/create",
    {"symbol": "BTCUSDT", "posSide": "Merged", "orderQtyRq": "0.04", "priceRp": "59000"}, "/g-orders/cancel",
)
CONTRACTS = [pytest.param(COIN_M, id="COIN-M"), pytest.param(USD_M, id="USD-M")]


def subscribed(open_stream, account, channel) -> StreamClient:
    stream = open_stream(account)
    assert is_success(stream.login())
    assert is_success(stream.request(f"{channel}.subscribe"))
    return stream


def place(client, line, side, **changes) -> str:
    cl_ord_id = f"s-{uuid.uuid4().hex[:16]}"
    answer = client.call("PUT", line.create, clOrdID=cl_ord_id, side=side, **(line.fields | changes))
    assert answer.code == 0, answer.text
    return cl_ord_id


def events(stream, line, cl_ord_id, count) -> list[dict]:
    """The next `count` events of one order, whatever messages they come in."""
    found = []
    while len(found) < count:
        found += [order for order in stream.next(line.orders)[line.orders] if order["clOrdID"] == cl_ord_id]
    return found


@pytest.mark.parametrize("line", CONTRACTS)
def test_a_subscription_begins_with_a_stray_index_and_a_snapshot_per_currency(open_stream, clients, line):
    stream = subscribed(open_stream, 0, line.channel)
    assert stream.next()["index_market24h"]["symbol"] == ".USDT"
    accounts = "accounts" if line is COIN_M else "accounts_p"
    wanted = {"BTC", "ETH"} if line is COIN_M else {"USDT", "USDC"}
    currencies = set()
    while not currencies >= wanted:
        snapshot = stream.next(accounts)
        assert (snapshot["type"], snapshot["version"]) == ("snapshot", 0)
        currencies.add(snapshot[accounts][0]["currency"])


@pytest.mark.parametrize("line", CONTRACTS)
def test_an_order_is_new_then_canceled_with_the_canceled_quantity(open_stream, clients, line):
    stream = subscribed(open_stream, 0, line.channel)
    cl_ord_id = place(clients[0], line, "Buy")
    (new,) = events(stream, line, cl_ord_id, 1)
    assert (new["ordStatus"], new["execStatus"], new["message"]) == ("New", "New", "No error")
    assert "tradeType" not in new or new["tradeType"] != "Trade"
    names = {name: line.fields[name] for name in ("symbol", "posSide") if name in line.fields}
    assert clients[0].call("DELETE", line.cancel, clOrdID=cl_ord_id, **names).code == 0
    (canceled,) = events(stream, line, cl_ord_id, 1)
    assert (canceled["ordStatus"], canceled["execStatus"], canceled["action"]) == ("Canceled", "Canceled", "Cancel")
    assert canceled["execQty"] == new["leavesQty"], "of a cancel, execQty is what was taken off"
    assert (float(canceled["leavesQty"]), canceled["execID"]) == (0, "00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("line", CONTRACTS)
def test_a_taker_is_new_and_filled_in_one_message_and_its_maker_filled_in_another(open_stream, clients, line):
    maker_stream, taker_stream = (subscribed(open_stream, number, line.channel) for number in (0, 1))
    maker_id = place(clients[0], line, "Buy")
    events(maker_stream, line, maker_id, 1)
    taker_id = place(clients[1], line, "Sell")
    while not (entries := [o for o in taker_stream.next(line.orders)[line.orders] if o["clOrdID"] == taker_id]):
        pass
    assert [(o["ordStatus"], o["execStatus"]) for o in entries] == [("New", "New"), ("Filled", "TakerFill")]
    assert entries[0]["execSeq"] == entries[1]["execSeq"]
    assert (entries[1]["tradeType"], entries[1]["lastLiquidityInd"]) == ("Trade", "RemovedLiquidity")
    (maker,) = events(maker_stream, line, maker_id, 1)
    assert (maker["ordStatus"], maker["execStatus"], maker["lastLiquidityInd"]) == (
        "Filled", "MakerFill", "AddedLiquidity",
    )
    assert maker["execID"] != entries[1]["execID"]


@pytest.mark.parametrize("line", CONTRACTS)
def test_a_refused_order_is_told_on_the_stream_as_well(open_stream, clients, line):
    stream = subscribed(open_stream, 0, line.channel)
    too_much = {"orderQty": 9_000_000, "priceEp": 10_000_000} if line is COIN_M else {"orderQtyRq": "900"}
    answer = clients[0].call("PUT", line.create, clOrdID="too-much", side="Buy", **(line.fields | too_much))
    (rejected,) = events(stream, line, "too-much", 1)
    assert (rejected["ordStatus"], rejected["execStatus"]) == ("Rejected", "CreateRejected")
    assert rejected["code"] == answer.code != 0


@pytest.mark.parametrize("line", CONTRACTS)
def test_a_new_subscriber_is_told_open_orders_and_history(open_stream, clients, line):
    done_id = place(clients[0], line, "Buy")
    names = {name: line.fields[name] for name in ("symbol", "posSide") if name in line.fields}
    clients[0].call("DELETE", line.cancel, clOrdID=done_id, **names)
    open_id = place(clients[0], line, "Buy")
    time.sleep(0.05)
    stream = subscribed(open_stream, 0, line.channel)
    statuses = {}
    while not {done_id, open_id} <= set(statuses):
        for order in stream.next(line.orders)[line.orders]:
            statuses.setdefault(order["clOrdID"], order["ordStatus"])
    assert (statuses[done_id], statuses[open_id]) == ("Canceled", "New")


def test_sequences_rise_with_gaps_and_one_account_hears_nothing_of_another(open_stream, clients):
    mine, other = (subscribed(open_stream, number, "aop_p") for number in (0, 2))
    for _ in range(12):
        place(clients[0], USD_M, "Buy", priceRp="50000")
    sequences = []
    while len(sequences) < 12:
        message = mine.next("orders_p")
        if message["type"] == "incremental":
            sequences.append(message["sequence"])
    assert sequences == sorted(set(sequences))
    assert sequences[-1] - sequences[0] > 11
    other.request("server.ping")
    assert all(message["type"] == "snapshot" for message in other.messages if "orders_p" in message)


SPOT = {"symbol": "sBTCUSDT", "qtyType": "ByBase", "baseQtyEv": 1_000_000, "priceEp": 5_900_000_000_000}


def test_spot_tells_open_orders_then_closed_ones_with_their_fills_and_wallets(open_stream, clients):
    stream = subscribed(open_stream, 0, "wo")
    snapshot = stream.next("wallets")
    assert (snapshot["type"], snapshot["orders"]["open"]) == ("snapshot", [])
    assert {"BTC", "USDT"} <= {wallet["currency"] for wallet in snapshot["wallets"]}
    line = Line("wo", "orders", "/spot/orders/create", SPOT, "/spot/orders")
    maker_id = place(clients[0], line, "Buy")
    message = stream.next("orders")
    (opened,) = message["orders"]["open"]
    assert (opened["clOrdID"], opened["ordStatus"], message["type"]) == (maker_id, "New", "incremental")
    locked = next(w for w in message["wallets"] if w["currency"] == "USDT")["lockedTradingBalanceEv"]
    assert locked >= 59_000_000_000
    place(clients[1], line, "Sell")
    while not (message := stream.next("orders"))["orders"]["closed"]:
        pass
    (closed,), (fill,) = message["orders"]["closed"], message["orders"]["fills"]
    assert (closed["clOrdID"], closed["ordStatus"], closed["leavesBaseQtyEv"]) == (maker_id, "Filled", 0)
    assert (fill["orderID"], fill["execBaseQtyEv"], fill["execPriceEp"]) == (
        closed["orderID"], 1_000_000, 5_900_000_000_000,
    )
    again = subscribed(open_stream, 0, "wo").next("wallets")
    assert maker_id in [order["clOrdID"] for order in again["orders"]["closed"]]
    assert fill["execID"] in [row["execID"] for row in again["orders"]["fills"]]
    assert again["orders"]["open"] == []


class KeptBook:
    """A book kept as the documents say: a snapshot replaces it, 0 deletes a level, and it is cut to the depth."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[float, float]] = {}
        self.sequence = 0

    def apply(self, message: dict, key: str) -> None:
        assert message["sequence"] >= self.sequence
        self.sequence = message["sequence"]
        for name in ("bids", "asks"):
            side = {} if message["type"] == "snapshot" else self.sides[name]
            side |= {float(price): float(qty) for price, qty in message[key][name]}
            best_first = sorted((price for price in side if side[price]), reverse=name == "bids")
            self.sides[name] = {price: side[price] for price in best_first[: message["depth"] or None]}
        assert max(self.sides["bids"]) < min(self.sides["asks"]), "crossed"


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """An exchange with background flow."""
    exchange = launch(tmp_path_factory.mktemp("busy"), "--no-rate-limits")
    yield exchange
    exchange.stop()


@pytest.mark.parametrize(
    ("channel", "key", "params"),
    [
        ("orderbook", "book", ["BTCUSD"]),
        ("orderbook_p", "orderbook_p", ["BTCUSDT"]),
        ("orderbook", "book", ["sBTCUSDT", False, "10"]),
        ("orderbook_p", "orderbook_p", ["BTCUSDT", False, 5]),
        ("orderbook", "book", ["BTCUSD", True]),
    ],
)
def test_a_book_kept_from_increments_is_the_book_of_a_later_snapshot(busy, channel, key, params):
    stream, kept = StreamClient(busy.ready), KeptBook()
    assert is_success(stream.request(f"{channel}.subscribe", params))
    first = stream.next(key)
    kept.apply(first, key)
    assert first["depth"] == (30 if len(params) == 1 else int(params[2]) if len(params) == 3 else 0)
    at_sequence = {}
    for _ in range(12):
        message = stream.next(key)
        assert message["type"] == "incremental"
        kept.apply(message, key)
        at_sequence[kept.sequence] = kept.sides
    fresh = KeptBook()
    later = StreamClient(busy.ready)
    assert is_success(later.request(f"{channel}.subscribe", params))
    fresh.apply(later.next(key), key)
    while kept.sequence < fresh.sequence:
        kept.apply(stream.next(key), key)
        at_sequence[kept.sequence] = kept.sides
    assert at_sequence[fresh.sequence] == fresh.sides


@pytest.mark.parametrize(("channel", "key", "symbol"), [
    ("trade", "trades", "BTCUSD"), ("trade", "trades", "sBTCUSDT"), ("trade_p", "trades_p", "BTCUSDT"),
])
def test_trades_begin_with_the_tape_and_go_on_without_gap_or_repeat(busy, channel, key, symbol):
    stream = StreamClient(busy.ready)
    assert is_success(stream.request(f"{channel}.subscribe", [symbol]))
    snapshot = stream.next(key)
    assert snapshot["type"] == "snapshot"
    rows = [tuple(row) for row in snapshot[key]]
    for _ in range(3):
        message = stream.next(key)
        assert message["type"] == "incremental"
        rows = [tuple(row) for row in message[key]] + rows
    times = [row[0] for row in rows]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(("channel", "symbol"), [("tick", ".BTC"), ("tick", ".MBTC"), ("tick_p", ".MBTCUSDT")])
def test_ticks_follow_index_and_mark_price(busy, channel, symbol):
    stream = StreamClient(busy.ready)
    assert is_success(stream.request(f"{channel}.subscribe", [symbol]))
    ticks = [stream.next(channel)[channel] for _ in range(3)]
    assert {tick["symbol"] for tick in ticks} == {symbol}
    assert len({str(tick["last"]) for tick in ticks}) > 1


def test_after_unsubscribing_nothing_comes(busy):
    stream = StreamClient(busy.ready)
    stream.request("orderbook.subscribe", ["BTCUSD"])
    stream.next("book")
    assert is_success(stream.request("orderbook.unsubscribe", []))
    stream.messages.clear()
    time.sleep(0.5)
    stream.request("server.ping")
    assert stream.messages == []


def test_the_21st_subscription_is_refused(busy):
    stream = StreamClient(busy.ready)
    kinds = [("orderbook", [symbol, slow, depth]) for symbol in ("BTCUSD", "cETHUSD") for slow in (False, True)
             for depth in (1, 5, 10, 30, 0)]
    for number, (channel, params) in enumerate(kinds):
        assert is_success(stream.request(f"{channel}.subscribe", params))
        if number == 10:
            time.sleep(1)  # 20 requests a second are allowed
    assert stream.request("trade.subscribe", ["BTCUSD"])["error"] == INVALID
    assert is_success(stream.request("orderbook.subscribe", ["BTCUSD", False, 1])), "one it has already"


def test_more_than_20_requests_in_a_second_end_the_connection(busy):
    stream = StreamClient(busy.ready)
    with pytest.raises(StreamClosed) as closed:
        for _ in range(41):
            stream.request("server.ping")
    assert closed.value.code == 1008


def test_the_sixth_connection_of_an_account_is_closed_at_login(busy):
    streams = [StreamClient(busy.ready, 3) for _ in range(6)]
    assert all(is_success(stream.login()) for stream in streams[:5])
    with pytest.raises(StreamClosed):
        streams[5].login()
    streams[0].close()
    time.sleep(0.1)
    assert is_success(StreamClient(busy.ready, 3).login())
