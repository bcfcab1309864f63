"""Request budgets: several exact sliding logs asked together, in integers, in amortised constant time."""

from typing import Final, final

MARGIN_NS: Final[int]
"""Default margin: the longest that a request which arrives at all is taken to be under way."""

@final
class Bucket:
    """At most `capacity` weight in any window, whether the venue counts by fixed or sliding windows.

    Exact: the whole capacity may go in one burst after a quiet window. Engines of one thread may share a bucket. All
    times are monotonic nanoseconds and are passed in.
    """

    name: str
    capacity: int
    window_ns: int
    margin_ns: int
    """A spending is held this much longer than the window: how much two requests' journeys may differ."""
    reserve: int
    """This much of the capacity only cancels may use."""
    used: int
    """Weight in the log, as of the last question."""
    blocked_until_ns: int

    def __init__(
        self, name: str, capacity: int, window_ns: int, *, margin_ns: int = ..., reserve: int | None = None
    ) -> None:
        """`reserve` is a tenth of the capacity unless given. Raises UsageError for what cannot be a budget."""
    def used_at(self, now_ns: int) -> int:
        """Weight in the log now, as the venue may still count it."""

    def room(self, is_cancel: bool, now_ns: int) -> int:
        """Weight that may be sent now; 0 or less: none."""

    def spend(self, weight: int, now_ns: int) -> None:
        """Count `weight` as sent now, whether there was room or not."""

    def correct(self, remaining: int, now_ns: int) -> None:
        """The venue says that `remaining` is left. Only lowers what is left; what is missing is held a whole window."""

    def block_until(self, until_ns: int) -> None:
        """The venue's retry-after: nothing, not even a cancel, has room before. Held for one window at most."""

    def next_room_ns(self, weight: int, is_cancel: bool, now_ns: int) -> int:
        """The earliest time with room for `weight` if nothing else is spent; the largest int64 if there never is."""

@final
class Cost:
    """What one kind of request costs: up to four buckets, each with a weight, decided together."""

    def __init__(self, *charges: tuple[Bucket, int]) -> None: ...
    @property
    def charges(self) -> tuple[tuple[Bucket, int], ...]: ...
    def take(self, is_cancel: bool, now_ns: int) -> bool:
        """True: all buckets had room and all are spent. False: nothing is."""

    def next_take_ns(self, is_cancel: bool, now_ns: int) -> int:
        """The earliest time at which `take` would succeed if nothing else is spent; the largest int64: never."""
