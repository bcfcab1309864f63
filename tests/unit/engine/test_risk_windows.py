"""Windows against lists of (time, amount): never looser than exact, never stricter than one span."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.engine.risk_windows import ExecutionBreaker, RecentOrders, RollingSum

S = 1_000_000_000
WINDOW_NS = 64 * S
SPAN_NS = 2 * S                         # a thirty-second

steps = st.lists(st.tuples(st.sampled_from([0, 1, S, SPAN_NS - 1, SPAN_NS, 7 * S, 63 * S, 64 * S, 67 * S, 500 * S]),
                           st.integers(0, 40), st.booleans()), max_size=80)


@given(steps=steps, start_ns=st.integers(-2**40, 2**60))
def test_sum_is_never_looser_than_exact_nor_much_stricter(steps, start_ns):
    window, spendings, now_ns = RollingSum(100, WINDOW_NS), [], start_ns
    for wait_ns, amount, is_taken_back in steps:
        now_ns += wait_ns
        used = window.used_at(now_ns)
        assert used >= sum(spent for at_ns, spent in spendings if now_ns - at_ns < WINDOW_NS)
        assert used <= sum(spent for at_ns, spent in spendings if now_ns - at_ns < WINDOW_NS + SPAN_NS)
        assert window.try_add(amount, now_ns) == (used + amount <= 100)
        if used + amount <= 100:
            if is_taken_back:
                window.undo(amount)
                assert window.used_at(now_ns) == used
            else:
                spendings.append((now_ns, amount))


def test_limit_is_reached_and_not_passed():
    window = RollingSum(3, WINDOW_NS)
    assert [window.try_add(1, 5) for _ in range(4)] == [True, True, True, False]
    assert not window.try_add(1, 5 + WINDOW_NS - 1)
    assert window.try_add(3, 5 + WINDOW_NS + SPAN_NS)


def test_limit_lowered_below_what_is_used_leaves_no_room():
    window = RollingSum(10, WINDOW_NS)
    window.try_add(8, 0)
    window.set_limit(5)
    assert not window.try_add(1, 0)
    assert (window.limit, window.used_at(0)) == (5, 8)


@pytest.mark.parametrize(("limit", "window_ns"), [(-1, S), (1, 0), (1, 31)])
def test_window_needs_a_limit_and_a_length(limit, window_ns):
    with pytest.raises(ValueError, match="a window needs"):
        RollingSum(limit, window_ns)


@given(waits=st.lists(st.integers(0, 4), max_size=60), most=st.integers(1, 8))
def test_breaker_trips_exactly_when_the_last_so_many_lie_within_the_window(waits, most):
    breaker, times, now_ns = ExecutionBreaker(most, 10), [], 0
    for wait_ns in waits:
        now_ns += wait_ns
        times.append(now_ns)
        assert breaker.note(now_ns) == (sum(now_ns - time_ns < 10 for time_ns in times) >= most)


def test_armed_breaker_begins_anew():
    breaker = ExecutionBreaker(2, S)
    assert [breaker.note(1), breaker.note(2), breaker.note(3)] == [False, True, True]
    breaker.arm()
    assert [breaker.note(4), breaker.note(5)] == [False, True]


@pytest.mark.parametrize(("most", "window_ns"), [(0, S), (2**20 + 1, S), (1, 0)])
def test_breaker_needs_numbers(most, window_ns):
    with pytest.raises(ValueError, match="a breaker takes"):
        ExecutionBreaker(most, window_ns)


orders = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 12), st.booleans()), max_size=120)


@given(orders=orders)
def test_recent_orders_agree_with_a_dictionary(orders):
    recent, newest, now_ns = RecentOrders(10, 64), {}, 0
    for handle, (wait_ns, number, is_taken_back) in enumerate(orders, 1):
        now_ns += wait_ns
        key = number * 64                       # all in one slot: probing must find each
        known, ordered_ns = newest.get(key, (0, 0))
        assert recent.newest_handle(key, now_ns) == (known if now_ns - ordered_ns < 10 else 0)
        recent.note(key, handle, now_ns)
        newest[key] = handle, now_ns
        if is_taken_back:
            recent.undo(key)
            del newest[key]


def test_more_orders_than_remembered_are_forgotten_oldest_first():
    recent = RecentOrders(S, 4)
    for key in range(1, 41):
        recent.note(key, key, key)
    assert [recent.newest_handle(key, 41) for key in range(33, 41)] == [*range(33, 41)]
    assert recent.newest_handle(1, 41) == 0


@pytest.mark.parametrize(("window_ns", "memory"), [(-1, 1), (1, 0), (1, 2**20 + 1)])
def test_recent_orders_need_numbers(window_ns, memory):
    with pytest.raises(ValueError, match="recent orders need"):
        RecentOrders(window_ns, memory)
