"""Every limit as the engine counts it: integers, frozen, none of them unlimited.

Money is in 10**-4 of the quote currency ("e4"), quantities in lots, times in nanoseconds. What people write, and why
each default is what it is, stands in tidings.config. A changed limit is a changed copy: `dataclasses.replace`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

E4 = 10_000
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyLimits:
    """What one strategy may do; the account's own limits hold beside it."""

    max_notional_e4: int = 100_000 * E4  # per order
    max_gross_e4: int = 2_000_000 * E4  # its positions and open orders, at worst
    max_window_e4: int = 10_000_000 * E4  # ordered within the account's window
    max_orders_per_s: int = 500
    max_executions: int = 1000  # within executions_window_ns, else it is disabled
    executions_window_ns: int = 60 * NS_PER_S

    def __post_init__(self) -> None:
        check_positive(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What one account may do."""

    max_notional_e4: int = 100_000 * E4  # per order
    collar_bp: int = 2000  # how far a limit price may lie beyond the last known price, in 0.01 %
    max_open: int = 200  # orders not done, unknown ones included
    max_position_e4: int = 500_000 * E4  # per symbol and direction, at worst
    max_gross_e4: int = 2_000_000 * E4
    max_net_e4: int = 1_000_000 * E4
    window_ns: int = 60 * NS_PER_S
    max_window_e4: int = 10_000_000 * E4  # ordered within the window
    max_window_orders: int = 100  # of a symbol's largest quantity, within the window
    max_orders_per_s: int = 500  # and amends
    duplicate_window_ns: int = 5 * NS_PER_S  # 0: none; for tests and benchmarks, the settings refuse it
    strategy: StrategyLimits = field(default_factory=StrategyLimits)  # of those not named in the settings

    def __post_init__(self) -> None:
        check_positive(self)
        if self.collar_bp >= E4:
            raise ValueError(f"limits: the collar must be below 100 %: was collar_bp={self.collar_bp}")


MAY_BE_ZERO = ("duplicate_window_ns",)
MOST = {"max_open": 2**31 - 1, "max_executions": 2**20}  # of the rest: what an int64 holds


def check_positive(limits: StrategyLimits | RiskLimits) -> None:
    """Raises ValueError unless every limit is a whole number above zero that can be counted."""
    for limit in fields(limits):
        value = getattr(limits, limit.name)
        least = 0 if limit.name in MAY_BE_ZERO else 1
        most = MOST.get(limit.name, 2**63 - 1)
        if not isinstance(value, StrategyLimits) and (type(value) is not int or not least <= value <= most):
            raise ValueError(f"limits must be positive whole numbers: was {limit.name}={value!r}")
