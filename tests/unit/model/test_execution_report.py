"""Reports: what they hold, what they say when nothing was told, and their ids."""

from decimal import Decimal
from uuid import UUID

import pytest

from tidings.model.enums import ExecType, OrdStatus, ReportSource
from tidings.model.execution_report import report_of, uuid_text, uuid_words

ID = "ab90a08c-b728-4b6b-97c4-36fa497335bf"
UNSET = -(2**63)
OTHER_ID = "0f3b8f4e6d1c4a0f9a51c6a0b2d3e4f5"
NUMBERS = (
    *("price_ticks", "stop_px_ticks"),
    *("order_qty_lots", "cum_qty_lots", "leaves_qty_lots", "last_px_ticks", "last_qty_lots"),
)


def test_what_was_not_told_is_unset():
    report = report_of()
    assert [getattr(report, name) for name in NUMBERS] == [UNSET] * 7
    assert (report.ord_status, report.symbol, report.text, report.handle) == (-1, "", "", 0)
    assert (report.cl_ord_id, report.order_id, report.exec_id, report.fee) == ("", "", "", 0)


def test_fields_are_what_was_given():
    report = report_of(
        ExecType.TRADE, ReportSource.STREAM, 77, cl_ord_id="T1", order_id=ID, exec_id=OTHER_ID, symbol="X",
        ord_status=OrdStatus.FILLED, fee_mantissa=-25, fee_scale=4, is_maker=True, transact_time_ns=5, exec_seq=6,
        **{name: number for number, name in enumerate(NUMBERS)},
    )
    assert [getattr(report, name) for name in NUMBERS] == list(range(7))
    assert (report.cl_ord_id, report.order_id, report.received_ns) == ("T1", ID, 77)
    assert report.exec_id == str(UUID(OTHER_ID))
    assert (report.fee, report.is_maker, report.transact_time_ns, report.exec_seq) == (Decimal("-0.0025"), True, 5, 6)


def test_report_cannot_be_changed():
    with pytest.raises(AttributeError):
        report_of().price_ticks = 5


def test_repr_shows_what_was_told():
    report = report_of(ExecType.REJECTED, ReportSource.REPLY, cl_ord_id="T1", code=11001, text="no", cum_qty_lots=0)
    shown = repr(report)
    assert all(part in shown for part in ("REJECTED", "REPLY", "T1", "cum_qty_lots=0", "code=11001", "'no'"))
    assert "price_ticks" not in shown


@pytest.mark.parametrize("text", ["", "x" * 40, "x" * 41, "x" * 1000])
def test_client_id_longer_than_any_of_ours_is_cut(text):
    assert report_of(cl_ord_id=text).cl_ord_id == text[:40]


@pytest.mark.parametrize("number", [1, 2**64 - 1, 2**64, 2**127 + 3, 2**128 - 1])
def test_uuid_is_two_words(number):
    text = str(UUID(int=number))
    assert uuid_words(text) == (number >> 64, number & (2**64 - 1))
    assert uuid_text(*uuid_words(text)) == text


def test_nil_uuid_is_no_id():
    assert uuid_text(0, 0) == ""
    assert uuid_words("") == (0, 0)
    assert report_of(exec_id="00000000-0000-0000-0000-000000000000").exec_id == ""


def test_id_that_is_no_uuid_is_refused():
    with pytest.raises(ValueError, match="UUID"):
        report_of(order_id="12")
