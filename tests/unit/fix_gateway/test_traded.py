"""AvgPx of the executions told: by quantity, and for inverse contracts by what they are worth."""

from decimal import Decimal

import pytest
from order_samples import INVERSE, LINEAR

from tidings.fix_gateway.field_text import average_text
from tidings.fix_gateway.traded import NOTHING
from tidings.model.enums import ExecType, ReportSource
from tidings.model.execution_report import report_of


def traded(*executions: tuple[int, int]):
    """Of (lots, ticks)."""
    total = NOTHING
    for lots, ticks in executions:
        report = report_of(ExecType.TRADE, ReportSource.STREAM, last_qty_lots=lots, last_px_ticks=ticks)
        total = total.with_one(report)
    return total


@pytest.mark.parametrize("instrument", [LINEAR, INVERSE])
@pytest.mark.parametrize("ticks", [1, 3, 122_017, 6_000_007])
def test_one_execution_is_its_own_average_to_the_last_digit(instrument, ticks):
    assert Decimal(average_text(traded((7, ticks)).average(instrument)).decode()) == ticks * instrument.tick_size


def test_linear_contracts_average_by_quantity():
    assert traded((1, 100), (3, 200)).average(LINEAR) == Decimal(175) * LINEAR.tick_size


def test_inverse_contracts_average_by_worth():
    """4 ÷ (1 ÷ 100 + 3 ÷ 200) = 160."""
    average = traded((1, 100), (3, 200)).average(INVERSE)
    assert Decimal(average_text(average).decode()) == 160 * INVERSE.tick_size
