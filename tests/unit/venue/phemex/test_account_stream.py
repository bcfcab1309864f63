"""Account messages in the venue's shapes (phemex docs 2026; captures of 2025) with values of our own."""

import json
import random
from decimal import Decimal

import pytest

from tidings.errors import PeerError
from tidings.model.enums import ExecType, OrdStatus, ProductLine, ReportSource, Side
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.venue.phemex.account_state import PositionUpdate, WalletUpdate
from tidings.venue.phemex.account_stream import AccountEvents, AccountStream

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


def told(text: bytes) -> list:
    events = AccountEvents()
    assert AccountStream(INSTRUMENTS, events).feed_message(text, now_ns=77)
    return events.take()


def report_of(**changes: object) -> ExecutionReport:
    row = {key: value for key, value in (LINEAR_ROW | changes).items() if value is not ...}
    (report,) = told(linear(row))
    return report


def test_a_resting_usd_m_order_is_new():
    (report,) = told(linear(LINEAR_ROW))
    assert (report.exec_type, report.ord_status, report.source) == (
        ExecType.NEW,
        OrdStatus.NEW,
        ReportSource.STREAM,
    )
    assert (report.symbol, report.cl_ord_id, report.order_id) == ("BTCUSDT", "tid.7c3q9x.0000000042", ORDER_ID)
    assert (report.side, report.handle, report.exec_id, report.text) == (Side.BUY, 0, "", "")
    assert (report.price_ticks, report.order_qty_lots, report.cum_qty_lots, report.leaves_qty_lots) == (
        612505,
        250,
        0,
        250,
    )
    assert (report.last_px_ticks, report.last_qty_lots, report.exec_seq) == (UNSET, UNSET, 5001)
    assert (report.transact_time_ns, report.received_ns) == (1790000000104000001, 77)


def test_a_usd_m_fill_carries_its_execution_and_exact_fee():
    (report,) = told(linear(LINEAR_FILL))
    assert (report.exec_type, report.ord_status) == (ExecType.TRADE, OrdStatus.PARTIALLY_FILLED)
    assert (report.last_px_ticks, report.last_qty_lots, report.exec_id) == (612505, 100, EXEC_ID)
    assert (report.fee, report.is_maker, report.cum_qty_lots) == (Decimal("3.67503"), False, 100)


def test_a_coin_m_maker_rebate_is_negative():
    (report,) = told(text_of({"orders": [INVERSE_FILL], "positions": [], "accounts": [], "type": "incremental"}))
    assert (report.exec_type, report.ord_status, report.side) == (ExecType.TRADE, OrdStatus.FILLED, Side.SELL)
    assert (report.last_px_ticks, report.last_qty_lots, report.order_qty_lots) == (612500, 3, 3)
    assert (report.fee, report.is_maker) == (Decimal("-0.00000012"), True)


def test_new_and_fill_of_one_message_keep_their_order():
    reports = told(linear(LINEAR_ROW, LINEAR_FILL))
    assert [report.exec_type for report in reports] == [ExecType.NEW, ExecType.TRADE]


def test_spot_fills_come_before_the_order_they_complete():
    closed = SPOT_ROW | {"ordStatus": "Filled", "cumBaseQtyEv": 1500000, "leavesBaseQtyEv": 0, "tradeType": "Trade"}
    fill, order = told(spot(closed=[closed], fills=[SPOT_FILL]))
    assert (fill.exec_type, fill.last_px_ticks, fill.last_qty_lots) == (ExecType.TRADE, 6125000, 15000)
    assert (fill.exec_id, fill.fee, fill.is_maker) == (EXEC_ID, Decimal("0.00001500"), False)
    assert (order.exec_type, order.ord_status, order.cum_qty_lots) == (ExecType.STATUS, OrdStatus.FILLED, 15000)
    assert order.last_qty_lots == UNSET


def test_spot_fee_has_the_scale_of_its_currency():
    (fill,) = told(spot(fills=[SPOT_FILL | {"feeCurrency": "USDT"}]))
    assert fill.fee == Decimal("0.001500")
    (fill,) = told(spot(fills=[SPOT_FILL | {"feeCurrency": "PT"}]))
    assert (fill.exec_type, fill.fee, fill.text) == (ExecType.TRADE, 0, "fee of 1500 units in PT")


