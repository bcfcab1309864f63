"""Limits of a running engine: down at once, up only with a reason."""

import logging
from decimal import Decimal

import pytest
from order_samples import LINEAR

from tidings.app.limits.live_limits import LiveLimits
from tidings.app.limits.risk_limits import risk_limits_of
from tidings.config import load_settings
from tidings.engine.risk import Risk
from tidings.engine.risk_limits import RiskLimits, StrategyLimits
from tidings.errors import UsageError


@pytest.fixture
def risk():
    risk = Risk([LINEAR])
    risk.owner("mm1", StrategyLimits(max_orders_per_s=20))
    return risk


@pytest.fixture
def limits(risk):
    return LiveLimits(risk, {"BTCUSDT": LINEAR}.__getitem__)


def test_limits_read_as_the_settings_name_them(limits):
    assert limits.all() == {
        "max_notional": 100_000, "collar_percent": 20, "max_open_orders": 200, "max_position_notional": 500_000,
        "max_gross_notional": 2_000_000, "max_net_notional": 1_000_000, "max_window_notional": 10_000_000,
        "max_orders_per_s": 500,
    }  # fmt: skip
    assert limits.get("max_orders_per_s", strategy="mm1") == 20
    assert limits.get("max_position", symbol="BTCUSDT") == 0


def test_defaults_of_settings_and_engine_are_the_same():
    assert risk_limits_of(load_settings("local", environ={})) == RiskLimits()


def test_lowering_holds_at_once(limits, risk):
    limits.lower("max_gross_notional", "1500000.5")
    assert (limits.get("max_gross_notional"), risk.limits.max_gross_e4) == (Decimal("1500000.5"), 15_000_005_000)
    limits.lower("max_notional", 1000, strategy="mm1")
    assert risk.owners[1].limits.max_notional_e4 == 10_000_000
    limits.lower("max_position", "0.5", symbol="BTCUSDT")
    assert risk.symbols.limits_of(LINEAR) == (0, 500, 0)


def test_a_first_limit_was_none_before(limits, caplog):
    with caplog.at_level(logging.WARNING):
        limits.lower("max_position", "0.5", symbol="BTCUSDT")
    assert "BTCUSDT: max_position is 0.5, was none" in caplog.text


def test_lowering_does_not_raise_and_raising_says_why(limits, caplog):
    with pytest.raises(UsageError, match=r"max_notional is 100000: to raise it to 200000 call raise_\("):
        limits.lower("max_notional", 200_000)
    with pytest.raises(UsageError, match="needs a reason"):
        limits.raise_("max_notional", 200_000, reason=" ")
    with pytest.raises(UsageError, match=r"max_notional is 100000: to lower it to 20000 call lower\("):
        limits.raise_("max_notional", 20_000, reason="a typo")
    assert limits.get("max_notional") == 100_000
    with caplog.at_level(logging.WARNING):
        limits.raise_("max_notional", 200_000, reason="larger book")
    assert limits.get("max_notional") == 200_000
    assert caplog.messages == ["account: max_notional is 200000, was 100000: larger book"]


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "x", "NaN", "Infinity"])
def test_no_limit_is_switched_off(limits, value):
    with pytest.raises(UsageError, match="max_notional"):
        limits.lower("max_notional", value)


def test_value_too_small_to_count_is_refused(limits):
    with pytest.raises(UsageError, match="max_notional"):
        limits.lower("max_notional", "0.00001")


@pytest.mark.parametrize(("name", "whose"), [("max_open_orders", {}), ("max_executions", {"strategy": "mm1"})])
def test_value_too_large_to_count_is_refused(limits, risk, name, whose):
    before = limits.get(name, **whose)
    with pytest.raises(UsageError, match=name):
        limits.raise_(name, 2**31, reason="more of everything", **whose)
    assert limits.get(name, **whose) == before


@pytest.mark.parametrize(
    ("name", "whose"),
    [("max_qty", {}), ("window_s", {}), ("max_notional", {"symbol": "BTCUSDT"}),
     ("max_net_notional", {"strategy": "mm1"}), ("max_notional", {"strategy": "mm9"})],
)
def test_unknown_limit_is_named(limits, name, whose):
    with pytest.raises(UsageError, match=f"{name}|mm9"):
        limits.lower(name, 1, **whose)
    with pytest.raises(UsageError, match="not both"):
        limits._set("max_qty", 1, "BTCUSDT", "mm1", reason="")


@pytest.mark.parametrize("whose", [{}, {"strategy": "mm1"}])
def test_a_limit_of_a_symbol_asks_for_the_symbol(limits, whose):
    with pytest.raises(UsageError, match=r"max_position is a limit of one symbol: name it with symbol="):
        limits.lower("max_position", 1, **whose)
