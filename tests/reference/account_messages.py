"""Account messages in the venue's shapes (phemex docs 2026; captures of 2025) with values of our own."""

import json

from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument

UNSET = -(2**63)
NIL = "00000000-0000-0000-0000-000000000000"
EXEC_ID = "0f3a9c1e-77b2-5d41-9c08-6a5e4d3c2b1a"
ORDER_ID = "5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31"


def instrument(symbol: str, line: ProductLine, index: int, quote: str, settle: str, **grid: int) -> Instrument:
    return Instrument(
        symbol=symbol, line=line, index=index, base_currency="BTC", quote_currency=quote, settle_currency=settle, **grid
    )


INSTRUMENTS = {
    row.symbol: row
    for row in (
        instrument(
            "BTCUSDT", ProductLine.LINEAR, 0, "USDT", "USDT",
            price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1, value_scale=8,
        ),
        instrument(
            "BTCUSD", ProductLine.INVERSE, 1, "USD", "BTC",
            price_scale=4, tick_mantissa=1000, qty_scale=0, lot_mantissa=1, value_scale=8,
        ),
        instrument(
            "sBTCUSDT", ProductLine.SPOT, 2, "USDT", "USDT",
            price_scale=8, tick_mantissa=1000000, qty_scale=8, lot_mantissa=100, value_scale=6, base_value_scale=8,
        ),
    )
}  # fmt: skip

LINEAR_ROW = {
    "accountID": 420420003, "action": "New", "actionBy": "ByUser", "actionTimeNs": 1790000000100000001,
    "addedSeq": 5001, "bonusChangedAmountRv": "0", "clOrdID": "tid.7c3q9x.0000000042", "cl_req_code": 0,
    "closedPnlRv": "0", "closedSize": "0", "code": 0, "cumFeeRv": "0", "cumPtFeeRv": "0", "cumQty": "0",
    "cumValueRv": "0", "curAccBalanceRv": "1000.5", "curPosSide": "None", "curPosSize": "0", "curPosTerm": 1,
    "currency": "USDT", "cxlRejReason": 0, "displayQty": "0.25", "execFeeRv": "0", "execID": NIL,
    "execPriceRp": "0", "execQty": "0", "execSeq": 5001, "execStatus": "New", "execValueRv": "0",
    "feeRateRr": "0", "leavesQty": "0.25", "leavesValueRv": "15312.625", "message": "No error",
    "ordStatus": "New", "ordType": "Limit", "orderID": ORDER_ID, "orderQty": "0.25", "posSide": "Merged",
    "priceRp": "61250.5", "relatedReqNum": 3, "side": "Buy", "stopLossRp": "0", "stopPxRp": "0",
    "symbol": "BTCUSDT", "takeProfitRp": "0", "timeInForce": "GoodTillCancel",
    "transactTimeNs": 1790000000104000001, "userID": 42042,
}  # fmt: skip
LINEAR_FILL = LINEAR_ROW | {
    "cumQty": "0.1", "leavesQty": "0.15", "execFeeRv": "3.67503", "execID": EXEC_ID, "execPriceRp": "61250.5",
    "execQty": "0.1", "execStatus": "TakerFill", "lastLiquidityInd": "RemovedLiquidity",
    "ordStatus": "PartiallyFilled", "tradeType": "Trade",
}  # fmt: skip
INVERSE_FILL = {
    "action": "New", "clOrdID": "tid.7c3q9x.0000000043", "code": 0, "cumQty": 3, "currency": "BTC",
    "cxlRejReason": 0, "execFeeEv": -12, "execID": EXEC_ID, "execPriceEp": 612500000, "execQty": 3, "execSeq": 77,
    "execStatus": "MakerFill", "feeRateEr": -25000, "leavesQty": 0, "message": "No error", "ordStatus": "Filled",
    "orderID": ORDER_ID, "orderQty": 3, "priceEp": 612500000, "side": "Sell", "stopPxEp": 0, "symbol": "BTCUSD",
    "tradeType": "Trade", "transactTimeNs": 1790000000104000002,
}  # fmt: skip
SPOT_ROW = {
    "action": "New", "avgPriceEp": 0, "baseCurrency": "BTC", "baseQtyEv": 1500000, "bizError": 0,
    "clOrdID": "tid.7c3q9x.0000000044", "createTimeNs": 1790000000100000001, "cumBaseQtyEv": 0, "cumFeeEv": 0,
    "cumQuoteQtyEv": 0, "cxlRejReason": 0, "feeCurrency": "BTC", "leavesBaseQtyEv": 1500000,
    "leavesQuoteQtyEv": 0, "ordStatus": "New", "ordType": "Limit", "orderID": ORDER_ID, "pegOffsetValueEp": 0,
    "priceEp": 6125050000000, "qtyType": "ByBase", "quoteCurrency": "USDT", "quoteQtyEv": 0, "side": "Buy",
    "stopPxEp": 0, "symbol": "sBTCUSDT", "timeInForce": "GoodTillCancel", "transactTimeNs": 1790000000104000003,
}  # fmt: skip
SPOT_FILL = {
    "avgPriceEp": 6125000000000, "baseCurrency": "BTC", "baseQtyEv": 1500000, "clOrdID": "tid.7c3q9x.0000000044",
    "execBaseQtyEv": 1500000, "execFeeEv": 1500, "execID": EXEC_ID, "execPriceEp": 6125000000000,
    "execQuoteQtyEv": 918750000, "feeCurrency": "BTC", "lastLiquidityInd": "RemovedLiquidity", "ordType": "Limit",
    "orderID": ORDER_ID, "priceEp": 6125050000000, "qtyType": "ByBase", "quoteCurrency": "USDT", "quoteQtyEv": 0,
    "side": "Buy", "symbol": "sBTCUSDT", "tradeType": "Trade", "transactTimeNs": 1790000000104000003,
}  # fmt: skip
LINEAR_POSITION = {
    "symbol": "BTCUSDT", "side": "Sell", "posSide": "Merged", "posMode": "OneWay", "size": "0.1",
    "avgEntryPriceRp": "61250.512345", "leverageRr": "-10", "execSeq": 5001, "dataVer": 7,
    "transactTimeNs": 1790000000104000001, "term": 2,
}  # fmt: skip
LINEAR_ACCOUNT = {"accountBalanceRv": "1000.123456789", "currency": "USDT", "totalUsedBalanceRv": "12.5"}


def text_of(message: dict) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def linear(*rows: dict, kind: str = "incremental", **others: object) -> bytes:
    head = {"sequence": 9, "timestamp": 1790000000105000000, "type": kind, "version": 0}
    return text_of(head | {"accounts_p": [], "orders_p": list(rows), "positions_p": []} | others)


def spot(*, opened=(), closed=(), fills=(), kind: str = "incremental", wallets=()) -> bytes:
    orders = {"closed": list(closed), "fills": list(fills), "open": list(opened)}
    return text_of({"orders": orders, "sequence": 3, "timestamp": 1, "type": kind, "wallets": list(wallets)})
