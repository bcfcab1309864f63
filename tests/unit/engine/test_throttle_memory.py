"""What a bucket knows of the process before it: all of it from a page, or nothing, which is doubt."""

import pytest

from tidings.engine.throttle import PRIORITY_KILL, Bucket, Cost
from tidings.errors import UsageError

S = 1_000_000_000


def make_bucket(capacity=10, **changes):
    settings = {"capacity": capacity, "window_ns": 60 * S, "margin_ns": 2 * S, "reserve": 0}
    return Bucket("contract", **settings | changes)


def reborn(page, now_ns, capacity=10, **changes):
    """The bucket of the next process, and whether it knows what the last one sent."""
    bucket = make_bucket(capacity, **changes)
    return bucket, bucket.keep_in(memoryview(page), now_ns)


def test_the_next_process_knows_what_was_sent():
    page = bytearray(10_000)
    first, is_known = reborn(page, 0)
    first.spend(3, 10 * S)
    first.spend(2, 30 * S)
    first.block_until(35 * S)
    second, is_known_now = reborn(page, 34 * S)

    assert (is_known, is_known_now) == (False, True)
    assert [second.room(True, at_s * S) for at_s in (34, 35, 72, 92)] == [0, 5, 8, 10]


def test_what_was_sent_before_the_page_was_found_is_in_it():
    page = bytearray(10_000)
    first, _ = reborn(page, 0)
    first.spend(3, 10 * S)
    second = make_bucket(10)
    second.spend(1, 40 * S)

    assert second.keep_in(memoryview(page), 41 * S)
    assert [second.room(True, at_s * S) for at_s in (41, 72, 102)] == [6, 9, 10]


def test_the_next_process_knows_what_was_only_told():
    page = bytearray(10_000)
    first, _ = reborn(page, 0)
    first.spend(3, 10 * S)
    first.correct(2, 20 * S)
    second, _ = reborn(page, 30 * S)

    assert (second.used, second.told_used) == (8, 5)


def test_a_ring_that_wraps_is_remembered_whole():
    page = bytearray(10_000)
    first, _ = reborn(page, 0, capacity=3)
    for at_s in range(0, 700, 35):
        assert Cost((first, 1)).take(False, at_s * S)
    second, is_known = reborn(page, 666 * S, capacity=3)

    assert is_known
    assert second.room(True, 666 * S) == first.room(True, 666 * S) == 1


@pytest.mark.parametrize("now_s", [0, 5])
def test_a_page_of_another_boot_is_not_believed(now_s):
    """The machine's clock began anew: the page tells of times that have not come yet."""
    page = bytearray(10_000)
    first, _ = reborn(page, 0)
    first.spend(3, 10 * S)
    second, is_known = reborn(page, now_s * S)

    assert not is_known
    assert second.room(True, now_s * S) == 10


@pytest.mark.parametrize("place", [0, 8, 16, 20, 32, 40, 48])
def test_a_damaged_page_is_not_believed(place):
    """Layout, slot count, spendings, oldest slot, a time, a weight, what of it was told."""
    page = bytearray(10_000)
    reborn(page, 0)[0].spend(3, 10 * S)
    page[place : place + 4] = b"\xff\xff\xff\x7f" if place < 32 else b"\xff" * 4
    page[place + 4 : place + 8] = page[place + 4 : place + 8] if place in (16, 20) else b"\x7f" * 4

    assert not reborn(page, 11 * S)[1]


def test_a_page_of_another_capacity_is_not_believed():
    page = bytearray(10_000)
    reborn(page, 0, capacity=10)[0].spend(3, 0)

    assert not reborn(page, S, capacity=12)[1]


def test_a_small_page_and_a_second_page_are_refused():
    bucket = make_bucket(10)
    with pytest.raises(UsageError, match="must have"):
        bucket.keep_in(memoryview(bytearray(bucket.log_bytes - 1)), 0)
    bucket.keep_in(memoryview(bytearray(bucket.log_bytes)), 0)
    with pytest.raises(UsageError, match="once"):
        bucket.keep_in(memoryview(bytearray(bucket.log_bytes)), 0)


# ---- Doubt ---------------------------------------------------------------------------------------------------------

def test_a_doubted_bucket_has_a_tenth_for_whoever_asks():
    bucket = make_bucket(100, reserve=20)
    bucket.doubt(0)

    assert (bucket.is_doubted, bucket.room(False, 0), bucket.room(True, 0)) == (True, 20, 20)
    assert bucket.room(PRIORITY_KILL, 0) == 100
    other = make_bucket(100, reserve=0)
    other.doubt(0)
    assert other.room(False, 0) == 10


def test_the_venues_word_ends_doubt():
    bucket = make_bucket(100, reserve=20)
    bucket.doubt(0)
    bucket.spend(2, S)
    bucket.correct(90, S)

    # Ten were used, perhaps our two among them: both are held, for nobody can tell.
    assert (bucket.is_doubted, bucket.room(False, S), bucket.room(True, S)) == (False, 68, 98)
    assert bucket.room(False, 62 * S) == 78
    assert bucket.room(False, 63 * S) == 80


def test_the_venues_word_may_be_worse_than_doubt():
    bucket = make_bucket(100, reserve=20)
    bucket.doubt(0)
    bucket.correct(1, S)

    assert bucket.room(False, S) == 1 - 20


def test_doubt_ends_by_itself_after_a_window():
    bucket = make_bucket(100, reserve=20)
    bucket.doubt(0)

    assert bucket.room(False, 62 * S) == 80
    assert not bucket.is_doubted


def test_a_bucket_of_one_cannot_be_doubted():
    bucket = make_bucket(1)
    bucket.doubt(0)

    assert bucket.room(False, 0) == 1
