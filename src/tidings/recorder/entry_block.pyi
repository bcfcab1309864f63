"""The entries of one block, where they lie: made one by one, or the market's fed on without being made."""

from collections.abc import Callable
from typing import Any, final

from tidings.clock import ManualClock
from tidings.recorder.entries import Entry, EntryKind

@final
class EntryBlock:
    """Read once, from its first entry to its last."""

    number: int
    """The next entry's."""
    left: int
    """Entries that are still to be taken."""
    wall_offset_ns: int
    """Wall time less monotonic, as the last clock entry before the next entry has it."""
    wall_offset_behind_ns: int
    """The same behind the block."""

    def __init__(
        self,
        content: bytes,
        first_number: int,
        count: int,
        wall_offset_ns: int,
        entry_type: type[Entry],
        kinds: tuple[EntryKind | None, ...],
        wall_offset_of: Callable[[bytes], int],
    ) -> None:
        """`kinds`: what to call each kind, by its number; `wall_offset_of(payload)`: the offset a clock entry tells.

        Raises ValueError for what is no such block.
        """

    def next_kind(self) -> int:
        """The number of the next entry's kind; 0: none is left."""

    def take(self) -> Entry | None:
        """The next entry; None: none is left."""

    def rest(self) -> list[Entry]:
        """All entries that are left."""

    def feed_market(self, takers: dict[int, Any], clock: ManualClock, before_ns: int) -> int:
        """Market messages that came before `before_ns`, each to its connection's taker (see wire/frame_reader) at its
        time by `clock`; how many.

        Ends before a message of a connection without taker, and before one with anything but the market behind it:
        what a callback does may be the next entry.
        """
