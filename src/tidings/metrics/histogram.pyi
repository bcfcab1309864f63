"""A log-linear histogram: recording is a few instructions and allocates nothing."""

class Histogram:
    """Counts integers of 0 and above in fixed memory (30 kB). It knows no unit; here it mostly holds nanoseconds.

    Percentiles are at most 1/64 (1.6 %) above the true value and never below it; count, min, max and mean are exact.
    """

    @property
    def count(self) -> int: ...
    @property
    def min(self) -> int:
        """The smallest value; 0 while empty."""
    @property
    def max(self) -> int:
        """The largest value; 0 while empty."""
    @property
    def mean(self) -> float:
        """The average; 0.0 while empty."""
    @property
    def total(self) -> int:
        """The sum of all values."""
    def add(self, value: int) -> None:
        """Count one value; a negative one as 0. Compiled code calls `record`, which is the same."""
    def percentile(self, percent: float) -> int:
        """A value that at least `percent` of 100 of all values do not exceed; 0 while empty.

        Raises ValueError outside 0 … 100.
        """
    def summary(self) -> dict[str, int]:
        """count, p50, p90, p99, p99.9 and max."""
    def merge(self, other: Histogram) -> None:
        """Count everything that `other` has counted."""
    def clear(self) -> None:
        """Forget everything."""
    def __len__(self) -> int: ...
