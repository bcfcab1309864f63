"""One strategy's limits, windows and state. Strategies share the engine and the account, not each other's limits."""

from libc.stdint cimport int64_t

from tidings.engine.risk_windows cimport ExecutionBreaker, RollingSum

from tidings.model.enums import TradingState

cdef enum:
    NS_PER_S = 1000000000


cdef class OwnerRisk:
    def __init__(self, int index, str name not None, limits not None, int64_t window_ns):
        self.index, self.name = index, name
        self.notional = RollingSum(limits.max_window_e4, window_ns)
        self.messages = RollingSum(limits.max_orders_per_s, NS_PER_S)
        self.adopt(limits)

    def adopt(self, limits not None):
        """Other limits, from now on; what was counted stays counted."""
        before = self.executions
        if before is None or (before.most, before.window_ns) != (limits.max_executions, limits.executions_window_ns):
            self.executions = ExecutionBreaker(limits.max_executions, limits.executions_window_ns)
            if before is not None:
                self.executions.take_over(before)
        self.notional.set_limit(limits.max_window_e4)
        self.messages.set_limit(limits.max_orders_per_s)
        self.max_notional_e4, self.max_gross_e4 = limits.max_notional_e4, limits.max_gross_e4
        self.limits = limits

    def set_state(self, state):
        """ACTIVE also arms a tripped breaker: a person has looked."""
        self.state = TradingState(state)
        if self.state == TradingState.ACTIVE:
            self.is_tripped = False
            self.executions.arm()

    cdef bint note_execution(self, int64_t now_ns) noexcept:
        if not self.executions.add(now_ns) or self.is_tripped:
            return False
        self.is_tripped = True
        return True
