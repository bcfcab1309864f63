"""The lesser account channels (aop_v1, ras_p), what is not offered, and the rules of the stream face."""

from decimal import Decimal

import pytest
from stream_pipes import T0, Client, Exchange
from venue_driver import COIN_M_60K

from tidings.exchange.messages.risk_json import iso_time
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.streams.session import StreamLimits

MS = 1_000_000
USDT_60K = 60_000 * 10**9


@pytest.fixture
def exchange() -> Exchange:
    exchange = Exchange(StreamLimits(subscriptions=3))
    exchange.venue.set_price("BTCUSD", T0, last=COIN_M_60K, mark=COIN_M_60K)
    exchange.venue.set_price("BTCUSDT", T0, last=USDT_60K, mark=USDT_60K)
    exchange.pump()
    return exchange


def place(exchange: Exchange, user: int, symbol: str, side: str, qty: int, price: int, name: str = "") -> None:
    request = NewOrder(symbol=symbol, side=side, qty=qty, price=price, cl_ord_id=name)
    reply = exchange.venue.create(exchange.venue.user_ids[user], request, exchange.now_ns)
    assert reply.code == 0, reply
    exchange.now_ns += 10 * MS
    exchange.pump()


def follow(exchange: Exchange, channel: str, params: object) -> tuple[Client, list[dict]]:
    """A logged-in client and what it is sent upon its subscription, the acknowledgement first."""
    client = Client(exchange)
    client.login(0)
    client.send({"id": 8, "method": f"{channel}.subscribe", "params": params})
    return client, client.heard()


