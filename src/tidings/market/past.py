"""What was: trades and funding rates as the venue's history tells them. (A past candle is a `Kline`.)

Exact decimals and no ticks: history may be older than the grid of today.
"""

from decimal import Decimal
from typing import NamedTuple

from tidings.model.enums import Side
from tidings.model.instrument import Instrument


class PublicTrade(NamedTuple):
    """Somebody's execution of some time ago."""

    instrument: Instrument
    venue_time_ns: int
    trade_id: str
    """The venue's; "" where its list has none."""
    side: Side
    """Of the taker: BUY lifted an offer."""
    price: Decimal
    qty: Decimal
    """COIN-M: contracts; else the base currency."""

    @property
    def symbol(self) -> str:
        return self.instrument.symbol


class FundingRate(NamedTuple):
    """What the holders of a contract paid each other."""

    instrument: Instrument
    venue_time_ns: int
    """When it was paid."""
    rate: Decimal
    """Of the position's value, from longs to shorts; 0.0001 is one basis point."""
    interval_s: int
    """For how long it was paid."""

    @property
    def symbol(self) -> str:
        return self.instrument.symbol
