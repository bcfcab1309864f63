"""One change of a figure that is no trade: the index price, the mark price or a funding rate of a contract."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tidings.model.instrument import Instrument


class TickKind(StrEnum):
    """Which figure."""

    INDEX = "index"
    MARK = "mark"
    FUNDING = "funding"
    """The rate of the running interval."""
    PREDICTED_FUNDING = "predicted_funding"
    """What the next interval's rate would be by now."""


class PriceTick(NamedTuple):
    """The figure as it is from now on. Exact: it lies on no grid."""

    instrument: Instrument
    kind: TickKind
    value: Decimal
    venue_time_ns: int

    @property
    def symbol(self) -> str:
        return self.instrument.symbol
