"""Heartbeats: what is due after how much silence. Times are monotonic nanoseconds; 0 seconds: nothing is ever due."""

from __future__ import annotations

from enum import Enum, auto

SECOND_NS = 1_000_000_000


class Due(Enum):
    NOTHING = auto()
    HEARTBEAT = auto()
    TEST_REQUEST = auto()
    TIMEOUT = auto()


class Liveness:
    """One connection's two silences: ours and the peer's."""

    def __init__(self) -> None:
        self._heartbeat_ns = 0
        self._sent_ns = 0
        self.received_ns = 0
        self._has_asked = False  # a TestRequest of ours is open

    def start(self, heartbeat_s: int, now_ns: int) -> None:
        self._heartbeat_ns = heartbeat_s * SECOND_NS
        self._sent_ns = self.received_ns = now_ns
        self._has_asked = False

    def sent(self, now_ns: int) -> None:
        self._sent_ns = now_ns

    def received(self, now_ns: int) -> None:
        self.received_ns = now_ns
        self._has_asked = False

    def due(self, now_ns: int) -> Due:
        """The most urgent thing; a TestRequest it calls for counts as sent."""
        beat_ns = self._heartbeat_ns
        if not beat_ns:
            return Due.NOTHING
        silence_ns = now_ns - self.received_ns
        if silence_ns * 10 >= beat_ns * 24:
            return Due.TIMEOUT
        if silence_ns * 10 >= beat_ns * 12 and not self._has_asked:
            self._has_asked = True
            return Due.TEST_REQUEST
        if now_ns - self._sent_ns >= beat_ns and not self._has_asked:
            return Due.HEARTBEAT
        return Due.NOTHING
