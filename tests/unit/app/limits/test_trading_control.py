"""States of account, symbols and strategies: who leads where, and what is said about it."""

import logging

import pytest
from engine_samples import NOW_NS, Path
from order_samples import LIMIT, LINEAR, trade

from tidings.app.limits.trading_control import TradingControl
from tidings.engine.risk_limits import StrategyLimits
from tidings.errors import UsageError
from tidings.model.enums import TradingState
from tidings.model.terms import OrderTerms

HALTED, REDUCING = TradingState.HALTED, TradingState.REDUCING


@pytest.fixture
def path():
    return Path()


@pytest.fixture
def control(path):
    return TradingControl(path.risk, {"BTCUSDT": LINEAR}.__getitem__)


def test_account_is_active_until_a_person_says_otherwise(control, path):
    assert (control.account, control.restricted, control.halted_symbols) == ((TradingState.ACTIVE, ""), {}, {})
    control.restrict(HALTED, None, None, "the news")
    assert (control.account, path.risk.state) == ((HALTED, "the news"), HALTED)
    control.resume(None, None, "read it")
    assert (control.account, path.risk.state) == ((TradingState.ACTIVE, ""), TradingState.ACTIVE)


def test_symbols_and_strategies_have_states_of_their_own(control, path):
    path.risk.owner("mm1")
    control.restrict(HALTED, "BTCUSDT", None, "odd book")
    control.restrict(REDUCING, None, "mm1", "")
    assert control.restricted == {"symbol BTCUSDT": "HALTED: odd book", "strategy mm1": "REDUCING"}
    assert control.halted_symbols == {"BTCUSDT": "halted: odd book"}
    assert (path.risk.symbols.state_of(LINEAR), path.risk.owners[1].state) == (HALTED, REDUCING)
    control.resume("BTCUSDT", None, "fine again")
    assert control.restricted == {"strategy mm1": "REDUCING"}


@pytest.mark.parametrize("reason", ["", "  "])
def test_resuming_needs_a_reason(control, path, reason):
    control.restrict(HALTED, None, None, "")
    with pytest.raises(UsageError, match="needs a reason"):
        control.resume(None, None, reason)
    assert path.risk.state == HALTED


def test_each_step_is_written_down(control, caplog):
    with caplog.at_level(logging.WARNING):
        control.restrict(HALTED, None, None, "the news")
        control.resume(None, None, "read it")
    assert [record.getMessage() for record in caplog.records] == [
        "account: HALTED: the news", "account: ACTIVE: read it (was HALTED: the news)",
    ]


def test_tripped_breaker_is_a_halt_that_only_resuming_ends(control, path, caplog):
    owner = path.risk.owner("mm1", StrategyLimits(max_executions=2, executions_window_ns=10**9))
    order = path.submit(OrderTerms(LINEAR, LIMIT.side, owner=owner.index), 10)
    path.hear(trade(1, 1, handle=order.handle), trade(1, 2, handle=order.handle))
    control.notice_trips()
    assert control.restricted == {"strategy mm1": "HALTED: 2 executions within 1 s: look at it, then resume it"}
    assert caplog.records[-1].levelno == logging.ERROR
    control.resume(None, "mm1", "it was the opening")
    assert (control.restricted, owner.is_tripped) == ({}, False)
    assert path.entry.submit_order(path.draft(OrderTerms(LINEAR, LIMIT.side, owner=owner.index)), NOW_NS) > 0


@pytest.mark.parametrize("whose", [(None, None), ("BTCUSDT", None), (None, "mm1")])
def test_what_is_halted_is_not_let_off_with_reducing(control, path, caplog, whose):
    path.risk.owner("mm1")
    control.restrict(HALTED, *whose, "the news")
    control.restrict(REDUCING, *whose, "funding")
    states = path.risk.state, path.risk.symbols.state_of(LINEAR), path.risk.owners[1].state
    assert HALTED in states and REDUCING not in states
    assert list(control.restricted.values()) == ["HALTED: the news"]
    assert caplog.messages[-1].endswith("stays HALTED: the news (REDUCING was asked for: funding)")
    control.resume(*whose, "read it")
    control.restrict(REDUCING, *whose, "funding")
    assert list(control.restricted.values()) == ["REDUCING: funding"]


def test_breaker_of_a_strategy_that_only_reduces_is_told_all_the_same(control, path, caplog):
    owner = path.risk.owner("mm1", StrategyLimits(max_executions=1, executions_window_ns=10**9))
    order = path.submit(OrderTerms(LINEAR, LIMIT.side, owner=owner.index), 10)
    control.restrict(REDUCING, None, "mm1", "funding")
    path.hear(trade(1, 1, handle=order.handle))
    assert control.restricted == {"strategy mm1": "HALTED: 1 executions within 1 s: look at it, then resume it"}
    assert caplog.records[-1].levelno == logging.ERROR


def test_what_nobody_knows_is_refused(control):
    with pytest.raises(UsageError, match="no strategy is called 'mm2'"):
        control.restrict(HALTED, None, "mm2", "")
    with pytest.raises(UsageError, match="not both"):
        control.restrict(HALTED, "BTCUSDT", "mm2", "")
    with pytest.raises(KeyError):
        control.restrict(HALTED, "NOSUCH", None, "")
