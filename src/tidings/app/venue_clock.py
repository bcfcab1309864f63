"""How far the venue's clock is from ours, and how sure we are.

The venue tells its time in milliseconds, so one answer bounds it: it was read somewhere between our sending and our
hearing. The bounds of several answers are intersected; the middle is the offset, half the width its uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidings.clock import Clock
from tidings.errors import PeerError
from tidings.venue.phemex.queries import Queries

NS_PER_MS = 1_000_000
SAMPLES = 7


@dataclass(frozen=True, slots=True)
class VenueClock:
    """`wall_offset_ns`: the venue's Unix time minus our monotonic clock; true within ± `uncertainty_ns`."""

    wall_offset_ns: int
    uncertainty_ns: int

    def wall_ns(self, now_ns: int) -> int:
        """The venue's Unix time at our monotonic `now_ns`."""
        return now_ns + self.wall_offset_ns


def venue_clock_from(samples: list[tuple[int, int, int]]) -> VenueClock:
    """The offset that fits all samples (sent_ns, heard_ns, server_time_ms).

    Raises PeerError when none or contradictory ones are given.
    """
    if not samples:
        raise PeerError("the venue did not tell its time")
    # The server read its clock in [sent, heard]; the ms it told stand for [ms, ms + 1).
    lowest = max(server_ms * NS_PER_MS - heard_ns for sent_ns, heard_ns, server_ms in samples)
    highest = min((server_ms + 1) * NS_PER_MS - sent_ns for sent_ns, heard_ns, server_ms in samples)
    if lowest > highest:
        raise PeerError("the venue's clock jumps: its answers about the time contradict one another")
    return VenueClock((lowest + highest) // 2, (highest - lowest) // 2)


async def measure_clock(queries: Queries, clock: Clock) -> VenueClock:
    """Ask the venue's time a few times. Raises ConnectionLost, PeerError."""
    samples = []
    for _ in range(SAMPLES):
        sent_ns = clock.read_now_ns()
        server_ms = await queries.server_time_ms()
        samples.append((sent_ns, clock.read_now_ns(), server_ms))
    return venue_clock_from(samples)
