"""A seeded market as the venue tells it: thirty levels a side, changes of some, trades, now and then the whole.

Shapes follow the venue's documents (phemex docs 2026, "Subscribe OrderBook", "Subscribe Trade"); values are invented.
"""

import json
import random
from collections.abc import Iterator

from benchmarks.messages import SYMBOL

DEPTH = 30
TRADE_SHARE = 0.2
SNAPSHOT_EVERY = 3000  # 60 s of messages each 20 ms
FIRST_NS = 1_800_000_000_000_000_000
STEP_NS = 20_000_000

Side = dict[int, int]


def message_of(sequence: int, bids: Side, asks: Side, kind: str = "incremental") -> bytes:
    """One push of the book; 0 lots delete a level."""
    sides = {
        "asks": [[f"{ticks // 10}.{ticks % 10}", f"{lots / 1000:.10g}"] for ticks, lots in sorted(asks.items())],
        "bids": [[f"{ticks // 10}.{ticks % 10}", f"{lots / 1000:.10g}"] for ticks, lots in sorted(bids.items())[::-1]],
    }
    push = {"depth": DEPTH, "orderbook_p": sides, "sequence": sequence, "symbol": SYMBOL}
    return _text(push | {"timestamp": FIRST_NS + sequence * STEP_NS, "type": kind})


def _trades_of(sequence: int, chance: random.Random, ticks: int) -> bytes:
    time_ns = FIRST_NS + sequence * STEP_NS
    rows = [
        [time_ns, chance.choice(["Buy", "Sell"]), f"{ticks // 10}.{ticks % 10}", f"0.{chance.randrange(1, 999):03}"]
        for _ in range(chance.choice([1, 1, 1, 2, 5]))
    ]
    dts = {"dts": time_ns, "mts": time_ns}
    return _text(dts | {"sequence": sequence, "symbol": SYMBOL, "trades_p": rows, "type": "incremental"})


def _text(push: dict[str, object]) -> bytes:
    return json.dumps(push, separators=(",", ":")).encode()


class Market:
    """Resting quantity by tick, around a middle that wanders."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.middle_ticks = 612_500
        self.sides: tuple[Side, Side] = {}, {}
        self.shown: tuple[Side, Side] = {}, {}
        for distance in range(1, 2 * DEPTH):
            for sign, side in zip((-1, 1), self.sides, strict=True):
                side[self.middle_ticks + sign * distance] = self.chance.randrange(1, 5000)

    def messages(self, count: int) -> Iterator[bytes]:
        for sequence in range(1, count + 1):
            if sequence % SNAPSHOT_EVERY == 1:
                self.shown = self._best()
                yield message_of(sequence, *self.shown, kind="snapshot")
            elif self.chance.random() < TRADE_SHARE:
                yield _trades_of(sequence, self.chance, self.middle_ticks)
            else:
                self._move()
                yield message_of(sequence, *self._changes())

    def _move(self) -> None:
        self.middle_ticks += self.chance.choice([-1, 0, 0, 0, 0, 0, 0, 0, 1])
        for sign, side in zip((-1, 1), self.sides, strict=True):
            for ticks in [ticks for ticks in side if sign * (ticks - self.middle_ticks) <= 0]:
                del side[ticks]
            for distance in range(1, 2 * DEPTH):
                if (ticks := self.middle_ticks + sign * distance) not in side:
                    side[ticks] = self.chance.randrange(1, 5000)
            for _ in range(self.chance.randrange(6)):
                side[self.middle_ticks + sign * self.chance.randrange(1, DEPTH)] = self.chance.randrange(1, 5000)

    def _best(self) -> tuple[Side, Side]:
        bids, asks = self.sides
        return dict(sorted(bids.items(), reverse=True)[:DEPTH]), dict(sorted(asks.items())[:DEPTH])

    def _changes(self) -> tuple[Side, Side]:
        before, self.shown = self.shown, self._best()
        bids, asks = (
            dict.fromkeys(old.keys() - new.keys(), 0)
            | {ticks: lots for ticks, lots in new.items() if old.get(ticks) != lots}
            for old, new in zip(before, self.shown, strict=True)
        )
        return bids, asks
