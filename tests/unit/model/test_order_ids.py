"""ClOrdIDs: fixed width, sorted by time, and nothing foreign passes for one of ours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import UsageError
from tidings.model.order_ids import ClOrdIDMaker, check_cl_ord_id, session_wall_ms_of

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WALL_NS = 1_795_000_000_123_456_789


def base32(number, width):
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 32)
        text = CROCKFORD[digit] + text
    return text


def test_prefix_is_the_start_in_milliseconds():
    ids = ClOrdIDMaker(wall_ns=WALL_NS)

    assert ids.session_wall_ms == 1_795_000_000_123
    assert ids.prefix == "T" + base32(1_795_000_000_123, 9)


def test_text_is_prefix_and_ten_digits():
    ids = ClOrdIDMaker(wall_ns=WALL_NS)

    assert ids.text(1) == ids.prefix + "0000000001"
    assert ids.text(9_999_999_999) == ids.prefix + "9999999999"


def test_counters_begin_at_one_and_grow():
    ids = ClOrdIDMaker(wall_ns=WALL_NS)

    assert [ids.next(), ids.next(), ids.next()] == [1, 2, 3]
    assert ids.last_counter == 3


@given(wall_ns=st.integers(0, 2**63 - 1), counter=st.integers(1, 9_999_999_999))
def test_ids_survive_the_round_trip_and_fit_the_venue(wall_ns, counter):
    ids = ClOrdIDMaker(wall_ns=wall_ns)
    text = ids.text(counter)

    assert re.fullmatch("[A-Za-z0-9._-]{20}", text)
    assert ids.counter(text) == counter
    assert session_wall_ms_of(text) == wall_ns // 1_000_000


@given(
    first=st.tuples(st.integers(0, 9 * 10**12), st.integers(1, 9_999_999_999)),
    second=st.tuples(st.integers(0, 9 * 10**12), st.integers(1, 9_999_999_999)),
)
def test_ids_sort_by_session_then_counter(first, second):
    texts = [ClOrdIDMaker(wall_ns=ms * 10**6).text(counter) for ms, counter in (first, second)]

    assert (texts[0] < texts[1]) == (first < second)


def test_another_session_is_not_ours():
    assert ClOrdIDMaker(wall_ns=WALL_NS).counter(ClOrdIDMaker(wall_ns=WALL_NS + 1_000_000).text(5)) == 0


def test_nothing_but_twenty_characters_with_digits_is_ours():
    ids = ClOrdIDMaker(wall_ns=WALL_NS)
    good = ids.text(1234567890)
    foreign = [good[:cut] for cut in range(20)]
    foreign += [good + "0", good[:-1] + "x", good[:-1] + "٣", good[:-1] + "/", good[:-1] + ":", "é" * 10]

    assert [ids.counter(text) for text in foreign] == [0] * len(foreign)


@given(st.text(max_size=25))
def test_any_text_is_parsed_without_harm(text):
    assert ClOrdIDMaker(wall_ns=WALL_NS).counter(text) == 0
    assert session_wall_ms_of(text) is None or len(text) == 20


@pytest.mark.parametrize(
    "text", ["T00000000U0000000001", "X0000000000000000000", "T000000000000000000x", "mine-1", "T" + "٣" * 19]
)
def test_foreign_ids_have_no_session(text):
    assert session_wall_ms_of(text) is None


@pytest.mark.parametrize("text", ["a", "A.b_c-9", "x" * 40, "T000"])
def test_a_callers_own_id_passes(text):
    assert check_cl_ord_id(text) == text


@pytest.mark.parametrize("text", ["", "x" * 41, "a b", "a&b", "a\n", "a\0", "ü", "a/b", "a#", "\ud800"])
def test_an_id_that_would_need_escaping_is_refused(text):
    with pytest.raises(UsageError, match="ClOrdID is 1 to 40"):
        check_cl_ord_id(text)


def test_an_id_of_our_own_form_is_refused():
    with pytest.raises(UsageError, match="keeps for itself"):
        check_cl_ord_id(ClOrdIDMaker(wall_ns=WALL_NS).text(7))


@pytest.mark.parametrize("counter", [0, -1, 10_000_000_000])
def test_handles_out_of_range_have_no_text(counter):
    with pytest.raises(UsageError, match="handle"):
        ClOrdIDMaker(wall_ns=WALL_NS).text(counter)


def test_a_negative_time_is_refused():
    with pytest.raises(UsageError, match="wall_ns"):
        ClOrdIDMaker(wall_ns=-1_000_000)