def test_spot_order_by_quote_is_told_in_quote_units():
    row = SPOT_ROW | {"qtyType": "ByQuote", "baseQtyEv": 0, "quoteQtyEv": 2500000, "cumBaseQtyEv": 4000}
    (order,) = told(spot(opened=[row]))
    assert (order.order_qty_lots, order.cum_qty_lots, order.leaves_qty_lots) == (2500000, 40, UNSET)


def test_a_cancel_is_no_fill_though_it_carries_a_quantity():
    report = report_of(action="Cancel", ordStatus="Canceled", execStatus="Canceled", execQty="0.25", leavesQty="0")
    assert (report.exec_type, report.ord_status) == (ExecType.CANCELED, OrdStatus.CANCELED)
    assert (report.last_qty_lots, report.leaves_qty_lots) == (UNSET, 0)


def test_a_new_order_with_trade_type_amend_is_no_fill():
    report = report_of(tradeType="Amend", execPriceRp="61250.5")
    assert (report.exec_type, report.last_px_ticks) == (ExecType.NEW, UNSET)


@pytest.mark.parametrize("trade_type", ["Trade", "LiqTrade", "AdlTrade", ...])
def test_trades_of_every_kind_count(trade_type):
    row = {key: value for key, value in (LINEAR_FILL | {"tradeType": trade_type}).items() if value is not ...}
    (report,) = told(linear(row))
    assert (report.exec_type, report.last_qty_lots) == (ExecType.TRADE, 100)


@pytest.mark.parametrize("exec_id", [NIL, "", "short", None, ...])
def test_a_fill_without_a_real_exec_id_tells_only_totals(exec_id):
    report = report_of(**{key: LINEAR_FILL[key] for key in ("cumQty", "execStatus", "ordStatus")}, execID=exec_id)
    assert (report.exec_type, report.last_qty_lots, report.cum_qty_lots) == (ExecType.STATUS, UNSET, 100)


@pytest.mark.parametrize(
    ("words", "exec_type", "ord_status"),
    [
        ({"ordStatus": "Created", "execStatus": "PendingNew"}, ExecType.PENDING_NEW, OrdStatus.PENDING_NEW),
        ({"ordStatus": "New", "execStatus": "PendingCancel"}, ExecType.PENDING_CANCEL, OrdStatus.NEW),
        ({"ordStatus": "New", "execStatus": "PendingReplace"}, ExecType.PENDING_REPLACE, OrdStatus.NEW),
        ({"ordStatus": "New", "execStatus": "Replaced", "tradeType": "Replace"}, ExecType.REPLACED, OrdStatus.NEW),
        ({"ordStatus": "PartiallyFilled", "execStatus": "Replaced"}, ExecType.REPLACED, OrdStatus.PARTIALLY_FILLED),
        ({"ordStatus": "Untriggered", "execStatus": "Registered"}, ExecType.UNTRIGGERED, OrdStatus.UNTRIGGERED),
        ({"ordStatus": "Triggered", "execStatus": "New"}, ExecType.TRIGGERED, OrdStatus.NEW),
        ({"ordStatus": "Deactivated", "execStatus": "Canceled"}, ExecType.CANCELED, OrdStatus.CANCELED),
        (
            {"ordStatus": "Canceled", "execStatus": "Aborted", "cxlRejReason": 101},
            ExecType.CANCELED,
            OrdStatus.CANCELED,
        ),
        ({"ordStatus": "Canceled", "execStatus": "Expired", "cxlRejReason": 100}, ExecType.EXPIRED, OrdStatus.EXPIRED),
        ({"ordStatus": "Canceled", "execStatus": "ReplaceToCanceled"}, ExecType.CANCELED, OrdStatus.CANCELED),
        (
            {"ordStatus": "Rejected", "execStatus": "CreateRejected", "code": 11001},
            ExecType.REJECTED,
            OrdStatus.REJECTED,
        ),
        ({"ordStatus": "Rejected", "execStatus": "Aborted", "code": 11058}, ExecType.REJECTED, OrdStatus.REJECTED),
        (
            {"ordStatus": "New", "execStatus": "CancelRejected", "action": "Cancel", "code": 11063},
            ExecType.CANCEL_REJECTED,
            OrdStatus.NEW,
        ),
        (
            {"ordStatus": "New", "execStatus": "New", "action": "Replace", "code": 11065},
            ExecType.REPLACE_REJECTED,
            OrdStatus.NEW,
        ),
        ({"ordStatus": "New", "execStatus": "ReAdded"}, ExecType.STATUS, OrdStatus.NEW),
        ({"ordStatus": "Filled", "execStatus": "New"}, ExecType.STATUS, OrdStatus.FILLED),
    ],
)
def test_what_the_words_mean(words, exec_type, ord_status):
    report = report_of(**words)
    assert (report.exec_type, report.ord_status) == (exec_type, ord_status)
    assert (report.code, report.cancel_reason) == (words.get("code", 0), words.get("cxlRejReason", 0))


