"""Who may trade how much right now: states of account, symbols and strategies, each with the reason a person reads.

ACTIVE → REDUCING (only orders that surely shrink the position) → HALTED (nothing new; cancels go on). The strictest of
the account's, the symbol's and the strategy's state counts. Only a person leads back, with a reason; a breaker that has
tripped is such a halt, of its strategy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tidings.engine.risk import Risk
from tidings.engine.risk_owner import OwnerRisk
from tidings.errors import UsageError
from tidings.model.enums import TradingState
from tidings.model.instrument import Instrument

log = logging.getLogger("tidings.risk")

Scope = tuple[str, str]  # ("account", ""), ("symbol", "BTCUSDT"), ("strategy", "mm1")
ACCOUNT: Scope = ("account", "")
ACTIVE = (TradingState.ACTIVE, "")


class TradingControl:
    """One engine's. `find` gives the instrument of a symbol, or raises UnknownSymbol."""

    def __init__(self, risk: Risk, find: Callable[[str], Instrument]) -> None:
        self._risk, self._find = risk, find
        self._restricted: dict[Scope, tuple[TradingState, str]] = {}
        self._trip_count = 0

    def restrict(self, state: TradingState, symbol: str | None, strategy: str | None, reason: str) -> None:
        """REDUCING or HALTED, for the account, a symbol or a strategy: what is HALTED stays so. Raises UsageError,
        UnknownSymbol.
        """
        self.notice_trips()
        before, why = self._restricted.get(_scope(symbol, strategy), ACTIVE)
        scope = self._apply(max(state, before), symbol, strategy)
        if before > state:
            log.warning("%s: stays %s: %s (%s was asked for: %s)", _name(scope), before.name, why, state.name, reason)
            return
        self._restricted[scope] = state, reason
        log.warning("%s: %s%s", _name(scope), state.name, f": {reason}" if reason else "")

    def resume(self, symbol: str | None, strategy: str | None, reason: str) -> None:
        """ACTIVE again; arms the strategy's breaker. Raises UsageError without a reason, UnknownSymbol."""
        if not reason.strip():
            raise UsageError("resuming needs a reason: it is written down with the time")
        self.notice_trips()
        scope = self._apply(TradingState.ACTIVE, symbol, strategy)
        before = self._restricted.pop(scope, None)
        was = f"{before[0].name}: {before[1]}" if before else "nothing in force"
        log.warning("%s: ACTIVE: %s (was %s)", _name(scope), reason, was)

    def notice_trips(self) -> None:
        """Tell of breakers that have tripped since the last look. Call it with the housekeeping."""
        if self._risk.trip_count == self._trip_count:
            return
        self._trip_count = self._risk.trip_count
        for owner in self._risk.owners:
            scope = "strategy", owner.name
            if owner.is_tripped and self._restricted.get(scope, ACTIVE)[0] != TradingState.HALTED:
                window_s = owner.executions.window_ns / 1e9
                reason = f"{owner.executions.most} executions within {window_s:g} s: look at it, then resume it"
                self._restricted[scope] = TradingState.HALTED, reason
                log.error("%s: HALTED: %s", _name(scope), reason)

    @property
    def account(self) -> tuple[TradingState, str]:
        """The account's own state, and why."""
        return self._restricted.get(ACCOUNT, ACTIVE)

    @property
    def restricted(self) -> dict[str, str]:
        """What is not ACTIVE, in words: {"symbol BTCUSDT": "HALTED: the book is odd"}."""
        self.notice_trips()
        return {
            _name(scope): f"{state.name}: {reason}" if reason else state.name
            for scope, (state, reason) in self._restricted.items()
        }

    @property
    def halted_symbols(self) -> dict[str, str]:
        """Symbol → why its new orders are denied."""
        return {
            name: f"halted: {reason}" if reason else "halted"
            for (kind, name), (state, reason) in self._restricted.items()
            if kind == "symbol" and state == TradingState.HALTED
        }

    def _apply(self, state: TradingState, symbol: str | None, strategy: str | None) -> Scope:
        if symbol is not None:
            self._risk.symbols.set_state(self._find(symbol), state)
        elif strategy is not None:
            find_owner(self._risk, strategy).set_state(state)
        else:
            self._risk.set_state(state)
        return _scope(symbol, strategy)


def find_owner(risk: Risk, strategy: str) -> OwnerRisk:
    """A strategy's limits. Raises UsageError for one that nobody has named yet."""
    known = {owner.name: owner for owner in risk.owners}
    if strategy not in known:
        raise UsageError(f"no strategy is called {strategy!r}: there are {', '.join(map(repr, known))}")
    return known[strategy]


def _scope(symbol: str | None, strategy: str | None) -> Scope:
    if symbol is not None and strategy is not None:
        raise UsageError("name a symbol or a strategy, not both")
    if symbol is not None:
        return "symbol", symbol
    return ("strategy", strategy) if strategy is not None else ACCOUNT


def _name(scope: Scope) -> str:
    return " ".join(filter(None, scope)) if scope != ("strategy", "") else "strategy (unnamed)"
