"""The venue's words and numbers, seen through the reply decoder: read exactly, or not at all."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.model.enums import OrdStatus, ProductLine, RequestKind, Side
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.venue.phemex.order_decoder import OrderDecoder

UNSET = -(2**63)
CL_ORD_ID = "tid.7c3q9x.0000000042"
ORDER = {
    "orderID": "5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31",
    "clOrdID": CL_ORD_ID,
    "symbol": "ETHUSDT",
    "side": "Buy",
    "ordStatus": "Created",
    "priceRp": "3050.25",
    "orderQtyRq": "1.5",
}
LINEAR = Instrument(
    symbol="ETHUSDT",
    line=ProductLine.LINEAR,
    index=0,
    base_currency="ETH",
    quote_currency="USDT",
    settle_currency="USDT",
    price_scale=2,
    tick_mantissa=5,
    qty_scale=2,
    lot_mantissa=10,
)


def report_of(**changes: object) -> ExecutionReport:
    body = json.dumps({"code": 0, "msg": "", "data": ORDER | changes}).encode()
    report = OrderDecoder().decode(RequestKind.NEW, LINEAR, 200, body)
    assert report is not None
    return report


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Created", OrdStatus.PENDING_NEW),
        ("Init", OrdStatus.PENDING_NEW),
        ("Untriggered", OrdStatus.UNTRIGGERED),
        ("Triggered", OrdStatus.NEW),
        ("Deactivated", OrdStatus.CANCELED),
        ("Rejected", OrdStatus.REJECTED),
        ("New", OrdStatus.NEW),
        ("PartiallyFilled", OrdStatus.PARTIALLY_FILLED),
        ("Filled", OrdStatus.FILLED),
        ("Canceled", OrdStatus.CANCELED),
        ("canceled", -1),
        ("", -1),
        (None, -1),
        (5, -1),
    ],
)
def test_order_status_words(word, status):
    assert report_of(ordStatus=word).ord_status == status


@pytest.mark.parametrize(("word", "side"), [("Buy", Side.BUY), ("Sell", Side.SELL), ("buy", 0), ("None", 0), (1, 0)])
def test_side_words(word, side):
    assert report_of(side=word).side == side


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_a_price_is_a_multiple_of_the_tick_or_unset(price):
    steps = price / Decimal("0.05")
    expected = int(steps) if steps == int(steps) and steps else UNSET
    assert report_of(priceRp=str(price)).price_ticks == expected


@given(st.integers(0, 10**15), st.integers(0, 3))
def test_a_quantity_is_a_multiple_of_the_lot_or_unset(tenths, zeros):
    text = f"{tenths // 10}.{tenths % 10}" + "0" * zeros
    assert report_of(orderQtyRq=text).order_qty_lots == tenths


def test_numbers_off_the_grid_are_unset():
    report = report_of(priceRp="3050.26", orderQtyRq="1.55", cumQtyRq="x", leavesQtyRq=None)
    assert {report.price_ticks, report.order_qty_lots, report.cum_qty_lots, report.leaves_qty_lots} == {UNSET}


def test_trailing_zeros_and_exponents_are_exact():
    report = report_of(priceRp="3050.2500", orderQtyRq="15E-1", cumQtyRq="0E-8")
    assert (report.price_ticks, report.order_qty_lots, report.cum_qty_lots) == (61005, 15, 0)


def test_a_number_beyond_64_bits_is_unset():
    assert report_of(orderQtyRq="9" * 30).order_qty_lots == UNSET
    assert report_of(orderQtyRq=str(-(2**63))).order_qty_lots == UNSET


def test_an_order_id_that_is_no_uuid_is_not_told():
    report = report_of(orderID="5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f3g")
    assert (report.order_id, report.cl_ord_id) == ("", CL_ORD_ID)


def test_a_foreign_cl_ord_id_is_cut_at_forty_bytes():
    assert report_of(clOrdID="x" * 50).cl_ord_id == "x" * 40


def test_an_order_id_may_be_in_capitals():
    assert report_of(orderID=ORDER["orderID"].upper()).order_id == ORDER["orderID"]


@pytest.mark.parametrize(
    "text", ["", "5d1e7c02", "5d1e7c0293b44f6a8c551e0b7a9d2f31", "5d1e7c02-93b4-4f6a-8c55_1e0b7a9d2f31"]
)
def test_other_order_ids_are_not_told(text):
    assert report_of(orderID=text).order_id == ""