@pytest.mark.parametrize("words", [{"ordStatus": "Suspended"}, {"execStatus": "Frozen"}, {"ordStatus": ...}])
def test_unknown_words_are_status_with_their_text(words):
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    stream.feed_message(linear({key: v for key, v in (LINEAR_ROW | words).items() if v is not ...}))
    (report,) = events.take()
    assert report.exec_type == ExecType.STATUS
    assert any(word in report.text for word in ("Suspended", "Frozen", "None"))
    assert stream.orders.unknown_word_count == 1


def test_the_venues_sentence_is_kept():
    report = report_of(ordStatus="Rejected", execStatus="CreateRejected", code=11001, message="TE: no enough balance")
    assert report.text == "TE: no enough balance"


def test_a_snapshot_is_state_but_its_executions_count():
    rejected = LINEAR_ROW | {"ordStatus": "Rejected", "execStatus": "CreateRejected", "code": 11001}
    *reports, end = told(linear(LINEAR_ROW, rejected, LINEAR_FILL, kind="snapshot"))
    assert [report.exec_type for report in reports] == [ExecType.STATUS, ExecType.STATUS, ExecType.TRADE]
    assert {report.source for report in reports} == {ReportSource.SNAPSHOT}
    assert reports[1].code == 11001
    assert end == ProductLine.LINEAR


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (linear(kind="snapshot"), ProductLine.LINEAR),
        (text_of({"orders": [], "positions": [], "accounts": [], "type": "snapshot"}), ProductLine.INVERSE),
        (spot(kind="snapshot"), ProductLine.SPOT),
    ],
)
def test_each_snapshot_message_tells_its_end(text, line):
    assert told(text) == [line]


def test_a_message_of_no_known_type_is_no_news_and_no_snapshot():
    (report,) = told(linear(LINEAR_ROW, kind="partial"))
    assert (report.source, report.exec_type) == (ReportSource.SNAPSHOT, ExecType.STATUS)


def test_type_may_come_last():
    message = json.loads(linear(LINEAR_ROW, kind="snapshot"))
    message["type"] = message.pop("type")
    assert told(text_of(message))[0].source == ReportSource.SNAPSHOT


def test_positions_and_balances_are_exact():
    position, wallet = told(linear(positions_p=[LINEAR_POSITION], accounts_p=[LINEAR_ACCOUNT]))
    assert isinstance(position, PositionUpdate)
    assert (position.net_qty_lots, position.avg_entry_px) == (-100, Decimal("61250.512345"))
    assert (position.leverage, position.is_hedged, position.data_version) == (Decimal(-10), 0, 7)
    assert isinstance(wallet, WalletUpdate)
    assert (wallet.currency, wallet.balance, wallet.used) == ("USDT", Decimal("1000.123456789"), Decimal("12.5"))


def test_funding_rows_are_no_orders():
    funding = LINEAR_ROW | {"action": "SettleFundingFee", "tradeType": "Funding", "clOrdID": "SettlingFunding"}
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    assert stream.feed_message(linear(funding))
    assert (events.take(), stream.orders.funding_count) == ([], 1)


