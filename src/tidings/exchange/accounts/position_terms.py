"""The life of a position from flat to flat: what was opened, closed, earned and paid meanwhile."""

from dataclasses import dataclass
from typing import Final

TERMS_MAX: Final = 200  # remembered per position, for the list of closed positions


@dataclass(slots=True)
class PositionTerm:
    """One term. Quantities and values are on the instrument's scales; fees paid are positive."""

    number: int
    side: str  # of the fills that opened it
    leverage_er: int
    opened_ns: int
    updated_ns: int = 0
    opened_qty: int = 0
    opened_value: int = 0
    closed_qty: int = 0
    closed_entry_value: int = 0  # what the closed part was worth when it was entered
    closed_value: int = 0  # and when it was closed
    pnl: int = 0
    fee: int = 0
    funding: int = 0
    is_finished: bool = False

    def note_open(self, qty: int, value: int, now_ns: int) -> None:
        """A fill made the position larger."""
        self.opened_qty += qty
        self.opened_value += value
        self.updated_ns = now_ns

    def note_close(self, qty: int, entry_value: int, exit_value: int, pnl: int, now_ns: int) -> None:
        """A fill made it smaller."""
        self.closed_qty += qty
        self.closed_entry_value += entry_value
        self.closed_value += exit_value
        self.pnl += pnl
        self.updated_ns = now_ns
