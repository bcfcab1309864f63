"""What we hold: net quantity from our own executions, beside what the venue says it is.

Two sources, never mixed: `net_qty_lots` starts at the venue's snapshot and moves by executions counted once;
`venue_qty_lots` is what the venue told last. When both are quiet they are equal; a lasting difference means that an
execution was missed or is not ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tidings.model.enums import PosSide, Side


@dataclass(slots=True)
class Position:
    """Quantities in lots of the instrument, positive long, negative short."""

    symbol: str
    pos_side: PosSide = PosSide.MERGED
    net_qty_lots: int = 0
    venue_qty_lots: int = 0
    bought_qty_lots: int = 0
    sold_qty_lots: int = 0
    is_known: bool = False  # the venue's snapshot has told where it starts

    def tell(self, venue_qty_lots: int, *, is_snapshot: bool) -> None:
        """The venue says what the position is; from its first word, and from a snapshot, we count on."""
        self.venue_qty_lots = venue_qty_lots
        if is_snapshot or not self.is_known:
            self.net_qty_lots = venue_qty_lots
            self.is_known = True

    def apply_fill(self, side: int, qty_lots: int) -> None:
        """Count one execution of our own."""
        if side == Side.BUY:
            self.bought_qty_lots += qty_lots
            self.net_qty_lots += qty_lots
        else:
            self.sold_qty_lots += qty_lots
            self.net_qty_lots -= qty_lots

    @property
    def agrees(self) -> bool:
        return self.net_qty_lots == self.venue_qty_lots


class Positions:
    """All positions of one account, by symbol and position side; made when first spoken of."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, int], Position] = {}

    def of(self, symbol: str, pos_side: int = PosSide.MERGED) -> Position:
        key = symbol, int(pos_side)
        position = self._positions.get(key)
        if position is None:
            position = self._positions[key] = Position(symbol, PosSide(pos_side))
        return position

    def __iter__(self) -> Iterator[Position]:
        return iter(self._positions.values())
