"""The venue's counting: weights, windows of both kinds against a slow model, headers, and blocked addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.exchange.rest.rate_limits import FixedWindow, RateLimits, SlidingWindow, group_and_weight
from tidings.exchange.venue_rules import Rules

S = 1_000_000_000
T0 = 1_790_000_040 * S  # the beginning of a wall-clock minute


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", "/g-orders/create", ("contract", 1)),
        ("DELETE", "/g-orders/all", ("contract", 3)),
        ("DELETE", "/orders/all", ("contract", 3)),
        ("GET", "/g-accounts/positions", ("contract", 25)),
        ("GET", "/accounts/accountPositions", ("contract", 1)),
        ("DELETE", "/spot/orders", ("spotorder", 2)),
        ("PUT", "/spot/orders", ("spotorder", 1)),
        ("PUT", "/positions/leverage", ("", 1)),
        ("GET", "/public/time", ("", 1)),
        ("GET", "/exchange/public/md/kline", ("", 10)),
        ("GET", "/orders", ("", 1)),
    ],
)
def test_groups_and_weights_are_the_documents(method, path, expected):
    assert group_and_weight(method, path) == expected


def parsed(headers: str) -> dict[str, int]:
    return {name: int(value) for name, _, value in (line.partition(": ") for line in headers.split("\r\n") if line)}


def test_every_response_carries_remaining_and_capacity_of_its_group():
    limits = RateLimits()
    decision = limits.take(1, "DELETE", "/g-orders/all", "BTCUSDT", T0)
    assert decision.is_allowed
    assert parsed(decision.headers) == {"x-ratelimit-remaining-contract": 497, "x-ratelimit-capacity-contract": 500}
    decision = limits.take(1, "GET", "/public/time", "", T0)
    assert parsed(decision.headers) == {"x-ratelimit-remaining": 99, "x-ratelimit-capacity": 100}
    decision = limits.take(1, "POST", "/spot/orders", "sBTCUSDT", T0)
    assert parsed(decision.headers) == {"x-ratelimit-remaining-spotorder": 499, "x-ratelimit-capacity-spotorder": 500}


def test_the_request_above_the_capacity_is_refused_with_the_seconds_to_wait():
    limits = RateLimits()
    for _ in range(100):
        assert limits.take(1, "GET", "/public/time", "", T0 + 20 * S).is_allowed
    decision = limits.take(1, "GET", "/public/time", "", T0 + 20 * S + 1)
    assert not decision.is_allowed
    assert parsed(decision.headers) == {
        "x-ratelimit-remaining": 0, "x-ratelimit-capacity": 100, "x-ratelimit-retry-after": 40,
    }
    assert limits.take(2, "GET", "/public/time", "", T0 + 21 * S).is_allowed, "another user has permits of his own"
    assert limits.take(1, "GET", "/public/time", "", T0 + 60 * S).is_allowed, "the next minute began"


def test_a_heavy_request_is_refused_while_light_ones_still_pass():
    limits = RateLimits()
    for _ in range(480):
        limits.take(1, "PUT", "/orders/create", "BTCUSD", T0)
    assert not limits.take(1, "GET", "/accounts/positions", "", T0).is_allowed
    assert parsed(limits.take(1, "PUT", "/orders/create", "BTCUSD", T0).headers)["x-ratelimit-remaining-contract"] == 19


def test_a_sliding_window_gives_permits_back_one_by_one():
    limits = RateLimits(window="sliding")
    for second in range(50):
        limits.take(1, "GET", "/public/time", "", T0 + second * S)
        limits.take(1, "GET", "/public/time", "", T0 + second * S)
    refused = limits.take(1, "GET", "/public/time", "", T0 + 55 * S)
    assert parsed(refused.headers)["x-ratelimit-retry-after"] == 5
    allowed = limits.take(1, "GET", "/public/time", "", T0 + 60 * S)
    assert allowed.is_allowed and parsed(allowed.headers)["x-ratelimit-remaining"] == 1


def test_vip_counts_the_contract_group_and_the_symbol():
    limits = RateLimits(profile="vip")
    for _ in range(500):
        assert limits.take(1, "PUT", "/g-orders/create", "BTCUSDT", T0).is_allowed
    refused = limits.take(1, "PUT", "/g-orders/create", "BTCUSDT", T0)
    assert parsed(refused.headers) == {
        "x-ratelimit-remaining-contract": 4500,
        "x-ratelimit-capacity-contract": 5000,
        "x-ratelimit-remaining-contract_btcusdt": 0,
        "x-ratelimit-capacity-contract_btcusdt": 500,
        "x-ratelimit-retry-after-contract_btcusdt": 60,
    }
    assert limits.take(1, "PUT", "/g-orders/create", "ETHUSDT", T0).is_allowed


def test_unenforced_limits_show_that_all_is_left():
    limits = RateLimits(is_enforced=False)
    decisions = [limits.take(1, "GET", "/public/time", "", T0) for _ in range(150)]
    assert all(decision.is_allowed for decision in decisions)
    assert parsed(decisions[-1].headers) == {"x-ratelimit-remaining": 100, "x-ratelimit-capacity": 100}


def test_an_address_above_5000_in_five_minutes_is_blocked_for_five_minutes():
    limits = RateLimits()
    assert all(limits.admits_address("10.0.0.1", T0) for _ in range(5_000))
    breach_ns = T0 + 299 * S
    assert not limits.admits_address("10.0.0.1", breach_ns)
    assert not limits.admits_address("10.0.0.1", breach_ns + 300 * S - 1)
    assert limits.admits_address("10.0.0.2", breach_ns)
    assert limits.admits_address("10.0.0.1", breach_ns + 300 * S)


def test_the_oldest_list_of_trades_is_given_five_times_a_second():
    limits = RateLimits()
    for address in ("10.0.0.1", "10.0.0.2"):
        assert limits.admits_address(address, T0)
        assert [limits.admits_trade_list(address, T0 + n) for n in range(6)] == [True] * 5 + [False]
    assert limits.admits_trade_list("10.0.0.1", T0 + S)
    free = RateLimits(is_enforced=False)
    assert free.admits_address("10.0.0.1", T0)
    assert all(free.admits_trade_list("10.0.0.1", T0) for _ in range(9))


def test_an_address_starts_anew_every_five_minutes():
    limits = RateLimits()
    for minutes in range(4):
        assert all(limits.admits_address("10.0.0.1", T0 + minutes * 300 * S) for _ in range(5_000))


STEPS = st.lists(st.tuples(st.integers(0, 30 * S), st.sampled_from([1, 2, 3, 25])), max_size=60)


@given(STEPS)
def test_the_fixed_window_is_a_count_per_wall_clock_minute(steps):
    window, now_ns, used = FixedWindow(50), T0, {}
    for gap_ns, weight in steps:
        now_ns += gap_ns
        minute = now_ns // (60 * S)
        assert window.remaining(now_ns) == 50 - used.get(minute, 0)
        if window.remaining(now_ns) >= weight:
            window.take(weight)
            used[minute] = used.get(minute, 0) + weight


@given(STEPS)
def test_the_sliding_window_is_a_sum_over_the_last_minute(steps):
    window, now_ns, taken = SlidingWindow(50), T0, []
    for gap_ns, weight in steps:
        now_ns += gap_ns
        recent = sum(permits for when_ns, permits in taken if when_ns > now_ns - 60 * S)
        assert window.remaining(now_ns) == 50 - recent
        if 50 - recent >= weight:
            window.take(weight)
            taken.append((now_ns, weight))
        else:
            wait_s = window.retry_after_s(weight, now_ns)
            recent = sum(permits for when_ns, permits in taken if when_ns > now_ns + wait_s * S - 60 * S)
            assert 50 - recent >= weight


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_what_remains_is_never_below_nothing(window):
    """Where a 429 costs, a client that does not stop owes permits; the header does not say how many."""
    limits = RateLimits(window=window, rules=Rules(refused_costs="permits"))
    decisions = [limits.take(1, "GET", "/g-accounts/positions", "", T0) for _ in range(22)]
    assert [decision.is_allowed for decision in decisions[19:]] == [True, False, False]
    assert "x-ratelimit-remaining-contract: 0\r\n" in decisions[-1].headers


def test_an_address_opens_so_many_streams_in_five_minutes_and_then_none():
    limits = RateLimits(rules=Rules(stream_attempts=3))
    opened = [limits.admits_stream("192.0.2.1", T0 + n * S) for n in range(5)]
    assert opened == [True, True, True, False, False]
    assert limits.admits_stream("192.0.2.2", T0), "another address"
    assert not limits.admits_stream("192.0.2.1", T0 + 299 * S)
    assert limits.admits_stream("192.0.2.1", T0 + 300 * S)
    for free in (RateLimits(rules=Rules(stream_attempts=0)), RateLimits(is_enforced=False)):
        assert all(free.admits_stream("192.0.2.1", T0) for _ in range(1_000))
