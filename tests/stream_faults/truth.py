"""What the venue's book of one symbol is, and the messages that tell it: a quiet market, in which a loss lasts."""

from __future__ import annotations

import random

from tests.books.told_market import Market
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument

DEPTH = 30
SNAPSHOT_NS = 60_000_000_000
Levels = list[tuple[int, int]]


class Truth(Market):
    """Changes few levels at a time, so that what is lost is seldom overwritten by what follows."""

    changes_max = 3
    step_ticks_max = 1

    def __init__(self, instrument: Instrument, chance: random.Random) -> None:
        super().__init__(ProductLine(instrument.line), chance)
        self.instrument = instrument
        self.next_message()
        self.next_snapshot_ns = chance.randrange(SNAPSHOT_NS)
        self.levels = self._whole()

    def change(self) -> bytes:
        """Something happens."""
        self.sequence += self.chance.randrange(1, 700)
        bids, offers = self._moves()
        self.reference.apply_incremental(bids, offers, DEPTH)
        self.levels = self._whole()
        return self._text("incremental", bids, offers)

    def snapshot(self) -> bytes:
        """The whole, as last told."""
        return self._text("snapshot", *self.levels)

    def _whole(self) -> tuple[Levels, Levels]:
        return self.reference.bids(), self.reference.offers()
