"""All orders the exchange knows, by every name they are asked for, and each user's history.

What a query sees may lag behind: `order_queries` asks `recent` how an order looked a moment ago.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Final

from tidings.exchange.catalogue import Line
from tidings.exchange.orders.order_history import HISTORY_MAX, History
from tidings.exchange.orders.orders import Order
from tidings.exchange.orders.recent_changes import RecentChanges
from tidings.exchange.reports import OrderReport

DONE_ORDERS_MAX: Final = 10_000  # per user and line: remembered for queries and for refusing their client ids again


class OrderStore:
    """Open orders by user and symbol, all orders by id and client id, closed orders and fills by user."""

    def __init__(self) -> None:
        self._by_id: dict[str, Order] = {}
        # Several orders under one client id: only where the exchange is told to accept that
        self._by_client_id: dict[tuple[int, str], list[Order]] = {}
        self._open: defaultdict[tuple[int, str], dict[Order, None]] = defaultdict(dict)
        self._done: defaultdict[tuple[int, Line], deque[Order]] = defaultdict(deque)
        self._closed: defaultdict[tuple[int, Line], History] = defaultdict(History)
        self._fills: defaultdict[tuple[int, Line], deque[OrderReport]] = defaultdict(_fills)
        self.recent = RecentChanges()

    def add(self, order: Order) -> None:
        """Remember a new open order."""
        self._by_id[order.order_id] = order
        self._name(order)
        self._open[order.owner, order.instrument.symbol][order] = None

    def rename(self, order: Order, cl_ord_id: str) -> None:
        """Give an order another client id; its old one is free again."""
        self._unname(order)
        order.cl_ord_id = cl_ord_id
        self._name(order)

    def is_known(self, user_id: int, cl_ord_id: str) -> bool:
        """Whether the user has used this client id; an empty one is never known (the venue accepts it, observed)."""
        return bool(cl_ord_id) and (user_id, cl_ord_id) in self._by_client_id

    def named(self, user_id: int, cl_ord_id: str) -> list[Order]:
        """The user's orders under a client id, in any symbol, oldest first."""
        return self._by_client_id.get((user_id, cl_ord_id), [])

    def last_use_ns(self, user_id: int, cl_ord_id: str) -> int:
        """When the newest order under a known client id was created."""
        return self._by_client_id[user_id, cl_ord_id][-1].create_time_ns

    def find(self, user_id: int, symbol: str, order_id: str, cl_ord_id: str) -> Order | None:
        """The user's order in `symbol` by one of its ids, open or done; of several the newest."""
        found = self.find_all(user_id, symbol, order_id, cl_ord_id)
        return found[-1] if found else None

    def find_all(self, user_id: int, symbol: str, order_id: str, cl_ord_id: str) -> list[Order]:
        """The user's orders in `symbol` by one of their ids, oldest first."""
        named: Iterable[Order]
        if order_id:
            named = [self._by_id[order_id]] if order_id in self._by_id else ()
        else:
            named = self._by_client_id.get((user_id, cl_ord_id), ())
        return [order for order in named if order.owner == user_id and order.instrument.symbol == symbol]

    def close(self, order: Order) -> None:
        """Move a done order out of the open ones."""
        self._open[order.owner, order.instrument.symbol].pop(order, None)
        done = self._done[order.owner, order.instrument.line]
        done.append(order)
        if len(done) > DONE_ORDERS_MAX:
            self._forget(done.popleft())

    def record(self, order: Order, report: OrderReport) -> None:
        """Take note of what became of `order`; keep the report if it is an execution, or the order's end."""
        self.recent.add(order, report)
        key = report.user_id, report.instrument.line
        if report.is_trade:
            self._fills[key].append(report)
        if report.is_done:
            self._closed[key].add(report)

    def record_event(self, report: OrderReport) -> None:
        """Keep what happened to a position without an order among the executions."""
        self._fills[report.user_id, report.instrument.line].append(report)

    def open_orders(self, user_id: int, symbol: str) -> list[Order]:
        """The user's open orders in one symbol, oldest first."""
        return list(self._open.get((user_id, symbol), ()))

    def open_count(self, user_id: int, symbol: str) -> int:
        """How many orders the user has open in one symbol."""
        return len(self._open.get((user_id, symbol), ()))

    def __iter__(self) -> Iterator[Order]:
        """Every order remembered, oldest first."""
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def closed(self, user_id: int, line: Line) -> Iterator[OrderReport]:
        """The last reports of the user's done orders, newest first."""
        return self._closed[user_id, line].newest_first()

    def closed_named(self, user_id: int, line: Line, name: str) -> list[OrderReport]:
        """The last reports of the user's done orders with this order id or client id, oldest first."""
        return self._closed[user_id, line].named(name)

    def fills(self, user_id: int, line: Line) -> Iterator[OrderReport]:
        """The user's executions, newest first."""
        return reversed(self._fills[user_id, line])

    def _forget(self, order: Order) -> None:
        self._by_id.pop(order.order_id, None)
        self._unname(order)

    def _name(self, order: Order) -> None:
        if order.cl_ord_id:
            self._by_client_id.setdefault((order.owner, order.cl_ord_id), []).append(order)

    def _unname(self, order: Order) -> None:
        if order.cl_ord_id:
            key = order.owner, order.cl_ord_id
            self._by_client_id[key].remove(order)
            if not self._by_client_id[key]:
                del self._by_client_id[key]


def _fills() -> deque[OrderReport]:
    return deque(maxlen=HISTORY_MAX)
