"""Where a session keeps its sequence numbers and what it has sent: the protocol, and the store in memory.

The order of calls carries the guarantees: `set_out` comes before the first byte reaches the socket, so that any number
a peer has seen can be replayed; `set_in` comes after the message has been processed, so that a crash between the two
makes the peer send it again, never lose it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class MessageStore(Protocol):
    """One session's memory. Numbers begin at 1."""

    @property
    def next_out(self) -> int:
        """MsgSeqNum of the next message we send."""

    @property
    def next_in(self) -> int:
        """MsgSeqNum expected from the peer."""

    @property
    def created_ns(self) -> int:
        """Unix time of the last reset; 0: unknown."""

    @property
    def generation(self) -> int:
        """Grows with each reset: which count of numbers this is."""

    def get_before(self, generation: int) -> Iterator[tuple[int, bytes]]:
        """All messages to be replayed of an earlier generation, as far as they are kept."""

    def set_out(self, seq: int, data: bytes, is_replayed: bool, wall_ns: int = 0) -> None:
        """Message `seq` is about to be sent; `next_out` becomes seq + 1. Raises OSError: then it must not be sent."""

    def set_in(self, seq: int) -> None:
        """The number expected next."""

    def set_next_out(self, seq: int) -> None:
        """By command of an operator only."""

    def get(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Stored messages begin … end, both included, that are to be replayed; others are gaps to fill."""

    def reset(self, wall_ns: int) -> None:
        """Both numbers to 1, nothing stored; atomic."""

    def on_timer(self, now_ns: int) -> None:
        """A chance to make durable what is due."""

    def close(self) -> None:
        """Let go of files and locks."""


class MemoryStore:
    """Lasts as long as the process. `generations_kept`: how many that ended with a reset can be read."""

    def __init__(self, generations_kept: int = 0) -> None:
        self.next_out = 1
        self.next_in = 1
        self.created_ns = 0
        self.generation = 1
        self._messages: dict[int, bytes] = {}
        self._before: dict[int, dict[int, bytes]] = {}
        self._generations_kept = generations_kept

    def set_out(self, seq: int, data: bytes, is_replayed: bool, wall_ns: int = 0) -> None:
        if is_replayed:
            self._messages[seq] = data
        self.next_out = seq + 1

    def set_in(self, seq: int) -> None:
        self.next_in = seq

    def set_next_out(self, seq: int) -> None:
        self.next_out = seq

    def get(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        for seq in range(begin, min(end, self.next_out - 1) + 1):
            if (data := self._messages.get(seq)) is not None:
                yield seq, data

    def get_before(self, generation: int) -> Iterator[tuple[int, bytes]]:
        yield from self._before.get(generation, {}).items()

    def reset(self, wall_ns: int) -> None:
        self.next_out = self.next_in = 1
        self.created_ns = wall_ns
        if self._generations_kept:
            self._before[self.generation] = self._messages
            self._before.pop(self.generation - self._generations_kept, None)
        self.generation += 1
        self._messages = {}

    def on_timer(self, now_ns: int) -> None:
        """Nothing is durable here."""

    def close(self) -> None:
        """Nothing to let go of."""
