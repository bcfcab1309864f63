"""Order messages of the three lines: keys in the captured order, numbers in the captured style."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages import contract_json, linear_json, spot_json
from tidings.exchange.messages.json_text import twin
from tidings.exchange.reports import AccountState, AccountUpdate, OrderReport, PositionState, WalletState

CATALOGUE = load_catalogue()
ORDER_ID = "3f0c8f5e-1111-4222-8333-444455556666"


def report(symbol: str, **fields) -> OrderReport:
    return OrderReport(
        instrument=CATALOGUE.instruments[symbol], user_id=7_000_001, order_id=ORDER_ID, cl_ord_id="mine-1",
        side="Buy", pos_side="Merged", ord_type="Limit", time_in_force="GoodTillCancel", exec_inst="None",
        action_time_ns=1_790_000_000_123_456_789, transact_time_ns=1_790_000_000_123_456_789, **fields,
    )


def keys(text: str) -> list[str]:
    return text.split()


# Keys in the order of the messages captured from the venue in 2025 (REST replies of the order services).
COIN_M_REPLY = keys("""
bizError orderID clOrdID symbol side actionTimeNs transactTimeNs orderType priceEp price orderQty
displayQty timeInForce reduceOnly closedPnlEv closedPnl closedSize cumQty cumValueEv cumValue leavesQty leavesValueEv
leavesValue stopDirection stopPxEp stopPx trigger pegOffsetValueEp pegOffsetProportionEr execStatus pegPriceType
ordStatus execInst""")
USD_M_REPLY = keys("""
bizError orderID clOrdID symbol side actionTimeNs transactTimeNs orderType priceRp orderQtyRq
displayQtyRq timeInForce closedPnlRv closedSizeRq cumQtyRq cumValueRv leavesQtyRq leavesValueRv stopDirection stopPxRp
trigger pegOffsetValueRp pegOffsetProportionRr execStatus pegPriceType ordStatus execInst takeProfitRp stopLossRp
slPxRp tpPxRp""")
SPOT_REPLY = keys("""
orderID clOrdID priceEp action trigger pegPriceType stopDirection bizError symbol side baseQtyEv ordType
timeInForce ordStatus cumFeeEv cumBaseQtyEv cumQuoteQtyEv leavesBaseQtyEv leavesQuoteQtyEv avgPriceEp cumBaseAmountEv
cumQuoteAmountEv quoteQtyEv qtyType stopPxEp pegOffsetValueEp""")


def test_a_coin_m_reply_has_the_captured_keys_and_twins_with_eight_places():
    text = contract_json.order_reply(
        report("BTCUSD", price=250_000_000, order_qty=2, leaves_qty=2, leaves_value=8_000)
    )
    assert list(json.loads(text)) == COIN_M_REPLY
    assert '"priceEp":250000000,"price":25000.00000000,"orderQty":2,"displayQty":0' in text
    assert '"closedPnlEv":0,"closedPnl":0E-8,"closedSize":0' in text
    assert '"leavesQty":2,"leavesValueEv":8000,"leavesValue":0.00008000,"stopDirection":"UNSPECIFIED"' in text
    assert '"stopPxEp":0,"stopPx":0E-8,' in text


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (0, 8, "0E-8"),
        (0, 4, "0E-8"),
        (3093, 8, "0.00003093"),
        (10, 8, "1.0E-7"),  # BigDecimal prints an exponent below -6
        (100, 8, "0.00000100"),
        (-1, 8, "-1E-8"),
        (323_230_000, 4, "32323.00000000"),
        (123_456_789_012_345_678, 8, "1234567890.12345678"),
    ],
)
def test_twins_print_as_java_prints_a_big_decimal_of_scale_eight(value, scale, text):
    assert twin(value, scale) == text
    assert Decimal(text) == Decimal(value) / 10**scale


def test_a_coin_m_reply_says_in_exec_inst_alone_that_it_only_reduces():
    order = replace(report("BTCUSD", reduce_only=True), exec_inst="ReduceOnly")
    document = json.loads(contract_json.order_reply(order))
    assert (document["reduceOnly"], document["execInst"]) == (False, "ReduceOnly")


def test_a_usd_m_reply_has_the_captured_keys_and_strings_without_trailing_zeros():
    amounts = {"order_qty": 1_500_000, "leaves_qty": 10_000, "leaves_value": 612_505_000_000_000}
    data = json.loads(linear_json.order_reply(report("BTCUSDT", price=61_250_500_000_000, **amounts)))
    assert list(data) == USD_M_REPLY
    assert {
        "priceRp": "61250.5", "orderQtyRq": "1.5", "leavesQtyRq": "0.01", "leavesValueRv": "612.505", "tpPxRp": "0",
        "actionTimeNs": 1_790_000_000_123_456_789,
    }.items() <= data.items()


def test_a_spot_reply_has_the_documented_keys_and_leaves_in_the_currency_of_its_quantity():
    by_base = json.loads(spot_json.order_reply(report("sBTCUSDT", order_qty=9, leaves_qty=9, leaves_value=7)))
    assert list(by_base) == SPOT_REPLY
    assert (by_base["leavesBaseQtyEv"], by_base["leavesQuoteQtyEv"]) == (9, 0)
    order = report("sBTCUSDT", qty_type="ByQuote", quote_qty=500, leaves_value=500, leaves_qty=3)
    by_quote = json.loads(spot_json.order_reply(order))
    assert (by_quote["leavesBaseQtyEv"], by_quote["leavesQuoteQtyEv"], by_quote["quoteQtyEv"]) == (0, 500, 500)


# Keys of stream entries, sorted as the venue sorts them; optional ones are absent from an event that rests.
COIN_M_STREAM = keys("""
accountID action actionBy actionTimeNs addedSeq bonusChangedAmountEv clOrdID closedPnlEv closedSize
code cumQty cumValueEv curAccBalanceEv curAssignedPosBalanceEv curBonusBalanceEv curLeverageEr curPosSide curPosSize
curPosTerm curPosValueEv curRiskLimitEv currency cxlRejReason displayQty execFeeEv execID execPriceEp execQty execSeq
execStatus execValueEv feeRateEr leavesQty leavesValueEv message ordStatus ordType orderID orderQty pegOffsetValueEp
priceEp relatedPosTerm relatedReqNum side slPxEp slTrigger slippageEr stopLossEp stopPxEp symbol takeProfitEp
timeInForce tpPxEp tpTrigger transactTimeNs userID""")
USD_M_STREAM = keys("""
accountID action actionBy actionTimeNs addedSeq bonusChangedAmountRv clOrdID cl_req_code closedPnlRv
closedSize code cumFeeRv cumPtFeeRv cumQty cumValueRv curAccBalanceRv curAssignedPosBalanceRv curBonusBalanceRv
curLeverageRr curPosSide curPosSize curPosTerm curPosValueRv curRiskLimitRv currency cxlRejReason displayQty execFeeRv
execID execPriceRp execQty execSeq execStatus execValueRv feeRateRr leavesQty leavesValueRv message ordStatus ordType
orderID orderQty pegOffsetProportionRr pegOffsetValueRp posSide posTpSlPattern priceRp ptFeeRv ptPriceRp relatedPosTerm
relatedReqNum side slPxRp slTimeInForce slTrigger stopLossRp stopPxRp symbol takeProfitRp timeInForce tpPxRp
tpTimeInForce tpTrigger transactTimeNs userID""")


def test_a_resting_stream_order_has_the_captured_keys_and_no_optional_ones():
    assert list(json.loads(contract_json.stream_order(report("BTCUSD"), 1))) == COIN_M_STREAM
    assert list(json.loads(linear_json.stream_order(report("BTCUSDT"), 1))) == USD_M_STREAM


def test_a_fill_adds_liquidity_trade_type_and_instructions_each_in_its_place():
    fill = {"trade_type": "Trade", "last_liquidity_ind": "AddedLiquidity", "fee_rate_er": 10_000}
    for module, symbol, resting_keys in (
        (contract_json, "BTCUSD", COIN_M_STREAM), (linear_json, "BTCUSDT", USD_M_STREAM),
    ):
        order = report(symbol, **fill)
        order.exec_inst = "ReduceOnly"
        found = list(json.loads(module.stream_order(order, 70_000_010_001)))
        assert [key for key in found if key in resting_keys] == resting_keys
        following = {key: found[found.index(key) + 1] for key in found if key not in resting_keys}
        price_key = "execPriceEp" if symbol == "BTCUSD" else "execPriceRp"
        assert following == {"execInst": price_key, "lastLiquidityInd": "leavesQty", "tradeType": "transactTimeNs"}


def test_a_rejected_stream_order_has_a_sentence_and_a_risk_limit_on_usd_m_only():
    rejected = {"ord_status": "Rejected", "exec_status": "CreateRejected", "code": 11001, "message": "TE: no"}
    coin_m = json.loads(contract_json.stream_order(report("BTCUSD", **rejected), 1))
    usd_m = json.loads(linear_json.stream_order(report("BTCUSDT", **rejected), 1))
    assert (coin_m["code"], coin_m["message"], "curRiskLimitEv" in coin_m) == (11001, "", False)
    assert (usd_m["code"], usd_m["message"], "curRiskLimitRv" in usd_m) == (11001, "TE: no", True)


def test_text_that_a_client_chose_is_escaped():
    nasty = report("BTCUSDT")
    nasty.cl_ord_id = 'a"b\\c\n\u00e9'
    for text in (
        linear_json.order_reply(nasty), linear_json.stream_order(nasty, 1), linear_json.closed_order(nasty),
        linear_json.trade_row(nasty), contract_json.order_reply(nasty), contract_json.stream_order(nasty, 1),
        contract_json.closed_order(nasty), contract_json.trade_row(nasty), spot_json.order_reply(nasty),
        spot_json.stream_order(nasty), spot_json.stream_fill(nasty), spot_json.closed_order(nasty),
        spot_json.trade_row(nasty),
    ):
        data = json.loads(text)
        assert data.get("clOrdID", data.get("clOrdId")) == nasty.cl_ord_id


def test_a_spot_message_tells_each_order_once_and_its_executions_apart():
    line = CATALOGUE.instruments["sBTCUSDT"].line
    new = report("sBTCUSDT", ord_status="New", leaves_qty=5)
    part = report("sBTCUSDT", ord_status="PartiallyFilled", trade_type="Trade", exec_id="e1", leaves_qty=2)
    rest = report("sBTCUSDT", ord_status="Filled", trade_type="Trade", exec_id="e2")
    wallet = WalletState(7, "BTC", 8, 90, 10, 5)
    update = AccountUpdate(line, 7, "", 9, 8, [new, part, rest], wallets=[wallet])
    message = json.loads(spot_json.stream_message(update))
    assert [order["ordStatus"] for order in message["orders"]["closed"]] == ["Filled"]
    assert [fill["execID"] for fill in message["orders"]["fills"]] == ["e1", "e2"]
    assert message["orders"]["open"] == []
    assert (message["type"], message["sequence"]) == ("incremental", 9)
    assert message["wallets"] == [{
        "balanceEv": 90, "currency": "BTC", "lastUpdateTimeNs": 5, "lockedTradingBalanceEv": 10, "lockedWithdrawEv": 0,
        "userID": 7,
    }]


def position(symbol: str, **fields: object) -> PositionState:
    """A position whose every unnamed field is 0."""
    names = PositionState.__dataclass_fields__
    values = dict.fromkeys(names, 0) | {
        "instrument": CATALOGUE.instruments[symbol], "side": "None", "pos_mode": "OneWay", "pos_side": "Merged",
    }
    return PositionState(**(values | fields))


POSITION_KEYS = keys("""
accountID assignedPosBalance avgEntryPrice bankruptComm bankruptPrice buyLeavesQty buyLeavesValue
buyValueToCost createdAtNs crossSharedBalance cumClosedPnl cumFundingFee cumTransactFee curTermRealisedPnl currency
dataVer deleveragePercentile displayLeverage estimatedOrdLoss execSeq freeCost freeQty initMarginReq lastFundingTime
lastTermEndTime leverage liquidationPrice maintMarginReq makerFeeRate markPrice orderCost posCost positionMargin
positionStatus riskLimit sellLeavesQty sellLeavesValue sellValueToCost side size symbol takerFeeRate term
transactTimeNs unrealisedPnl updatedAtNs usedBalance userID value""")


def bare(keys) -> list[str]:
    return [key.removesuffix("Ev").removesuffix("Er").removesuffix("Ep") for key in keys]


def bare_p(keys) -> list[str]:
    return [key.removesuffix("Rv").removesuffix("Rr").removesuffix("Rp") for key in keys]


def test_stream_positions_have_the_captured_keys():
    coin_m = json.loads(contract_json.stream_position(position("BTCUSD")))
    assert bare(coin_m) == POSITION_KEYS
    usd_m = json.loads(linear_json.stream_position(position("BTCUSDT")))
    assert set(bare_p(usd_m)) - set(POSITION_KEYS) == {"cumPtFee", "minPosCost", "posMode", "posSide"}
    assert set(POSITION_KEYS) <= set(bare_p(usd_m))


def test_a_position_shows_size_entry_and_leverage_in_its_lines_style():
    held = {"side": "Sell", "size": 46_000, "avg_entry_price": 20_787_917_391_304, "leverage_er": -1_000_000_000}
    data = json.loads(linear_json.rest_position(position("BTCUSDT", **held)))
    assert {"size": "0.046", "avgEntryPriceRp": "20787.917391304", "leverageRr": "-10", "crossMargin": True,
            "side": "Sell", "posSide": "Merged", "posMode": "OneWay"}.items() <= data.items()
    assert json.loads(linear_json.rest_position_with_pnl(position("BTCUSDT", **held)))["sizeRq"] == "0.046"
    text = contract_json.rest_position(position("BTCUSD", side="Buy", size=9, avg_entry_price=868_759_41))
    assert '"size":9,' in text and '"avgEntryPriceEp":86875941,"avgEntryPrice":8687.59410000' in text
    losing = json.loads(contract_json.rest_position_with_pnl(position("BTCUSD", unrealised_pnl=-7)))
    assert losing["unRealisedPnlEv"] == -7


def test_only_one_of_the_usd_m_account_queries_shows_a_status():
    account = AccountState(7, 70_003, "USDT", 12, 125_063_592_700_000, 0)
    names = keys("userID accountId currency accountBalanceRv totalUsedBalanceRv bonusBalanceRv")
    assert list(json.loads(linear_json.rest_account(account))) == [*names, "status"]
    assert list(json.loads(linear_json.rest_account_with_pnl(account))) == names


def test_account_messages_come_in_the_captured_order():
    coin_m = CATALOGUE.instruments["BTCUSD"].line
    account = AccountState(7, 70_001, "BTC", 8, 50_649, 12)
    update = AccountUpdate(coin_m, 7, "BTC", 5, 6, [report("BTCUSD")], account, [position("BTCUSD")], is_snapshot=True)
    message = json.loads(contract_json.stream_message(update, 70_001))
    assert list(message) == ["sequence", "timestamp", "type", "version", "accounts", "orders", "positions"]
    assert message["accounts"] == [{
        "accountBalanceEv": 50649, "accountID": 70001, "bonusBalanceEv": 0, "currency": "BTC", "liqStatus": "Normal",
        "marginRatioEr": 99900000000, "status": 1, "totalUsedBalanceEv": 12, "userID": 7, "userMode": "Classic",
        "ver": 1,
    }]
    usd = AccountState(7, 70_003, "USDT", 12, 125_063_592_700_000, 0)
    update = AccountUpdate(CATALOGUE.instruments["BTCUSDT"].line, 7, "USDT", 5, 6, [], usd)
    message = json.loads(linear_json.stream_message(update, 70_003))
    assert list(message) == ["sequence", "timestamp", "type", "version", "accounts_p", "orders_p", "positions_p"]
    assert message["accounts_p"] == [{
        "accountBalanceRv": "125.0635927", "accountID": 70003, "bonusBalanceRv": "0", "currency": "USDT", "status": 0,
        "totalUsedBalanceRv": "0", "tradeLevel": 0, "userID": 7, "userMode": "Classic",
    }]
