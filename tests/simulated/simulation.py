"""One schedule, run: everything is put together, lived through, healed, compared and closed."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import websockets.server
import websockets.utils

from tests.simulated.engine_process import Account, EngineProcess, simulated_surroundings
from tests.simulated.exchange_side import CONTRACTS, SYMBOLS, WALL_START_NS, ExchangeSide
from tests.simulated.faults import JOURNEY_MAX_NS, Fault, FaultBox, held_ns
from tests.simulated.gateway import Gateway
from tests.simulated.ground_truth import GroundTruth
from tests.simulated.http_frames import Passing
from tests.simulated.loop import NS_PER_S, Stuck, Timeline, silence_the_dead
from tests.simulated.oracle import FLAGGED_WITHIN_NS, Oracle
from tests.simulated.risk_watch import RiskWatch
from tests.simulated.schedule import Schedule
from tests.simulated.trader import Action, Trader
from tests.simulated.wire import Network, Wire
from tidings.engine.strategy import ORDER_CALLBACKS, Strategy
from tidings.net import web_socket_connection
from tidings.session.order_ticket import OrderTicket

START_LIMIT_NS = 60 * NS_PER_S
READY_LIMIT_NS = 30 * NS_PER_S  # after the faults
AGREE_LIMIT_NS = 80 * NS_PER_S  # the slowest way: many unknown orders use up a minute of the budget for queries by id
BUDGET_LIMIT_NS = 420 * NS_PER_S  # a budget used up comes back in a minute; a 429 may say 300 s, and is believed
LOOK_NS = NS_PER_S // 4
CLOSE_LIMIT_NS = 5 * NS_PER_S
REQUEST_LIMIT_NS = 11 * NS_PER_S  # a trader's own cancel-all may still be dialling: its time is 10 s


@dataclass
class Result:
    """What came of one run."""

    seed: int
    violations: list[str]
    trace_hash: str
    fired: Counter[str]
    outcomes: Counter[str]
    simulated_s: float
    trace: list[str] = field(default_factory=list)


class Simulation:
    """`keeps_trace` to read what happened; the hash is made of the same lines."""

    def __init__(self, schedule: Schedule, *, keeps_trace: bool = False) -> None:
        self.schedule = schedule
        self.trace: list[str] = []
        self._keeps_trace = keeps_trace
        self._note_count = 0
        self.on_arrival: Callable[[Wire, Passing], object] = lambda wire, request: None
        self._notes: list[tuple[int, tuple[object, ...]]] = []  # what is hashed in the end,
        self._bytes: list[bytes] = []  # with what was on the wires
        chance = random.Random(f"run {schedule.seed}")
        self.timeline = Timeline()
        self.exchange = ExchangeSide(self.timeline, schedule.venue, chance)
        self.box = FaultBox(self.timeline, random.Random(chance.getrandbits(32)))
        self.network = Network(self.timeline, self.box, self._make_gateway)
        self.network.on_taken, self.network.on_given = self._taken, self._given
        self.box.network, self.box.on_fired = self.network, self._struck
        deadline_ns = round(schedule.engine.deadline_s * NS_PER_S)
        truth = GroundTruth(self.exchange)
        self.oracle = Oracle(
            truth, self.exchange.api_secret, deadline_ns, _ceiling_of(schedule),
            is_ack_binding=schedule.venue.reject_style != "stream-only"
            and all(fault.kind != "reject_after_accept" for fault in schedule.faults),
        )
        account = Account(self.exchange.api_key, self.exchange.api_secret)
        self.process = EngineProcess(
            self.timeline, self.network, account, schedule.engine, WALL_START_NS, chance.getrandbits(32), self._witness
        )
        self.box.process, self.box.exchange = self.process, self.exchange
        self.box.on_death = self._died
        if schedule.engine.journal != "none":
            self.oracle.is_journaled = lambda cl_ord_id: self.process.disk.holds(cl_ord_id.encode())
        self._power_losses_told = 0
        self._sync_failures_known = 0  # when the last engine began that had a strategy
        self.trader = Trader(self.process, self.exchange, self._placed, self._changed)
        self.risk = RiskWatch(self.process, self.box, self.oracle, schedule.engine.limits)
        self.trader.on_control, self.trader.rearm = self.risk.changed, self.risk.rearm

    # ---- The run -----------------------------------------------------------------------------------------------------

    def run(self) -> Result:
        """Live through the schedule. What goes wrong is in the result; only a bug of the simulation raises."""
        silence_the_dead()
        with simulated_surroundings(self.process), repeatable_handshakes(self.schedule.seed), errors_told(self._logged):
            try:
                self._live()
            except Stuck as error:
                self.oracle.blame("I8", self.timeline.now_ns, str(error))
            finally:
                self.process.kill()
        for failure in self.process.failures:
            self.oracle.blame("I8", self.timeline.now_ns, failure)
        return Result(
            self.schedule.seed, self.oracle.violations, self._hash(), self.box.all_fired(),
            self.trader.outcomes, self.timeline.now_ns / NS_PER_S, self.trace,
        )

    def _live(self) -> None:
        timeline = self.timeline
        self._open_market()
        self.process.start()
        if not timeline.run_until(self._is_ready, START_LIMIT_NS):
            self.oracle.blame("I12", timeline.now_ns, f"not ready without any fault: {self.process.failed_starts}")
            return
        start_ns = timeline.now_ns
        for action in self.schedule.actions:
            timeline.at(start_ns + action.at_ns, self.trader.act, action)
        for fault in self.schedule.faults:
            self.timeline.at(start_ns + fault.at_ns, self.box._begin, fault)
        timeline.run_to(start_ns + self.schedule.active_ns)
        self._note("heal")
        self.box.heal()
        self._judge_healed()
        self._close()

    def _open_market(self) -> None:
        for symbol in SYMBOLS:
            for step in range(1, 5):
                self.exchange.crowd_order(symbol, "Buy", -10 * step, 3, is_taker=False)
                self.exchange.crowd_order(symbol, "Sell", 10 * step, 3, is_taker=False)

    def _is_ready(self) -> bool:
        phemex = self.process.phemex
        if phemex is None or not hasattr(phemex.engine, "readiness") or phemex.engine.readiness.reason:
            return False  # asked after every event: the whole state takes longer
        return phemex.state.is_ready

    def _judge_healed(self) -> None:
        healed_ns = self.timeline.now_ns
        ready_ns, agree_ns = READY_LIMIT_NS, AGREE_LIMIT_NS
        self.trader.act(Action("resume", 0, "", "", 0, 0, 0))  # whoever halted it by hand
        if self.process.disk.sync_failed_count:
            self._restart_with_a_sound_disk()
        if self.schedule.engine.requests_per_minute_max is not None or self.box.fired["too_many"]:
            ready_ns = agree_ns = BUDGET_LIMIT_NS
        was_killed = self.risk.is_killed
        if was_killed:  # or was, and somebody re-arms it as soon as the process thaws
            self.timeline.run_until(lambda: False, healed_ns + LOOK_NS)
        if self.risk.is_killed and not self._judge_killed(healed_ns + ready_ns):
            return
        ready_ns += self.timeline.now_ns - healed_ns
        if not self.risk.is_killed and not self.timeline.run_until(self._is_ready, healed_ns + ready_ns):
            phemex = self.process.phemex
            reason = phemex.state.reason if phemex is not None else f"no start: {self.process.failed_starts[-1:]}"
            self.oracle.blame("I12", self.timeline.now_ns, f"not ready again: {reason}")
            return
        while (differences := self._differences()) and self.timeline.now_ns < healed_ns + agree_ns:
            seen_count = self._note_count  # nothing can have changed before something was noted
            limit_ns = min(healed_ns + agree_ns, self.timeline.now_ns + 20 * LOOK_NS)
            self.timeline.run_until(lambda: self._note_count > seen_count, limit_ns)  # noqa: B023  it is used here
            self.timeline.run_to(self.timeline.now_ns + LOOK_NS)
        for difference in differences:
            rule, _, words = difference.partition(" ")
            self.oracle.blame(rule, self.timeline.now_ns, words)
        if self.risk.is_killed:
            self.risk.judge_end()  # and nothing has come to life behind it
        elif was_killed:
            self._trade_again()

    def _trade_again(self) -> None:
        """Somebody has re-armed it: whatever else may deny an order, the kill switch does not."""
        denial = "limit OrderDenied KILLED"
        before = self.trader.outcomes[denial]
        self.trader.act(Action("limit", 0, CONTRACTS[0], "buy", -90, 1, 0))
        self.timeline.run_until(lambda: False, self.timeline.now_ns + LOOK_NS)
        if self.trader.outcomes[denial] > before:
            self.oracle.blame("I10", self.timeline.now_ns, "re-armed by a person, and an order is denied as killed")

    def _judge_killed(self, limit_ns: int) -> bool:
        """It must come to be verified; then a person may lead back, and it takes orders again."""
        if not self.timeline.run_until(self.risk.is_verified, limit_ns):
            phemex = self.process.phemex
            told = phemex.engine.kill.report if phemex is not None else self.process.failed_starts[-1:]
            self.oracle.blame("I10", self.timeline.now_ns, f"a kill is not verified: {told}")
            return False
        self.risk.judge_end()
        if self.schedule.is_rearmed:
            self.process.do(self.risk.rearm, self.process.phemex)
            self.timeline.run_until(lambda: False, self.timeline.now_ns + LOOK_NS)
            if self.risk.is_killed:
                self.oracle.blame("I10", self.timeline.now_ns, "re-armed by a person, and still killed")
        return True

    def _restart_with_a_sound_disk(self) -> None:
        """A disk that failed is for good: the engine must say so, and somebody starts it anew."""
        phemex = self.process.phemex
        if phemex is not None and phemex.state.is_ready and self.process.life_count == 1:
            self.oracle.blame("I2", self.timeline.now_ns, "a sync failed, and the engine takes orders")
        self._died()
        self.process.kill()
        self.process.start()

    def _differences(self) -> list[str]:
        phemex = self.process.phemex
        if phemex is None:
            return ["I12 the engine is down"]
        # A spot pair's position is what this process has traded: an earlier one's is not in it.
        symbols = SYMBOLS if self.process.life_count == 1 else CONTRACTS
        found = self.oracle.differences({symbol: phemex.position(symbol).net_qty_lots for symbol in symbols})
        return found + [f"I12 {symbol} takes no new orders: {why}" for symbol, why in phemex.state.symbols.items()]

    def _close(self) -> None:
        loop, main = self.process.loop, self.process.stop()
        if not self.timeline.run_until(main.done, self.timeline.now_ns + CLOSE_LIMIT_NS):
            self.oracle.blame("I11", self.timeline.now_ns, "the engine does not end")
            return
        self.timeline.run_to(self.timeline.now_ns + REQUEST_LIMIT_NS)
        if self.network.open_wires:
            self.oracle.blame("I11", self.timeline.now_ns, f"connections left open: {list(self.network.open_wires)}")
        assert loop is not None
        left = [task.get_name() for task in asyncio.all_tasks(loop)]
        if left:
            self.oracle.blame("I11", self.timeline.now_ns, f"tasks left running: {sorted(left)}")

    # ---- What is heard on the way ------------------------------------------------------------------------------------

    def _make_gateway(self, wire: Wire) -> Gateway:
        return Gateway(wire, self.exchange, self.box, self._arrived)

    def _taken(self, wire: Wire, data: bytes) -> None:
        self._note("out", wire.number, len(data))
        self._bytes.append(data)
        self.oracle.bytes_taken(wire.number, data, wire.is_stream, self.timeline.now_ns)

    def _given(self, wire: Wire, data: bytes) -> None:
        self._note("in", wire.number, len(data))
        self._bytes.append(data)

    def _arrived(self, wire: Wire, request: Passing) -> None:
        self.on_arrival(wire, request)
        self.oracle.request_arrived(request, self.timeline.now_ns)
        self.risk.arrived(request)

    def _struck(self, fault: Fault) -> None:
        self._note("fault", fault.kind, fault.pick)

    def _placed(self, ticket: OrderTicket) -> None:
        self._note("placed", ticket.cl_ord_id)
        self.oracle.placed(ticket.order, self.timeline.now_ns)
        seen = self.oracle.watched[ticket.cl_ord_id]
        self.timeline.after(self.oracle.flag_after_ns, self._check_deadline, seen, self.process.life_count)

    def _check_deadline(self, seen: Any, life: int) -> None:
        loop = self.process.loop
        if loop is None or life != self.process.life_count:
            return  # it died with the process that placed it; the next one is judged in the end
        since_thaw_ns = self.timeline.now_ns - loop.thaws_ns
        if loop.thaws_ns and since_thaw_ns < FLAGGED_WITHIN_NS:
            self.timeline.after(FLAGGED_WITHIN_NS - since_thaw_ns, self._check_deadline, seen, life)
        else:
            self.oracle.check_deadline(seen, self.timeline.now_ns)

    def _changed(self, what: str, ticket: OrderTicket) -> None:
        self._note(what, ticket.cl_ord_id)
        self.oracle.asked(what, ticket.cl_ord_id)

    def _heard(self, name: str, order: Any, report: Any) -> None:
        self._note(name, order.cl_ord_id, order.ord_status.name, order.cum_qty_lots, report.source, report.text)
        self.risk.heard(name, order.cl_ord_id, order.ord_status.name)
        self.oracle.heard(name, order, report, self.timeline.now_ns)

    def _witness(self, process: EngineProcess) -> Strategy:
        if process.life_count > 1:
            self._judge_birth(process)
        self.risk.born(process)
        return make_witness(self._heard)

    def _died(self) -> None:
        self._note("death")
        self.trader.tickets.clear()

    def _judge_birth(self, process: EngineProcess) -> None:
        """The new process's orders, against what the dead one knew."""
        assert process.phemex is not None
        lost_power = self.box.fired["power_loss"] > self._power_losses_told
        self._power_losses_told = self.box.fired["power_loss"]
        lost_records = lost_power or process.disk.sync_failed_count > self._sync_failures_known
        self._sync_failures_known = process.sync_failures_before
        views = {order.cl_ord_id: order for order in process.phemex.entry.orders.orders()}
        self._note("born", len(views))
        may_forget = lost_power and self.schedule.engine.journal != "power"
        may_have_ended = process.unheard_count > 1
        self.oracle.reborn(
            views, self.timeline.now_ns, lost_records=lost_records, may_forget=may_forget, may_have_ended=may_have_ended
        )

    def _logged(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None and self.process.is_alive:
            self.oracle.blame("I8", self.timeline.now_ns, f"{record.getMessage()}: {record.exc_info[1]!r}")

    def _hash(self) -> str:
        return hashlib.blake2b(repr(self._notes).encode() + b"".join(self._bytes), digest_size=16).hexdigest()

    def _note(self, *words: object) -> None:
        self._note_count += 1
        self._notes.append((self.timeline.now_ns, words))
        if self._keeps_trace:
            self.trace.append(f"{self.timeline.now_ns} {words}")


def make_witness(heard: Any) -> Strategy:
    """A strategy that does nothing but tell what it is told."""
    witness = Witness()
    for name in ORDER_CALLBACKS:
        witness.calls[name] = heard
    return witness


def _ceiling_of(schedule: Schedule) -> int | None:
    """What no minute may exceed; a process that was killed cannot tell the next what it has used of our own limit.

    Nor is a limit of our own kept where journeys differ by more than is promised (docs/guarantees.md, I9).
    """
    dies = any(fault.kind.startswith(("crash", "kill_crash", "power_loss", "sync_error")) for fault in schedule.faults)
    is_long = sum(map(held_ns, schedule.faults)) > JOURNEY_MAX_NS  # held one behind the other, on one connection
    return None if dies or is_long else schedule.engine.requests_per_minute_max


class Witness(Strategy):
    """`calls[name](name, order, report)` hears each callback."""

    def __init__(self) -> None:
        self.calls: dict[str, Any] = {}


def _told(name: str) -> Any:
    def callback(self: Witness, order: Any, report: Any, now_ns: int) -> None:
        self.calls[name](name, order, report)

    return callback


for _name in ORDER_CALLBACKS:
    setattr(Witness, _name, _told(_name))


@contextmanager
def repeatable_handshakes(seed: int) -> Iterator[None]:
    """WebSocket masks, keys and dates from the seed: every byte on the wire is part of what is repeated."""
    source = SimpleNamespace(token_bytes=random.Random(f"masks {seed}").randbytes)
    dates = SimpleNamespace(utils=SimpleNamespace(formatdate=lambda **_: "Thu, 09 Oct 2025 08:53:20 GMT"))
    places: tuple[tuple[Any, str, Any], ...] = (
        (web_socket_connection, "urandom", source.token_bytes), (websockets.utils, "secrets", source),
        (websockets.server, "email", dates),
    )
    before = [getattr(module, name) for module, name, _ in places]
    for module, name, value in places:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(places, before, strict=True):
            setattr(module, name, value)


@contextmanager
def errors_told(tell: Any) -> Iterator[None]:
    """`tell` hears what the packages log as errors; warnings (there are many: it is what this is about) go nowhere."""
    log = logging.getLogger("tidings")
    handler = logging.Handler(logging.ERROR)
    handler.emit = tell  # type: ignore[method-assign]
    before = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.ERROR)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]
