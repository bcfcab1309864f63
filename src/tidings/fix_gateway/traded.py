"""What an order's executions add up to, exactly: AvgPx (6) of those that have been told."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final, NamedTuple

from tidings.model.enums import ProductLine
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument

UNIT: Final = 10**40  # of lots ÷ ticks: whole numbers whose rounding is far behind the last digit that is told
DIGITS: Final = 60


class Traded(NamedTuple):
    """Sums over executions, in lots and ticks."""

    lots: int = 0
    linear: int = 0  # Σ lots × ticks
    inverse: int = 0  # Σ UNIT × lots ÷ ticks

    def with_one(self, report: ExecutionReport) -> Traded:
        """One execution more."""
        lots, ticks = report.last_qty_lots, max(report.last_px_ticks, 1)
        return Traded(self.lots + lots, self.linear + lots * ticks, self.inverse + UNIT * lots // ticks)

    def average(self, instrument: Instrument) -> Decimal:
        """Their average price. Contracts that are worth quantity ÷ price average by that worth, as the venue's do."""
        with localcontext() as context:
            context.prec = DIGITS
            if instrument.line == ProductLine.INVERSE:
                ticks = Decimal(UNIT * self.lots) / self.inverse
            else:
                ticks = Decimal(self.linear) / self.lots
            return ticks * instrument.tick_size


NOTHING: Final = Traded()
