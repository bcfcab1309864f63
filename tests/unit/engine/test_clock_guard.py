"""Where the venue's clock is, how sure that is, and what makes it unsure. Time is a number."""

import random

import pytest

from tidings.engine.clock_guard import AGREEING_NEEDED, ClockGuard, ClockSample

S = 1_000_000_000
MS = 1_000_000
OFFSET_NS = 1_790_000_000 * S


def sample(at_ns: int, *, offset_ns: int = OFFSET_NS, way_ns: int = 10 * MS, skew_ns: int = 0) -> ClockSample:
    """An answer in whole milliseconds, read halfway (plus `skew_ns`) of a round trip of 2 × `way_ns`."""
    wall_ms = (at_ns + way_ns + skew_ns + offset_ns) // MS
    return ClockSample(at_ns, at_ns + 2 * way_ns, wall_ms * MS, wall_ms * MS + MS)


def guard_with(*samples: ClockSample) -> ClockGuard:
    guard = ClockGuard()
    for each in samples:
        guard.observe(each)
    return guard


def test_nothing_is_known_before_the_first_answer():
    with pytest.raises(ValueError, match="not told"):
        ClockGuard().wall_offset_ns(0)


def test_one_answer_bounds_the_offset_by_its_round_trip():
    guard = guard_with(sample(S))
    now_ns = S + 20 * MS
    assert abs(guard.wall_offset_ns(now_ns) - OFFSET_NS) <= guard.uncertainty_ns(now_ns)
    assert guard.uncertainty_ns(now_ns) == pytest.approx(10.5 * MS, abs=1)


@pytest.mark.parametrize("seed", range(20))
def test_the_true_offset_is_never_outside_the_uncertainty(seed):
    chance = random.Random(seed)
    guard, at_ns, offset_ns = ClockGuard(), 0, OFFSET_NS
    for _ in range(60):
        way_ns = chance.randrange(MS, 40 * MS)
        guard.observe(sample(at_ns, offset_ns=offset_ns, way_ns=way_ns, skew_ns=chance.randrange(-way_ns, way_ns)))
        assert not guard.is_in_doubt
        gap_ns = chance.randrange(S, 30 * S)
        at_ns += 2 * way_ns + gap_ns
        offset_ns += chance.choice((-1, 1)) * gap_ns * 190 // 1_000_000  # it drifts, within what is allowed
        assert abs(guard.wall_offset_ns(at_ns) - offset_ns) <= guard.uncertainty_ns(at_ns)


def test_more_answers_make_it_surer_and_time_less_sure():
    guard = guard_with(sample(0), sample(S, way_ns=2 * MS), sample(2 * S))
    assert guard.uncertainty_ns(2 * S) < 4 * MS
    soon_ns, late_ns = guard.uncertainty_ns(10 * S), guard.uncertainty_ns(1010 * S)
    assert late_ns - soon_ns == pytest.approx(1000 * S * 200 // 1_000_000, abs=2)


def test_alarm_and_denial_come_with_the_age_of_the_last_answer():
    guard = guard_with(sample(0))
    assert not guard.is_alarming(600 * S)
    assert guard.is_alarming(1300 * S)
    assert guard.reason(1300 * S) == ""
    assert guard.reason(5100 * S) == "the venue's clock is known to ± 1.0 s only: it last answered 5099 s ago"


def test_one_wrong_answer_is_doubted_and_left_out():
    guard = guard_with(sample(0), sample(S), sample(2 * S, offset_ns=OFFSET_NS + 30 * S))
    assert guard.is_in_doubt
    assert "jumped by +30.0" in guard.reason(2 * S)
    assert abs(guard.wall_offset_ns(3 * S) - OFFSET_NS) < 20 * MS
    guard.observe(sample(3 * S))
    assert (guard.is_in_doubt, guard.reason(3 * S), guard.glitch_count, guard.jump_count) == (False, "", 1, 0)


@pytest.mark.parametrize("jump_s", [-30, 90, 2])
def test_answers_that_agree_on_a_new_time_are_followed(jump_s):
    guard = guard_with(sample(0), sample(S))
    for count in range(AGREEING_NEEDED):
        assert guard.jump_count == 0
        guard.observe(sample((2 + count) * S, offset_ns=OFFSET_NS + jump_s * S))
    assert (guard.jump_count, guard.is_in_doubt) == (1, False)
    assert abs(guard.set_back_ns(5 * S) - max(0, -jump_s) * S) < 25 * MS
    now_ns = (3 + AGREEING_NEEDED) * S
    assert abs(guard.wall_offset_ns(now_ns) - OFFSET_NS - jump_s * S) <= guard.uncertainty_ns(now_ns)


@pytest.mark.parametrize(
    ("jumps_s", "at_s", "set_back_s"),
    [
        ((-10,), 100, 10),
        ((-10, 2), 100, 8),  # the second takes back some of it, and does not make the first forgotten
        ((5, -10), 100, 10),  # what was sent between the two lives that much longer
        ((-3, -4), 100, 7),
        ((-10,), 200, 0),  # whatever was dated before it is long over
        ((-3600,), 3600, 3600),  # and that is not
        ((-3600, -10), 3600, 3610),  # the second counts for as long as the first does
        ((-3600, -3600), 7000, 7200),  # and the first for as long as both make what was dated before it live
    ],
)
def test_how_much_longer_requests_may_live_that_were_dated_before_the_clock_was_set_back(jumps_s, at_s, set_back_s):
    guard, offset_ns, asked_ns = guard_with(sample(0), sample(S)), OFFSET_NS, 2 * S
    for jump_s in jumps_s:
        offset_ns += jump_s * S
        for _ in range(AGREEING_NEEDED):
            guard.observe(sample(asked_ns, offset_ns=offset_ns))
            asked_ns += S
    assert guard.jump_count == len(jumps_s)
    assert abs(guard.set_back_ns(at_s * S) - set_back_s * S) < 25 * MS * len(jumps_s)


def test_wrong_answers_that_do_not_agree_with_one_another_are_never_followed():
    guard = guard_with(sample(0))
    for count in range(1, 10):
        guard.observe(sample(count * S, offset_ns=OFFSET_NS + count * 7 * S))
    assert (guard.jump_count, guard.is_in_doubt, guard.glitch_count) == (0, True, 8)


def test_after_a_jump_an_old_minority_does_not_count():
    """A slow answer fits both times; the stretch most answers share is where the clock is."""
    wide = ClockSample(0, 4 * S, OFFSET_NS, OFFSET_NS + 4 * S)
    guard = guard_with(wide, sample(5 * S), sample(6 * S), sample(7 * S))
    assert abs(guard.wall_offset_ns(8 * S) - OFFSET_NS) < 20 * MS
