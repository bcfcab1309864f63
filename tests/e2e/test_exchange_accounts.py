"""Fills between two accounts, and what positions, wallets, histories, settings and admin say then."""

import json
import time
import urllib.error
import urllib.request
import uuid

import pytest


def trade(clients, path: str, **fields: object) -> tuple[str, str]:
    """Account 2 sells to account 3, who came first; gives (maker id, taker id) of the client."""
    ids = [f"f-{uuid.uuid4().hex[:16]}" for _ in range(2)]
    for client, cl_ord_id, side in ((clients[3], ids[0], "Buy"), (clients[2], ids[1], "Sell")):
        assert client.call("PUT", path, clOrdID=cl_ord_id, side=side, ordType="Limit", **fields).code == 0
        time.sleep(0.05)
    return ids[0], ids[1]


def eventually(query, is_there):
    for _ in range(200):
        found = query()
        if is_there(found):
            return found
        time.sleep(0.01)
    raise AssertionError(found)


def position(client, path: str, **fields: object) -> dict:
    rows = client.call("GET", path, **fields).data["positions"]
    return next(row for row in rows if row["symbol"] == ("BTCUSD" if path.startswith("/acc") else "BTCUSDT"))


def test_a_coin_m_fill_moves_both_positions_and_is_found_by_time_and_by_id(clients):
    start_ms = int(time.time() * 1000) - 1
    before = [position(client, "/accounts/accountPositions", currency="BTC") for client in clients[2:]]
    maker_id, taker_id = trade(clients, "/orders/create", symbol="BTCUSD", orderQty=5, priceEp=600_000_000)
    rows = eventually(
        lambda: clients[2].call("GET", "/exchange/order/trade", symbol="BTCUSD", start=start_ms, withCount="true").data,
        lambda data: data["rows"],
    )
    (fill,) = rows["rows"]
    assert rows["total"] == 1
    assert {"clOrdID": taker_id, "execQty": 5, "execPriceEp": 600_000_000, "execStatus": "TakerFill", "side": "Sell",
            "tradeType": "Trade", "feeRateEr": 60_000, "execValueEv": 8_333}.items() <= fill.items()
    after = [position(client, "/accounts/accountPositions", currency="BTC") for client in clients[2:]]
    signed = {"Buy": 1, "Sell": -1, "None": 0}
    moves = [signed[b["side"]] * b["size"] - signed[a["side"]] * a["size"] for a, b in zip(before, after, strict=True)]
    assert moves == [-5, 5]
    (order,) = clients[3].call("GET", "/exchange/order", symbol="BTCUSD", clOrdID=maker_id).data
    assert (order["ordStatus"], order["cumQty"], order["price"]) == ("Filled", 5, None)
    (listed,) = clients[3].call("GET", "/exchange/order/list", symbol="BTCUSD", start=start_ms, limit=1).data["rows"]
    assert listed["orderID"] == order["orderID"]


def test_a_usd_m_fill_is_found_by_client_id_and_in_the_trades(clients):
    start_ms = int(time.time() * 1000) - 1
    maker_id, taker_id = trade(
        clients, "/g-orders/create", symbol="BTCUSDT", posSide="Merged", orderQtyRq="0.02", priceRp="60000"
    )
    path = "/api-data/g-futures/orders/by-order-id"
    (order,) = eventually(
        lambda: clients[3].call("GET", path, symbol="BTCUSDT", clOrdID=maker_id).data,
        lambda rows: rows and rows[0]["ordStatus"] == "Filled",
    )
    assert (order["clOrdId"], order["cumQtyRq"], order["cumValueRv"]) == (maker_id, "0.02", "1200")
    trades = clients[2].call("GET", "/api-data/g-futures/trades", symbol="BTCUSDT", start=start_ms).data["rows"]
    expected = {"clOrdID": taker_id, "execQtyRq": "0.02", "execFeeRv": "0.72", "posSide": "Merged"}
    assert expected.items() <= trades[0].items()
    with_pnl = position(clients[2], "/g-accounts/positions", currency="USDT")
    assert "unRealisedPnlRv" in with_pnl and "sizeRq" in with_pnl
    assert clients[2].call("GET", path, symbol="BTCUSDT", clOrdID="never-seen").data == []


def test_a_spot_fill_moves_wallets_and_pays_the_fee_in_what_was_received(clients):
    def wallet(client, currency: str) -> int:
        return client.call("GET", "/spot/wallets", currency=currency).data[0]["balanceEv"]

    before = wallet(clients[3], "BTC"), wallet(clients[2], "USDT")
    fields = {"symbol": "sBTCUSDT", "qtyType": "ByBase", "baseQtyEv": 1_000_000, "priceEp": 6_000_000_000_000}
    _, taker_id = trade(clients, "/spot/orders/create", **fields)
    after = eventually(lambda: (wallet(clients[3], "BTC"), wallet(clients[2], "USDT")), lambda now: now != before)
    trades = clients[2].call("GET", "/api-data/spots/trades", symbol="sBTCUSDT").json
    assert isinstance(trades, list), "this service answers without an envelope"
    fill = trades[0]
    assert (fill["clOrdID"], fill["execQuoteQtyEv"], fill["feeCurrency"]) == (taker_id, 60_000_000_000, "USDT")
    assert after[1] - before[1] == fill["execQuoteQtyEv"] - fill["execFeeEv"]
    maker_fill = clients[3].call("GET", "/api-data/spots/trades", symbol="sBTCUSDT").json[0]
    assert maker_fill["feeCurrency"] == "BTC"
    assert after[0] - before[0] == 1_000_000 - maker_fill["execFeeEv"]


