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
    owner.adopt(StrategyLimits(max_window_e4=50, max_executions=3))
    assert owner.executions.most == 3
    assert [owner.executions.note(number) for number in (2, 3)] == [False, True]     # the third, with the one before


def test_fewer_executions_allowed_count_the_latest_of_those_before():
    """Ten a second, of which a hundred were allowed and now are ten: the next trips it, an hour later it would not."""
    for pause_ns, trips in [(S // 10, True), (3600 * S, False)]:
        owner = make(max_executions=100, executions_window_ns=S)
        for number in range(150):
            owner.executions.note(number * S // 10)
        owner.adopt(StrategyLimits(max_executions=10, executions_window_ns=S))
        assert not owner.is_tripped
        assert owner.executions.note(149 * S // 10 + pause_ns) is trips


def test_only_active_arms_the_breaker():
    owner = make(max_executions=2, executions_window_ns=S)
    owner.executions.note(1)
    owner.set_state(TradingState.REDUCING)
    assert owner.executions.note(2)
    owner.set_state(TradingState.ACTIVE)
    assert not owner.executions.note(3)
