"""How orders looked a moment ago: what a query shows whose database lags behind the matching.

Every change of an order is kept for a minute (of a busy exchange only the last `CHANGES_MAX`), and of an open order
the last one for as long as it is open: however old, it is how the order looked until the change that is still to come.
"""

from bisect import bisect_right
from collections import deque
from typing import Final

from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import OrderReport

LAG_NS_MAX: Final = 60 * 1_000_000_000
CHANGES_MAX: Final = 50_000  # about 50 MB


class RecentChanges:
    """The views of each order that changed within the last `LAG_NS_MAX`, oldest first."""

    def __init__(self) -> None:
        self._views: dict[Order, list[OrderReport]] = {}
        self._changes: deque[tuple[int, Order]] = deque()  # (when, which): what to forget next

    def add(self, order: Order, view: OrderReport) -> None:
        """Keep how `order` looks from `view.transact_time_ns` on."""
        views, changes, time_ns = self._views.get(order), self._changes, view.transact_time_ns
        if views is None:
            self._views[order] = [view]
        else:
            views.append(view)
        changes.append((time_ns, order))
        if changes[0][0] <= time_ns - LAG_NS_MAX:
            self._forget_before(time_ns - LAG_NS_MAX)
        if len(changes) > CHANGES_MAX:
            self._forget_before(changes[0][0])

    def view_at(self, order: Order, time_ns: int) -> OrderReport | None:
        """How `order` looked at `time_ns` (not more than `LAG_NS_MAX` ago); None if it did not exist yet."""
        if order.create_time_ns > time_ns:
            return None
        views = self._views.get(order)
        if not views:
            return order.describe()
        count = bisect_right(views, time_ns, key=lambda view: view.transact_time_ns)
        return views[count - 1] if count else None

    def __len__(self) -> int:
        """How many changes are kept."""
        return len(self._changes)

    def _forget_before(self, time_ns: int) -> None:
        """Drop what is over: a view holds until the next one; the last one of a done order says what the order does."""
        while self._changes and self._changes[0][0] <= time_ns:
            _, order = self._changes.popleft()
            views = self._views.get(order, [])  # [] if an earlier pass took them all
            while len(views) > 1 and views[1].transact_time_ns <= time_ns:
                del views[0]
            if len(views) == 1 and views[0].transact_time_ns <= time_ns and views[0].is_done:
                del self._views[order]
