"""Messages that came before their turn: kept until the gap in front of them is filled."""

from __future__ import annotations


class InboundOrder:
    """What is held, and which gap has been asked for. Numbers expected next are the store's business."""

    def __init__(self, held_max: int, held_bytes_max: int) -> None:
        self._held: dict[int, bytes | None] = {}
        self._held_max = held_max
        self._held_bytes = 0
        self._held_bytes_max = held_bytes_max
        self._gap_end = 0  # the last number of the gap asked for; 0: none is open
        self._asked_from = 0

    def __len__(self) -> int:
        """How many are held."""
        return len(self._held)

    def clear(self) -> None:
        self._held.clear()
        self._held_bytes = 0
        self._gap_end = 0

    def hold(self, seq: int, data: bytes | None) -> bool:
        """Keep a message, or with None the place of one that has been dealt with. False: there is no room."""
        if seq in self._held:
            return True
        size_bytes = len(data) if data else 0
        if len(self._held) >= self._held_max or self._held_bytes + size_bytes > self._held_bytes_max:
            return False
        self._held[seq] = data
        self._held_bytes += size_bytes
        return True

    def asks(self, expected: int, seq: int, is_poss_dup: bool) -> bool:
        """Whether message `seq` instead of `expected` calls for a ResendRequest; then it counts as sent.

        Once per gap; again only if a replay itself skipped a number.
        """
        is_open = expected <= self._gap_end
        if is_open and not (is_poss_dup and self._asked_from < expected):
            return False
        self._gap_end = max(seq - 1, self._gap_end)
        self._asked_from = expected
        return True

    def has(self, seq: int) -> bool:
        return seq in self._held

    def take(self, seq: int) -> bytes | None:
        """The held message; None if it has been dealt with already."""
        data = self._held.pop(seq)
        self._held_bytes -= len(data) if data else 0
        return data

    def discard_below(self, expected: int) -> None:
        if self._held and min(self._held) < expected:
            self._held = {seq: data for seq, data in self._held.items() if seq >= expected}
            self._held_bytes = sum(len(data) for data in self._held.values() if data)
