"""The judges of I10 must see: engines without a limit, deaf to a state, or careless with a kill, each blamed for it."""

import random
from dataclasses import replace

import pytest

from tests.simulated import engine_process
from tests.simulated.faults import MS_NS, Fault
from tests.simulated.limits import LimitTraits, denials_missing
from tests.simulated.schedule import _action, _in_time, make_schedule
from tests.simulated.simulation import Simulation
from tidings.app.kill import kill_switch
from tidings.app.kill.flattening import Flattening
from tidings.app.kill.kill_switch import KillSwitch
from tidings.app.limits.trading_control import TradingControl

SCHEDULES_MAX = 40
BUSY = ("limit", "burst", "again", "wild", "limit", "amend", "market", "burst")


def blamed(change, numbers=range(SCHEDULES_MAX)):
    """What the first schedule is blamed for under I10; "" if none is."""
    for number in numbers:
        violations = Simulation(change(make_schedule(number))).run().violations
        for violation in violations:
            if violation.startswith("I10 "):
                return violation
    return ""


def busy(limits, verbs=BUSY, faults=()):
    """A schedule as it is, with these limits, no faults of its own, and much to do."""

    def change(schedule):
        chance = random.Random(schedule.seed)
        actions = tuple(_action(chance, verb, 60) for verb in verbs * 2)
        plain = [action for action in schedule.actions if action.verb not in ("halt", "reduce", "resume")]
        return replace(
            schedule, engine=replace(schedule.engine, limits=limits), faults=faults,
            actions=_in_time((*plain, *actions)),
        )

    return change


@pytest.mark.parametrize(("limits", "words"), [
    (LimitTraits(max_qty=5), "is more than 5 small units"),
    (LimitTraits(max_notional=300), "is worth"),
    (LimitTraits(max_position=9), "held and"),
    (LimitTraits(max_open=2), "open order of 2"),
    (LimitTraits(max_window_qty=12, window_s=1), "ordered within 1 s"),
    (LimitTraits(max_window_notional=500, window_s=2), "dollars ordered within 2 s"),
    (LimitTraits(max_orders_per_s=2), "within a second"),
    (LimitTraits(collar_percent=1), "beyond the collar"),
    (LimitTraits(max_executions=2, executions_window_s=2.0), "executions in no time"),
])  # fmt: skip
def test_an_engine_without_the_limit(monkeypatch, limits, words):
    assert blamed(busy(limits), range(3)) == ""
    monkeypatch.setattr(engine_process, "settings_of", lambda limits: {"collar_percent": "40"})
    assert words in blamed(busy(limits))


@pytest.mark.parametrize(("verb", "words"), [("halt", "HALTED"), ("reduce", "REDUCING")])
def test_an_engine_deaf_to_a_state(monkeypatch, verb, words):
    verbs = (verb, *BUSY)
    assert blamed(busy(LimitTraits(), verbs), range(3)) == ""
    monkeypatch.setattr(TradingControl, "restrict", lambda self, *words: None)
    assert words in blamed(busy(LimitTraits(), verbs))


def killed(*kinds, **words):
    """The faults of one kill in the middle of a run."""
    return tuple(Fault(kind, 1_000 * MS_NS, 400 * MS_NS, **words) for kind in kinds)


def test_an_engine_that_forgets_the_latch_when_it_starts(monkeypatch):
    change = busy(LimitTraits(), faults=killed("kill_latch", "crash"))
    assert blamed(change, range(3)) == ""
    monkeypatch.setattr(KillSwitch, "heed_latch", lambda self: None)
    assert "the next engine does not say so" in blamed(change)


def test_an_engine_that_does_not_look_for_a_latch(monkeypatch):
    change = busy(LimitTraits(), faults=killed("kill_file"))
    monkeypatch.setattr(KillSwitch, "look", lambda self: None)
    assert "too long" in blamed(change)


def test_an_engine_that_writes_no_latch(monkeypatch):
    monkeypatch.setattr(KillSwitch, "_write_latch", lambda self: None)
    assert "no latch was written" in blamed(busy(LimitTraits(), faults=killed("kill")))


def test_a_kill_that_leaves_orders_waiting_for_a_trigger(monkeypatch):
    change = busy(LimitTraits(), ("conditional",) * 6, killed("kill"))
    assert blamed(change, range(3)) == ""
    monkeypatch.setattr(kill_switch, "HALVES", (False,))
    assert "kill is not verified" in blamed(change)


def test_a_kill_called_done_too_soon(monkeypatch):
    async def finish(self):
        """All will be well."""

    monkeypatch.setattr(Flattening, "finish", finish)
    faults = killed("kill", "slow_request", target="cancel_all")
    assert "is called verified" in blamed(busy(LimitTraits(), faults=faults))


def test_a_limit_that_never_bound_is_told():
    outcomes = {"limit OrderDenied KILLED": 3, "market OrderDenied SELF_MATCH": 1, "rearm done": 1}
    missing = denials_missing(outcomes)
    assert "MAX_POSITION" in missing
    assert not {"KILLED", "SELF_MATCH", "rearm done"} & set(missing)
