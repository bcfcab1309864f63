"""What the query services answer: open orders, orders by id, closed orders and executions of one user.

Each answer is as of a time. None means now, read from the live orders; an earlier time is what a database shows that
lags behind the matching (the venue's does, phemex docs 2026: by-id queries are eventual).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from tidings.exchange.catalogue import Catalogue, Line
from tidings.exchange.orders.order_store import OrderStore
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import OrderReport


class OrderQueries:
    """Reads of an order store. Every list but the open orders is newest first."""

    def __init__(self, store: OrderStore, catalogue: Catalogue) -> None:
        self._store = store
        self._catalogue = catalogue

    def open_orders(self, user_id: int, symbol: str, as_of_ns: int | None = None) -> list[OrderReport]:
        """The user's open orders in one symbol, untriggered ones included, oldest first."""
        orders = self._store.open_orders(user_id, symbol)
        if as_of_ns is None:
            return [order.describe() for order in orders]
        line = self._catalogue.instruments[symbol].line
        ended = (r for r in self._store.closed(user_id, line) if r.instrument.symbol == symbol)
        ended_since = (self._find(r) for r in _until(ended, as_of_ns))
        known = dict.fromkeys(chain((order for order in ended_since if order is not None), orders))
        views = (self._store.recent.view_at(order, as_of_ns) for order in known)
        return sorted((view for view in views if view and not view.is_done), key=lambda view: view.create_time_ns)

    def by_id(
        self, user_id: int, symbol: str, order_ids: Iterable[str], cl_ord_ids: Iterable[str],
        as_of_ns: int | None = None,
    ) -> list[OrderReport]:
        """The user's orders in any state by their ids, each once; ids that are not known are left out.

        A client id may name several: one that was rejected and one that was not, or two if the exchange takes doubles.
        """
        names = [(order_id, "") for order_id in order_ids] + [("", cl_ord_id) for cl_ord_id in cl_ord_ids if cl_ord_id]
        found: dict[str, OrderReport] = {}
        for order_id, cl_ord_id in names:
            for order in self._store.find_all(user_id, symbol, order_id, cl_ord_id):
                view = order.describe() if as_of_ns is None else self._store.recent.view_at(order, as_of_ns)
                if view is not None:
                    found[view.order_id] = view
        line = self._catalogue.instruments[symbol].line
        for order_id, cl_ord_id in names:  # rejected orders, and those of long ago, are nowhere else
            for report in _as_of(self._store.closed_named(user_id, line, order_id or cl_ord_id), as_of_ns):
                is_named = report.order_id == order_id if order_id else report.cl_ord_id == cl_ord_id
                if is_named and report.instrument.symbol == symbol:
                    found.setdefault(report.order_id, report)
        return list(found.values())

    def closed(self, user_id: int, line: Line, symbol: str = "", as_of_ns: int | None = None) -> list[OrderReport]:
        """The last reports of the user's done orders, as far back as the exchange remembers."""
        return [r for r in _as_of(self._store.closed(user_id, line), as_of_ns) if symbol in ("", r.instrument.symbol)]

    def fills(self, user_id: int, line: Line, symbol: str = "", as_of_ns: int | None = None) -> list[OrderReport]:
        """The user's executions."""
        return [r for r in _as_of(self._store.fills(user_id, line), as_of_ns) if symbol in ("", r.instrument.symbol)]

    def all_orders(
        self, user_id: int, line: Line, symbols: Sequence[str], as_of_ns: int | None = None
    ) -> list[OrderReport]:
        """Open and closed orders together, the one that changed last first."""
        opened = [view for symbol in symbols for view in self.open_orders(user_id, symbol, as_of_ns)]
        closed = [r for r in self.closed(user_id, line, as_of_ns=as_of_ns) if r.instrument.symbol in symbols]
        return sorted(opened + closed, key=lambda view: -view.transact_time_ns)

    def _find(self, report: OrderReport) -> Order | None:
        return self._store.find(report.user_id, report.instrument.symbol, report.order_id, "")


def _as_of(reports: Iterable[OrderReport], as_of_ns: int | None) -> Iterator[OrderReport]:
    return (r for r in reports if as_of_ns is None or r.transact_time_ns <= as_of_ns)


def _until(reports: Iterable[OrderReport], time_ns: int) -> Iterator[OrderReport]:
    """Reports, newest first, down to those that are not later than `time_ns`."""
    for report in reports:
        if report.transact_time_ns <= time_ns:
            return
        yield report
