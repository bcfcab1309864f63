"""Queries of money: keys, order and styles as in phemex docs 2026; amounts worked out by hand."""

import json

import pytest
from money_driver import DUE_NS, ask, fix_rate, hold, run_to
from venue_driver import COIN_M_60K, MILLI_BTC, MS_NS, SPOT_60K, SPOT_BTC, USD_M_60K, USDT, Driver

from tidings.exchange.messages.funds_json import short_text
from tidings.exchange.rest import face as rest
from tidings.exchange.rest.endpoint import Call
from tidings.exchange.rest.parameters import Parameters, RequestError

X = 10**8
DUE_MS = DUE_NS // MS_NS


@pytest.fixture
def d() -> Driver:
    return Driver()


def text_of(d: Driver, path: str, **fields: object) -> str:
    parameters = Parameters({name: [str(value)] for name, value in fields.items()})
    return rest._ENDPOINTS["GET", path](Call(d.venue, d.a, parameters, d.now_ns)).decode()


# Funding fees.


def test_coin_m_funding_fees(d: Driver) -> None:
    hold(d, "BTCUSD", 600, COIN_M_60K)
    fix_rate(d, "BTCUSD", -10_000)
    run_to(d, DUE_NS)
    answer = ask(d, "GET", "/api-data/futures/funding-fees", symbol="BTCUSD")
    row = {
        "symbol": "BTCUSD", "currency": "BTC", "execQty": 600, "side": "Buy", "execPriceEp": 600_000_000,
        "execValueEv": 1_000_000, "fundingRateEr": -10_000, "feeRateEr": -10_000, "execFeeEv": -100,
        "createTime": DUE_MS,
    }  # fmt: skip
    assert answer == {"code": 0, "msg": "OK", "data": {"rows": [row]}}
    assert list(answer["data"]["rows"][0]) == list(row)
    (short,) = ask(d, "GET", "/api-data/futures/funding-fees", d.b, symbol="BTCUSD")["data"]["rows"]
    assert (short["side"], short["fundingRateEr"], short["feeRateEr"], short["execFeeEv"]) == (
        "Sell", -10_000, 10_000, 100,
    )  # fmt: skip


def test_usd_m_funding_fees_have_eight_decimals(d: Driver) -> None:
    hold(d, "BTCUSDT", 123 * MILLI_BTC, USD_M_60K)
    d.set_mark("BTCUSDT", 61_234 * USDT + 123_456_789)
    fix_rate(d, "BTCUSDT", 34_567)
    run_to(d, DUE_NS)
    (row,) = ask(d, "GET", "/api-data/g-futures/funding-fees", symbol="BTCUSDT")
    assert row == {
        "symbol": "BTCUSDT", "currency": "USDT", "execQtyRq": "0.123", "side": "Buy", "execPriceRp": "61234.12345678",
        "execValueRv": "7531.79718518", "fundingRateRr": "0.00034567", "feeRateRr": "0.00034567",
        "execFeeRv": "2.60351633", "createTime": DUE_MS,
    }  # fmt: skip
    assert ask(d, "GET", "/api-data/g-futures/funding-fees", symbol="ETHUSDT") == []


def test_funding_fees_are_newest_first_and_paged(d: Driver) -> None:
    hold(d, "BTCUSD", 600, COIN_M_60K)
    run_to(d, DUE_NS + 2 * 28_800 * 10**9)
    rows = ask(d, "GET", "/api-data/futures/funding-fees", symbol="BTCUSD")["data"]["rows"]
    assert [row["createTime"] for row in rows] == [DUE_MS + n * 28_800_000 for n in (2, 1, 0)]
    page = ask(d, "GET", "/api-data/futures/funding-fees", symbol="BTCUSD", offset=1, limit=1)["data"]["rows"]
    assert page == rows[1:2]


