"""Counters are declared ahead and only grow."""

import pytest

from tidings.metrics.counters import Counters


def test_counters_start_at_zero_and_grow() -> None:
    counters = Counters("reconnects", "pings")
    counters.add("pings")
    counters.add("pings", 4)
    counters.add("reconnects", 0)
    assert counters.snapshot() == {"reconnects": 0, "pings": 5}
    assert (counters["pings"], list(counters), len(counters)) == (5, ["reconnects", "pings"], 2)


def test_snapshot_is_a_copy() -> None:
    counters = Counters("pings")
    snapshot = counters.snapshot()
    counters.add("pings")
    assert snapshot == {"pings": 0}


def test_undeclared_name_is_refused() -> None:
    counters = Counters("pings")
    with pytest.raises(KeyError, match="pongs"):
        counters.add("pongs")
    assert counters.snapshot() == {"pings": 0}


def test_counter_never_shrinks() -> None:
    counters = Counters("pings")
    with pytest.raises(ValueError, match=r"'pings'.*-1"):
        counters.add("pings", -1)
    assert counters["pings"] == 0
