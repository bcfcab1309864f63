"""Tight limits of one run, in the units of a person; and the same as settings of an engine.

Quantities are in the trader's small units (`exchange_side.SMALL_QTY`), money in dollars. None: as the engine has it.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.simulated.exchange_side import SYMBOLS

QUANTITY = {"BTCUSD": "{}", "BTCUSDT": "0.{:03}", "sBTCUSDT": "0.{:03}"}  # of so many small units


@dataclass(frozen=True)
class LimitTraits:
    """What a run's engine may do at most."""

    max_qty: int | None = None
    max_notional: int | None = None
    max_position: int | None = None
    max_open: int | None = None
    window_s: int = 60
    max_window_qty: int | None = None
    max_window_notional: int | None = None
    max_orders_per_s: int | None = None
    collar_percent: int | None = None
    duplicate_window_s: float = 5.0
    max_executions: int | None = None
    executions_window_s: float = 60.0


def settings_of(limits: LimitTraits) -> dict[str, Any]:
    """The settings that say the same to an engine."""
    by_symbol = {
        "max_qty": limits.max_qty, "max_position": limits.max_position, "max_window_qty": limits.max_window_qty,
    }
    plain = {
        "max_notional": limits.max_notional, "max_open_orders": limits.max_open, "window_s": limits.window_s,
        "max_window_notional": limits.max_window_notional, "max_orders_per_s": limits.max_orders_per_s,
        "collar_percent": limits.collar_percent, "duplicate_window_s": limits.duplicate_window_s,
        "max_executions": limits.max_executions, "executions_window_s": limits.executions_window_s,
    }
    return {name: str(value) if name in MONEY else value for name, value in plain.items() if value is not None} | {
        name: {symbol: QUANTITY[symbol].format(most) for symbol in SYMBOLS}
        for name, most in by_symbol.items() if most is not None
    }


MONEY = ("max_notional", "max_window_notional", "collar_percent")


def random_limits(chance: random.Random) -> LimitTraits:
    """Each limit is tight in about every other run, so that those behind it are reached as well."""

    def maybe(*values: int) -> int | None:
        return chance.choice(values) if chance.random() < 0.45 else None

    return LimitTraits(
        max_qty=maybe(5, 7, 8), max_notional=maybe(300, 420, 480), max_position=maybe(9, 12, 20),
        max_open=maybe(2, 4, 6),
        window_s=chance.choice((1, 1, 2, 60)), max_window_qty=maybe(12, 20, 40),
        max_window_notional=maybe(500, 1_000, 2_000), max_orders_per_s=maybe(2, 4, 6),
        collar_percent=chance.choice((1, 5, 20)), duplicate_window_s=chance.choice((0.5, 5.0)),
        max_executions=maybe(2, 3, 5), executions_window_s=chance.choice((0.5, 2.0)),
    )


# What must have denied an order in a long campaign: a limit that never binds is not tried.
DENIALS = (
    "KILLED", "HALTED", "SYMBOL_HALTED", "STRATEGY_HALTED", "REDUCING", "REPEATED_EXECUTIONS", "MAX_OPEN_ORDERS",
    "MAX_QTY", "MAX_NOTIONAL", "PRICE_COLLAR", "MAX_POSITION", "SELF_MATCH", "DUPLICATE_ORDER", "WINDOW_QTY",
    "WINDOW_NOTIONAL", "ORDER_RATE",
)


def denials_missing(outcomes: Counter[str]) -> list[str]:
    """Those that no trader has met, and "rearm done" where no kill was ever ended."""
    met = {outcome.rsplit(" ", 1)[-1] for outcome in outcomes}
    return [reason for reason in DENIALS if reason not in met] + ["rearm done"] * ("rearm done" not in outcomes)
