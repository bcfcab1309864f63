"""What really happened, read from the exchange's core: orders, executions and positions of the engine's user."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulated.exchange_side import SYMBOLS, ExchangeSide
from tidings.exchange.catalogue import Line
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import OrderReport

LINES = (Line.COIN_M, Line.USD_M, Line.SPOT)


@dataclass(frozen=True, slots=True)
class Grid:
    """One tick and one lot on the exchange's integers."""

    tick: int
    lot: int


class GroundTruth:
    """The exchange's memory, asked in words of the oracle."""

    def __init__(self, exchange: ExchangeSide) -> None:
        self._exchange = exchange
        self._venue = exchange.venue
        self._user_id = exchange.user_id
        self._executions: dict[str, OrderReport] = {}
        instruments = self._venue.catalogue.instruments
        self.grids = {symbol: Grid(instruments[symbol].tick_size, instruments[symbol].lot_size) for symbol in SYMBOLS}

    def order(self, symbol: str, cl_ord_id: str, order_id: str = "") -> Order | None:
        """The order as the exchange has it, open or done, by one of its ids."""
        return self._venue.state.store.find(self._user_id, symbol, order_id, cl_ord_id)

    def orders(self) -> list[Order]:
        """All orders the user ever had."""
        return [order for order in self._venue.state.store if order.owner == self._user_id]

    def execution(self, exec_id: str) -> OrderReport | None:
        """The execution of an id."""
        if exec_id not in self._executions:
            for line in LINES:
                for report in self._venue.state.store.fills(self._user_id, line):
                    self._executions[report.exec_id] = report
        return self._executions.get(exec_id)

    def net_lots(self, symbol: str) -> int:
        """The position, signed; for a spot pair what its executions add up to."""
        instrument = self._venue.catalogue.instruments[symbol]
        if instrument.line is Line.SPOT:
            fills = self._venue.state.store.fills(self._user_id, Line.SPOT)
            signed = (fill.exec_qty if fill.side == "Buy" else -fill.exec_qty for fill in fills)
            return sum(signed) // instrument.lot_size
        states = self._venue.positions(self._user_id, instrument.line, symbol=symbol)
        return sum(state.size if state.side == "Buy" else -state.size for state in states) // instrument.lot_size
