"""Request budgets: several exact sliding logs asked together, in integers, in amortised constant time."""

from typing import Final, final

MARGIN_NS: Final[int]
"""Default margin: the longest that a request which arrives at all is taken to be under way."""

PRIORITY_ORDER: Final[int]
"""Leaves the reserve alone, and heeds what the venue says is left: new orders, questions. False means the same."""
PRIORITY_CANCEL: Final[int]
"""Heeds what we have sent ourselves, and the venue's retry-after: being refused costs it nothing. True: the same."""
PRIORITY_KILL: Final[int]
"""Heeds what we have sent ourselves, and nothing else."""

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
    told_used: int
    """Of `used`, what we know only from the venue: others sent it, or we did before this process began."""
    is_doubted: bool
    """Taken for nearly full because nobody knows what was sent before, and the venue has not said yet."""
    @property
    def blocked_until_ns(self) -> int: ...
    @property
    def has_page(self) -> bool:
        """Whether the log lies in memory that outlives the process."""
    @property
    def log_bytes(self) -> int:
        """How large a page must be to keep the log."""

    def __init__(
        self, name: str, capacity: int, window_ns: int, *, margin_ns: int = ..., reserve: int | None = None
    ) -> None:
        """`reserve` is a tenth of the capacity unless given. Raises UsageError for what cannot be a budget."""
    def used_at(self, now_ns: int) -> int:
        """Weight in the log now, as the venue may still count it."""

    def keep_in(self, page: memoryview, now_ns: int) -> bool:
        """Keep the log in writable memory that outlives the process, with what has been spent so far.

        True: the page held a log of this bucket, and what was sent before is known. False: it did not; `doubt` is next.
        Raises UsageError for a page that is too small, for a second one, and for a bucket that is doubted already.
        """

    def doubt(self, now_ns: int) -> None:
        """Nobody knows what was sent before now: all but a tenth is taken for used, until `correct` says otherwise."""

    def room(self, priority: int, now_ns: int) -> int:
        """Weight that may be sent now; 0 or less: none."""

    def spend(self, weight: int, now_ns: int) -> None:
        """Count `weight` as sent now, whether there was room or not."""

    def correct(self, remaining: int, now_ns: int) -> None:
        """The venue says that `remaining` was left when a request arrived, a journey or two ago.

        Only lowers what is left, and what is missing is held a whole window; of a doubted bucket it says what was sent
        before.
        """

    def block_until(self, until_ns: int) -> None:
        """The venue's retry-after: nothing but a kill has room before. Held for one window at most."""

    def next_room_ns(self, weight: int, priority: int, now_ns: int) -> int:
        """The earliest time with room for `weight` if nothing else is spent; the largest int64 if there never is."""

@final
class Cost:
    """What one kind of request costs: up to four buckets, each with a weight, decided together."""

    def __init__(self, *charges: tuple[Bucket, int]) -> None: ...
    @property
    def charges(self) -> tuple[tuple[Bucket, int], ...]: ...
    def take(self, priority: int, now_ns: int) -> bool:
        """True: all buckets had room and all are spent. False: nothing is."""

    def next_take_ns(self, priority: int, now_ns: int) -> int:
        """The earliest time at which `take` would succeed if nothing else is spent; the largest int64: never."""
