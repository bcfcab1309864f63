"""The figures of one market's last 24 hours."""

from decimal import Decimal
from typing import NamedTuple

from tidings.model.instrument import Instrument


class Ticker(NamedTuple):
    """What the venue told at once; None where its channel has no such figure. Exact: an index lies on no grid."""

    instrument: Instrument
    venue_time_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    volume: Decimal
    """Of 24 hours; COIN-M: contracts; else the base currency."""
    turnover: Decimal
    """Of 24 hours, in the settle currency; spot: the quote currency."""
    open_interest: Decimal | None = None
    """COIN-M: contracts; USD-M: the base currency; spot has none."""
    index_price: Decimal | None = None
    mark_price: Decimal | None = None
    funding_rate: Decimal | None = None
    """0.0001 is one basis point."""
    predicted_funding_rate: Decimal | None = None
    bid: Decimal | None = None
    offer: Decimal | None = None

    @property
    def symbol(self) -> str:
        return self.instrument.symbol
