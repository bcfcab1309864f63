"""How many application messages a peer may send: a token bucket, and what counts as a flood."""

from __future__ import annotations

SECOND_NS = 1_000_000_000
FLOOD_FACTOR = 10


class InboundThrottle:
    """`msgs_per_s` 0: no limit. A flood is ten times the rate within one second."""

    def __init__(self, msgs_per_s: int, burst_msgs: int = 0) -> None:
        self._rate = msgs_per_s
        self._room_ns = (burst_msgs or msgs_per_s) * SECOND_NS
        self._level_ns = self._room_ns  # in billionths of a message, so that nothing is rounded
        self._last_ns = 0
        self._second_began_ns = 0
        self._in_second = 0
        self.is_flooded = False

    def takes(self, now_ns: int) -> bool:
        """Count one message: whether it is within the limit. Afterwards `is_flooded` tells of a flood."""
        if not self._rate:
            return True
        if now_ns - self._second_began_ns >= SECOND_NS:
            self._second_began_ns = now_ns
            self._in_second = 0
        self._in_second += 1
        self.is_flooded = self._in_second > FLOOD_FACTOR * self._rate
        self._level_ns = min(self._room_ns, self._level_ns + (now_ns - self._last_ns) * self._rate)
        self._last_ns = now_ns
        if self._level_ns < SECOND_NS:
            return False
        self._level_ns -= SECOND_NS
        return True

    def use(self, now_ns: int) -> tuple[int, int] | None:
        """Messages of the allowance that are used up, and how many it is; None: there is no limit."""
        if not self._rate:
            return None
        level_ns = min(self._room_ns, self._level_ns + (now_ns - self._last_ns) * self._rate)
        return -((level_ns - self._room_ns) // SECOND_NS), self._room_ns // SECOND_NS
