"""Positions against the venue's account query: executions that are not ours are counted, what stays unexplained halts
its symbol.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tidings.app.readiness import Readiness
from tidings.clock import Clock
from tidings.engine.order_table import ExecIDSet
from tidings.engine.reconcile import PositionCheck, VenuePosition
from tidings.model.enums import DenyReason, PosSide
from tidings.model.execution_report import ExecutionReport, uuid_words
from tidings.model.instrument import Instrument
from tidings.model.position import Position, Positions
from tidings.venue.phemex.currencies import settle_currencies
from tidings.venue.phemex.evidence import Evidence
from tidings.venue.phemex.products import Products

log = logging.getLogger("tidings.reconciliation")

CAUSE = "position"
EXECUTIONS_KEPT = 16_384  # foreign ones, to be counted once
EXTERNAL_TOLD_NS = 10_000_000_000  # between two that are told of one symbol


class PositionWatch:
    """`compare` looks at all contract accounts, or at some; it says which symbols do not agree."""

    def __init__(
        self,
        evidence: Evidence,
        positions: Positions,
        products: Products,
        readiness: Readiness,
        clock: Clock,
        set_hedged: Callable[[str, bool], None],
        counted: ExecIDSet,
    ) -> None:
        """`counted`: the executions of our own orders, which the order path has counted."""
        self._counted = counted
        self._evidence, self._positions, self._products = evidence, positions, products
        self._readiness, self._clock, self._set_hedged = readiness, clock, set_hedged
        self._hedged: set[str] = set()
        self._checks: dict[tuple[str, int], PositionCheck] = {}
        self._foreign_executions: ExecIDSet | None = None  # most accounts never have any
        self._external_told: dict[str, tuple[int | None, int]] = {}  # symbol → when, and how many were not since
        self.accounts = settle_currencies(products)

    async def compare(self, *, held_only: bool = False) -> list[Instrument]:
        """The symbols whose positions differ, for now or for good. `held_only`: the accounts where we hold any."""
        differing: dict[Instrument, None] = {}
        for line, currency in self.accounts:
            if held_only and not self._holds_any(line, currency):
                continue
            asked_ns = self._clock.read_now_ns()
            told, hedged = await self._evidence.positions(line, currency, self._products.find)
            for symbol, is_hedged in hedged.items():
                (self._hedged.add if is_hedged else self._hedged.discard)(symbol)
                self._set_hedged(symbol, is_hedged)
            told += self._left_out(told, line, currency)
            for instrument in [row.instrument for row in told if self._differs(row, asked_ns)]:
                differing[instrument] = None
            for instrument in {row.instrument: None for row in told if row.instrument not in differing}:
                self._readiness.allow(instrument, CAUSE)
        return list(differing)

    def held(self) -> list[Instrument]:
        """Instruments we hold a position in, as far as we know."""
        held = (self._products.find(position.symbol) for position in self._positions if position.net_qty_lots)
        return [instrument for instrument in held if instrument is not None]

    def is_hedged(self, symbol: str) -> bool:
        """Whether a symbol's longs and shorts are two positions, as the venue told last."""
        return symbol in self._hedged

    def count_external(self, report: ExecutionReport, pos_side: PosSide | None = None) -> None:
        """An execution of the account that is not of our orders: by hand, by another program, a liquidation.

        Of an order that is done and forgotten it comes here too, told once more by a list or a snapshot.
        """
        if self._counted.has(*uuid_words(report.exec_id)):
            return
        if pos_side is None:
            if report.symbol in self._hedged:
                return  # of which of the two positions is not told here; the list of executions will
            pos_side = PosSide.MERGED
        position = self._positions.of(report.symbol, pos_side)
        if not position.is_known:
            return
        if self._foreign_executions is None:
            self._foreign_executions = ExecIDSet(EXECUTIONS_KEPT)
        if not self._foreign_executions.add_new(*uuid_words(report.exec_id)):
            return
        if position.apply_external(report.side, report.last_qty_lots, report.transact_time_ns):
            self._tell_of_external(report)

    def _tell_of_external(self, report: ExecutionReport) -> None:
        """At once, and then every ten seconds at most: another program may trade all the time."""
        now_ns, (told_ns, untold) = self._clock.read_now_ns(), self._external_told.get(report.symbol, (None, 0))
        if told_ns is not None and now_ns - told_ns < EXTERNAL_TOLD_NS:
            self._external_told[report.symbol] = told_ns, untold + 1
            return
        self._external_told[report.symbol] = now_ns, 0
        others = f" ({untold} more since the last one that was told)" if untold else ""
        log.warning("%s: an execution that is not of this session: %r%s", report.symbol, report, others)

    def accept(self, symbol: str) -> None:
        """Count on from what the venue said last of a symbol: somebody has looked into the difference."""
        now_ns = self._clock.read_now_ns()
        for position in self._positions:
            if position.symbol == symbol:
                log.warning("%s: the venue's %d lots are accepted", symbol, position.venue_qty_lots)
                position.accept(position.venue_qty_lots, self._evidence.wall_ns(now_ns))
                self._checks.pop((symbol, position.pos_side), None)
        instrument = self._products.find(symbol)
        if instrument is not None:
            self._readiness.allow(instrument, CAUSE)

    def _holds_any(self, line: int, currency: str) -> bool:
        return any(held.line == line and held.settle_currency == currency for held in self.held())

    def _left_out(self, told: list[VenuePosition], line: int, currency: str) -> list[VenuePosition]:
        """What we hold in an account, and its list does not show at all: flat, by the venue's word."""
        shown = {(row.instrument.symbol, int(row.pos_side)) for row in told}
        found = []
        for position in self._positions:
            instrument = self._products.find(position.symbol)
            if instrument is None or instrument.line != line or instrument.settle_currency != currency:
                continue
            if position.is_known and position.net_qty_lots and (position.symbol, int(position.pos_side)) not in shown:
                found.append(VenuePosition(instrument, position.pos_side, 0, 0))
        return found

    def _differs(self, told: VenuePosition, asked_ns: int) -> bool:
        """Whether a row differs from our count, for now or for good; the first one of a position is its start."""
        key = told.instrument.symbol, int(told.pos_side)
        position = self._positions.of(*key) if told.net_qty_lots or self._has(key) else None
        if position is None:
            return False  # flat, and never spoken of
        if not position.is_known:
            position.tell(told.net_qty_lots, told.transact_time_ns)
        check = self._checks.setdefault(key, PositionCheck())
        check.look(position, told.net_qty_lots, asked_ns)
        position.hear(told.net_qty_lots, told.transact_time_ns)
        if check.is_different:
            self._halt(told.instrument, position)
        return check.is_suspect

    def _has(self, key: tuple[str, int]) -> bool:
        return any((position.symbol, int(position.pos_side)) == key for position in self._positions)

    def _halt(self, instrument: Instrument, position: Position) -> None:
        text = (
            f"the venue holds {position.venue_qty_lots} lots ({position.pos_side.name.lower()}), all known executions"
            f" make {position.net_qty_lots}: find out why, then call accept_position({instrument.symbol!r})"
        )
        self._readiness.deny(instrument, CAUSE, DenyReason.HALTED, text)
