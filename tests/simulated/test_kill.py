"""Kills that were called done too soon once: single schedules, each with what made the engine err."""

from dataclasses import replace

import pytest

from tests.simulated.exchange_side import SYMBOLS
from tests.simulated.faults import MS_NS, Fault
from tests.simulated.schedule import make_schedule
from tests.simulated.simulation import Simulation
from tests.simulated.trader import Action

ORDERS_AT_NS = 500 * MS_NS


def run(faults, symbols=SYMBOLS, **traits):
    """One resting buy in each symbol, and these faults. Their times count from when the orders leave."""
    plain = make_schedule(7)
    engine = replace(plain.engine, **{"expiry_s": 2, "deadline_s": 1.0, "lanes": 2, "limits": None, **traits})
    orders = tuple(Action("limit", ORDERS_AT_NS, symbol, "buy", -50, 5, 0) for symbol in symbols)
    moved = tuple(replace(fault, at_ns=ORDERS_AT_NS + fault.at_ns) for fault in faults)
    return Simulation(replace(plain, engine=engine, actions=orders, faults=moved)).run()


@pytest.mark.parametrize("journal", ["power", "crash"])
@pytest.mark.parametrize("delay_ms", [900, 1_900])
def test_an_order_of_before_the_power_loss_that_arrives_behind_the_kill(journal, delay_ms):
    """Nobody can say when it was sent: not the monotonic clock of another boot, nor a journal that lost it."""
    result = run((
        Fault("slow_request", -ORDERS_AT_NS, target="create", pick=delay_ms),
        Fault("power_loss", 20 * MS_NS), Fault("kill_latch", 21 * MS_NS),
    ), symbols=("BTCUSDT",), journal=journal)  # fmt: skip
    assert result.fired["slow_request"] == result.fired["power_loss"] == 1
    assert not result.violations


@pytest.mark.parametrize("lost", ["drop_request", "error_before"])
@pytest.mark.parametrize("behind_ms", [5, 300])
def test_cancels_that_are_lost_while_the_lists_do_not_show_the_orders_yet(lost, behind_ms):
    """The venue's lists lag two seconds: they are empty, as they were before the orders."""
    result = run((
        Fault("query_lag", -300 * MS_NS, 2_500 * MS_NS, pick=1_899),
        *[Fault(lost, -number, target="cancel_all", pick=1) for number in range(6)],
        Fault("kill", behind_ms * MS_NS),
    ))  # fmt: skip
    assert result.fired[lost] and result.fired["query_lag"] and result.fired["kill"] == 1
    assert not result.violations