def test_aop_v1_sorts_orders_into_open_closed_and_fills(exchange):
    for n in range(3):
        place(exchange, 1, "BTCUSD", "Buy", 6, COIN_M_60K)
        place(exchange, 0, "BTCUSD", "Sell", 6, COIN_M_60K, f"done-{n}")
    place(exchange, 0, "BTCUSD", "Buy", 7, COIN_M_60K // 2, "rests")
    client, (ack, *snapshots) = follow(exchange, "aop_v1", [2, True, False])
    assert ack == {"error": None, "id": 8, "result": {"status": "success"}}
    assert {m["accounts"][0]["currency"] for m in snapshots} == {"BTC", "ETH", "USD"}
    (snapshot,) = (m for m in snapshots if m["accounts"][0]["currency"] == "BTC")
    assert list(snapshot) == [
        "accounts", "events", "orders", "positions", "sequence", "timestamp", "type", "version",
    ]  # fmt: skip
    assert (snapshot["type"], snapshot["version"], snapshot["events"]) == ("snapshot", "v1", [])
    orders = snapshot["orders"]
    assert [order["clOrdID"] for order in orders["closed"]] == ["done-1", "done-2"], "the newest two"
    assert [(fill["execQty"], fill["execFeeEv"]) for fill in orders["fills"]] == [(6, 6)] * 2  # 10,000 × 0.06 %
    assert [(order["clOrdID"], order["leavesQty"]) for order in orders["open"]] == [("rests", 7)]
    assert [(p["symbol"], p["side"], p["size"]) for p in snapshot["positions"]] == [("BTCUSD", "Sell", 18)]
    place(exchange, 1, "BTCUSD", "Sell", 7, COIN_M_60K // 2)
    (news,) = client.heard()
    assert (news["type"], [o["clOrdID"] for o in news["orders"]["closed"]]) == ("incremental", ["rests"])
    assert news["orders"]["open"] == []


def test_aop_v1_publishes_flat_positions_and_skips_zeros_as_it_is_told(exchange):
    def positions(*params: object) -> dict[str, dict]:
        _, (_, *snapshots) = follow(exchange, "aop_v1", [5, *params])
        return {p["symbol"]: p for m in snapshots for p in m["positions"]}

    assert positions(False, False) == {}
    shown = positions(True, False)
    assert shown["BTCUSD"]["size"] == 0 == shown["BTCUSD"]["valueEv"]
    skipped = positions(True, True)["BTCUSD"]
    assert "size" not in skipped
    assert skipped["symbol"] == "BTCUSD"
    assert 0 not in skipped.values()


@pytest.mark.parametrize(
    "params", [[5], [True, True, False], [5, 1, 0], [-1, True, False], [101, True, False], {}, "x"]
)
def test_other_parameters_of_aop_v1_are_an_invalid_argument(exchange, params):
    _, (answer,) = follow(exchange, "aop_v1", params)
    assert answer["error"] == {"code": 6001, "message": "invalid argument"}


def test_aop_and_aop_v1_go_side_by_side_and_end_one_by_one(exchange):
    client, _ = follow(exchange, "aop_v1", [5, False, False])
    client.send({"id": 9, "method": "aop.subscribe", "params": []})
    client.heard()
    place(exchange, 0, "BTCUSD", "Buy", 1, COIN_M_60K // 2)
    assert sorted(str(m["version"]) for m in client.heard()) == ["0", "v1"]
    assert client.ask("aop_v1.unsubscribe")["error"] is None
    place(exchange, 0, "BTCUSD", "Buy", 1, COIN_M_60K // 2)
    assert [m["version"] for m in client.heard()] == [0]


def test_ras_p_tells_of_cross_and_isolated_units_that_add_up(exchange):
    venue = exchange.venue
    venue.set_leverage(venue.user_ids[0], "BTCUSDT", exchange.now_ns, leverage_er=10 * 10**8)
    place(exchange, 1, "BTCUSDT", "Buy", 10_000, USDT_60K)
    place(exchange, 0, "BTCUSDT", "Sell", 10_000, USDT_60K)
    client, (ack, snapshot) = follow(exchange, "ras_p", {})
    assert ack["result"] == {"stauts": "success"}, "misspelled by the venue"
    assert [wallet["currency"] for wallet in snapshot["risk_wallets"]] == ["USDT", "USDC"]
    cross, isolated, other = snapshot["risk_units"]
    assert (other["valuationCurrency"], other["totalEquityRv"]) == ("USDC", "500000")
    assert (cross["riskMode"], cross["symbol"], cross["posSide"]) == ("CrossAsset", "", 0)
    assert cross["marginRatioRr"] == "999"
    assert (isolated["riskMode"], isolated["symbol"], isolated["posSide"]) == ("Isolated", "BTCUSDT", 3)
    wallet = Decimal(snapshot["risk_wallets"][0]["balanceRv"])
    assert wallet == Decimal(500_000) - Decimal("0.36"), "a taker's fee of 600 USDT"
    assert Decimal(cross["totalBalanceRv"]) + Decimal(isolated["totalBalanceRv"]) == wallet
    for unit in (cross, isolated):
        profit = Decimal(unit.get("totalPosUnpnlRv", "0"))
        assert Decimal(unit["totalEquityRv"]) == Decimal(unit["totalBalanceRv"]) + profit
    assert "fixedUsedRv" not in cross
    free = Decimal(isolated["totalEquityRv"]) - Decimal(isolated["totalPosCostRv"])
    assert Decimal(isolated["estAvailableBalanceRv"]) == free - Decimal(isolated["fixedUsedRv"])
    assert Decimal(isolated["fixedUsedRv"]) > 0
    safe = Decimal(isolated["totalEquityRv"]) - Decimal(isolated["fixedUsedRv"])
    ratio = safe / Decimal(isolated["totalPosMMRv"])
    assert abs(Decimal(isolated["marginRatioRr"]) - ratio) < Decimal("1e-7")
    venue.set_price("BTCUSDT", exchange.now_ns, mark=USDT_60K + 10**12)  # against the short by 1,000 × 0.01
    place(exchange, 0, "BTCUSDT", "Sell", 10_000, 2 * USDT_60K)
    (news,) = client.heard()
    assert (news["type"], news["risk_units"][1]["totalPosUnpnlRv"]) == ("incremental", "-10")
    assert news["risk_units"][1]["version"] > isolated["version"]


def test_a_moment_in_iso_with_nanoseconds():
    assert iso_time(1_717_725_711_246_394_043) == "2024-06-07T02:01:51.246394043Z"


@pytest.mark.parametrize("channel", ["mao", "wm"])
def test_margin_and_investment_streams_are_not_offered(exchange, channel):
    stranger = Client(exchange)
    assert stranger.ask(f"{channel}.subscribe", [])["error"]["code"] == 6012
    _, (answer,) = follow(exchange, channel, [])
    assert answer["error"] == {"code": 6001, "message": "invalid argument"}


def test_streams_follow_the_rules(exchange):
    rules = exchange.venue.config.rules
    rules.set("stray-messages", "off")
    rules.set("ras-ack", "status")
    rules.set("cross-risk-mode", "Classic")
    rules.set("over-subscribed", "close")
    _, messages = follow(exchange, "aop", [])
    assert all("accounts" in message for message in messages[1:])
    client, (ack, *snapshots) = follow(exchange, "ras_p", [])
    assert ack["result"] == {"status": "success"}
    assert {m["risk_units"][0]["riskMode"] for m in snapshots} == {"Classic"}
    assert client.ask("tick.subscribe", [".BTC"])["error"] is None
    assert client.ask("tick.subscribe", [".MBTC"])["error"] is None
    client.send({"id": 9, "method": "trade.subscribe", "params": ["BTCUSD"]})
    assert client.transport.wishes[0] == "close"


@pytest.mark.parametrize(("channel", "params"), [("aop", []), ("trade", ["BTCUSD"])])
def test_the_acknowledgement_may_come_after_the_first_message(exchange, channel, params):
    _, messages = follow(exchange, channel, params)
    assert [message.get("id") for message in messages].index(8) == 0
    exchange.venue.config.rules.set("first-message", "snapshot")
    _, messages = follow(exchange, channel, params)
    assert [message.get("id") for message in messages].index(8) == len(messages) - 1 > 0


def test_a_login_on_one_connection_too_many_is_cut_or_refused(exchange):
    exchange.hub.limits = StreamLimits(connections_per_user=1)
    exchange.venue.config.rules.set("over-connected", "refuse")
    first, second = Client(exchange), Client(exchange)
    assert first.login(0)["error"] is None
    assert second.login(0)["error"]["code"] == 6012
    assert second.transport.wishes == []


def test_a_limit_that_changes_holds_at_once_for_subscriptions(exchange):
    client = Client(exchange)
    assert client.ask("tick.subscribe", [".BTC"])["error"] is None
    exchange.hub.limits = StreamLimits(subscriptions=1)
    assert client.ask("tick.subscribe", [".MBTC"])["error"]["code"] == 6001
