class RollingSum:
    """At most `limit` in any `window_ns`: of anything, orders, lots or money. Counts to the strict side.

    An amount is held for the window and up to a thirty-second of it longer.
    """

    limit: int
    window_ns: int

    def __init__(self, limit: int, window_ns: int) -> None: ...
    def set_limit(self, limit: int) -> None:
        """Another limit, at once; what was added stays counted."""
    def used_at(self, now_ns: int) -> int:
        """What counts at `now_ns`."""
    def try_add(self, amount: int, now_ns: int) -> bool:
        """Add if there is room. The order path asks and adds apart, in C."""
    def undo(self, amount: int) -> None:
        """Take back what was added last."""

class ExecutionBreaker:
    """Trips when `most` executions lie within `window_ns`, and again at each one after, until armed."""

    most: int
    window_ns: int

    def __init__(self, most: int, window_ns: int) -> None: ...
    def note(self, now_ns: int) -> bool:
        """Count an execution: True if it trips the breaker."""
    def take_over(self, before: ExecutionBreaker) -> None:
        """Count on from what another one has counted. What was counted trips nothing: the next one may."""
    def arm(self) -> None:
        """Forget what was executed so far."""

class RecentOrders:
    """What was ordered within `window_ns`, by a 64-bit key (never 0); exact up to `memory` orders in a window."""

    window_ns: int
    memory: int

    def __init__(self, window_ns: int, memory: int = 1024) -> None: ...
    def newest_handle(self, key: int, now_ns: int) -> int:
        """The order that had `key` less than a window ago, the newest if several; 0: none."""
    def note(self, key: int, handle: int, now_ns: int) -> None:
        """Remember `key`, also if it is known: it is young again."""
    def undo(self, key: int) -> None:
        """Take back `key`, noted last."""
