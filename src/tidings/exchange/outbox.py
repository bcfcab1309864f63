"""Collects what one engine event did to each account and turns it into one update per account.

The venue puts everything that one event caused into one message (an order's New and its fills together, observed), so
reports wait here until `flush` ends the event.
"""

from tidings.exchange.accounts.ledgers import Ledger
from tidings.exchange.identifiers import Identifiers
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import AccountUpdate, OrderReport


class Outbox:
    """Reports of the current event by ledger, and finished updates waiting to be published."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._current: dict[Ledger, tuple[list[OrderReport], dict[str, None]]] = {}
        self._ready: list[AccountUpdate] = []

    def add(self, order: Order, report: OrderReport) -> None:
        """Add a report to the current event."""
        reports, symbols = self._of(order.ledger)
        reports.append(report)
        symbols[order.instrument.symbol] = None

    def add_event(self, ledger: Ledger, report: OrderReport) -> None:
        """Add a report of no order to the current event."""
        reports, symbols = self._of(ledger)
        reports.append(report)
        symbols[report.instrument.symbol] = None

    def touch(self, ledger: Ledger, symbol: str) -> None:
        """Have the current event publish the state behind `symbol` though no order changed."""
        self._of(ledger)[1][symbol] = None

    def flush(self, now_ns: int) -> None:
        """End the current event."""
        if not self._current:
            return
        current, self._current = self._current, {}  # whatever goes wrong with one event does not come again
        for ledger, (reports, symbols) in current.items():
            update = ledger.update(reports, tuple(symbols), self._identifiers.stream_sequence(), now_ns)
            self._ready.append(update)

    def put(self, update: AccountUpdate) -> None:
        """Have an update published that no engine event caused."""
        self._ready.append(update)

    @property
    def is_empty(self) -> bool:
        """Whether no finished update waits."""
        return not self._ready

    def take(self) -> list[AccountUpdate]:
        """Give the finished updates, oldest first, and forget them."""
        ready, self._ready = self._ready, []
        return ready

    def _of(self, ledger: Ledger) -> tuple[list[OrderReport], dict[str, None]]:
        entry = self._current.get(ledger)
        if entry is None:
            entry = self._current[ledger] = ([], {})
        return entry
