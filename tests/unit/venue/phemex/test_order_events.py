"""Rows of the account streams: which event each tells, and what counts as an execution."""

from decimal import Decimal

import pytest
from account_messages import (
    EXEC_ID,
    INSTRUMENTS,
    INVERSE_FILL,
    LINEAR_FILL,
    LINEAR_ROW,
    NIL,
    ORDER_ID,
    SPOT_FILL,
    SPOT_ROW,
    UNSET,
    linear,
    spot,
    text_of,
)

from tidings.model.enums import ExecType, OrdStatus, ReportSource, Side, TradeType
from tidings.model.execution_report import ExecutionReport
from tidings.venue.phemex.account_stream import AccountEvents, AccountStream


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


def test_spot_fee_has_the_scale_of_its_currency():
    (fill,) = told(spot(fills=[SPOT_FILL | {"feeCurrency": "USDT"}]))
    assert fill.fee == Decimal("0.001500")
    (fill,) = told(spot(fills=[SPOT_FILL | {"feeCurrency": "PT"}]))
    assert (fill.exec_type, fill.fee, fill.text) == (ExecType.TRADE, 0, "fee of 1500 units in PT")


def test_spot_order_by_quote_is_told_in_quote_units():
    row = SPOT_ROW | {"qtyType": "ByQuote", "baseQtyEv": 0, "quoteQtyEv": 2500000, "cumBaseQtyEv": 4000}
    (order,) = told(spot(opened=[row]))
    assert (order.order_qty_lots, order.cum_qty_lots, order.leaves_qty_lots) == (2500000, 40, UNSET)
    assert order.qty_in_quote and not told(spot(opened=[SPOT_ROW]))[0].qty_in_quote


def test_a_cancel_is_no_fill_though_it_carries_a_quantity():
    report = report_of(action="Cancel", ordStatus="Canceled", execStatus="Canceled", execQty="0.25", leavesQty="0")
    assert (report.exec_type, report.ord_status) == (ExecType.CANCELED, OrdStatus.CANCELED)
    assert (report.last_qty_lots, report.leaves_qty_lots) == (UNSET, 0)


def test_a_new_order_with_trade_type_amend_is_no_fill():
    report = report_of(tradeType="Amend", execPriceRp="61250.5")
    assert (report.exec_type, report.last_px_ticks) == (ExecType.NEW, UNSET)


@pytest.mark.parametrize(
    ("trade_type", "kind"),
    [("Trade", TradeType.TRADE), ("LiqTrade", TradeType.LIQUIDATION), ("AdlTrade", TradeType.DELEVERAGING),
     (..., TradeType.NONE)],
)  # fmt: skip
def test_trades_of_every_kind_count(trade_type, kind):
    row = {key: value for key, value in (LINEAR_FILL | {"tradeType": trade_type}).items() if value is not ...}
    (report,) = told(linear(row))
    assert (report.exec_type, report.last_qty_lots, report.trade_type) == (ExecType.TRADE, 100, kind)


@pytest.mark.parametrize("exec_id", [NIL, "", "short", None, ...])
def test_a_fill_without_a_real_exec_id_tells_only_totals(exec_id):
    report = report_of(**{key: LINEAR_FILL[key] for key in ("cumQty", "execStatus", "ordStatus")}, execID=exec_id)
    assert (report.exec_type, report.last_qty_lots, report.cum_qty_lots) == (ExecType.STATUS, UNSET, 100)


@pytest.mark.parametrize("qty", ["0", "-0.1", "0.1000001", "much", None, ...])
def test_an_execution_without_a_quantity_is_left_to_the_list_of_executions(qty):
    """Told by its id it would be taken for counted: the venue's list could not tell it any more."""
    row = {key: value for key, value in (LINEAR_FILL | {"execQty": qty}).items() if value is not ...}
    (report,) = told(linear(row))
    assert (report.exec_type, report.ord_status, report.exec_id) == (ExecType.STATUS, OrdStatus.PARTIALLY_FILLED, "")
    assert (report.cum_qty_lots, report.last_qty_lots) == (100, UNSET)


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
