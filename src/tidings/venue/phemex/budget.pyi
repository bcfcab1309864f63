from collections.abc import Iterable

from tidings.model.instrument import Instrument
from tidings.venue.phemex.rate_groups import RateBudget

class RequestBudget:
    """The order path's view of a RateBudget: costs laid out by request kind and instrument, corrected by the venue's
    headers.
    """

    @property
    def rate_budget(self) -> RateBudget: ...
    @property
    def instrument_count(self) -> int: ...
    @property
    def refused_count(self) -> int: ...
    @property
    def unknown_group_count(self) -> int:
        """Rate headers of a group we do not know."""
    def __init__(self, rate_budget: RateBudget, instruments: Iterable[Instrument]) -> None: ...
    def used(self, now_ns: int) -> dict[str, tuple[int, int]]:
        """(weight used in the present window, capacity) per budget, by readable name."""
