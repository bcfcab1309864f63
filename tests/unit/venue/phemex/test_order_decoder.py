"""Replies to order calls, in the venue's shapes (phemex docs 2026; captures of 2025) with values of our own."""

import json
import random

import pytest

from tidings.model.enums import ExecType, OrdStatus, ProductLine, ReportSource, RequestKind, Side
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.venue.phemex.order_decoder import OrderDecoder

UNSET = -(2**63)
ORDER_ID = "5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31"
CL_ORD_ID = "tid.7c3q9x.0000000042"


def instrument(symbol: str, line: ProductLine, **grid: int) -> Instrument:
    return Instrument(
        symbol=symbol, line=line, index=0, base_currency="BTC", quote_currency="USD", settle_currency="BTC", **grid
    )


LINEAR = instrument(
    "BTCUSDT", ProductLine.LINEAR, price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1, value_scale=8
)
INVERSE = instrument(
    "BTCUSD", ProductLine.INVERSE, price_scale=4, tick_mantissa=1000, qty_scale=0, lot_mantissa=1, value_scale=8
)
SPOT = instrument(
    "sBTCUSDT", ProductLine.SPOT, price_scale=8, tick_mantissa=1000000, qty_scale=8, lot_mantissa=100, value_scale=8
)

LINEAR_REPLY = (
    b'{"code":0,"msg":"","data":{"bizError":0,"orderID":"5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31",'
    b'"clOrdID":"tid.7c3q9x.0000000042","symbol":"BTCUSDT","side":"Buy","actionTimeNs":1790000000123456788,'
    b'"transactTimeNs":1790000000123456789,"orderType":"Limit","priceRp":"61250.5","orderQtyRq":"0.25",'
    b'"displayQtyRq":"0","timeInForce":"GoodTillCancel","closedPnlRv":"0","closedSizeRq":"0","cumQtyRq":"0",'
    b'"cumValueRv":"0","leavesQtyRq":"0.25","leavesValueRv":"15312.625","stopDirection":"UNSPECIFIED","stopPxRp":"0",'
    b'"trigger":"UNSPECIFIED","pegOffsetValueRp":"0","pegOffsetProportionRr":"0","execStatus":"PendingNew",'
    b'"pegPriceType":"UNSPECIFIED","ordStatus":"Created","execInst":"None","takeProfitRp":"0","stopLossRp":"0",'
    b'"slPxRp":"0","tpPxRp":"0"}}'
)
INVERSE_REPLY = (
    b'{"code":0,"msg":"","data":{"bizError":0,"orderID":"5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31",'
    b'"clOrdID":"tid.7c3q9x.0000000042","symbol":"BTCUSD","side":"Sell","actionTimeNs":1790000000123456789,'
    b'"transactTimeNs":1790000000123456789,"orderType":"Limit","priceEp":612505000,"price":61250.50000000,'
    b'"orderQty":300,"displayQty":0,"timeInForce":"GoodTillCancel","reduceOnly":false,"closedPnlEv":0,'
    b'"closedPnl":0E-8,"closedSize":0,"cumQty":0,"cumValueEv":0,"cumValue":0E-8,"leavesQty":300,'
    b'"leavesValueEv":489791,"leavesValue":0.00489791,"stopDirection":"UNSPECIFIED","stopPxEp":0,"stopPx":0E-8,'
    b'"trigger":"UNSPECIFIED","pegOffsetValueEp":0,"pegOffsetProportionEr":0,"execStatus":"PendingNew",'
    b'"pegPriceType":"UNSPECIFIED","ordStatus":"Created","execInst":"None"}}'
)
SPOT_REPLY = (
    b'{"code":0,"msg":"","data":{"orderID":"5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31","clOrdID":"tid.7c3q9x.0000000042",'
    b'"priceEp":6125050000000,"action":"New","trigger":"UNSPECIFIED","pegPriceType":"UNSPECIFIED",'
    b'"stopDirection":"UNSPECIFIED","bizError":0,"symbol":"sBTCUSDT","side":"Buy","baseQtyEv":1500000,'
    b'"ordType":"Limit","timeInForce":"GoodTillCancel","ordStatus":"Created","cumFeeEv":0,"cumBaseQtyEv":0,'
    b'"cumQuoteQtyEv":0,"leavesBaseQtyEv":1500000,"leavesQuoteQtyEv":0,"avgPriceEp":0,"cumBaseAmountEv":0,'
    b'"cumQuoteAmountEv":0,"quoteQtyEv":0,"qtyType":"ByBase","stopPxEp":0,"pegOffsetValueEp":0}}'
)


