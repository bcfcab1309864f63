"""Rows of the query services: keys in the documented or captured order, numbers in each service's style."""

import json

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages import contract_json, linear_history_json, linear_json, spot_history_json, spot_json
from tidings.exchange.reports import OrderReport

CATALOGUE = load_catalogue()
ORDER_ID = "5f6a7b8c-2222-4333-8444-555566667777"
EXEC_ID = "0badcafe-1234-5678-9abc-def012345678"
T_NS = 1_790_000_000_123_456_789


def report(symbol: str, **fields) -> OrderReport:
    terms = {
        "ord_type": "Limit", "pos_side": "Merged", "side": "Sell", "exec_id": EXEC_ID, "trade_type": "Trade",
        "exec_status": "MakerFill", "ord_status": "Filled", **fields,
    }
    names = {name: terms.pop(name) for name in ("side", "pos_side", "ord_type")}
    return OrderReport(
        instrument=CATALOGUE.instruments[symbol], user_id=7_000_001, order_id=ORDER_ID, cl_ord_id="mine-9",
        time_in_force="GoodTillCancel", exec_inst="None", action_time_ns=T_NS - 5, create_time_ns=T_NS - 1_000_000,
        transact_time_ns=T_NS, **names, **terms,
    )  # fmt: skip


# Keys as in the samples of the venue's documents (2026), in their order.
COIN_M_ORDER = """orderID clOrdID symbol side orderType actionTimeNs priceEp price orderQty displayQty timeInForce
reduceOnly takeProfitEp takeProfit stopLossEp closedPnlEv closedPnl closedSize cumQty cumValueEv cumValue leavesQty
leavesValueEv leavesValue stopLoss stopDirection ordStatus transactTimeNs"""
COIN_M_TRADE = """transactTimeNs symbol currency action side tradeType execQty execPriceEp orderQty priceEp execValueEv
feeRateEr execFeeEv ordType execID orderID clOrdID execStatus"""
USD_M_ORDER = """orderId clOrdId symbol side ordType actionTimeNs priceRp orderQtyRq displayQtyRq timeInForce reduceOnly
takeProfitRp stopLossRp closedPnlRv closedSizeRq cumQtyRq cumValueRv leavesQtyRq leavesValueRv stopDirection ordStatus
transactTimeNs bizError"""
USD_M_TRADE = """transactTimeNs symbol currency action posSide side tradeType execQtyRq execPriceRp orderQtyRq priceRp
execValueRv feeRateRr execFeeRv closedSizeRq closedPnlRv ordType execID orderID clOrdID execStatus"""
SPOT_BY_ID = """avgPriceEp avgTransactPriceEp baseQtyEv createTimeNs cumBaseValueEv cumFeeEv cumQuoteValueEv execStatus
feeCurrency leavesBaseQtyEv leavesQuoteQtyEv ordStatus ordType orderID priceEp qtyType quoteQtyEv side stopDirection
stopPxEp symbol timeInForce"""
SPOT_TRADE = """action baseCurrency baseQtyEv clOrdID execBaseQtyEv execFeeEv execId execInst execPriceEp execQuoteQtyEv
execStatus feeCurrency feeRateEr leavesBaseQtyEv leavesQuoteQtyEv ordStatus ordType orderID priceEP qtyType
quoteCurrency quoteQtyEv side stopDirection stopPxEp symbol timeInForce tradeType transactTimeNs"""
# Keys as captured in 2024 from the services behind the venue's own pages.
ORDER_LIST = """createdAt symbol orderQtyRq side posSide priceRp execQtyRq leavesQtyRq execPriceRp orderValueRv
leavesValueRv cumValueRv stopDirection stopPxRp trigger actionBy execFeeRv ordType ordStatus clOrdId orderId execStatus
bizError totalPnlRv avgTransactPriceRp orderDetailsVos tradeType updatedAt"""
TRADING_LIST = """createdAt symbol currency action tradeType execQtyRq execPriceRp side orderQtyRq priceRp execValueRv
feeRateRr execFeeRv ordType execId execStatus posSide ptFeeRv ptPriceRp"""
SPOT_ORDER = """orderID clOrdID stopPxEp avgPriceEp qtyType leavesBaseQtyEv leavesQuoteQtyEv baseQtyEv feeCurrency
stopDirection symbol side quoteQtyEv priceEp ordType timeInForce ordStatus execStatus createTimeNs cumFeeEv
cumBaseValueEv cumQuoteValueEv avgTransactPriceEp spotOrderDetailsVos"""
SPOT_OLD_TRADE = """qtyType transactTimeNs clOrdID orderID symbol side priceEP baseQtyEv quoteQtyEv action execStatus
ordStatus ordType execInst timeInForce stopDirection tradeType stopPxEp execId execPriceEp execBaseQtyEv execQuoteQtyEv
leavesBaseQtyEv leavesQuoteQtyEv execFeeEv feeRateEr"""


@pytest.mark.parametrize(
    ("row", "symbol", "keys"),
    [
        (contract_json.closed_order, "BTCUSD", COIN_M_ORDER),
        (contract_json.trade_row, "BTCUSD", COIN_M_TRADE),
        (linear_json.closed_order, "BTCUSDT", USD_M_ORDER),
        (linear_json.trade_row, "BTCUSDT", USD_M_TRADE),
        (linear_history_json.order_list_row, "BTCUSDT", ORDER_LIST),
        (linear_history_json.trading_list_row, "BTCUSDT", TRADING_LIST),
        (spot_history_json.order_by_id, "sBTCUSDT", SPOT_BY_ID),
        (spot_json.trade_row, "sBTCUSDT", SPOT_TRADE),
        (spot_history_json.order_row, "sBTCUSDT", SPOT_ORDER),
        (spot_history_json.trade_row, "sBTCUSDT", SPOT_OLD_TRADE),
    ],
)
def test_a_row_has_its_services_keys_in_their_order(row, symbol, keys):
    assert list(json.loads(row(report(symbol)))) == keys.split()


