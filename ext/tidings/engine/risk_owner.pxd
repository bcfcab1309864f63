"""One strategy's limits, windows and state."""

from libc.stdint cimport int64_t

from tidings.engine.risk_windows cimport ExecutionBreaker, RollingSum


cdef class OwnerRisk:
    cdef readonly int index                 # as in OrderTerms.owner
    cdef readonly str name                  # "" is the default one
    cdef readonly object limits             # StrategyLimits
    cdef readonly int state                 # TradingState
    cdef readonly bint is_tripped           # the breaker has: disabled until a person re-arms it
    # The limits, where the order path reads them.
    cdef int64_t max_notional_e4, max_gross_e4
    cdef readonly RollingSum notional, messages
    cdef readonly ExecutionBreaker executions

    cdef bint note_execution(self, int64_t now_ns) noexcept         # True: this one tripped it
