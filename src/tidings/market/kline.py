"""One candle of a market."""

from decimal import Decimal
from typing import NamedTuple

from tidings.model.instrument import Instrument


class Kline(NamedTuple):
    """A candle as it is by now: the newest one of an interval changes until the next one begins.

    Exact decimals and no ticks: a candle may be older than the grid of today.
    """

    instrument: Instrument
    interval_s: int
    start_s: int
    """Unix time of its beginning, on the venue's clock."""
    last_close: Decimal
    """The close of the candle before it."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    """COIN-M: contracts; else the base currency."""
    turnover: Decimal
    """In the settle currency; spot: the quote currency."""

    @property
    def symbol(self) -> str:
        return self.instrument.symbol

    @property
    def end_s(self) -> int:
        """When the next one begins."""
        return self.start_s + self.interval_s
