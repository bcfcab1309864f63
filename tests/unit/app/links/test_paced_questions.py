"""Questions about the past keep within the venue's budget, leave the engine its share, and outlast a hiccup."""

import asyncio

import pytest

from tidings.app.links import paced_questions
from tidings.app.links.paced_questions import KEPT_FOR_ENGINE, PacedQuestions
from tidings.clock import ManualClock
from tidings.engine.throttle import PRIORITY_ORDER
from tidings.errors import ConnectionLost, RateLimited, VenueError
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.rate_groups import OTHERS, RateBudget

MINUTE_NS = 60_000_000_000
LIST, OLD_LIST = "/exchange/public/md/v2/kline/list", "/exchange/public/md/kline"


class Asked:
    """An engine as far as questions need one. `script`: what the next answers are; then all are 7."""

    def __init__(self, *script, is_open=True) -> None:
        self.is_open = is_open
        self.clock = ManualClock(now_ns=1_000 * MINUTE_NS)
        self.budget = RateBudget(endpoints_of("testnet"))
        self.link = self.queries = self
        self.script, self.times_ns = list(script), []

    async def request(self, method, path, query, *, signed):
        assert (method, signed) == ("GET", False)
        self.times_ns.append(self.clock.read_now_ns())
        answer = self.script.pop(0) if self.script else 7
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Sleeping moves the clock of the engine that `quick` was given."""
    clocks = []

    async def sleep(seconds):
        for clock in clocks:
            clock.advance(int(seconds * 1e9))

    monkeypatch.setattr(paced_questions.asyncio, "sleep", sleep)
    return clocks


def ask_often(engine, count, path):
    questions = PacedQuestions(engine)

    async def ask():
        return [await questions.fetch(path, "symbol=BTCUSD") for _ in range(count)]

    assert asyncio.run(ask()) == [7] * count
    return questions


@pytest.mark.parametrize(("is_open", "kept"), [(True, KEPT_FOR_ENGINE), (False, 0)])
@pytest.mark.parametrize(("path", "weight"), [(LIST, 1), (OLD_LIST, 10)])
def test_no_minute_sees_more_than_the_group_has_beside_what_is_kept_for_others(quick, path, weight, is_open, kept):
    engine = Asked(is_open=is_open)
    quick.append(engine.clock)
    questions = ask_often(engine, 200 // weight, path)
    for begin_ns in engine.times_ns:
        weighed = weight * sum(begin_ns <= time_ns < begin_ns + MINUTE_NS for time_ns in engine.times_ns)
        assert weighed <= 100 - 30 - kept  # the venue's, the budget's reserve, the engine's
    assert questions.question_count == 200 // weight
    assert questions.waited_s == pytest.approx((engine.times_ns[-1] - engine.times_ns[0]) / 1e9)
    assert questions.waited_s <= 62 * (200 // (70 - kept))  # and no longer than it must


def test_what_was_asked_counts_against_the_account_too(quick):
    engine = Asked()
    quick.append(engine.clock)
    ask_often(engine, 5, LIST)
    bucket = engine.budget.bucket_of(OTHERS)
    assert bucket.used_at(engine.clock.read_now_ns()) == 5
    assert bucket.room(PRIORITY_ORDER, engine.clock.read_now_ns()) == 65


def test_a_host_that_counts_every_request_is_not_counted_twice(quick):
    engine = Asked()
    engine.budget = RateBudget(endpoints_of("vip"))
    ask_often(engine, 5, LIST)
    assert engine.budget.bucket_of(OTHERS).used_at(engine.clock.read_now_ns()) == 0  # by the link, which is not here


def test_hiccups_are_asked_again(quick):
    engine = Asked(ConnectionLost("down"), VenueError("busy", http_status=503), RateLimited("slowly", 30), 7)
    quick.append(engine.clock)
    ask_often(engine, 1, LIST)
    assert len(engine.times_ns) == 4
    assert engine.times_ns[3] - engine.times_ns[2] == 30_000_000_000


def test_what_the_venue_says_of_waiting_counts_and_more_each_time(quick):
    engine = Asked(*[RateLimited("slowly", 60)] * 3)
    quick.append(engine.clock)
    ask = engine.request

    async def request(*words, **options):
        engine.budget.block("", 2, engine.clock.read_now_ns())  # as the link does, of the answer's header
        return await ask(*words, **options)

    engine.request = request
    ask_often(engine, 1, LIST)
    waits_s = [(b - a) / 1e9 for a, b in zip(engine.times_ns, engine.times_ns[1:], strict=False)]
    assert waits_s == [2, 4, 8]


@pytest.mark.parametrize("error", [VenueError("no such symbol", 30000), ConnectionLost("down")])
def test_a_refusal_ends_it_at_once_and_a_line_that_stays_down_in_the_end(quick, error):
    engine = Asked(*[error] * 50)
    quick.append(engine.clock)
    with pytest.raises(type(error)):
        asyncio.run(PacedQuestions(engine).fetch(LIST, ""))
    assert len(engine.times_ns) == (1 if isinstance(error, VenueError) else 6)
