"""What a user's done orders and executions were: the newest of them, found in order and by either id."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from tidings.exchange.reports import OrderReport

HISTORY_MAX: Final = 10_000  # reports of each kind, per user and product line


class History:
    """The newest reports of one kind, of one user and line."""

    def __init__(self, most: int = HISTORY_MAX) -> None:
        self._most = most
        self._reports: deque[OrderReport] = deque()
        self._named: dict[str, list[OrderReport]] = {}  # by order id, and by client id where there is one

    def add(self, report: OrderReport) -> None:
        """Remember a report, and forget the oldest if there are too many."""
        self._reports.append(report)
        for name in _names(report):
            self._named.setdefault(name, []).append(report)
        if len(self._reports) > self._most:
            self._forget(self._reports.popleft())

    def newest_first(self) -> Iterator[OrderReport]:
        """All of them."""
        return reversed(self._reports)

    def named(self, name: str) -> list[OrderReport]:
        """Those with this order id or client id, oldest first."""
        return self._named.get(name, [])

    def __len__(self) -> int:
        return len(self._reports)

    def _forget(self, report: OrderReport) -> None:
        for name in _names(report):
            named = self._named[name]
            del named[0]  # the oldest of all is the oldest under each of its names
            if not named:
                del self._named[name]


def _names(report: OrderReport) -> tuple[str, ...]:
    return (report.order_id, report.cl_ord_id) if report.cl_ord_id else (report.order_id,)
