"""What taking a size from one side of a book would cost."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple


class Sweep(NamedTuple):
    """The best levels of one side, taken until a size is found. Exact: integers, and a fraction only when asked for."""

    asked_lots: int
    qty_lots: int
    """Lots the side has of those asked for: fewer where the book, or the part of it that is told, ends."""
    cost_tick_lots: int
    """The sum of price × quantity of what is taken, in ticks × lots."""
    last_price_ticks: int
    """Price of the worst level taken: the limit of an order that would do it. 0: nothing was found."""

    @property
    def is_whole(self) -> bool:
        """Everything asked for is there."""
        return self.qty_lots == self.asked_lots

    @property
    def vwap_ticks(self) -> Fraction | None:
        """The mean price of what is taken, weighted by quantity, in ticks; None where nothing was found."""
        return Fraction(self.cost_tick_lots, self.qty_lots) if self.qty_lots else None


def swept(levels: Iterable[tuple[int, int]], asked_lots: int) -> Sweep:
    """By Python's integers, which have no largest: for sums beyond 64 bits."""
    left_lots, cost_tick_lots, last_price_ticks = asked_lots, 0, 0
    for price_ticks, qty_lots in levels:
        if not left_lots:
            break
        taken_lots = min(left_lots, qty_lots)
        cost_tick_lots += taken_lots * price_ticks
        last_price_ticks = price_ticks
        left_lots -= taken_lots
    return Sweep(asked_lots, asked_lots - left_lots, cost_tick_lots, last_price_ticks)