@pytest.mark.parametrize(("scale", "value", "text"), [
    (12, 21_165_520_073, "0.02116552"), (12, -21_165_520_073, "-0.02116552"), (12, 9_999, "0"), (8, 5, "0.00000005"),
    (4, 12_345, "1.2345"),
])  # fmt: skip
def test_short_text_cuts_towards_zero(scale: int, value: int, text: str) -> None:
    assert short_text(value, scale) == text


# Fee rates.


def test_fee_rates(d: Driver) -> None:
    assert ask(d, "GET", "/api-data/futures/fee-rate", settleCurrency="BTC") == {
        "symbolFeeRates": [{"takerFeeRateEr": 60_000, "makerFeeRateEr": 10_000, "symbol": "BTCUSD"}],
    }
    assert len(ask(d, "GET", "/api-data/futures/fee-rate", settleCurrency="USDT")["symbolFeeRates"]) == 8
    pairs = ask(d, "GET", "/api-data/spots/fee-rate", quoteCurrency="USDT")["symbolFeeRates"]
    assert pairs[0]["symbol"] == "sBTCUSDT"
    for path, fields in (("futures", {"settleCurrency": "NONE"}), ("spots", {"quoteCurrency": "NONE"})):
        with pytest.raises(RequestError) as refusal:
            ask(d, "GET", f"/api-data/{path}/fee-rate", **fields)
        assert refusal.value.code == 30000


# What moved the balances.


def test_account_detail_adds_up(d: Driver) -> None:
    hold(d, "BTCUSDT", 100 * MILLI_BTC, USD_M_60K)  # taker fee 3.6
    fix_rate(d, "BTCUSDT", 10_000)
    run_to(d, DUE_NS)  # 0.6
    d.place(d.b, "BTCUSDT", "Buy", 100 * MILLI_BTC, 61_000 * USDT)
    d.place(d.a, "BTCUSDT", "Sell", 100 * MILLI_BTC, 61_000 * USDT)  # gains 100, taker fee 3.66
    ask(d, "POST", "/assets/transfer", currency="USDT", amountEv=250_000_000, moveOp=1)
    rows = ask(d, "GET", "/api-data/futures/v2/tradeAccountDetail", currency="USDT")
    assert [(row["typeDesc"], row["amountRv"], row["balanceRv"]) for row in rows] == [
        ("TRANSFER", "-2.5", "500089.64"), ("COMMISSION", "-3.66", "500092.14"), ("REALIZED_PNL", "100", "500095.8"),
        ("REALIZED_PNL", "-0.6", "499995.8"), ("COMMISSION", "-3.6", "499996.4"),
    ]  # fmt: skip
    assert list(rows[0]) == ["typeDesc", "amountRv", "balanceRv", "createTime", "currency"]
    pnl = ask(d, "GET", "/api-data/futures/v2/tradeAccountDetail", currency="USDT", type=1)
    assert [row["amountRv"] for row in pnl] == ["100", "-0.6"]
    counted = ask(d, "GET", "/api-data/futures/v2/tradeAccountDetail", withCount="true", limit=2)
    assert (counted["data"]["total"], len(counted["data"]["rows"])) == (5, 2)
    assert ask(d, "GET", "/api-data/futures/v2/tradeAccountDetail", currency="BTC") == []


def test_coin_m_amounts_are_real_numbers_too(d: Driver) -> None:
    hold(d, "BTCUSD", 600, COIN_M_60K)
    (row,) = ask(d, "GET", "/api-data/futures/v2/tradeAccountDetail", currency="BTC")
    assert (row["amountRv"], row["balanceRv"]) == ("-0.000006", "9.999994")


