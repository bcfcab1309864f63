"""The machine's clocks agree with Python's; the manual one moves only when told."""

import time

from tidings.clock import Clock, ManualClock


def test_now_is_the_monotonic_clock():
    before_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    now_ns = Clock().read_now_ns()
    assert before_ns <= now_ns <= time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def test_wall_is_unix_time():
    before_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
    wall_ns = Clock().read_wall_ns()
    assert before_ns <= wall_ns <= time.clock_gettime_ns(time.CLOCK_REALTIME)


def test_manual_clock_stands_still_until_told():
    clock = ManualClock(now_ns=5, wall_ns=1_700_000_000_000_000_000)
    assert (clock.read_now_ns(), clock.read_now_ns()) == (5, 5)

    clock.advance(7)
    assert clock.read_now_ns() == 12
    assert clock.read_wall_ns() == 1_700_000_000_000_000_007


def test_manual_readings_are_set_apart():
    clock = ManualClock()
    clock.manual_wall_ns = 99
    assert (clock.read_now_ns(), clock.read_wall_ns()) == (0, 99)