def test_histories_come_in_pages_newest_first(clients):
    for price in (60_100, 60_200, 60_300):
        trade(clients, "/orders/create", symbol="BTCUSD", orderQty=1, priceEp=price * 10_000)
    pages = [
        clients[2].call("GET", "/exchange/order/trade", symbol="BTCUSD", limit=2, offset=offset).data["rows"]
        for offset in (0, 2)
    ]
    prices = [row["execPriceEp"] for page in pages for row in page][:3]
    assert prices == [603_000_000, 602_000_000, 601_000_000]
    assert len(pages[0]) == 2


def test_leverage_is_set_and_read_back_on_both_lines(clients):
    assert clients[1].call("PUT", "/positions/leverage", symbol="BTCUSD", leverageEr=500_000_000).json == {
        "code": 0, "msg": "OK",
    }
    assert position(clients[1], "/accounts/accountPositions", currency="BTC")["leverageEr"] == 500_000_000
    assert clients[1].call("PUT", "/positions/leverage", symbol="BTCUSD", leverage=-10).code == 0
    assert position(clients[1], "/accounts/accountPositions", currency="BTC")["leverageEr"] == -1_000_000_000
    assert clients[1].call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="7").code == 0
    assert position(clients[1], "/g-accounts/accountPositions", currency="USDT", symbol="BTCUSDT")["leverageRr"] == "7"
    assert clients[1].call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="1000").code == 11004
    assert clients[1].call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="-10").code == 0


def test_a_symbol_switches_to_hedged_and_back(clients):
    path = "/g-positions/switch-pos-mode-sync"
    assert clients[1].call("PUT", path, symbol="ETHUSDT", targetPosMode="Hedged").code == 0
    rows = clients[1].call("GET", "/g-accounts/accountPositions", currency="USDT", symbol="ETHUSDT").data["positions"]
    assert [(row["posSide"], row["posMode"]) for row in rows] == [("Long", "Hedged"), ("Short", "Hedged")]
    order = {"symbol": "ETHUSDT", "side": "Buy", "orderQtyRq": "0.1", "priceRp": "2000"}
    assert clients[1].call("PUT", "/g-orders/create", **order, posSide="Merged").code == 20004
    assert clients[1].call("PUT", "/g-orders/create", **order, posSide="Long").code == 0
    both = {"longLeverageRr": "5", "shortLeverageRr": "4"}
    assert clients[1].call("PUT", "/g-positions/leverage", symbol="ETHUSDT", **both).code == 0
    clients[1].call("DELETE", "/g-orders/all", symbol="ETHUSDT")
    time.sleep(0.05)
    assert clients[1].call("PUT", path, symbol="ETHUSDT", targetPosMode="OneWay").code == 0
    assert clients[1].call("PUT", path, symbol="ETHUSDT", targetPosMode="Sideways").code == 39108


def test_margin_is_assigned_to_an_isolated_position_only(clients):
    refused = clients[1].call("POST", "/positions/assign", symbol="BTCUSD", posBalanceEv=100_000)
    assert refused.code != 0 and refused.json["data"] is None
    assert clients[1].call("POST", "/g-positions/assign", symbol="BTCUSDT", posSide="Merged").code == 10500


def test_a_currency_without_account_is_refused(clients):
    assert clients[0].call("GET", "/g-accounts/accountPositions", currency="XYZ").code == 30000
    assert clients[0].call("GET", "/accounts/accountPositions").code == 10500


def admin(exchange, path: str):
    with urllib.request.urlopen(exchange.ready["admin"] + path, timeout=30) as response:
        return json.loads(response.read())


def test_the_admin_endpoint_dumps_orders_books_positions_and_counters_without_secrets(quiet_exchange, clients):
    user_id = clients[0].account["user_id"]
    created = clients[0].call(
        "PUT", "/orders/create", symbol="BTCUSD", side="Buy", orderQty=2, priceEp=400_000_000, clOrdID="seen-by-admin"
    ).data
    rows = eventually(
        lambda: admin(quiet_exchange, f"/orders?user_id={user_id}&symbol=BTCUSD"),
        lambda rows: any(row["order_id"] == created["orderID"] and row["ord_status"] == "New" for row in rows),
    )
    assert {row["user_id"] for row in rows} == {user_id}
    assert [400_000_000, 2] in admin(quiet_exchange, "/books?symbol=BTCUSD")["bids"]
    dump = admin(quiet_exchange, "/dump")
    assert {"orders", "positions", "accounts", "wallets", "books", "counters"} <= set(dump)
    assert dump["counters"]["requests"] > 0
    text = json.dumps(dump)
    assert not any(a["api_secret"] in text or a["api_key"] in text for a in quiet_exchange.ready["accounts"])
    with pytest.raises(urllib.error.HTTPError, match="404"):
        admin(quiet_exchange, "/else")
