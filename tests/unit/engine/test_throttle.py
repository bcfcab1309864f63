"""Buckets and costs, each rule by itself; tests/property/test_throttle_windows.py holds them against the venue."""

import pytest

from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_KILL, PRIORITY_ORDER, Bucket, Cost
from tidings.errors import UsageError

S = 1_000_000_000
NEVER = 2**63 - 1
PRIORITIES = (PRIORITY_ORDER, PRIORITY_CANCEL, PRIORITY_KILL)


def make_bucket(capacity=10, **changes):
    settings = {"capacity": capacity, "window_ns": 60 * S, "margin_ns": 2 * S, "reserve": 0}
    return Bucket("contract", **settings | changes)


def test_the_whole_capacity_may_go_at_once():
    cost = Cost((make_bucket(500), 1))

    assert sum(cost.take(False, now_ns) for now_ns in range(600)) == 500


def test_spent_weight_returns_after_window_and_margin():
    bucket = make_bucket()
    bucket.spend(10, 5 * S)

    assert bucket.room(False, 67 * S - 1) == 0
    assert bucket.room(False, 67 * S) == 10


def test_only_cancels_use_the_reserve():
    bucket = make_bucket(reserve=3)
    order, cancel = Cost((bucket, 1)), Cost((bucket, 1))

    assert [order.take(False, 0) for _ in range(8)] == [True] * 7 + [False]
    assert [cancel.take(True, 0) for _ in range(4)] == [True] * 3 + [False]


def test_cancels_leave_the_reserve_to_later_cancels():
    bucket = make_bucket(reserve=3)
    cancel = Cost((bucket, 1))

    assert [cancel.take(True, 0) for _ in range(4)] == [True] * 4
    assert (bucket.room(False, 0), bucket.room(True, 0)) == (3, 6)


@pytest.mark.parametrize(("capacity", "reserve"), [(500, 50), (100, 10), (9, 0), (1, 0)])
def test_a_tenth_is_reserved_and_two_seconds_are_added_unless_told_otherwise(capacity, reserve):
    bucket = Bucket("contract", capacity, 60 * S)

    assert (bucket.reserve, bucket.margin_ns) == (reserve, 2 * S)


def test_all_buckets_have_room_or_nothing_is_taken():
    group, symbol = make_bucket(10), make_bucket(2)
    cost = Cost((group, 1), (symbol, 1))

    assert [cost.take(False, 0) for _ in range(3)] == [True, True, False]
    assert (group.used, symbol.used) == (2, 2)


def test_weights_count():
    bucket = make_bucket(10)
    heavy = Cost((bucket, 4))

    assert [heavy.take(False, 0) for _ in range(3)] == [True, True, False]
    assert bucket.room(False, 0) == 2


def test_a_bucket_named_twice_is_asked_for_the_sum():
    bucket = make_bucket(3)

    assert Cost((bucket, 2), (bucket, 2)).charges == ((bucket, 4),)
    assert not Cost((bucket, 2), (bucket, 2)).take(False, 0)


def test_a_cost_without_buckets_is_always_taken():
    assert Cost().take(False, 0)
    assert Cost().next_take_ns(False, 7) == 7


def test_engines_share_a_bucket():
    address = make_bucket(1)

    assert Cost((make_bucket(), 1), (address, 1)).take(False, 0)
    assert not Cost((make_bucket(), 1), (address, 1)).take(False, 0)


def test_the_venue_lowers_what_is_left():
    bucket = make_bucket(10)
    bucket.spend(2, 0)
    bucket.correct(3, S)

    assert bucket.room(False, S) == 3
    assert bucket.room(False, 62 * S) == 5          # our own two are gone
    assert bucket.room(False, 63 * S) == 10         # what we were told of, a window after we were told


def test_the_venue_never_raises_what_is_left():
    bucket = make_bucket(10)
    bucket.spend(8, 0)
    bucket.correct(9, S)

    assert bucket.room(False, S) == 2


@pytest.mark.parametrize("remaining", [-5, -(2**63)])
def test_a_negative_remainder_counts_as_nothing_left(remaining):
    bucket = make_bucket(10)
    bucket.correct(remaining, 0)

    assert bucket.used == 10


def test_what_others_use_stops_orders_and_not_cancels():
    """A cancel that the venue refuses costs nothing; ours alone are what it may not be too many of."""
    bucket = make_bucket(10, reserve=3)
    bucket.spend(4, 0)
    bucket.correct(0, 0)

    assert (bucket.used, bucket.told_used) == (10, 6)
    assert [bucket.room(priority, 0) for priority in PRIORITIES] == [-3, 6, 6]
    assert [bucket.next_room_ns(1, priority, S) for priority in PRIORITIES] == [62 * S, S, S]
    assert [bucket.next_room_ns(7, priority, S) for priority in PRIORITIES] == [62 * S, 62 * S, 62 * S]
    assert [bucket.room(priority, 62 * S) for priority in PRIORITIES] == [7, 10, 10]
    assert bucket.told_used == 0


def test_the_same_word_twice_changes_nothing_more():
    bucket = make_bucket(10)
    bucket.correct(4, 0)
    bucket.correct(4, S)

    assert bucket.used == 6