def decode(
    body: bytes,
    kind: RequestKind = RequestKind.NEW,
    instrument: Instrument = LINEAR,
    http_status: int = 200,
) -> ExecutionReport | None:
    return OrderDecoder().decode(kind, instrument, http_status, body, now_ns=77)


def with_order(**changes: object) -> bytes:
    """The linear reply with some fields of its order changed, or removed by `...`."""
    reply = json.loads(LINEAR_REPLY)
    reply["data"] = {key: value for key, value in (reply["data"] | changes).items() if value is not ...}
    return json.dumps(reply, separators=(",", ":")).encode()


def test_usd_m_create_is_pending_new():
    report = decode(LINEAR_REPLY)
    assert (report.exec_type, report.ord_status) == (ExecType.PENDING_NEW, OrdStatus.PENDING_NEW)
    assert (report.source, report.side, report.code, report.text) == (ReportSource.REPLY, Side.BUY, 0, "")
    assert (report.order_id, report.cl_ord_id, report.symbol) == (ORDER_ID, CL_ORD_ID, "")
    assert (report.price_ticks, report.stop_px_ticks) == (612505, UNSET)
    assert (report.order_qty_lots, report.cum_qty_lots, report.leaves_qty_lots) == (250, 0, 250)
    assert (report.transact_time_ns, report.received_ns) == (1790000000123456789, 77)


def test_coin_m_create_reads_scaled_integers():
    report = decode(INVERSE_REPLY, instrument=INVERSE)
    assert (report.exec_type, report.side) == (ExecType.PENDING_NEW, Side.SELL)
    assert (report.price_ticks, report.order_qty_lots, report.leaves_qty_lots) == (612505, 300, 300)


def test_spot_create_reads_scaled_integers():
    report = decode(SPOT_REPLY, instrument=SPOT)
    assert (report.exec_type, report.order_id) == (ExecType.PENDING_NEW, ORDER_ID)
    assert (report.price_ticks, report.order_qty_lots, report.leaves_qty_lots) == (6125050, 15000, 15000)


def test_spot_order_by_quote_is_told_in_quote_units():
    body = SPOT_REPLY.replace(b'"quoteQtyEv":0', b'"quoteQtyEv":2500000000').replace(b"ByBase", b"ByQuote")
    report = decode(body.replace(b'"baseQtyEv":1500000', b'"baseQtyEv":0'), instrument=SPOT)
    assert (report.order_qty_lots, report.cum_qty_lots, report.leaves_qty_lots) == (2500000000, 0, UNSET)
    assert report.qty_in_quote


@pytest.mark.parametrize(
    ("ord_status", "exec_status", "exec_type"),
    [
        ("Created", "PendingNew", ExecType.PENDING_NEW),
        ("Init", "Init", ExecType.PENDING_NEW),
        ("New", "PendingNew", ExecType.PENDING_NEW),
        ("New", "New", ExecType.NEW),
        ("Untriggered", "Registered", ExecType.UNTRIGGERED),
        ("Triggered", "New", ExecType.TRIGGERED),
        ("PartiallyFilled", "TakerFill", ExecType.STATUS),
        ("Filled", "TakerFill", ExecType.STATUS),
        ("Canceled", "Aborted", ExecType.CANCELED),
        ("Deactivated", "Canceled", ExecType.CANCELED),
        ("Rejected", "CreateRejected", ExecType.REJECTED),
    ],
)
def test_what_a_create_reply_says(ord_status, exec_status, exec_type):
    assert decode(with_order(ordStatus=ord_status, execStatus=exec_status)).exec_type == exec_type


def test_an_unknown_status_is_kept_as_text_and_means_accepted():
    report = decode(with_order(ordStatus="Suspended"))
    assert (report.exec_type, report.ord_status, report.text) == (ExecType.PENDING_NEW, -1, "Suspended")


def test_amend_and_cancel_are_pending():
    amend = decode(with_order(ordStatus="New", execStatus="PendingReplace"), RequestKind.AMEND)
    cancel = decode(with_order(ordStatus="New", execStatus="PendingCancel"), RequestKind.CANCEL)
    assert amend.exec_type == ExecType.PENDING_REPLACE
    assert cancel.exec_type == ExecType.PENDING_CANCEL
    assert decode(with_order(ordStatus="Canceled"), RequestKind.CANCEL).exec_type == ExecType.CANCELED