def test_a_coin_m_execution_is_scaled_integers_and_full_ids():
    order = report("BTCUSD", exec_qty=12, exec_price=612_345_000, exec_value=19_596, fee_rate_er=-25_000, exec_fee=-4)
    assert {
        "execQty": 12, "execPriceEp": 612_345_000, "execValueEv": 19_596, "feeRateEr": -25_000, "execFeeEv": -4,
        "execID": EXEC_ID, "orderID": ORDER_ID, "clOrdID": "mine-9", "tradeType": "Trade", "execStatus": "MakerFill",
        "currency": "BTC", "transactTimeNs": T_NS, "side": "Sell",
    }.items() <= json.loads(contract_json.trade_row(order)).items()
    assert '"transactTimeNs":1790000000123456789,' in contract_json.trade_row(order)


def test_a_usd_m_execution_is_decimal_strings():
    text = linear_json.trade_row(report(
        "BTCUSDT", exec_qty=30_000, exec_price=61_250_500_000_000, exec_value=1_837_515_000_000_000,
        fee_rate_er=60_000, exec_fee=1_102_509_000_000, pos_side="Short",
    ))  # fmt: skip
    assert {
        "execQtyRq": "0.03", "execPriceRp": "61250.5", "execValueRv": "1837.515", "feeRateRr": "0.0006",
        "execFeeRv": "1.102509", "posSide": "Short", "execID": EXEC_ID, "currency": "USDT",
    }.items() <= json.loads(text).items()


def test_the_order_list_speaks_in_integers_milliseconds_and_cut_ids():
    row = json.loads(linear_history_json.order_list_row(report(
        "BTCUSDT", order_qty=40_000, cum_qty=40_000, cum_value=2_400_000_000_000_000, avg_price=60_000 * 10**9,
        price=61_000 * 10**9, cum_fee=10**12, ord_type="Stop", stop_direction="Falling", trigger="ByLastPrice",
        stop_px=60_500 * 10**9, exec_status="TakerFill", pos_side="Short",
    )))  # fmt: skip
    assert {
        "createdAt": 1_790_000_000_122, "updatedAt": 1_790_000_000_123, "side": 2, "posSide": 2, "ordType": 3,
        "ordStatus": 7, "execStatus": 7, "stopDirection": 2, "trigger": 3, "tradeType": 1, "clOrdId": "5f6a7b8",
        "orderId": ORDER_ID, "orderQtyRq": "0.04", "execQtyRq": "0.04", "leavesQtyRq": "0", "orderValueRv": "2400",
        "execPriceRp": "60000", "execFeeRv": "1", "stopPxRp": "60500", "totalPnlRv": None,
    }.items() <= row.items()


@pytest.mark.parametrize(
    ("fields", "action_by", "trade_type"),
    [
        ({"exec_status": "MakerFill"}, 1, 1),
        ({"exec_status": "New", "trade_type": ""}, 1, 0),
        ({"exec_status": "Replaced", "trade_type": ""}, 0, 10),
        ({"exec_status": "TakerFill", "trigger_time_ns": T_NS}, 4, 1),
    ],
)
def test_the_order_list_says_who_acted_last_and_how(fields, action_by, trade_type):
    row = json.loads(linear_history_json.order_list_row(report("BTCUSDT", **fields)))
    assert (row["actionBy"], row["tradeType"]) == (action_by, trade_type)


def test_words_without_a_known_number_are_zero():
    row = json.loads(linear_history_json.order_list_row(report(
        "BTCUSDT", ord_status="Created", exec_status="PendingNew", trade_type="", ord_type="Nonsense", pos_side="None",
    )))  # fmt: skip
    assert (row["ordStatus"], row["execStatus"], row["tradeType"], row["ordType"], row["posSide"]) == (0, 0, 0, 0, 0)


def test_the_trading_list_names_no_order_and_cuts_the_execution():
    row = json.loads(linear_history_json.trading_list_row(report("BTCUSDT", exec_qty=10_000, side="Buy")))
    assert (row["execId"], row["side"], row["action"], row["execStatus"]) == ("0badcaf", 1, 1, 6)
    assert ORDER_ID not in str(row) and "mine-9" not in str(row)


def test_spot_rows_say_quantities_as_text_and_the_fee_in_what_is_received():
    bought = report("sBTCUSDT", side="Buy", order_qty=7_000, cum_qty=7_000)
    for row in (spot_history_json.order_row, spot_history_json.order_by_id):
        data = json.loads(row(bought))
        assert (data["baseQtyEv"], data["feeCurrency"], data["cumBaseValueEv"]) == ("7000", "BTC", 7_000)
    sold = report("sBTCUSDT", qty_type="ByQuote", leaves_value=500, leaves_qty=3)
    data = json.loads(spot_history_json.order_row(sold))
    assert (data["feeCurrency"], data["leavesBaseQtyEv"], data["leavesQuoteQtyEv"]) == ("USDT", 0, 500)


@pytest.mark.parametrize("row", [spot_history_json.order_row, spot_history_json.trade_row, spot_json.order_reply])
def test_a_spot_order_given_in_quote_currency_shows_no_base_quantity(row):
    document = json.loads(row(report("sBTCUSDT", qty_type="ByQuote", order_qty=5_000, quote_qty=1_000_000_000)))
    assert (int(document["baseQtyEv"]), document["quoteQtyEv"]) == (0, 1_000_000_000)
