"""The histogram against a sorted list of the same values: never too low, at most 1/64 too high."""

import math
import random
import sys
from fractions import Fraction

import pytest

from tidings.metrics.histogram import Histogram

PERCENTS = [0, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100]
INT64_MAX = 2**63 - 1


def filled(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def nearest_rank(values: list[int], percent: float) -> int:
    """The smallest value that at least `percent` of the values do not exceed."""
    rank = math.ceil(Fraction(str(percent)) / 100 * len(values))
    return sorted(values)[max(1, rank) - 1]


def samples(kind: str) -> list[int]:
    chance = random.Random(kind)
    return {
        "latencies": lambda: [int(chance.lognormvariate(9, 1)) for _ in range(5000)],
        "uniform": lambda: [chance.randrange(10**6) for _ in range(5000)],
        "every magnitude": lambda: [chance.randrange(2 ** chance.randrange(1, 64)) for _ in range(5000)],
        "few": lambda: [chance.randrange(10**9) for _ in range(7)],
        "one": lambda: [123_456_789],
        "equal": lambda: [777] * 1000,
        "edges": lambda: [2**n + d for n in range(1, 63) for d in (-1, 0, 1)] + [INT64_MAX, 0],
    }[kind]()


@pytest.mark.parametrize("percent", PERCENTS)
@pytest.mark.parametrize("kind", ["latencies", "uniform", "every magnitude", "few", "one", "equal", "edges"])
def test_percentile_is_within_one_64th_above_the_true_one(kind: str, percent: float) -> None:
    values = samples(kind)

    told, true = filled(values).percentile(percent), nearest_rank(values, percent)

    assert true <= told <= true + true // 64


def test_small_values_are_exact() -> None:
    values = [value for value in range(128) for _ in range(value % 5 + 1)]
    histogram = filled(values)
    assert [histogram.percentile(p) for p in PERCENTS] == [nearest_rank(values, p) for p in PERCENTS]


def test_rank_of_a_percentile_is_exact() -> None:
    """1000 values, the largest alone above: 99.9 % of them do not exceed the 999th."""
    histogram = filled([1] * 999 + [50])
    assert (histogram.percentile(99.9), histogram.percentile(99.91)) == (1, 50)


def test_count_min_max_mean_and_total_are_exact() -> None:
    values = samples("latencies")
    histogram = filled(values)
    assert (histogram.count, len(histogram)) == (len(values), len(values))
    assert (histogram.min, histogram.max, histogram.total) == (min(values), max(values), sum(values))
    assert histogram.mean == pytest.approx(sum(values) / len(values))


def test_empty_histogram_tells_zeros() -> None:
    assert Histogram().summary() == {"count": 0, "p50": 0, "p90": 0, "p99": 0, "p99.9": 0, "max": 0}
    assert (Histogram().min, Histogram().mean) == (0, 0.0)


def test_percentile_never_exceeds_the_largest_value() -> None:
    histogram = filled([1_000_000])
    assert [histogram.percentile(p) for p in PERCENTS] == [1_000_000] * len(PERCENTS)


def test_whole_range_of_int64_is_counted() -> None:
    histogram = filled([INT64_MAX, INT64_MAX])
    assert (histogram.max, histogram.percentile(50)) == (INT64_MAX, INT64_MAX)


def test_negative_value_counts_as_zero() -> None:
    histogram = filled([-1, -(2**63)])
    assert (histogram.count, histogram.min, histogram.max, histogram.percentile(100)) == (2, 0, 0, 0)


def test_merging_equals_counting_together() -> None:
    first, second = samples("latencies"), samples("every magnitude")
    merged, together = filled(first), filled(first + second)

    merged.merge(filled(second))

    assert [merged.percentile(p) for p in PERCENTS] == [together.percentile(p) for p in PERCENTS]
    assert (merged.summary(), merged.min) == (together.summary(), together.min)


def test_merging_an_empty_one_changes_nothing() -> None:
    histogram = filled([5, 9])
    histogram.merge(Histogram())
    assert (histogram.count, histogram.min, histogram.max) == (2, 5, 9)


def test_clear_forgets_everything() -> None:
    histogram = filled([5, 10**9])
    histogram.clear()
    histogram.add(7)
    assert (histogram.count, histogram.min, histogram.max, histogram.percentile(99)) == (1, 7, 7, 7)


@pytest.mark.parametrize("percent", [-0.1, 100.1, float("nan")])
def test_percentile_outside_0_to_100_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        filled([1]).percentile(percent)


def test_memory_is_part_of_the_object() -> None:
    assert 3712 * 8 < sys.getsizeof(Histogram()) < 3712 * 8 + 200
