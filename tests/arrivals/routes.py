"""By which mouths a life is told, and every order in which what they say can arrive.

A route is a set of channels. What one channel says arrives in the order it was said; channels overtake each other
freely; and nothing arrives that is the effect of a request not yet sent.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.arrivals.lives import STEP_NS, Life, Moment, Word

Route = list[list[Word]]


def routes(life: Life) -> Iterator[tuple[str, Route]]:
    """(name, channels) of every way the life may be told. Each tells its end, by one mouth or another."""
    replies = [[reply] for reply in life.replies]
    deadlines = [[_deadline(reply)] for reply in life.replies]
    last = len(life.moments) - 1
    late = [[*lost, *reply] for lost, reply in zip(deadlines, replies, strict=True)]
    yield "all told", [life.asks, life.stream, *replies]
    yield "replies lost", [life.asks, life.stream, *deadlines]
    yield "replies late", [life.asks, life.stream, *late]
    yield "stream lost", [life.asks, [query(life, last)], *replies]
    yield "all lost but a query", [life.asks, [query(life, last)], *deadlines]
    yield "told twice", [life.asks, life.stream, [_retold(word) for word in life.stream], *replies]
    for moment in range(1, last):
        yield f"query of moment {moment} lags", [life.asks, life.stream, [query(life, moment)], *replies]
    for cut in range(len(life.stream)):
        rest = life.stream[:cut] + snapshot(life, last)
        yield f"stream cut after {cut}", [life.asks, rest, *deadlines]
    for dropped in range(len(life.stream)):
        rest = life.stream[:dropped] + life.stream[dropped + 1:]
        yield f"stream word {dropped} dropped", [life.asks, rest, [query(life, last)], *deadlines]


def query(life: Life, moment: int) -> Word:
    """A query's row: the order as it was at a moment.

    Spot rows do not say when it changed last (phemex docs 2026, "Spot"): all that is known is since when it has been so
    at the latest, from when the question was asked.
    """
    told = life.moments[moment]
    if life.line == "SPOT":
        told = replace(told, at_ns=told.at_ns + STEP_NS // 2)
    return Word("query", "STATUS", told, source="QUERY", request="QUERY")


def snapshot(life: Life, moment: int) -> list[Word]:
    """What a new subscription tells: every execution so far as history, and the order as it stands.

    Spot's executions come first, contracts' rows open orders first.
    """
    told = life.moments[moment]
    history = [replace(word, source="SNAPSHOT") for word in life.stream if word.execution]
    state = [Word("stream", "STATUS", told, source="SNAPSHOT")]
    rows = history + state if life.line == "SPOT" else state + history
    return [replace(word, told=replace(word.told, asked=told.asked)) for word in rows]


def _retold(word: Word) -> Word:
    return replace(word, channel="again", source="SNAPSHOT", event=word.event if word.execution else "STATUS")


def _deadline(reply: Word) -> Word:
    """Our own word when no answer came in time."""
    told = Moment(asked=reply.about)
    return replace(
        reply, event="UNKNOWN", told=told, source="LOCAL", code=0, tells_status=False, tells_terms=False
    )


def count(route: Route) -> int:
    """How many orders of arrival a route has."""
    return _count(route, tuple(len(channel) for channel in route), 0, {})


def _count(route: Route, left: tuple[int, ...], asked: int, known: dict) -> int:
    if not any(left):
        return 1
    if left not in known:
        known[left] = sum(_count(route, *_next(route, left, asked, i), known) for i in _ready(route, left, asked))
    return known[left]


def _ready(route: Route, left: tuple[int, ...], asked: int) -> list[int]:
    """The channels whose next word can come now."""
    return [
        i for i, channel in enumerate(route)
        if left[i] and channel[-left[i]].told.asked <= asked
    ]


def _next(route: Route, left: tuple[int, ...], asked: int, i: int) -> tuple[tuple[int, ...], int]:
    word = route[i][-left[i]]
    return (*left[:i], left[i] - 1, *left[i + 1:]), asked + (word.channel == "us")


def arrivals(route: Route, limit: int, chance: random.Random) -> Iterator[list[Word]]:
    """Every order of arrival, or `limit` of them drawn evenly by `chance` where there are more."""
    lengths, known = tuple(len(channel) for channel in route), {}
    if _count(route, lengths, 0, known) <= limit:
        yield from _all(route, lengths, 0)
    else:
        for _ in range(limit):
            yield _draw(route, lengths, known, chance)


def _all(route: Route, left: tuple[int, ...], asked: int) -> Iterator[list[Word]]:
    if not any(left):
        yield []
    for i in _ready(route, left, asked):
        for rest in _all(route, *_next(route, left, asked, i)):
            yield [route[i][-left[i]], *rest]


def _draw(route: Route, left: tuple[int, ...], known: dict, chance: random.Random) -> list[Word]:
    arrival, asked = [], 0
    while any(left):
        ready = _ready(route, left, asked)
        weights = [_count(route, *_next(route, left, asked, i), known) for i in ready]
        i = chance.choices(ready, weights)[0]
        arrival.append(route[i][-left[i]])
        left, asked = _next(route, left, asked, i)
    return arrival
