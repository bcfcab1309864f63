"""One strategy's limits: taken over, changed, and the breaker that only a person arms again."""

from tidings.engine.risk_limits import StrategyLimits
from tidings.engine.risk_owner import OwnerRisk
from tidings.model.enums import TradingState

S = 1_000_000_000


def make(**limits):
    return OwnerRisk(3, "mm1", StrategyLimits(**limits), 60 * S)


def test_windows_have_the_strategys_limits():
    owner = make(max_window_e4=7, max_orders_per_s=5, max_executions=2, executions_window_ns=S)
    assert (owner.index, owner.name, owner.state, owner.is_tripped) == (3, "mm1", TradingState.ACTIVE, False)
    assert (owner.notional.limit, owner.notional.window_ns) == (7, 60 * S)
    assert (owner.messages.limit, owner.messages.window_ns) == (5, S)
    assert (owner.executions.most, owner.executions.window_ns) == (2, S)


def test_changed_limits_keep_what_was_counted():
    owner = make(max_window_e4=100)
    owner.notional.try_add(60, 1)
    owner.executions.note(1)
    executions = owner.executions
    owner.adopt(StrategyLimits(max_window_e4=50))
    assert (owner.notional.limit, owner.notional.used_at(1), owner.executions is executions) == (50, 60, True)
    owner.adopt(StrategyLimits(max_window_e4=50, max_executions=9))
    assert owner.executions.most == 9


def test_only_active_arms_the_breaker():
    owner = make(max_executions=2, executions_window_ns=S)
    owner.executions.note(1)
    owner.set_state(TradingState.REDUCING)
    assert owner.executions.note(2)
    owner.set_state(TradingState.ACTIVE)
    assert not owner.executions.note(3)