@pytest.mark.parametrize(
    ("kind", "exec_type"),
    [
        (RequestKind.NEW, ExecType.REJECTED),
        (RequestKind.AMEND, ExecType.REPLACE_REJECTED),
        (RequestKind.CANCEL, ExecType.CANCEL_REJECTED),
        (RequestKind.CANCEL_MANY, ExecType.CANCEL_REJECTED),
        (RequestKind.CANCEL_ALL, ExecType.CANCEL_REJECTED),
    ],
)
def test_a_business_code_refuses_the_request(kind, exec_type):
    report = decode(b'{"code":11001,"msg":"TE_NO_ENOUGH_AVAILABLE_BALANCE","data":null}', kind)
    assert (report.exec_type, report.code, report.text) == (exec_type, 11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE")
    assert (report.cl_ord_id, report.order_id) == ("", "")


def test_biz_error_inside_the_order_refuses_too():
    report = decode(with_order(bizError=11058))
    assert (report.exec_type, report.code, report.cl_ord_id) == (ExecType.REJECTED, 11058, CL_ORD_ID)


@pytest.mark.parametrize("http_status", [200, 400, 401, 403, 429])
def test_gateway_bodies_carry_the_code_as_text_and_no_data(http_status):
    report = decode(b'{"code":"39995","msg":"Too many requests."}', http_status=http_status)
    assert (report.exec_type, report.code, report.text) == (ExecType.REJECTED, 39995, "Too many requests.")


def test_an_error_status_with_a_good_body_is_not_understood():
    assert decode(LINEAR_REPLY, http_status=500) is None


def test_cancel_all_tells_its_count():
    decoder = OrderDecoder()
    for body, count in [
        (b'{"code":0,"msg":"","data":3}', 3),
        (b'{"code":0,"msg":"","data":{"total":2}}', 2),
        (b'{"code":0,"msg":"OK","data":null}', -1),
    ]:
        report = decoder.decode(RequestKind.CANCEL_ALL, LINEAR, 200, body)
        assert report.exec_type == ExecType.PENDING_CANCEL
        assert decoder.cancelled_count == count


def test_bulk_cancel_reports_each_order():
    row = json.loads(LINEAR_REPLY)["data"]
    rows = [row, row | {"clOrdID": "b", "bizError": 10002}, row | {"clOrdID": "c", "ordStatus": "Canceled"}]
    body = json.dumps({"code": 0, "msg": "", "data": rows}).encode()
    reports = OrderDecoder().decode_cancelled(LINEAR, 200, body)
    assert [(report.cl_ord_id, report.exec_type, report.code) for report in reports] == [
        (CL_ORD_ID, ExecType.PENDING_CANCEL, 0),
        ("b", ExecType.CANCEL_REJECTED, 10002),
        ("c", ExecType.CANCELED, 0),
    ]
    assert decode(body, RequestKind.CANCEL_MANY).exec_type == ExecType.PENDING_CANCEL


def test_bulk_cancel_may_be_one_object_or_nothing():
    decoder = OrderDecoder()
    assert [report.cl_ord_id for report in decoder.decode_cancelled(LINEAR, 200, LINEAR_REPLY)] == [CL_ORD_ID]
    assert decoder.decode_cancelled(LINEAR, 200, b'{"code":0,"msg":"","data":[]}') == []
    assert decoder.decode_cancelled(LINEAR, 200, b'{"code":10002,"msg":"OM_ORDER_NOT_FOUND","data":null}') == []
    for body in (b'{"code":0,"data":[1]}', b'{"code":0,"data":[{}]}', b'{"code":0,"data":[[]]}', b"x"):
        assert decoder.decode_cancelled(LINEAR, 200, body) is None


NOT_UNDERSTOOD = {
    "empty": b"",
    "html": b"<html><body>502 Bad Gateway</body></html>",
    "null": b"null",
    "array": b"[]",
    "no code": b'{"msg":"","data":{"orderID":"5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31"}}',
    "code null": LINEAR_REPLY.replace(b'"code":0', b'"code":null'),
    "code a fraction": LINEAR_REPLY.replace(b'"code":0', b'"code":0.5'),
    "code a word": b'{"code":"denied","msg":"","data":null}',
    "code an object": b'{"code":{},"msg":"","data":null}',
    "code too large": b'{"code":11001110011,"msg":"","data":null}',
    "no data": b'{"code":0,"msg":""}',
    "data null": b'{"code":0,"msg":"","data":null}',
    "data an array": b'{"code":0,"msg":"","data":[]}',
    "data a word": b'{"code":0,"msg":"","data":"OK"}',
    "data empty": b'{"code":0,"msg":"","data":{}}',
    "no id at all": with_order(orderID=..., clOrdID=...),
    "another symbol": with_order(symbol="ETHUSDT"),
    "symbol of another type": with_order(symbol=5),
    "known key holds an object": with_order(ordStatus={}),
    "code twice": b'{"code":0,"code":0,' + LINEAR_REPLY[10:],
    "order id twice": LINEAR_REPLY.replace(b'"data":{', b'"data":{"orderID":"x",'),
    "trailing bytes": LINEAR_REPLY + b"x",
    "two documents": LINEAR_REPLY + LINEAR_REPLY,
    "nested too deep": LINEAR_REPLY[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}" + b",",
    "bad number": LINEAR_REPLY.replace(b"1790000000123456789", b"17900000001234567-9"),
}


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_not_understood(name):
    assert decode(NOT_UNDERSTOOD[name]) is None


def test_every_truncation_is_not_understood():
    for body, line in ((LINEAR_REPLY, LINEAR), (INVERSE_REPLY, INVERSE), (SPOT_REPLY, SPOT)):
        for cut in range(len(body)):
            assert decode(body[:cut], instrument=line) is None, cut


def test_other_request_kinds_have_no_order_reply():
    assert decode(LINEAR_REPLY, RequestKind.QUERY) is None
    assert decode(b'{"code":5,"msg":"","data":null}', RequestKind.PING) is None


def test_conditional_create_tells_its_trigger_price():
    report = decode(with_order(ordStatus="Untriggered", execStatus="Registered", stopPxRp="59000.1", priceRp="0"))
    assert (report.stop_px_ticks, report.price_ticks) == (590001, UNSET)


def test_transact_time_zero_falls_back_to_the_request_time():
    assert decode(with_order(transactTimeNs=0)).transact_time_ns == 1790000000123456788


def test_escapes_go_to_the_second_parser_and_mean_the_same():
    body = LINEAR_REPLY.replace(b'"ordStatus"', b'"ord\\u0053tatus"').replace(b"BTCUSDT", b"\\u0042TCUSDT")
    decoder = OrderDecoder()
    report = decoder.decode(RequestKind.NEW, LINEAR, 200, body)
    assert (report.exec_type, report.cl_ord_id, report.price_ticks) == (ExecType.PENDING_NEW, CL_ORD_ID, 612505)
    assert decoder.second_try_count == 1


def test_escapes_in_the_message_are_resolved():
    report = decode(b'{"code":11001,"msg":"not \\"enough\\" \\u00e9","data":null}')
    assert report.text == 'not "enough" é'


def test_floats_are_never_taken_from_the_second_parser():
    body = LINEAR_REPLY.replace(b'"ordStatus"', b'"ord\\u0053tatus"').replace(b'"61250.5"', b"61250.5")
    assert decode(body).price_ticks == UNSET
    assert decode(LINEAR_REPLY.replace(b'"61250.5"', b"61250.5")).price_ticks == 612505


def test_field_order_does_not_matter():
    reply = json.loads(LINEAR_REPLY)
    shuffled = {"data": dict(reversed(reply["data"].items())), "msg": "", "code": 0}
    assert repr(decode(json.dumps(shuffled).encode())) == repr(decode(LINEAR_REPLY))


def test_mutants_never_crash_and_never_change_a_number_unseen():
    """Whatever a mutant is taken for must be what the standard library reads in it."""
    chooser = random.Random(11)
    understood = 0
    for _ in range(20_000):
        mutant = bytearray(LINEAR_REPLY)
        for _ in range(chooser.randint(1, 3)):
            at = chooser.randrange(len(mutant))
            mutant[at : at + chooser.randint(0, 2)] = chooser.choice(
                [b"", b'"', b"\\", b"{", b"}", b",", b":", b"0", b"7", b"-", b"e", b".", b"\x01", b"\xff", b"null"]
            )
        report = decode(bytes(mutant))
        if report is None or report.code:
            continue
        order = json.loads(mutant.decode("utf-8", "replace"))["data"]
        understood += 1
        assert (order.get("clOrdID") or "")[:40] == report.cl_ord_id or order.get("clOrdID") is None, mutant
        if report.price_ticks != UNSET:
            assert float(order["priceRp"]) * 10 == report.price_ticks, mutant
        if report.order_qty_lots != UNSET:
            assert round(float(order["orderQtyRq"]) * 1000, 6) == report.order_qty_lots, mutant
    assert understood > 1000


def test_a_creates_answer_come_twice_is_no_answer_to_the_amend_behind_it():
    """Found by the simulation: it names the right order."""
    assert decode(with_order(ordStatus="Created", execStatus="PendingNew"), RequestKind.AMEND) is None
