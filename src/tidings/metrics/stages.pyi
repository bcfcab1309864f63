"""Where an order's time goes: four histograms, all measured from the decision."""

from tidings.metrics.histogram import Histogram

class Stages:
    """The latencies of one engine, in nanoseconds from the decision.

    `encode`: the request's bytes are complete and signed. `write`: the kernel has them. `reply`: the venue's answer is
    parsed. `stream`: the account stream first spoke of the order.
    """

    @property
    def encode(self) -> Histogram: ...
    @property
    def write(self) -> Histogram: ...
    @property
    def reply(self) -> Histogram: ...
    @property
    def stream(self) -> Histogram: ...
    def add(self, stage: str, elapsed_ns: int) -> None:
        """Count one order in a stage, by its name. Raises ValueError for any other name."""
    def histograms(self) -> dict[str, Histogram]:
        """The four histograms by name, in the order an order passes them."""
    def latency_us(self) -> dict[str, dict[str, float]]:
        """{stage: {"p50", "p99", "p99.9", "max"}} in microseconds; all 0.0 where nothing was counted."""
    def merge(self, other: Stages) -> None:
        """Count everything that `other` has counted."""
    def clear(self) -> None:
        """Forget everything."""
