"""Time for everything above: one object, read by few, passed as `now_ns` to the rest."""

class Clock:
    """The machine's clocks. Two readings, never subtracted from one another."""

    def read_now_ns(self) -> int:
        """Monotonic nanoseconds: for stamps, deadlines and budgets. Not affected by steps of the wall clock."""
    def read_wall_ns(self) -> int:
        """Unix time in nanoseconds: for the venue. May step."""

class ManualClock(Clock):
    """A clock that stands still until told; for tests and replay."""

    manual_now_ns: int
    manual_wall_ns: int

    def __init__(self, now_ns: int = 0, wall_ns: int = 0) -> None: ...
    def advance(self, by_ns: int) -> None:
        """Move both readings forward by `by_ns`."""
