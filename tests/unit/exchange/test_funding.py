"""The funding rate by itself: when, how much, and that it is the same whenever it is asked for."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.funding import FundingRates

INSTRUMENTS = load_catalogue().instruments
HOUR_NS = 3_600 * 10**9
NOON_NS = 1_760_011_200 * 10**9  # 2025-10-09 12:00:00 UTC
DAY_NS = 24 * HOUR_NS


def rates(symbol: str = "BTCUSDT", seed: int = 1, interval_s: int = 0) -> FundingRates:
    return FundingRates(INSTRUMENTS[symbol], seed, interval_s)


class FixedPremium(FundingRates):
    premium_er = 0

    def _premium_er(self, number: int) -> int:
        return self.premium_er


def test_funding_is_due_at_midnight_eight_and_sixteen_utc() -> None:
    four_pm_ns = NOON_NS + 4 * HOUR_NS
    assert rates().next_time_ns(NOON_NS) == four_pm_ns
    assert rates().next_time_ns(four_pm_ns - 1) == four_pm_ns
    assert rates().next_time_ns(four_pm_ns) == four_pm_ns + 8 * HOUR_NS
    assert rates(interval_s=60).next_time_ns(NOON_NS) == NOON_NS + 60 * 10**9


@pytest.mark.parametrize(
    ("premium_er", "rate_er"),
    [
        (10_000, 10_000),
        (-30_000, 10_000),  # within 0.05 % of the interest: the interest
        (60_000, 10_000),
        (61_000, 11_000),
        (100_000, 50_000),
        (-100_000, -50_000),
        (3_000_000, 2_000_000),  # cap
        (-3_000_000, -2_000_000),  # floor
    ],
)
def test_premium_becomes_a_rate(premium_er: int, rate_er: int) -> None:
    fixed = FixedPremium(INSTRUMENTS["BTCUSD"], 1)
    fixed.premium_er = premium_er
    assert fixed.rate_er(NOON_NS) == rate_er


def test_interest_follows_the_contracts_interval() -> None:
    four_hourly = replace(INSTRUMENTS["BTCUSDT"], funding_interval_s=14_400)
    assert FundingRates(four_hourly, 1).interest_er == 5_000
    assert FundingRates(INSTRUMENTS["BTCUSDT"], 1, interval_s=60).interest_er == 10_000


def test_rate_is_fixed_for_the_whole_interval_and_then_paid() -> None:
    funding = rates()
    due_ns = funding.next_time_ns(NOON_NS)
    known = {funding.rate_er(due_ns - ago) for ago in (8 * HOUR_NS, 5 * HOUR_NS, 1)}
    assert known == {funding.paid_rate_er(due_ns)}


def test_prediction_ends_as_the_next_rate() -> None:
    funding = rates()
    due = [row.time_ns for row in funding.history(NOON_NS, NOON_NS + 30 * DAY_NS)]
    assert all(funding.predicted_rate_er(time_ns - 1) == funding.rate_er(time_ns) for time_ns in due)
    early = [funding.predicted_rate_er(time_ns) for time_ns in due]
    assert early != [funding.predicted_rate_er(time_ns + 8 * HOUR_NS - 1) for time_ns in due]


def test_history_is_whole_and_ascending() -> None:
    funding = rates()
    start_ns, end_ns = NOON_NS - 4 * HOUR_NS, NOON_NS + 4 * HOUR_NS  # both are funding times
    rows = list(funding.history(start_ns, end_ns))
    assert [row.time_ns for row in rows] == [start_ns, end_ns]
    assert [row.rate_er for row in rows] == [funding.paid_rate_er(start_ns), funding.paid_rate_er(end_ns)]
    assert list(funding.history(start_ns + 1, end_ns - 1)) == []
    month = list(funding.history(0, 30 * DAY_NS))
    assert len(month) == 91
    assert all(later.time_ns - earlier.time_ns == 8 * HOUR_NS for earlier, later in pairwise(month))


def test_rates_are_a_function_of_seed_and_symbol() -> None:
    year = slice(NOON_NS, NOON_NS + 365 * DAY_NS)
    one = list(rates().history(year.start, year.stop))
    assert one == list(rates().history(year.start, year.stop))
    assert one != list(rates(seed=2).history(year.start, year.stop))
    assert one != list(rates("ETHUSDT").history(year.start, year.stop))


def test_most_rates_are_the_interest_and_some_are_negative() -> None:
    year = [row.rate_er for row in rates().history(NOON_NS, NOON_NS + 365 * DAY_NS)]
    assert year.count(10_000) > len(year) // 3
    assert min(year) < 0 < 50_000 < max(year)
