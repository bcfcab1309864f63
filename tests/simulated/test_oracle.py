"""The oracle must see: engines that are wrong on purpose, each caught within some schedules, by the rule it breaks."""

from dataclasses import replace

import pytest

from tests.simulated import engine_process, wire
from tests.simulated.disk import SimulatedDisk
from tests.simulated.faults import Fault
from tests.simulated.schedule import STRANDED_NS, make_schedule
from tests.simulated.simulation import Simulation
from tidings.app import engine
from tidings.app.readiness import Readiness
from tidings.app.truth.inquiry import Inquiry
from tidings.app.truth.reconciliation import Reconciliation
from tidings.engine.resolver import Resolver
from tidings.errors import TidingsError
from tidings.model.enums import ExecType
from tidings.model.position import Position
from tidings.net.http_client import HttpClient

SCHEDULES_MAX = 120


def rules_broken(numbers=range(SCHEDULES_MAX), change=lambda schedule: schedule):
    """The rules of the first schedule that breaks any; nothing if none does."""
    for number in numbers:
        violations = Simulation(change(make_schedule(number))).run().violations
        if violations:
            return {violation.split(" ")[0] for violation in violations}
    return set()


def test_an_order_called_dead_while_its_request_is_still_on_its_way(monkeypatch):
    def slow(schedule):
        fault = Fault("slow_request", 0, target="create", pick=2_700)  # ms: behind the proof, before the expiry
        return replace(schedule, engine=replace(schedule.engine, expiry_s=2, deadline_s=0.25), faults=(fault,))

    assert not rules_broken(range(10), slow)
    monkeypatch.setattr(Resolver, "_is_past_expiry", lambda self, *_: True)
    assert "I3" in rules_broken(range(10), slow)


def test_errors_counted_as_not_found(monkeypatch):
    async def ask(self, instrument, orders):
        try:
            listing = await self._evidence.open_orders(instrument)
            await self._tell_found(instrument, orders, listing.reports, 0)
        except (TidingsError, OSError):
            for order in orders:
                self._tell(order, [self._resolver._verdict(order, ExecType.REJECTED, "gone", 0)])

    monkeypatch.setattr(Inquiry, "_ask", ask)
    assert "I3" in rules_broken()


def test_an_engine_that_never_compares_with_the_venues_lists(monkeypatch):
    async def look(self):
        if self.is_behind:
            await self.catch_up()

    monkeypatch.setattr(Reconciliation, "look", look)
    assert "I3" in rules_broken()


def test_executions_counted_twice_into_the_position(monkeypatch):
    move = Position._move
    monkeypatch.setattr(Position, "_move", lambda self, *order: (move(self, *order), move(self, *order)))
    assert "I5" in rules_broken()


def test_a_create_that_is_sent_again(monkeypatch):
    send = wire.Wire.send

    def send_twice(self, data):
        if b"/create?" in data and self.network.timeline.now_ns % 3 == 0:
            send(self, data)
        return send(self, data)

    monkeypatch.setattr(wire.Wire, "send", send_twice)
    assert "I1" in rules_broken()


def test_a_request_budget_that_is_not_kept(monkeypatch):
    load = engine_process.load_settings
    monkeypatch.setattr(
        engine_process, "load_settings",
        lambda *names, requests_per_minute_max, **rest: load(*names, **rest),
    )
    assert "I9" in rules_broken(change=lambda s: replace(s, engine=replace(s.engine, requests_per_minute_max=15)))


def test_orders_that_are_not_known_again_after_a_kill(monkeypatch):
    monkeypatch.setattr(engine, "recover", lambda *_: [])
    killed = (Fault("crash", 1_500_000_000),)
    assert "I2" in rules_broken(range(20), lambda schedule: replace(schedule, faults=killed))


def test_a_create_that_leaves_before_it_is_in_the_journal(monkeypatch):
    def is_durable(self, text):
        return any(text in image.durable for image in self.files.values())

    monkeypatch.setattr(SimulatedDisk, "holds", is_durable)  # as if what is not synced had not been written
    assert "I2" in rules_broken(range(5), lambda schedule: replace(schedule, faults=()))


def test_a_symbol_that_is_denied_for_ever(monkeypatch):
    monkeypatch.setattr(Readiness, "allow", lambda self, instrument, cause: None)
    assert "I12" in rules_broken(range(20))


def test_absence_that_is_proved_while_the_queries_say_nothing(monkeypatch):
    """Only the schedules that are about it go on for long enough."""
    stranded = [number for number in range(2_000) if make_schedule(number).active_ns == STRANDED_NS]
    assert 50 < len(stranded) < 250
    assert not rules_broken(stranded[:10])
    monkeypatch.setattr(Resolver, "_is_past_expiry", lambda self, *_: True)
    assert "I3" in rules_broken(stranded)


def test_connections_left_behind(monkeypatch):
    async def close(self):
        """Forget them."""

    monkeypatch.setattr(HttpClient, "close", close)
    assert "I11" in rules_broken(range(3))


@pytest.mark.parametrize("callback", ["on_fill", "on_ack"])
def test_news_of_what_never_was(monkeypatch, callback):
    """An execution told twice; an order acknowledged that the exchange never got."""
    heard = Simulation._heard

    def told(self, name, order, report):
        heard(self, name, order, report)
        if name == callback == "on_fill" or (callback == "on_ack" and name == "on_unknown"):
            heard(self, callback, order, report)

    monkeypatch.setattr(Simulation, "_heard", told)
    assert {"on_fill": "I5", "on_ack": "I4"}[callback] in rules_broken()
