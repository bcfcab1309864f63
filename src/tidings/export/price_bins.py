"""What a picture needs of one symbol, in so many bins of time whatever the recording's length.

Bins begin at a millisecond and double when there are too many, two becoming one: memory is bounded, and no extreme is
lost: a bin keeps the lowest and highest trade and the widest spread in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BINS_MAX: Final = 3_000  # twice the dots of a picture's width
FIRST_WIDTH_NS: Final = 1_000_000
STALE_SPANS_MAX: Final = 1_000


@dataclass(slots=True)
class Bin:
    """Ticks and lots; 0: nothing of that kind happened."""

    bid: int = 0  # the last one
    ask: int = 0
    spread_max: int = 0
    low: int = 0  # of trades
    high: int = 0
    bought: int = 0  # by takers
    sold: int = 0

    def absorb(self, later: Bin) -> None:
        """The bin behind becomes part of this one."""
        self.bid, self.ask = later.bid or self.bid, later.ask or self.ask
        self.spread_max = max(self.spread_max, later.spread_max)
        self.low = min(filter(None, (self.low, later.low)), default=0)
        self.high = max(self.high, later.high)
        self.bought += later.bought
        self.sold += later.sold


class PriceBins:
    """One symbol."""

    def __init__(self) -> None:
        self.width_ns = FIRST_WIDTH_NS
        self.start_ns = 0  # of the bin 0
        self.bins: dict[int, Bin] = {}  # in order of their numbers; those in which nothing happened are missing
        self.stale: list[tuple[int, int]] = []  # (from, to): the book was not to be trusted
        self.trade_count = 0
        self.volume_lots = 0
        self._stale_since_ns = 0

    def note_quote(self, now_ns: int, bid_ticks: int, ask_ticks: int, is_live: bool) -> None:
        """The best prices from now on; 0: there is none."""
        if not is_live:
            self._stale_since_ns = self._stale_since_ns or now_ns
            return
        self.end_stale(now_ns)
        found = self._bin(now_ns)
        found.bid, found.ask = bid_ticks or found.bid, ask_ticks or found.ask
        if bid_ticks and ask_ticks:
            found.spread_max = max(found.spread_max, ask_ticks - bid_ticks)

    def note_trade(self, now_ns: int, price_ticks: int, qty_lots: int, is_buy: bool) -> None:
        found = self._bin(now_ns)
        found.low = min(found.low or price_ticks, price_ticks)
        found.high = max(found.high, price_ticks)
        if is_buy:
            found.bought += qty_lots
        else:
            found.sold += qty_lots
        self.trade_count += 1
        self.volume_lots += qty_lots

    def end_stale(self, now_ns: int) -> None:
        """The book is live again, or the recording is over."""
        if self._stale_since_ns:
            if len(self.stale) == STALE_SPANS_MAX:  # so often that the picture is grey there anyway
                self._stale_since_ns = self.stale.pop()[0]
            self.stale.append((self._stale_since_ns, now_ns))
            self._stale_since_ns = 0

    def time_of(self, number: int) -> int:
        """When a bin begins."""
        return self.start_ns + number * self.width_ns

    def _bin(self, now_ns: int) -> Bin:
        """A wall clock that was set back finds the bins of the first time."""
        self.start_ns = self.start_ns or now_ns
        number = max(0, now_ns - self.start_ns) // self.width_ns
        while number >= BINS_MAX:
            self._double()
            number = max(0, now_ns - self.start_ns) // self.width_ns
        if (found := self.bins.get(number)) is None:
            found = self.bins[number] = Bin()
        return found

    def _double(self) -> None:
        self.width_ns *= 2
        halved: dict[int, Bin] = {}
        for number, found in sorted(self.bins.items()):
            if (before := halved.get(number // 2)) is None:
                halved[number // 2] = found
            else:
                before.absorb(found)
        self.bins = halved
