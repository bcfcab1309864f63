"""Moments of the past, as people give them."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tidings.errors import UsageError
from tidings.session.history import History, unix_ns

AUGUST_NS = 1_785_542_400_000_000_000


@pytest.mark.parametrize(
    "moment",
    ["2026-08-01", "2026-08-01T00:00:00Z", "2026-08-01T02:00:00+02:00", datetime(2026, 8, 1, tzinfo=UTC), AUGUST_NS],
)
def test_one_moment_in_all_its_forms(moment):
    assert unix_ns(moment) == AUGUST_NS


@pytest.mark.parametrize("moment", [AUGUST_NS // 10**9, AUGUST_NS // 10**6])
def test_a_number_of_seconds_is_no_time_in_1970(moment):
    with pytest.raises(UsageError, match=f"{moment} looks like seconds or milliseconds"):
        unix_ns(moment)


@pytest.mark.parametrize("moment", [1.5, True, "soon", None])
def test_what_is_no_time_is_refused(moment):
    with pytest.raises(UsageError):
        unix_ns(moment)


@pytest.mark.parametrize("moment", ["1969-12-31", "0001-01-01", -1, -(10**20)])
def test_a_past_before_1970_is_refused_and_not_asked_for(moment):
    clock = SimpleNamespace(read_wall_ns=lambda: AUGUST_NS)
    with pytest.raises(UsageError, match="before 1970"):
        History(SimpleNamespace(clock=clock, products=None)).trades("BTCUSD", moment)
