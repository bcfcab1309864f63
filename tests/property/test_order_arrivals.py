"""Every life of an order, told by every mouth in many orders of arrival: engine and reference agree after each word.

`python -m tests.arrivals --limit 1000` tries more of them, `--all` every one.
"""

import random

import pytest

from tests.arrivals.__main__ import run, try_route
from tests.arrivals.belief import Belief
from tests.arrivals.lives import LIVES, live
from tests.arrivals.routes import arrivals, count, routes
from tests.arrivals.trial import Bench

LINES = ("LINEAR", "INVERSE", "SPOT")


@pytest.mark.parametrize("name", LIVES)
def test_what_is_believed_follows_from_what_was_told(name):
    totals = run([name], LINES, limit=15, seed=1)
    assert totals["failures"] == []
    assert totals["arrivals"] - totals["impossible"] >= 30


def test_all_orders_of_arrival_are_found_and_none_twice():
    life = live("cancelled", "LINEAR")
    route = dict(routes(life))["all told"]
    found = [tuple(map(str, arrival)) for arrival in arrivals(route, 10**6, random.Random(1))]
    # Asked A, its reply R and its word C, which comes after the stream's first word N: A < R, A < C, N < C allow five
    # orders (the poset named N). The create's reply may come anywhere: five places.
    assert len(found) == len(set(found)) == count(route) == 25
    for arrival in found:
        assert arrival.index("us:CANCEL #1(NEW 0/10)") < arrival.index("stream:CANCELED(CANCELED 0/10)")


def test_a_reference_with_a_mistake_is_contradicted(monkeypatch):
    """The comparison can fail: here the reference thinks that a cancel takes fills back."""
    life = live("fill during cancel", "LINEAR")
    monkeypatch.setattr(Belief, "leaves", property(lambda self: 10 - self.cum))
    totals = {"arrivals": 0, "impossible": 0}
    failure = try_route(Bench(), life, arrivals([life.asks, life.stream], 10, random.Random(1)), totals)
    assert "leaves is 0, not 6" in failure
