"""What we hold: net quantity from executions, beside what the venue says it is.

Two sources, never mixed: `net_qty_lots` starts at the venue's first word and moves by executions counted once;
`venue_qty_lots` is what the venue told last. When both are quiet they are equal; a lasting difference means that an
execution was missed or is not ours. Executions of others (by hand, liquidations) are counted once they are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tidings.model.enums import PosSide, Side


@dataclass(slots=True, repr=False)
class Position:
    """Quantities in lots of the instrument, positive long, negative short."""

    symbol: str
    pos_side: PosSide = PosSide.MERGED
    net_qty_lots: int = 0
    venue_qty_lots: int = 0
    bought_qty_lots: int = 0  # by our own executions
    sold_qty_lots: int = 0
    external_qty_lots: int = 0  # net, by executions that are not ours
    is_known: bool = False  # the venue has told where it starts
    base_time_ns: int = 0  # the venue's clock then: older executions are in its first word already
    on_change: Callable[[Position], None] | None = None  # told after every change: the limits follow
    _venue_time_ns: int = 0  # the venue's clock at the newest of its words
    _early: list[tuple[int, int]] = field(default_factory=list)  # (time, lots) of executions before it

    def __repr__(self) -> str:
        """What it is, for people; an average price is not kept."""
        lots = self.net_qty_lots
        side = "long" if lots > 0 else "short" if lots < 0 else "flat"
        hedged = f" ({self.pos_side.name.lower()} side)" if self.pos_side != PosSide.MERGED else ""
        told = f"the venue says {self.venue_qty_lots}" if self.is_known else "the venue has not told it yet"
        traded = f"bought {self.bought_qty_lots}, sold {self.sold_qty_lots}"
        return f"<Position {self.symbol}{hedged}: {side} {abs(lots)} lots, {told}; {traded} by this session>"

    def tell(self, venue_qty_lots: int, time_ns: int = 0) -> None:
        """The venue says what the position was at `time_ns` of its clock; from its first word we count on.

        `time_ns` 0: of a flat one, that it was never traded, so any execution is later, however late this word comes
        (phemex 2026, captured: a position never touched has size 0 and transactTimeNs 0); else of this very moment.
        """
        if not self.is_known:
            is_untouched = not venue_qty_lots and not time_ns
            later = (lots for told_ns, lots in self._early if is_untouched or 0 < time_ns < told_ns)
            self.net_qty_lots = venue_qty_lots + sum(later)
            self.is_known, self.base_time_ns = True, time_ns
            self._early.clear()
        self.hear(venue_qty_lots, time_ns)

    def hear(self, venue_qty_lots: int, time_ns: int = 0) -> None:
        """The venue's word again, beside our count. One of before, that does not agree with it, has come late."""
        if venue_qty_lots == self.net_qty_lots or not 0 < time_ns < self._venue_time_ns:
            self.venue_qty_lots, self._venue_time_ns = venue_qty_lots, max(time_ns, self._venue_time_ns)
        self._tell_change()

    def apply_fill(self, side: int, qty_lots: int, time_ns: int = 0) -> None:
        """Count one execution of our own, of `time_ns` on the venue's clock (0: just now)."""
        if side == Side.BUY:
            self.bought_qty_lots += qty_lots
        else:
            self.sold_qty_lots += qty_lots
        self._move(side, qty_lots, time_ns)

    def apply_external(self, side: int, qty_lots: int, time_ns: int) -> bool:
        """Count one execution that is not ours. False: it is older than the venue's first word, or that is missing."""
        if not self.is_known or time_ns <= self.base_time_ns:
            return False
        self.external_qty_lots += qty_lots if side == Side.BUY else -qty_lots
        self._move(side, qty_lots, time_ns)
        return True

    def accept(self, venue_qty_lots: int, time_ns: int) -> None:
        """Count on from the venue's word, whatever we had counted: somebody has looked into it."""
        self.is_known, newest_ns = False, self._venue_time_ns
        self.tell(venue_qty_lots, time_ns)
        self._venue_time_ns = newest_ns  # that was our clock

    def _move(self, side: int, qty_lots: int, time_ns: int) -> None:
        lots = qty_lots if side == Side.BUY else -qty_lots
        if self.is_known and 0 < time_ns <= self.base_time_ns:
            self._tell_change()  # who counts by itself must hear that this one is in the first word already
            return
        self.net_qty_lots += lots
        if not self.is_known:
            self._early.append((time_ns, lots))
        self._tell_change()

    def _tell_change(self) -> None:
        if self.on_change is not None:
            self.on_change(self)

    @property
    def agrees(self) -> bool:
        return self.net_qty_lots == self.venue_qty_lots


class Positions:
    """All positions of one account, by symbol and position side; made when first spoken of."""

    def __init__(self, on_change: Callable[[Position], None] | None = None) -> None:
        self._positions: dict[tuple[str, int], Position] = {}
        self._on_change = on_change

    def of(self, symbol: str, pos_side: int = PosSide.MERGED) -> Position:
        key = symbol, int(pos_side)
        position = self._positions.get(key)
        if position is None:
            position = self._positions[key] = Position(symbol, PosSide(pos_side), on_change=self._on_change)
        return position

    def __iter__(self) -> Iterator[Position]:
        return iter(self._positions.values())
