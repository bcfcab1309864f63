"""One print of the public tape."""

from typing import NamedTuple

from tidings.model.enums import Side
from tidings.model.instrument import Instrument


class Trade(NamedTuple):
    """Somebody's execution, as the venue published it. It carries no id."""

    instrument: Instrument
    side: Side
    """Of the taker: BUY lifted an offer."""
    price_ticks: int
    qty_lots: int
    venue_time_ns: int
    """When the venue matched it, on the venue's clock."""

    @property
    def symbol(self) -> str:
        return self.instrument.symbol
