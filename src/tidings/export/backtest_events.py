"""What happened in a recorded market as events of hftbacktest (its types.py: event_dtype and the flags).

A snapshot that begins a book, or begins it anew after a loss, clears the depth and tells it whole. The venue's
snapshot of each minute, on a book that is live, tells what it changes, which is mostly nothing: a back-test keeps the
places of its orders in their queues. Each message tells what it made of the book, not what it says: the venue does not
delete what falls out of the depth, and a back-test that kept it would find it in the book when prices come back.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from tidings.export.recorded_market import BookUpdate, Levels, MarketNews
from tidings.market.trade import Trade
from tidings.model.enums import Side
from tidings.model.instrument import Instrument
from tidings.recorder.entries import Entry

DEPTH: Final = 1
TRADE: Final = 2
DEPTH_CLEAR: Final = 3
DEPTH_SNAPSHOT: Final = 4
SELL: Final = 1 << 28  # of depth: an offer
BUY: Final = 1 << 29
LOCAL: Final = 1 << 30  # counts when it was received
EXCHANGE: Final = 1 << 31  # counts when it happened
EVERYTHING: Final = math.nan  # the price of a clear that spares no level


class Event(NamedTuple):
    """The first fields of an event; the others are 0. Prices and quantities are hftbacktest's: floats."""

    ev: int
    exch_ts: int
    local_ts: int
    px: float
    qty: float


class BacktestEvents(MarketNews):
    """Events by symbol, until they are taken."""

    wants_before = True

    def __init__(self) -> None:
        self.waiting: dict[str, list[Event]] = {}
        self.last_ns = 0

    @property
    def waiting_count(self) -> int:
        return sum(map(len, self.waiting.values()))

    def trade_printed(self, entry: Entry, trade: Trade) -> None:
        kind = TRADE | (BUY if trade.side is Side.BUY else SELL)
        self._add(entry, trade.instrument, trade.venue_time_ns, kind, [(trade.price_ticks, trade.qty_lots)])

    def book_updated(self, entry: Entry, update: BookUpdate) -> None:
        book, kind = update.book, DEPTH
        bids, offers = book.bids(), book.offers()
        if update.before is not None:
            bids, offers = difference(update.before[0], bids), difference(update.before[1], offers)
        else:
            kind = DEPTH_SNAPSHOT
            for side in (BUY, SELL):
                self._events_of(book.instrument).append(
                    Event(DEPTH_CLEAR | side, *self._times(entry, book.venue_time_ns), EVERYTHING, 0.0)
                )
        for side, levels in ((BUY, bids), (SELL, offers)):
            self._add(entry, book.instrument, book.venue_time_ns, kind | side, levels)

    def _add(self, entry: Entry, instrument: Instrument, venue_ns: int, kind: int, levels: Levels) -> None:
        """Division of integers rounds to the nearest float."""
        tick, price_one = instrument.tick_mantissa, 10**instrument.price_scale
        lot, qty_one = instrument.lot_mantissa, 10**instrument.qty_scale
        times = self._times(entry, venue_ns)
        self._events_of(instrument).extend(
            [Event(kind, *times, ticks * tick / price_one, lots * lot / qty_one) for ticks, lots in levels]
        )

    def _events_of(self, instrument: Instrument) -> list[Event]:
        return self.waiting.setdefault(instrument.symbol, [])

    def _times(self, entry: Entry, venue_ns: int) -> tuple[int, int]:
        """Of the venue, and ours; ours never goes backwards, though a wall clock may be set."""
        self.last_ns = max(self.last_ns, entry.wall_ns)
        return venue_ns or self.last_ns, self.last_ns


def difference(before: Levels, after: Levels) -> Levels:
    """What turns one side into the other; 0 lots: gone."""
    if before == after:
        return []
    old, kept = set(before), {ticks for ticks, _ in after}
    return [level for level in after if level not in old] + [(ticks, 0) for ticks, _ in before if ticks not in kept]