def test_rows_of_unknown_symbols_are_left_out_and_counted():
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    stream.feed_message(linear(LINEAR_ROW | {"symbol": "NEWUSDT"}, LINEAR_ROW, LINEAR_ROW | {"symbol": "BTCUSD"}))
    assert len(events.take()) == 1
    assert stream.orders.unknown_symbol_count == 2


OTHERS = [
    b'{"error":null,"id":2,"result":{"status":"success"}}',
    b'{"error":null,"id":0,"result":"pong"}',
    b'{"index_market24h":{"highEp":9996,"lastEp":9992,"symbol":".USDT"},"timestamp":1790000000000000001}',
    b'{"position_info":{"accountID":420420001,"light":5,"symbol":"BTCUSD","userID":42042},"sequence":148}',
    b'{"book":{"asks":[],"bids":[]},"symbol":"BTCUSD","type":"incremental"}',
    b"{}",
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_messages_are_ignored_and_counted(text):
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    assert not stream.feed_message(text)
    assert (events.take(), stream.ignored_count, stream.message_count) == ([], 1, 0)


BROKEN = [
    b"", b"pong", b"[]", b"null", b'{"orders_p":[5]}', b'{"orders_p":{}}', b'{"orders_p":[[]]}',
    b'{"positions":[null]}',
    b'{"orders":{"open":5,"closed":{}}}', b'{"orders":{"open":[3]}}', b'{"wallets":[""]}',
    b'{"orders_p":[{"symbol":{}}]}',
    b'{"orders_p":[],"orders_p":[]}', b'{"orders_p":[{"symbol":"BTCUSDT","symbol":"BTCUSDT"}]}',
    linear(LINEAR_ROW) + b"x",
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_broken_messages_raise_and_tell_nothing(text):
    events = AccountEvents()
    with pytest.raises(PeerError, match="account stream"):
        AccountStream(INSTRUMENTS, events).feed_message(text)
    assert events.take() == []


def test_every_truncation_raises_and_tells_nothing():
    text = linear(LINEAR_ROW, LINEAR_FILL, positions_p=[LINEAR_POSITION], accounts_p=[LINEAR_ACCOUNT])
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    for cut in range(len(text)):
        with pytest.raises(PeerError):
            stream.feed_message(text[:cut])
    assert events.take() == []
    assert stream.feed_message(text)
    assert len(events.take()) == 4


def test_escapes_go_to_the_second_parser_and_mean_the_same():
    text = linear(LINEAR_FILL)
    escaped = text.replace(b'"execStatus"', b'"exec\\u0053tatus"').replace(b'"BTCUSDT"', b'"\\u0042TCUSDT"')
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    stream.feed_message(escaped, now_ns=77)
    assert repr(events.take()) == repr(told(text))
    assert stream.second_try_count == 1


def test_mutants_end_in_events_or_a_peer_error():
    chooser = random.Random(5)
    texts = [
        linear(LINEAR_ROW, LINEAR_FILL, positions_p=[LINEAR_POSITION], accounts_p=[LINEAR_ACCOUNT]),
        text_of({"type": "snapshot", "accounts": [], "orders": [INVERSE_FILL], "positions": []}),
        spot(opened=[SPOT_ROW], fills=[SPOT_FILL]),
    ]
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    raised = 0
    for round_number in range(15_000):
        mutant = bytearray(texts[round_number % len(texts)])
        for _ in range(chooser.randint(1, 3)):
            at = chooser.randrange(len(mutant))
            mutant[at : at + chooser.randint(0, 2)] = chooser.choice(
                [
                    b"",
                    b'"',
                    b"\\",
                    b"{",
                    b"}",
                    b"[",
                    b"]",
                    b",",
                    b":",
                    b"9",
                    b"-",
                    b"e",
                    b".",
                    b"\x01",
                    b"\xff",
                    b"null",
                ]
            )
        try:
            stream.feed_message(bytes(mutant))
        except PeerError:
            raised += 1
            assert events.take() == []
        else:
            for event in events.take():
                repr(event)
    assert 1000 < raised < 15_000