def test_retry_after_blocks_even_cancels_until_then():
    bucket = make_bucket(10)
    bucket.block_until(5 * S)

    assert (bucket.room(True, 5 * S - 1), bucket.room(True, 5 * S)) == (0, 10)


def test_a_kill_does_not_wait_for_retry_after():
    bucket = make_bucket(10)
    bucket.spend(7, 0)
    bucket.block_until(5 * S)
    kill = Cost((bucket, 3))

    assert kill.next_take_ns(PRIORITY_KILL, S) == S
    assert kill.take(PRIORITY_KILL, S)
    assert not kill.take(PRIORITY_KILL, S)          # ten of ours is what the venue may count
    assert bucket.blocked_until_ns == 5 * S


def test_a_shorter_retry_after_does_not_unblock():
    bucket = make_bucket(10)
    bucket.block_until(5 * S)
    bucket.block_until(3 * S)

    assert bucket.room(False, 4 * S) == 0


def test_an_absurd_retry_after_holds_for_one_window():
    bucket = make_bucket(10)
    bucket.block_until(10**9 * S)

    assert bucket.room(False, 0) == 0
    assert bucket.room(False, 62 * S - 1) == 0
    assert bucket.room(False, 62 * S) == 10


def test_next_room_is_when_enough_has_returned():
    bucket = make_bucket(10)
    for second in range(10):
        bucket.spend(1, second * S)

    assert bucket.next_room_ns(1, False, 9 * S) == 62 * S
    assert bucket.next_room_ns(4, False, 9 * S) == 65 * S
    assert bucket.next_room_ns(11, False, 9 * S) == NEVER


def test_next_room_knows_the_reserve_and_the_block():
    bucket = make_bucket(10, reserve=2)
    bucket.spend(8, 0)
    assert bucket.next_room_ns(1, True, S) == S
    assert bucket.next_room_ns(1, False, S) == 62 * S
    assert bucket.next_room_ns(9, False, S) == NEVER

    bucket.block_until(20 * S)
    assert bucket.next_room_ns(1, True, S) == 20 * S
    assert bucket.next_room_ns(1, False, S) == 62 * S


def test_next_take_is_the_latest_of_all_buckets():
    first, second = make_bucket(1), make_bucket(1)
    first.spend(1, 0)
    second.spend(1, 3 * S)

    assert Cost((first, 1), (second, 1)).next_take_ns(False, 4 * S) == 65 * S


def test_spending_without_room_is_still_counted():
    bucket = make_bucket(2)
    for second in range(5):
        bucket.spend(1, second * S)

    assert bucket.used == 5
    assert bucket.room(False, 62 * S) == -2         # the overflow is held with the newest
    assert bucket.room(False, 66 * S) == 2


def test_used_is_told_even_while_blocked():
    bucket = make_bucket(10)
    bucket.spend(4, 0)
    bucket.block_until(30 * S)

    assert (bucket.used_at(S), bucket.used_at(62 * S)) == (4, 0)


def test_a_clock_that_steps_back_does_not_free_early():
    bucket = make_bucket(10)
    bucket.spend(1, 10 * S)
    bucket.spend(1, 5 * S)

    assert bucket.room(False, 67 * S) == 8
    assert bucket.room(False, 72 * S) == 10


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"capacity": 0}, "capacity"), ({"capacity": 10**7}, "capacity"), ({"window_ns": 0}, "window_ns"),
     ({"margin_ns": -1}, "margin_ns"), ({"reserve": 10}, "reserve"), ({"reserve": -1}, "reserve")],
)
def test_an_impossible_bucket_is_refused(changes, named):
    with pytest.raises(UsageError, match=f"bucket contract: .*{named}"):
        make_bucket(**changes)


@pytest.mark.parametrize("charge", [("contract", 1), (make_bucket(), 0), (make_bucket(), -1), (make_bucket(), 1.5)])
def test_an_impossible_cost_is_refused(charge):
    with pytest.raises(UsageError, match="pairs"):
        Cost(charge)


def test_a_weight_that_never_fits_is_never_taken():
    cost = Cost((make_bucket(10), 11))

    assert not cost.take(True, 0)
    assert cost.next_take_ns(True, 0) == NEVER


def test_more_dimensions_than_four_are_refused():
    with pytest.raises(UsageError, match="at most 4"):
        Cost(*[(make_bucket(), 1) for _ in range(5)])


# ---- A late answer -------------------------------------------------------------------------------------------------

def test_an_answer_of_a_moment_ago_is_not_taken_for_somebody_elses_requests():
    """The venue counted our eight just before they left its window; we hear so just after we let them go."""
    bucket = make_bucket(10)
    bucket.spend(8, 0)
    bucket.correct(2, 64 * S)

    assert bucket.room(False, 64 * S) == 10


def test_what_an_answer_tells_beyond_ours_is_held():
    bucket = make_bucket(10)
    bucket.spend(8, 0)
    bucket.correct(1, 64 * S)

    assert bucket.room(False, 64 * S) == 9


def test_an_answer_older_than_two_journeys_cannot_be():
    bucket = make_bucket(10)
    bucket.spend(8, 0)
    bucket.correct(2, 66 * S)

    assert bucket.room(False, 66 * S) == 2
