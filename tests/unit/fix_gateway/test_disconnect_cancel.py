"""Cancels for whoever is gone go on until each order is over, whatever goes wrong on the way."""

import asyncio
from types import SimpleNamespace

from tidings.fix_gateway import disconnect_cancel
from tidings.fix_gateway.disconnect_cancel import DisconnectCancel, Scope


class Queries:
    """In place of OrderQueries: the first cancel meets a fault of ours."""

    def __init__(self):
        self.asked = []

    def cancel_quietly(self, chain, text):
        self.asked.append(text)
        if len(self.asked) == 1:
            raise ZeroDivisionError("a fault")
        chain.is_done = True


class Chains:
    def __init__(self, *open_chains):
        self.open, self.armed = list(open_chains), {}

    def open_chains(self, owner):
        return [chain for chain in self.open if not chain.is_done and owner in (None, chain.owner)]

    def note_armed(self, owner, scope):
        self.armed[owner] = scope


async def test_a_fault_does_not_end_them(monkeypatch, caplog):
    monkeypatch.setattr(disconnect_cancel, "RETRY_S", 0.001)
    chain = SimpleNamespace(owner="C1", is_done=False, order=object(), symbol="BTCUSDT")
    chains, queries = Chains(chain), Queries()
    cancel = DisconnectCancel("C1", SimpleNamespace(chains=chains), queries, frozenset())
    cancel.arm(Scope.SESSION)
    assert chains.armed == {"C1": "S"}
    cancel.begin(0)
    await cancel.finish()
    assert (chain.is_done, queries.asked, chains.armed) == (True, ["cancel on disconnect"] * 2, {"C1": ""})
    assert "trying again" in caplog.text


def gone(*chains):
    """S was agreed, and the connection is lost: the cancels of these orders, and what is written of it."""
    kept = Chains(*chains)
    cancel = DisconnectCancel("C1", SimpleNamespace(chains=kept), Patient(), frozenset())
    cancel.arm(Scope.SESSION)
    cancel.begin(0 if chains else 60)
    return cancel, kept


class Patient:
    """In place of OrderQueries: cancels that nobody confirms before the test says so."""

    def cancel_quietly(self, chain, text):
        return True


async def test_who_is_back_in_time_and_wants_none_has_none_after_a_crash_either():
    cancel, kept = gone()
    await asyncio.sleep(0)
    cancel.arm(Scope.OFF)
    assert kept.armed == {"C1": ""}
    await asyncio.sleep(0)
    cancel.arm(Scope.SESSION, also_for_crash=False)
    assert kept.armed == {"C1": ""}


async def test_cancels_under_way_when_it_is_back_are_made_up_for_until_they_are_through(monkeypatch):
    monkeypatch.setattr(disconnect_cancel, "RETRY_S", 0.001)
    chain = SimpleNamespace(owner="C1", is_done=False, order=object(), symbol="BTCUSDT")
    cancel, kept = gone(chain)
    await asyncio.sleep(0.002)
    cancel.arm(Scope.OFF)
    assert kept.armed == {"C1": "S"}  # a crash now must not leave the order open
    chain.is_done = True
    await cancel.finish()
    assert kept.armed == {"C1": ""}  # and one now must not cancel what it has placed since


async def test_the_end_of_one_run_does_not_disarm_the_next(monkeypatch):
    monkeypatch.setattr(disconnect_cancel, "RETRY_S", 0.001)
    chain = SimpleNamespace(owner="C1", is_done=False, order=object(), symbol="BTCUSDT")
    cancel, kept = gone(chain)
    await asyncio.sleep(0.002)
    cancel.arm(Scope.SESSION)
    cancel.begin(0.05)
    chain.is_done = True
    await asyncio.sleep(0.02)
    assert kept.armed == {"C1": "S"}  # its window is open
    await cancel.finish()
    assert kept.armed == {"C1": ""}
