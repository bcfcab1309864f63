"""Money over the wire: a payment of funding, a transfer, and a liquidation made by moving the mark price."""

import json
import time
import urllib.request
from decimal import Decimal

import pytest
from phemex_client import RestClient, StreamClient


@pytest.fixture
def exchange(start_exchange):
    return start_exchange("--no-flow", "--no-rate-limits", "--funding-interval-s", "1", "--price", "BTCUSDT=60000")


@pytest.fixture
def users(exchange):
    clients = [RestClient(exchange.ready, account) for account in (0, 1)]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
def stream(exchange):
    client = StreamClient(exchange.ready, 0)
    client.login()
    assert client.request("aop_p.subscribe")["result"] == {"status": "success"}
    yield client
    client.close()


def balance(client: RestClient) -> Decimal:
    account = client.call("GET", "/g-accounts/accountPositions", currency="USDT").data["account"]
    return Decimal(account["accountBalanceRv"])


def go_long(users) -> None:
    """Account 0 buys 1 BTC at 60,000, isolated with leverage 10, from account 1."""
    assert users[0].call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="10").code == 0
    for client, side in ((users[1], "Sell"), (users[0], "Buy")):
        reply = client.call(
            "PUT", "/g-orders/create", symbol="BTCUSDT", posSide="Merged", side=side, orderQtyRq="1", priceRp="60000",
            ordType="Limit", clOrdID=f"{side}-1",
        )  # fmt: skip
        assert reply.code == 0
        time.sleep(0.05)


def event(stream: StreamClient, trade_type: str) -> tuple[dict, dict]:
    """The next order row of this type, and the message it came in."""
    while True:
        message = stream.next("orders_p")
        for row in message["orders_p"]:
            if row.get("tradeType") == trade_type and message["type"] == "incremental":
                return row, message


def test_funding_is_paid_and_told(users, stream) -> None:
    go_long(users)
    row, message = event(stream, "Funding")
    assert (row["action"], row["clOrdID"], row["execStatus"]) == ("SettleFundingFee", "SettlingFunding", "Init")
    assert row["orderID"] == "00000000-0000-0000-0000-000000000000"
    assert Decimal(row["execFeeRv"]) == Decimal(row["execValueRv"]) * Decimal(row["feeRateRr"])
    assert message["positions_p"][0]["cumFundingFeeRv"] == row["execFeeRv"]
    assert message["positions_p"][0]["lastFundingTime"] % 1_000_000_000 == 0
    fees = users[0].call("GET", "/api-data/g-futures/funding-fees", symbol="BTCUSDT").json
    assert fees[-1]["createTime"] == row["transactTimeNs"] // 1_000_000
    (rate,) = users[0].public("/contract-biz/public/real-funding-rates", "symbol=BTCUSDT").json
    assert rate["fundingInterval"] == 1


def test_a_transfer_moves_money_and_both_streams_say_so(exchange, users, stream) -> None:
    assert stream.request("wo.subscribe")["result"] == {"status": "success"}
    before = balance(users[0])
    reply = users[0].post("/assets/transfer", {"amountEv": 12_345_678_901, "currency": "USDT", "moveOp": 1})
    assert (reply.code, reply.data["status"]) == (0, 10)
    assert balance(users[0]) == before - Decimal("123.45678901")
    seen = {}
    while set(seen) != {"accounts_p", "wallets"}:
        message = stream.next("accounts_p", "wallets")
        if message["type"] == "incremental":
            seen |= {key: message[key] for key in ("accounts_p", "wallets") if key in message}
    assert Decimal(seen["accounts_p"][0]["accountBalanceRv"]) == before - Decimal("123.45678901")
    assert seen["wallets"][0]["balanceEv"] == 500_000 * 10**8 + 12_345_678_901
    refused = users[0].post("/assets/transfer", {"amountEv": 10**18, "currency": "USDT", "moveOp": 2})
    assert refused.json == {"code": 35104, "msg": "phemex.spot.wallet.balance.notenough", "data": None}
    assert users[0].post("/assets/transfer", {"amountEv": [], "currency": "USDT", "moveOp": 2}).code == 39108


def test_a_mark_price_below_the_liquidation_price_ends_a_position(exchange, users, stream) -> None:
    go_long(users)
    body = json.dumps({"symbol": "BTCUSDT", "mark": "54200"}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{exchange.ready['admin']}/price", body, method="POST")).close()
    row, message = event(stream, "LiqTrade")
    assert (row["side"], row["execQty"], row["execPriceRp"], row["ordStatus"]) == ("Sell", "1", "54000", "Filled")
    assert (row["action"], row["closedPnlRv"]) == ("LiqRequest", "-6000")
    assert (message["positions_p"][0]["size"], message["positions_p"][0]["positionStatus"]) == ("0", "Normal")
    closed = users[0].call("GET", "/api-data/g-futures/closedPosition", symbol="BTCUSDT").data["rows"]
    assert (closed[0]["closedPnlRv"], closed[0]["finished"]) == ("-6000", "1")
