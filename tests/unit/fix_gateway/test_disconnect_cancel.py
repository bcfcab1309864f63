"""Cancels for whoever is gone go on until each order is over, whatever goes wrong on the way."""

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
