"""A few hundred simulated minutes; `python -m tests.simulated_limits --minutes 100000` is the long run."""

from dataclasses import asdict

import pytest

from tests.simulated_limits.__main__ import SHARE_MIN, main, simulate
from tests.simulated_limits.counts import Fixed, Sliding
from tests.simulated_limits.shares import burst_share, sustained_share
from tests.simulated_limits.trial import Traits, Trial, draw_traits
from tidings.engine import throttle

S = 1_000_000_000
REAL = Traits(
    seed="real", profile="public", ceilings={}, told_by="sliding", phase_ns=0, journey_ns_max=2 * S,
    answer_ns_max=2 * S, tells_headers=True, sources=("kill_switch", "bursts", "steady"),
)  # fmt: skip


def test_nothing_is_too_many_by_any_way_of_counting():
    total, broken, _ = simulate(minutes=1_000, seed=1)

    assert (broken, total.excess, total.blocked_sends) == ([], 0, 0)
    assert min(total.orders, total.cancels, total.restarts, total.refused_beside_foreign) > 0


@pytest.mark.parametrize("profile", ["public", "testnet", "vip"])
def test_orders_get_their_capacity_at_the_venues_real_limits(profile):
    traits = Traits(**{**asdict(REAL), "profile": profile})
    assert burst_share(traits)[0] == 1
    assert sustained_share(traits, burst_part=0.5)[0] >= SHARE_MIN


@pytest.mark.parametrize("trickle_s", [1, 5])
def test_an_order_now_and_then_does_not_cost_the_burst(trickle_s):
    assert burst_share(REAL, trickle_s=trickle_s)[0] >= 0.99


def test_a_trial_is_the_same_each_time():
    assert Trial(draw_traits(3, 5)).run() == Trial(draw_traits(3, 5)).run()


def test_an_engine_without_margin_is_caught(monkeypatch):
    """The counting can find fault: here journeys are taken to be all alike."""
    monkeypatch.setattr("tidings.venue.phemex.rate_groups.MARGIN_NS", 0)
    assert throttle.MARGIN_NS > 0
    total, broken, _ = simulate(minutes=300, seed=1)
    assert broken
    assert total.excess > 0


def test_the_two_ways_of_counting():
    sliding, fixed = Sliding(2, 60 * S), Fixed(2, 60 * S, phase_ns=10 * S)
    for model in (sliding, fixed):
        model.remaining(40 * S)
        model.add(2, 40 * S)
    assert [(sliding.remaining(at_s * S), fixed.remaining(at_s * S)) for at_s in (49, 50, 99, 100)] == [
        (0, 0), (0, 2), (0, 2), (2, 2),
    ]  # fmt: skip


def test_the_command_ends_with_one_line_of_json(capsys):
    assert main(["--minutes", "250", "--seed", "4", "--json"]) == 0
    assert capsys.readouterr().out.startswith('{"minutes": ')
