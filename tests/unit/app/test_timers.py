"""Timers that go on, in virtual time."""

import pytest

from tests.simulated.loop import EngineLoop, Timeline
from tidings.app.timers import Ticks, every

MS = 1_000_000


class Bench:
    def __init__(self):
        self.timeline = Timeline()
        self.loop = EngineLoop(self.timeline, 0, 0)
        self.called_ms, self.errors = [], []
        self.timer = None

    def begin(self, make, act):
        self.loop.call_soon(self._begin, make, act)
        self.timeline.run_to(0)

    def _begin(self, make, act):
        self.timer = make(0.01, act, lambda error, whose: self.errors.append((str(error), whose)))

    def run_on_to(self, limit_ns):
        """Also when nothing is planned any more."""
        self.timeline.at(limit_ns + 1, self.note)
        self.timeline.run_to(limit_ns)

    def note(self):
        self.called_ms.append(self.timeline.now_ns // MS)


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize("make", [every, Ticks])
def test_it_goes_on_until_it_is_cancelled(bench, make):
    bench.begin(make, bench.note)
    bench.timeline.run_to(35 * MS)
    bench.timer.cancel()
    bench.run_on_to(100 * MS)
    assert bench.called_ms == [10, 20, 30]


@pytest.mark.parametrize("make", [every, Ticks])
def test_an_error_is_told_and_the_timer_goes_on(bench, make):
    def fail():
        bench.note()
        raise ValueError("no")

    bench.begin(make, fail)
    bench.timeline.run_to(25 * MS)
    assert bench.called_ms == [10, 20]
    assert bench.errors == [("no", fail)] * 2


def test_ticks_can_be_cancelled_by_what_they_call(bench):
    def once():
        bench.note()
        bench.timer.cancel()

    bench.begin(Ticks, once)
    bench.run_on_to(60 * MS)
    assert bench.called_ms == [10]


def test_every_awaits_what_it_is_given(bench):
    async def act():
        bench.note()

    bench.begin(every, act)
    bench.timeline.run_to(15 * MS)
    assert bench.called_ms == [10]
