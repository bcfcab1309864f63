"""A market that never crosses and a book of it in dicts, told as the venue tells it."""

import json
import random
from decimal import Decimal

from book import DictBook
from market_instruments import INVERSE, LINEAR, SPOT

from tidings.model.enums import ProductLine


class Market:
    """A random book that never crosses, told as the venue tells it: 30 levels, sometimes whole."""

    changes_max = 12  # of one side in one message
    step_ticks_max = 3  # of the middle

    def __init__(self, line: ProductLine, chance: random.Random) -> None:
        self.is_snapshot = False  # the message told last
        self.instrument = {ProductLine.INVERSE: INVERSE, ProductLine.LINEAR: LINEAR, ProductLine.SPOT: SPOT}[line]
        self.chance, self.sequence, self.mid_ticks = chance, 0, 500_000
        self.reference = DictBook()

    def next_message(self) -> bytes:
        """What happens next; the reference has it already. The first one is a snapshot."""
        is_first = self.sequence == 0
        self.sequence += self.chance.randrange(1, 700)
        if is_first or self.chance.random() < 0.01:
            kind, bids, offers = "snapshot", self._levels(-1, 30), self._levels(+1, 30)
            self.reference.apply_snapshot(bids, offers, 30)
        else:
            kind, bids, offers = "incremental", *self._moves()
            self.reference.apply_incremental(bids, offers, 30)
        self.is_snapshot = kind == "snapshot"
        return self._text(kind, bids, offers)

    def _levels(self, sign: int, count: int) -> list[tuple[int, int]]:
        ticks = sorted(self.chance.sample(range(1, 80), count))
        return [(self.mid_ticks + sign * tick, self.chance.randrange(1, 10**6)) for tick in ticks]

    def _moves(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The middle moves by some ticks; what it passes is deleted, some levels are set or deleted at random."""
        before = self.mid_ticks
        self.mid_ticks += self.chance.randrange(-self.step_ticks_max, self.step_ticks_max + 1)
        passed = range(min(before, self.mid_ticks), max(before, self.mid_ticks) + 1)
        sides = []
        for sign, side in ((-1, self.reference.bid_levels), (+1, self.reference.offer_levels)):
            told = dict(self._levels(sign, self.chance.randrange(self.changes_max)))
            told |= {ticks: 0 for ticks in told if self.chance.random() < 0.5}
            told |= {ticks: 0 for ticks in passed if ticks in side}
            sides.append(list(told.items()))
        return sides[0], sides[1]

    def _text(self, kind: str, bids: list[tuple[int, int]], offers: list[tuple[int, int]]) -> bytes:
        """By the standard library, in an order of keys that is not always the same."""
        key = "orderbook_p" if self.instrument.line == ProductLine.LINEAR else "book"
        fields = {
            key: {"asks": [self._level(*level) for level in offers], "bids": [self._level(*level) for level in bids]},
            "depth": 30, "sequence": self.sequence, "symbol": self.instrument.symbol, "type": kind,
        }  # fmt: skip
        names = sorted(fields) if self.chance.random() < 0.9 else self.chance.sample(sorted(fields), len(fields))
        separators = (",", ":") if self.chance.random() < 0.9 else (" , ", ": ")
        return json.dumps({name: fields[name] for name in names}, separators=separators).encode()

    def _level(self, ticks: int, lots: int) -> list[int] | list[str]:
        instrument = self.instrument
        if instrument.line == ProductLine.LINEAR:
            return [str(ticks * instrument.tick_size), str(Decimal(lots) * instrument.lot_size)]
        return [ticks * instrument.tick_mantissa, lots * instrument.lot_mantissa]