def test_spot_funds(d: Driver) -> None:
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC // 100, SPOT_60K)
    d.place(d.a, "sBTCUSDT", "Buy", SPOT_BTC // 100, SPOT_60K)
    ask(d, "POST", "/assets/transfer", currency="BTC", amountEv=7, moveOp=2)
    moved, bought = ask(d, "GET", "/api-data/spots/funds", currency="BTC")
    fee = SPOT_BTC // 100 // 1_000  # the pair's taker rate of 0.1 %, taken from what is received
    assert bought == {
        "action": "Trade", "amountEv": SPOT_BTC // 100, "balanceEv": 10 * SPOT_BTC + SPOT_BTC // 100 - fee,
        "bizCode": 1, "createTime": bought["transactTimeNs"] // MS_NS, "currency": "BTC", "execId": bought["execId"],
        "execSeq": bought["execSeq"], "feeEv": fee, "id": 1, "side": "IN", "text": "",
        "transactTimeNs": bought["transactTimeNs"],
    }  # fmt: skip
    assert (moved["action"], moved["amountEv"], moved["side"], moved["bizCode"], moved["id"]) == (
        "Transfer", -7, "OUT", 10, 2,
    )  # fmt: skip
    assert moved["balanceEv"] == bought["balanceEv"] - 7
    (paid,) = ask(d, "GET", "/api-data/spots/funds", currency="USDT")
    assert (paid["amountEv"], paid["feeEv"], paid["side"]) == (-600 * X, 0, "OUT")


def test_spot_pnls_count_sales_against_what_was_paid(d: Driver) -> None:
    for seller, buyer, price in ((d.b, d.a, 60_000), (d.a, d.b, 61_000)):
        d.place(seller, "sBTCUSDT", "Sell", SPOT_BTC // 100, price * X)
        d.place(buyer, "sBTCUSDT", "Buy", SPOT_BTC // 100, price * X)
    (row,) = ask(d, "GET", "/api-data/spots/pnls")
    assert list(row) == ["collectTime", "cumPnlEv", "dailyPnlEv", "userId"]
    # 10 gained; 0.1 % taker fee on 600 bought and 0.1 % maker fee on 610 sold
    assert row["cumPnlEv"] == row["dailyPnlEv"] == 10 * X - 600 * X // 1_000 - 610 * X // 1_000
    assert (row["collectTime"] % 86_400_000, row["userId"]) == (0, d.a)


# Closed positions.


def test_closed_position(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=20 * X)
    opened_ms = d.now_ns // MS_NS + 15
    hold(d, "BTCUSDT", 100 * MILLI_BTC, USD_M_60K)
    fix_rate(d, "BTCUSDT", 10_000)
    run_to(d, DUE_NS)
    d.place(d.b, "BTCUSDT", "Buy", 100 * MILLI_BTC, 61_000 * USDT)
    d.place(d.a, "BTCUSDT", "Sell", 40 * MILLI_BTC, 61_000 * USDT)
    path = "/api-data/g-futures/closedPosition"
    (partly,) = ask(d, "GET", path, symbol="BTCUSDT")["data"]["rows"]
    assert (partly["finished"], partly["closedSizeRq"], partly["closedPnlRv"]) == ("0", 0.04, "40")
    d.place(d.a, "BTCUSDT", "Sell", 60 * MILLI_BTC, 61_000 * USDT)
    answer = ask(d, "GET", path, currency="USDT")
    assert answer == {"code": 0, "msg": "OK", "data": {"total": 1, "rows": [{
        "symbol": "BTCUSDT", "currency": "USDT", "term": 1, "closedSizeRq": 0.1, "side": 1, "cumEntryValueRv": None,
        "closedPnlRv": "100", "exchangeFeeRv": "7.26", "fundingFeeRv": "0.6", "finished": "1",
        "openedTimeNs": opened_ms, "updatedTimeNs": d.now_ns // MS_NS - 5, "openPrice": "60000", "closePrice": 61_000,
        "roi": "0.33333333", "leverage": 20,
    }]}}  # fmt: skip
    assert ask(d, "GET", path, symbol="ETHUSDT")["data"] == {"total": 0, "rows": []}
    with pytest.raises(RequestError):
        ask(d, "GET", path)


def test_flip_is_two_terms(d: Driver) -> None:
    hold(d, "BTCUSDT", 10 * MILLI_BTC, USD_M_60K)
    d.place(d.b, "BTCUSDT", "Buy", 30 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Sell", 30 * MILLI_BTC, USD_M_60K)
    d.place(d.b, "BTCUSDT", "Sell", 20 * MILLI_BTC, 59_000 * USDT)
    d.place(d.a, "BTCUSDT", "Buy", 20 * MILLI_BTC, 59_000 * USDT)
    rows = ask(d, "GET", "/api-data/g-futures/closedPosition", symbol="BTCUSDT")["data"]["rows"]
    assert [(r["term"], r["side"], r["closedSizeRq"], r["closedPnlRv"]) for r in rows] == [
        (2, 2, 0.02, "20"), (1, 1, 0.01, "0"),
    ]  # fmt: skip


# Risk.


def test_risk_unit_of_an_idle_account_is_safe(d: Driver) -> None:
    text = text_of(d, "/g-accounts/risk-unit")
    unit = json.loads(text)["data"][0]
    assert unit == {
        "userId": d.a, "riskMode": "CrossAsset", "valuationCcy": 3, "symbol": "", "posSide": "", "marginRatioRr": 999,
        "totalBalanceRv": 500_000, "totalEquityRv": 500_000, "estAvailableBalanceRv": 500_000, "totalFreeRv": 0,
        "totalPosUnpnlRv": 0, "totalPosCostRv": 0, "totalPosMMRv": 0, "totalOrdUsedBalanceRv": 0,
        "totalOrdOpenLossRv": 0, "fixedUsedRv": 0,
    }  # fmt: skip


def test_cross_and_isolated_units(d: Driver) -> None:
    d.venue.set_leverage(d.a, "ETHUSDT", d.now_ns, leverage_er=10 * X)
    hold(d, "BTCUSDT", 1_000 * MILLI_BTC, USD_M_60K)
    hold(d, "ETHUSDT", 10**6, 3_000 * USDT)
    d.set_mark("BTCUSDT", 61_000 * USDT)
    units = json.loads(text_of(d, "/g-accounts/risk-unit"))["data"]
    cross, isolated = [unit for unit in units if unit["valuationCcy"] == 3]
    balance = 500_000 - 36 - 1.8
    isolated_cost = 3_000 * (0.1 + 0.0006 * 0.9)
    assert cross["totalBalanceRv"] == pytest.approx(balance - isolated_cost)
    assert cross["totalEquityRv"] == pytest.approx(balance - isolated_cost + 1_000)
    assert cross["totalPosMMRv"] == pytest.approx(60_000 * 0.0275)
    assert cross["marginRatioRr"] == pytest.approx((balance - isolated_cost + 1_000) / (60_000 * 0.0275))
    assert (isolated["riskMode"], isolated["symbol"], isolated["posSide"]) == ("Isolated", "ETHUSDT", "Merged")
    assert isolated["totalBalanceRv"] == pytest.approx(isolated_cost)
    assert isolated["fixedUsedRv"] == pytest.approx(2_700 * 0.0006)
    assert isolated["marginRatioRr"] == pytest.approx((isolated_cost - 1.62) / (3_000 * 0.0275))


def test_a_rule_puts_all_data_services_into_one_envelope(d: Driver) -> None:
    d.venue.config.rules.set("api-data-shape", "rows")
    hold(d, "BTCUSDT", MILLI_BTC, USD_M_60K)
    for path, fields in (
        ("g-futures/funding-fees", {"symbol": "BTCUSDT"}), ("futures/v2/tradeAccountDetail", {}),
        ("spots/funds", {"currency": "BTC"}), ("spots/pnls", {}),
    ):  # fmt: skip
        assert list(ask(d, "GET", f"/api-data/{path}", **fields)["data"]) == ["rows"]
