"""The limits of a running engine: read, lowered at once, raised only with a reason that is written down.

They bear the names of the settings. A limit lowered below what is held or ordered already denies everything that adds
to it; what shrinks it stays allowed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tidings.app.limits.trading_control import find_owner
from tidings.engine.risk import Risk
from tidings.engine.risk_limits import E4
from tidings.errors import UsageError
from tidings.model.instrument import Instrument
from tidings.model.scale import qty_decimal, qty_lots

log = logging.getLogger("tidings.risk")

Value = str | int | Decimal

# Name → (field of RiskLimits, units of it in one of the name's).
_ACCOUNT = {
    "max_notional": ("max_notional_e4", E4),
    "collar_percent": ("collar_bp", 100),
    "max_open_orders": ("max_open", 1),
    "max_position_notional": ("max_position_e4", E4),
    "max_gross_notional": ("max_gross_e4", E4),
    "max_net_notional": ("max_net_e4", E4),
    "max_window_notional": ("max_window_e4", E4),
    "max_orders_per_s": ("max_orders_per_s", 1),
}
# … of StrategyLimits.
_STRATEGY = {
    "max_notional": ("max_notional_e4", E4),
    "max_gross_notional": ("max_gross_e4", E4),
    "max_window_notional": ("max_window_e4", E4),
    "max_orders_per_s": ("max_orders_per_s", 1),
    "max_executions": ("max_executions", 1),
}
_SYMBOL = ("max_qty", "max_position", "max_window_qty")


class LiveLimits:
    """`phemex.limits`. A strategy is named by `strategy`, a symbol by `symbol`, else the account is meant."""

    def __init__(self, risk: Risk, find: Callable[[str], Instrument]) -> None:
        self._risk, self._find = risk, find

    def get(self, name: str, *, symbol: str | None = None, strategy: str | None = None) -> Decimal:
        """A limit in force; 0: none of its own (a symbol's quantities: its value limits bind). Raises UsageError."""
        if symbol is not None:
            instrument = self._find(symbol)
            return qty_decimal(instrument, self._risk.symbols.limits_of(instrument)[_index(name)])
        if strategy is not None:
            field, units = _named(name, _STRATEGY)
            return Decimal(getattr(find_owner(self._risk, strategy).limits, field)) / units
        field, units = _named(name, _ACCOUNT)
        return Decimal(getattr(self._risk.limits, field)) / units

    def all(self) -> dict[str, Decimal]:
        """The account's limits by name."""
        return {name: self.get(name) for name in _ACCOUNT}

    def lower(self, name: str, value: Value, *, symbol: str | None = None, strategy: str | None = None) -> None:
        """A stricter limit, at once. Raises UsageError if it were looser."""
        self._set(name, value, symbol, strategy, reason="")

    def raise_(
        self, name: str, value: Value, *, reason: str, symbol: str | None = None, strategy: str | None = None
    ) -> None:
        """A looser limit. The reason is logged, with what it was before. Raises UsageError without one, and if the
        limit were stricter.
        """
        if not reason.strip():
            raise UsageError(f"raising {name} needs a reason: it is written down with the time")
        self._set(name, value, symbol, strategy, reason=reason)

    def _set(self, name: str, value: Value, symbol: str | None, strategy: str | None, *, reason: str) -> None:
        if symbol is not None and strategy is not None:
            raise UsageError("name a symbol or a strategy, not both")
        before = self.get(name, symbol=symbol, strategy=strategy)
        wanted = _number(name, value)
        is_lower = wanted <= before or before == 0
        if not reason and not is_lower:
            raise UsageError(f"{name} is {before}: to raise it to {wanted} call raise_({name!r}, …, reason=…)")
        if reason and wanted < before:
            raise UsageError(f"{name} is {before}: to lower it to {wanted} call lower({name!r}, …)")
        if symbol is not None:
            self._set_of_symbol(name, wanted, self._find(symbol))
        elif strategy is not None:
            owner = find_owner(self._risk, strategy)
            owner.adopt(_changed(owner.limits, name, wanted, _STRATEGY))
        else:
            self._risk.adopt(_changed(self._risk.limits, name, wanted, _ACCOUNT))
        whose = symbol or (f"strategy {strategy}" if strategy is not None else "account")
        log.warning("%s: %s is %s, was %s%s", whose, name, wanted, before or "none", f": {reason}" if reason else "")

    def _set_of_symbol(self, name: str, wanted: Decimal, instrument: Instrument) -> None:
        setters = (
            self._risk.symbols.limit_qty, self._risk.symbols.limit_position, self._risk.symbols.limit_window_qty
        )  # fmt: skip
        setters[_index(name)](instrument, qty_lots(instrument, wanted))


def _changed(limits: Any, name: str, wanted: Decimal, names: dict[str, tuple[str, int]]) -> Any:
    """The limits with one of them changed. Rounded down: a limit errs to the strict side."""
    field, units = _named(name, names)
    try:
        return replace(limits, **{field: int(wanted * units)})
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _named(name: str, names: dict[str, tuple[str, int]]) -> tuple[str, int]:
    if name not in names:
        if name in _SYMBOL:
            raise UsageError(f"{name} is a limit of one symbol: name it with symbol=…, and no strategy")
        raise UsageError(f"no limit is called {name!r} here: there are {', '.join(names)}")
    return names[name]


def _index(name: str) -> int:
    if name not in _SYMBOL:
        raise UsageError(f"a symbol has no limit {name!r}: there are {', '.join(_SYMBOL)}")
    return _SYMBOL.index(name)


def _number(name: str, value: Value) -> Decimal:
    if isinstance(value, bool | float):
        raise UsageError(f"{name}: use str, int or Decimal, not {type(value).__name__}: was {value!r}")
    try:
        number = Decimal(value)
    except ArithmeticError:
        raise UsageError(f"{name}: expected a number: was {value!r}") from None
    if not number.is_finite() or number <= 0:
        raise UsageError(f"{name}: a limit is above zero: was {value}")
    return number
