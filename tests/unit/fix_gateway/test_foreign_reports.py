"""Reports of orders that are not of FIX clients, as a drop copy gets them: each once, and only what is live."""

from uuid import UUID

import pytest
from fix_story import make_instrument

from tidings.fix_gateway.foreign_reports import ForeignReports
from tidings.fix_gateway.translate_out import Profile
from tidings.model.enums import ExecType, OrdStatus, ProductLine, ReportSource, TradeType
from tidings.model.execution_report import report_of
from tidings.model.instrument import Instrument

ORDER_ID, EXEC_ID = str(UUID(int=1 << 96 | 1)), str(UUID(int=1 << 96 | 2))


def report(exec_type=ExecType.NEW, **fields):
    told = {
        "source": ReportSource.STREAM, "now_ns": 1, "order_id": ORDER_ID, "symbol": "BTCUSDT", "side": 2,
        "ord_status": OrdStatus.NEW, "order_qty_lots": 20, "cum_qty_lots": 0, "leaves_qty_lots": 20,
        "price_ticks": 600_000, "transact_time_ns": 1_785_587_696_789_000_000,
    }  # fmt: skip
    return report_of(exec_type, **(told | fields))


def fill(lots, cum_lots, price_ticks, number=2):
    return report(
        ExecType.TRADE, ord_status=OrdStatus.PARTIALLY_FILLED, exec_id=str(UUID(int=1 << 96 | number)),
        last_qty_lots=lots, last_px_ticks=price_ticks, cum_qty_lots=cum_lots, fee_mantissa=-5, fee_scale=1,
    )  # fmt: skip


def told(reports, one):
    fields = reports.fields(make_instrument(), one, Profile(is_drop_copy=True))
    assert [tag for tag, _ in fields] == sorted(tag for tag, _ in fields)
    return {tag: value.decode() for tag, value in fields}


def test_an_order_by_hand_has_no_client_id_and_no_terms():
    reports = ForeignReports()
    assert reports.take(report())
    assert told(reports, report()) == {
        6: "0", 11: "NONE", 14: "0", 17: f"{ORDER_ID}-1785587696789000-1", 37: ORDER_ID, 38: "0.02", 39: "0",
        44: "60000", 54: "2", 55: "BTCUSDT", 60: "20260801-12:34:56.789", 150: "0", 151: "0.02", 797: "Y",
    }  # fmt: skip


def test_each_is_told_once_and_history_never():
    reports = ForeignReports()
    assert [reports.take(report()) for _ in range(2)] == [True, False]
    assert reports.take(report(ExecType.CANCELED, ord_status=OrdStatus.CANCELED))
    for source in (ReportSource.SNAPSHOT, ReportSource.QUERY, ReportSource.REPLY):
        assert not ForeignReports().take(report(source=source))
    assert not reports.take(report(ExecType.PENDING_CANCEL))
    assert not reports.take(report(side=0))


@pytest.mark.parametrize(
    ("kind", "letter"),
    [(TradeType.TRADE, "T"), (TradeType.LIQUIDATION, "L"), (TradeType.DELEVERAGING, "A"), (TradeType.NONE, "T")],
)  # fmt: skip
def test_a_liquidation_is_told_as_one_to_who_knows_the_word(kind, letter):
    one = report(
        ExecType.TRADE, ord_status=OrdStatus.FILLED, exec_id=EXEC_ID, last_qty_lots=20, last_px_ticks=600_000,
        cum_qty_lots=20, trade_type=kind,
    )  # fmt: skip
    reports = ForeignReports()
    assert reports.take(one)
    wide = dict(reports.fields(make_instrument(), one, Profile(is_extended=True, is_drop_copy=True)))
    assert (wide[150], wide[20030]) == (b"F", letter.encode())
    assert 20030 not in told(reports, one)


@pytest.mark.parametrize(("second_cum", "average"), [(20, "60005"), (21, "0")])
def test_the_average_is_of_all_executions_or_none(second_cum, average):
    reports = ForeignReports()
    first, second = fill(10, 10, 600_000), fill(10, second_cum, 600_100, number=3)
    assert reports.take(first) and told(reports, first)[6] == "60000"
    assert reports.take(second)
    shown = told(reports, second)
    assert (shown[6], shown[150], shown[31], shown[32], shown[17]) == (average, "F", "60010", "0.01", second.exec_id)
    assert (shown[137], shown[138], shown[139], shown[851]) == ("-0.5", "USDT", "4", "2")


def test_an_inverse_contract_averages_by_its_worth():
    reports = ForeignReports()
    inverse = Instrument(
        symbol="BTCUSD", line=ProductLine.INVERSE, index=1, base_currency="BTC", quote_currency="USD",
        settle_currency="BTC", price_scale=1, tick_mantissa=1, qty_scale=0, lot_mantissa=1,
    )  # fmt: skip
    first, second = fill(5, 5, 500_000), fill(5, 10, 1_000_000, number=3)
    assert reports.take(first)
    assert reports.take(second)
    found = dict(reports.fields(inverse, second, Profile(is_drop_copy=True)))
    assert found[6] == b"66666.666666666667"  # 10 / (5/50000 + 5/100000)


@pytest.mark.parametrize("source", [ReportSource.SNAPSHOT, ReportSource.QUERY])
def test_an_execution_that_the_stream_missed_is_told_from_a_list_and_once(source):
    began_ns = report().transact_time_ns
    reports = ForeignReports(began_ns)
    missed = report(
        ExecType.TRADE, source=source, ord_status=-1, exec_id=EXEC_ID, last_qty_lots=4, last_px_ticks=600_000,
        cum_qty_lots=-(1 << 63), fee_scale=1,
    )  # fmt: skip
    assert not ForeignReports(began_ns + 1).take(missed)  # history
    assert reports.take(missed)
    shown = told(reports, missed)
    assert (shown[150], shown[39], shown[14], shown[151], shown[6], shown[17]) == (
        "F", "1", "0.004", "0.016", "60000", EXEC_ID,
    )  # fmt: skip
    again = report(
        ExecType.TRADE, ord_status=OrdStatus.PARTIALLY_FILLED, exec_id=EXEC_ID, last_qty_lots=4, last_px_ticks=600_000,
        cum_qty_lots=4, fee_scale=1, transact_time_ns=began_ns + 1,
    )  # fmt: skip
    assert not reports.take(again)
