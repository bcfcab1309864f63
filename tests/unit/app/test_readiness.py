"""Causes come and go by name; the gravest is told, and the gates follow."""

from order_samples import INVERSE as FIRST
from order_samples import LINEAR as SECOND

from tidings.app.readiness import Readiness
from tidings.model.enums import DenyReason


class Gates:
    def __init__(self) -> None:
        self.all = DenyReason.NONE
        self.symbols: dict[str, int] = {}

    def deny_orders(self, reason):
        self.all = reason

    def deny_symbol(self, instrument, reason):
        self.symbols[instrument.symbol] = reason


def test_a_cause_is_lifted_by_its_own_name_only():
    gates = Gates()
    readiness = Readiness(gates)
    readiness.deny_all("account", DenyReason.NOT_READY, "the stream is down")
    readiness.deny_all("clock", DenyReason.CLOCK_UNSURE, "who knows what time it is")
    assert (gates.all, readiness.reason) == (DenyReason.CLOCK_UNSURE, "who knows what time it is")
    readiness.allow_all("clock")
    assert (gates.all, readiness.reason) == (DenyReason.NOT_READY, "the stream is down")
    readiness.allow_all("clock")
    readiness.allow_all("account")
    assert (gates.all, readiness.reason) == (DenyReason.NONE, "")


def test_symbols_are_denied_each_by_itself_and_halted_goes_first():
    gates = Gates()
    readiness = Readiness(gates)
    readiness.deny(FIRST, "comparison", DenyReason.NOT_READY, "not compared yet")
    readiness.deny(FIRST, "position", DenyReason.HALTED, "5 here, 3 there")
    readiness.deny(SECOND, "comparison", DenyReason.NOT_READY, "not compared yet")
    assert readiness.symbols == {FIRST.symbol: "5 here, 3 there", SECOND.symbol: "not compared yet"}
    assert gates.symbols == {FIRST.symbol: DenyReason.HALTED, SECOND.symbol: DenyReason.NOT_READY}
    readiness.allow(FIRST, "position")
    readiness.allow(SECOND, "comparison")
    assert readiness.symbols == {FIRST.symbol: "not compared yet"}
    assert gates.symbols == {FIRST.symbol: DenyReason.NOT_READY, SECOND.symbol: DenyReason.NONE}
    assert (readiness.of(FIRST.symbol), readiness.of(SECOND.symbol)) == ("not compared yet", "")
    assert readiness.has(FIRST, "comparison") and not readiness.has(FIRST, "position")
