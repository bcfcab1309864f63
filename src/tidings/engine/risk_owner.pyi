from tidings.engine.risk_limits import StrategyLimits
from tidings.engine.risk_windows import ExecutionBreaker, RollingSum
from tidings.model.enums import TradingState

class OwnerRisk:
    """One strategy's limits, windows and state. Made by `Risk.owner`."""

    index: int  # as in OrderTerms.owner
    name: str  # "" is the default one
    limits: StrategyLimits
    state: int
    is_tripped: bool  # the breaker has: disabled until a person re-arms it
    notional: RollingSum  # ordered within the window, in 10**-4 of the quote currency
    messages: RollingSum  # orders and amends within a second
    executions: ExecutionBreaker

    def __init__(self, index: int, name: str, limits: StrategyLimits, window_ns: int) -> None: ...
    def adopt(self, limits: StrategyLimits) -> None:
        """Other limits, from now on; what was counted stays counted."""
    def set_state(self, state: TradingState) -> None:
        """ACTIVE also arms a tripped breaker: a person has looked."""
