"""The venue's clock as seen from here, asked again and again; and the moments when this process stood still.

The venue tells its time in whole milliseconds (phemex docs 2026, "Query server time"). What the answers prove is
`engine/clock_guard`'s to say; this file asks, and hands on where the clock is.
"""

from __future__ import annotations

from collections import deque

from tidings.clock import Clock
from tidings.engine.clock_guard import NS_PER_MS, NS_PER_S, REQUEST_LIFE_MAX_NS, ClockGuard, ClockSample
from tidings.errors import PeerError
from tidings.venue.phemex.queries import Queries

SAMPLES_AT_START = 7
SAMPLES_AT_ONCE = 3
MEASURE_INTERVAL_NS = 30 * NS_PER_S  # 200 ppm are 6 ms by then
STALL_NS = 2 * NS_PER_S  # housekeeping runs fifty times a second: a gap like this is a stopped process
WALL_STEP_NS = 2 * NS_PER_S  # a suspended machine's monotonic clock stands still, the wall's does not


class VenueClock:
    """Where the venue's clock is. Known once `measure` has gone through; `look` keeps it so."""

    def __init__(self, clock: Clock) -> None:
        self.guard = ClockGuard()
        self.wall_offset_ns = 0  # the venue's Unix time minus our monotonic clock, true within ± uncertainty_ns
        self.uncertainty_ns = 0
        # (since when, uncertainty), falling: what requests were dated by that may be alive.
        self._widths: deque[tuple[int, int]] = deque()
        self.stall_count = 0
        self._clock = clock
        self._next_ns = 0
        self._last_tick_ns = self._last_wall_ns = 0

    def wall_ns(self, now_ns: int) -> int:
        """The venue's Unix time at our monotonic `now_ns`."""
        return now_ns + self.wall_offset_ns

    @property
    def expiry_offset_ns(self) -> int:
        """What expiries are dated by: a request lives its full time even if the venue's clock is ahead by as much as
        we are unsure.
        """
        return self.wall_offset_ns + self.uncertainty_ns

    @property
    def dated_within_ns(self) -> int:
        """The uncertainty by which a request that may be alive was dated: the widest of late."""
        return self._widths[0][1] if self._widths else self.uncertainty_ns

    def reason(self, now_ns: int) -> str:
        """Why the venue's clock is not sure enough for new orders; "" if it is."""
        return self.guard.reason(now_ns)

    async def measure(self, queries: Queries) -> None:
        """The first measurement. Raises ConnectionLost, VenueError, PeerError (its answers contradict one another)."""
        await self._ask(queries, SAMPLES_AT_START)
        if self.guard.is_in_doubt or self.guard.jump_count:
            raise PeerError("the venue's clock jumps: its answers about the time contradict one another")

    async def look(self, queries: Queries) -> None:
        """Ask again if it is time, or at once while in doubt. Raises as `measure` where no answer came."""
        now_ns = self._clock.read_now_ns()
        self._tell(now_ns)
        if now_ns >= self._next_ns or self.guard.is_in_doubt:
            self._next_ns = now_ns + MEASURE_INTERVAL_NS
            await self._ask(queries, SAMPLES_AT_ONCE)

    def has_stood_still(self) -> bool:
        """Whether process or machine was stopped since the last call. Call it with the housekeeping."""
        now_ns, wall_ns = self._clock.read_now_ns(), self._clock.read_wall_ns()
        gap_ns = now_ns - self._last_tick_ns if self._last_tick_ns else 0
        wall_gap_ns = wall_ns - self._last_wall_ns if self._last_tick_ns else 0
        self._last_tick_ns, self._last_wall_ns = now_ns, wall_ns
        # A wall clock set forward looks like a machine that slept: looking once too often is the cheaper mistake.
        if gap_ns <= STALL_NS and wall_gap_ns - gap_ns <= WALL_STEP_NS:
            return False
        self._next_ns = 0
        self.stall_count += 1
        return True

    async def _ask(self, queries: Queries, count: int) -> None:
        for _ in range(count):
            sent_ns = self._clock.read_now_ns()
            wall_ns = await queries.server_time_ms() * NS_PER_MS
            heard_ns = self._clock.read_now_ns()
            # The ms told stand for [ms, ms + 1).
            self.guard.observe(ClockSample(sent_ns, heard_ns, wall_ns, wall_ns + NS_PER_MS))
        self._tell(self._clock.read_now_ns())

    def _tell(self, now_ns: int) -> None:
        self.wall_offset_ns, self.uncertainty_ns = self.guard.offset_and_uncertainty_ns(now_ns)
        widths = self._widths
        while len(widths) > 1 and now_ns - widths[1][0] > REQUEST_LIFE_MAX_NS:  # the second was in force by then
            widths.popleft()
        since_ns = now_ns
        while widths and widths[-1][1] <= self.uncertainty_ns:
            since_ns = widths.pop()[0]
        widths.append((since_ns, self.uncertainty_ns))


async def measure_clock(queries: Queries, clock: Clock) -> VenueClock:
    """The venue's clock, asked a few times. Raises ConnectionLost, VenueError, PeerError."""
    venue_clock = VenueClock(clock)
    await venue_clock.measure(queries)
    return venue_clock
