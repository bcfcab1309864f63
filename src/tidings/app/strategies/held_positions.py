"""What is held: by the account, which the venue tells too, and by each named strategy, which only its executions tell.

The limits count on from the account's; whoever runs hears of both (`Strategy.on_position`).
"""

from __future__ import annotations

from collections.abc import Callable

from tidings.clock import Clock
from tidings.engine.risk import Risk
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.position import Position, Positions

Hear = Callable[[Position, int], None]


class HeldPositions:
    """`on_execution` is plugged into the order path; the account's streams and comparisons change `account`."""

    def __init__(self, clock: Clock) -> None:
        self.account = Positions(self._account_changed)
        self._clock = clock
        self._own: dict[int, Positions] = {}  # by owner; see engine/risk_owner
        self._hearers: dict[int, Hear] = {}  # by owner; 0: the account's
        self._heard_ns = 0  # of the execution that is being counted; 0: none is
        self._tell_limits: Hear = lambda position, now_ns: None
        self._tell_tap: Hear | None = None

    def limit_by(self, risk: Risk, find: Callable[[str], Instrument | None]) -> None:
        """Let the limits follow the account's positions."""

        def tell(position: Position, now_ns: int) -> None:
            instrument = find(position.symbol)
            if instrument is not None:
                venue_lots = position.venue_qty_lots if position.is_known else None
                risk.exposure.tell_position(instrument, position.pos_side, position.net_qty_lots, venue_lots)

        self._tell_limits = tell

    def tap_by(self, tell: Hear | None) -> None:
        """Let `tell` hear of the changes that no execution of ours has made; None: nobody."""
        self._tell_tap = tell

    def hear_by(self, hearers: dict[int, Hear]) -> None:
        """Who is told from now on, by owner; 0 hears of the account's positions."""
        self._hearers = hearers

    def own(self, owner: int) -> Positions:
        """What a named strategy holds by its executions of this session; it begins flat."""
        positions = self._own.get(owner)
        if positions is None:
            positions = self._own[owner] = Positions()
        return positions

    def on_execution(self, order: Order, report: ExecutionReport) -> None:
        """One execution of ours, counted once."""
        side, lots, time_ns = order.terms.side, report.last_qty_lots, report.transact_time_ns
        self._heard_ns = report.received_ns
        try:
            self.account.of(order.symbol, order.terms.pos_side).apply_fill(side, lots, time_ns)
            owner = order.terms.owner
            if owner:
                position = self.own(owner).of(order.symbol, order.terms.pos_side)
                position.is_known = True  # it begins flat
                position.apply_fill(side, lots, time_ns)
                position.venue_qty_lots = position.net_qty_lots  # the venue knows nothing of strategies: no second word
                self._tell(owner, position, self._heard_ns)
        finally:
            self._heard_ns = 0

    def restore(self, symbol: str, pos_side: int, numbers: dict[str, int], now_ns: int) -> None:
        """What the account holds became this then, as a recording has it."""
        position = self.account.of(symbol, pos_side)
        for name, value in numbers.items():
            setattr(position, name, value)
        self._heard_ns = now_ns
        try:
            self._account_changed(position)
        finally:
            self._heard_ns = 0

    def _account_changed(self, position: Position) -> None:
        now_ns = self._heard_ns or self._clock.read_now_ns()
        self._tell_limits(position, now_ns)
        if self._tell_tap is not None and not self._heard_ns:
            self._tell_tap(position, now_ns)
        self._tell(0, position, now_ns)

    def _tell(self, owner: int, position: Position, now_ns: int) -> None:
        hear = self._hearers.get(owner)
        if hear is not None:
            hear(position, now_ns)
