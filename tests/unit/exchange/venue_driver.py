"""A venue on a virtual clock, driven in few words by the tests of the exchange's core."""

from dataclasses import fields
from typing import Any

from tidings.exchange.catalogue import Line
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.reports import AccountUpdate, OrderReport, Reply
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.exchange.venue_rules import Rules

START_NS = 1_760_000_000_000_000_000
MS_NS = 1_000_000

# Test prices and quantities on each line's scales: BTCUSD 60000.0, BTCUSDT 60000.0, sBTCUSDT 60000.00.
COIN_M_60K = 600_000_000
USD_M_60K = 60_000 * 10**9
SPOT_60K = 60_000 * 10**8
USD = 10_000  # one dollar on COIN-M's price scale
USDT = 10**9  # one dollar on USD-M's price scale
MILLI_BTC = 1_000  # 0.001 BTC on USD-M's quantity scale
SPOT_BTC = 10**8
PRICES = {"BTCUSD": "60000", "BTCUSDT": "60000", "sBTCUSDT": "60000"}


class Driver:
    """Users `a` and `b` of a quiet exchange (no background flow) with all prices at 60,000."""

    def __init__(self, **settings: Any) -> None:
        """`settings`: of the venue, and rules by their names."""
        rules = Rules(**{f.name: settings.pop(f.name) for f in fields(Rules) if f.name in settings})
        self.venue = Venue(VenueConfig(**{"has_flow": False, "prices": PRICES, "rules": rules, **settings}), START_NS)
        self.now_ns = START_NS
        self.a, self.b, self.c = self.venue.user_ids[:3]
        self.updates: list[AccountUpdate] = []  # of the last `run`

    def create(self, user_id: int, symbol: str, side: str, qty: int, price: int = 0, **terms: Any) -> Reply:
        request = NewOrder(symbol=symbol, side=side, qty=qty, price=price, **terms)
        return self.venue.create(user_id, request, self.now_ns)

    def amend(self, user_id: int, symbol: str, **terms: Any) -> Reply:
        return self.venue.amend(user_id, AmendOrder(symbol=symbol, **terms), self.now_ns)

    def cancel(self, user_id: int, symbol: str, **names: str) -> Reply:
        return self.venue.cancel(user_id, CancelOrder(symbol=symbol, **names), self.now_ns)

    def run(self, ms: int = 10) -> list[OrderReport]:
        """Let `ms` pass; what was reported meanwhile, in order."""
        self.now_ns += ms * MS_NS
        self.updates = self.venue.advance(self.now_ns)
        return [report for update in self.updates for report in update.orders]

    def place(self, user_id: int, symbol: str, side: str, qty: int, price: int = 0, **terms: Any) -> list[OrderReport]:
        """Create an order that must be accepted, and let it reach the book."""
        reply = self.create(user_id, symbol, side, qty, price, **terms)
        assert reply.code == 0, reply
        return self.run()

    def refused(self, user_id: int, symbol: str, side: str, qty: int, price: int = 0, **terms: Any) -> int:
        """The code of a create."""
        return self.create(user_id, symbol, side, qty, price, **terms).code

    def set_mark(self, symbol: str, price: int) -> list[OrderReport]:
        """Move the mark price and let triggers see it."""
        self.venue.markets[symbol].mark_price = price
        self.venue.lives[symbol].flow([], [], self.now_ns)
        return self.run()

    def net_qty(self, user_id: int, symbol: str, line: Line = Line.COIN_M) -> int:
        """The user's position, signed, all sides together."""
        states = self.venue.positions(user_id, line, symbol=symbol)
        return sum(state.size if state.side == "Buy" else -state.size for state in states)


def steps(reports: list[OrderReport], user_id: int | None = None) -> list[tuple[str, str]]:
    """(ordStatus, execStatus) of each report, of one user or all."""
    return [(r.ord_status, r.exec_status) for r in reports if user_id in (None, r.user_id)]
