"""When the venue's clock is asked, what its answers move, and how a stopped process shows."""

import pytest

from tidings.app.links.venue_clock import MEASURE_INTERVAL_NS, SAMPLES_AT_ONCE, SAMPLES_AT_START, measure_clock
from tidings.clock import ManualClock
from tidings.errors import ConnectionLost, PeerError

S = 1_000_000_000
MS = 1_000_000
START_NS = 50 * S
WALL_NS = 1_790_000_000 * S


class Venue:
    """Answers its time after a way of `way_ns` each, `ahead_ns` off the truth."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.ahead_ns, self.asked_count = clock, 0, 0
        self.is_down, self.way_ns = False, 3 * MS

    async def server_time_ms(self) -> int:
        self.asked_count += 1
        if self.is_down:
            raise ConnectionLost("no way to the venue")
        self.clock.advance(self.way_ns)
        told_ms = (self.clock.read_wall_ns() + self.ahead_ns) // MS
        self.clock.advance(self.way_ns)
        return told_ms


@pytest.fixture
def clock():
    return ManualClock(START_NS, WALL_NS)


async def test_the_first_measurement_finds_the_offset(clock):
    venue = Venue(clock)
    found = await measure_clock(venue, clock)
    assert venue.asked_count == SAMPLES_AT_START
    assert abs(found.wall_ns(clock.read_now_ns()) - clock.read_wall_ns()) <= found.uncertainty_ns <= 4 * MS
    assert found.expiry_offset_ns == found.wall_offset_ns + found.uncertainty_ns
    assert found.reason(clock.read_now_ns()) == ""


async def test_contradictory_first_answers_are_an_error(clock):
    venue = Venue(clock)

    async def jumping() -> int:
        venue.ahead_ns += 5 * S
        return await Venue.server_time_ms(venue)

    venue.server_time_ms = jumping
    with pytest.raises(PeerError, match="contradict"):
        await measure_clock(venue, clock)


async def test_it_is_asked_again_after_the_interval_and_at_once_while_in_doubt(clock):
    venue = Venue(clock)
    venue_clock = await measure_clock(venue, clock)
    await venue_clock.look(venue)
    asked_count = venue.asked_count
    await venue_clock.look(venue)
    assert venue.asked_count == asked_count
    clock.advance(MEASURE_INTERVAL_NS)
    venue.ahead_ns = 40 * S
    await venue_clock.look(venue)
    assert venue.asked_count == asked_count + SAMPLES_AT_ONCE
    assert venue_clock.guard.jump_count == 1
    assert abs(venue_clock.wall_ns(clock.read_now_ns()) - clock.read_wall_ns() - 40 * S) <= 4 * MS


async def test_while_no_answer_comes_it_is_known_ever_less(clock):
    venue = Venue(clock)
    venue_clock = await measure_clock(venue, clock)
    before_ns = venue_clock.uncertainty_ns
    venue.is_down = True
    for _ in range(20):
        clock.advance(MEASURE_INTERVAL_NS)
        with pytest.raises(ConnectionLost):
            await venue_clock.look(venue)
    assert venue_clock.uncertainty_ns - before_ns == pytest.approx(20 * 30 * S * 200 // 1_000_000, rel=0.01)


async def test_what_was_dated_while_it_was_less_sure_is_remembered_as_long_as_it_may_live(clock):
    venue = Venue(clock)
    venue.way_ns = 400 * MS
    venue_clock = await measure_clock(venue, clock)
    wide_ns = venue_clock.uncertainty_ns
    assert wide_ns > 350 * MS
    venue.way_ns = 3 * MS
    for second in range(300):
        clock.advance(S)
        await venue_clock.look(venue)
        if second == 100:
            assert (venue_clock.uncertainty_ns < 10 * MS, venue_clock.dated_within_ns >= wide_ns) == (True, True)
    assert venue_clock.dated_within_ns < 15 * MS


async def test_a_stopped_process_is_noticed_and_the_clock_asked_again(clock):
    venue = Venue(clock)
    venue_clock = await measure_clock(venue, clock)
    await venue_clock.look(venue)
    assert not venue_clock.has_stood_still()
    clock.advance(20 * MS)
    assert not venue_clock.has_stood_still()
    clock.advance(10 * S)
    assert venue_clock.has_stood_still()
    assert venue_clock.stall_count == 1
    asked_count = venue.asked_count
    await venue_clock.look(venue)
    assert venue.asked_count > asked_count
    assert not venue_clock.has_stood_still()


async def test_a_suspended_machine_shows_by_its_wall_clock(clock):
    """While suspended the monotonic clock stands still: the venue's clock seems to have jumped, and so it is asked."""
    venue = Venue(clock)
    venue_clock = await measure_clock(venue, clock)
    await venue_clock.look(venue)
    venue_clock.has_stood_still()
    venue.ahead_ns = 3600 * S
    suspended = ManualClock(clock.read_now_ns(), clock.read_wall_ns() + 3600 * S)
    venue_clock._clock = suspended
    assert venue_clock.has_stood_still()
    await venue_clock.look(Venue(suspended))
    assert venue_clock.guard.jump_count == 1
