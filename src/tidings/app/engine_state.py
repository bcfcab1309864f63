"""What of an engine works right now, in one value: for people, for logs, and for who was denied NOT_READY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

ORDER_BUDGETS = ("contract", "spotorder", "ip")  # a symbol's order draws on one of the first two, and on the last


def _every_budget(symbol: str) -> Iterable[str]:
    return ORDER_BUDGETS


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """A snapshot; ask again for the present one."""

    is_open: bool  # entered, and not left yet
    has_key: bool
    lanes_up: int
    lane_count: int
    lane_down_cause: str  # of one lane that is down; "" if none is
    is_account_live: bool  # logged in, and each line's snapshot is in: fills are heard
    account_down_cause: str  # of the last connection that ended; "" if none has
    denied_because: str = ""  # what else denies new orders of all symbols, such as an unsure clock
    symbols: Mapping[str, str] = field(default_factory=dict)  # symbol → why its new orders are denied; others may go
    rate_limits: Mapping[str, str] = field(default_factory=dict)  # budget without room → why, and how long to wait
    budgets_of: Callable[[str], Iterable[str]] = field(default=_every_budget, repr=False, compare=False)  # of a symbol
    doubtful_books: Mapping[str, str] = field(default_factory=dict)  # followed symbol → why its book is not live
    killed: str = ""  # why the kill switch is latched; "" if it is not
    trading: str = "ACTIVE"  # of the account: ACTIVE, REDUCING (orders that shrink positions only), HALTED
    trading_reason: str = ""
    restricted: Mapping[str, str] = field(default_factory=dict)  # "strategy mm1" → "HALTED: why"; the rest is ACTIVE
    unknown_orders: int = 0  # orders whose fate is being looked into
    clock_offset_ms: float = 0.0  # the venue's clock minus this machine's
    clock_uncertainty_ms: float = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether new orders are taken."""
        return self.reason == ""

    @property
    def reason(self) -> str:
        """Why new orders are denied, in words; "" when they are not. A rate limit may deny those of some lines only."""
        return self._cause or self._rates(ORDER_BUDGETS)

    def reason_for(self, symbol: str) -> str:
        """Why new orders of one symbol are denied, in words; "" when they are not."""
        return self._cause or self.symbols.get(symbol, "") or self._rates(self.budgets_of(symbol))

    def _rates(self, budgets: Iterable[str]) -> str:
        return "; ".join(self.rate_limits[name] for name in budgets if name in self.rate_limits)

    @property
    def _cause(self) -> str:
        """What denies the orders of all symbols, rate limits aside."""
        if not self.is_open:
            return "the session is not open: enter it with `async with`, and place orders before it ends"
        if self.killed:
            return f"the kill switch is latched: {self.killed}: re-arm it with `tidings rearm --reason …`"
        if not self.has_key:
            return "no API key was given: prices can be followed, orders cannot be placed"
        if not self.is_account_live:
            return f"the account stream is down: {self.account_down_cause or 'not logged in yet'}"
        if not self.lanes_up:
            return f"no order lane is up: {self.lane_down_cause or 'not connected yet'}"
        if self.trading == "HALTED":
            return f"trading is halted: {self.trading_reason or 'no reason was given'}"
        return self.denied_because
