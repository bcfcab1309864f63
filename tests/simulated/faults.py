"""Every kind of fault of the network and the machines on it, by name; and the box that holds those in force.

Three sorts. A *trap* waits for the next request (or stream message) it fits and acts once; a *spell* lasts a while; a
*blow* strikes at once. What a fault does depends on nothing but its own numbers, so one can be left out of a schedule
and the others still happen.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulated import kill_faults, request_faults, stream_faults, venue_faults
from tests.simulated.http_frames import Passing, read_request
from tests.simulated.loop import Timeline
from tests.simulated.wire import US_NS, Network, Wire

if TYPE_CHECKING:
    from tests.simulated.engine_process import EngineProcess
    from tests.simulated.exchange_side import ExchangeSide
    from tests.simulated.gateway import Gateway

MS_NS = 1_000_000
JOURNEY_MAX_NS = 2_000 * MS_NS
PIECES_MAX = 12  # of what is sent at once: the rest follows whole


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a schedule. What its numbers mean depends on the kind."""

    kind: str
    at_ns: int
    span_ns: int = 0  # how long a spell lasts
    target: str = ""  # which requests: a kind of request, "order" for all that change orders, "" for any
    pick: int = 0  # which wire, which byte, which variant: taken modulo what there is

    def fits(self, passing: Passing) -> bool:
        return self.target in ("", passing.kind) or (self.target == "order" and passing.is_order)


class FaultBox:
    """The faults in force, as wires, gateways and dialers see them."""

    def __init__(self, timeline: Timeline, chance: random.Random) -> None:
        self.timeline = timeline
        self.network: Network
        self.process: EngineProcess
        self.exchange: ExchangeSide
        self.fired: Counter[str] = Counter()
        self.on_fired: Callable[[Fault], object] = lambda fault: None
        self.on_death: Callable[[], object] = lambda: None  # just before the engine's process is killed
        self.on_kill: Callable[[], object] = lambda: None  # just before the kill switch is thrown
        self.ever_full: set[int] = set()  # wires whose bytes have waited for room
        self.has_healed = False
        self._full_wires: dict[int, None] = {}  # the client's kernel has no room for these
        self._chance = chance  # of latencies and pieces only
        self._traps: list[Fault] = []
        self._spells: list[Fault] = []
        self._stalled: list[Wire] = []
        self._last_send: Fault | None = None  # the process dies behind this one

    # ---- Putting faults in force -----------------------------------------------------------------------------------

    def plan(self, fault: Fault) -> None:
        self.timeline.at(fault.at_ns, self._begin, fault)

    def heal(self) -> None:
        """The network is well again, and stays so."""
        self.has_healed = True
        self._traps.clear()
        self._spells.clear()
        self.exchange.faults.remove(list(self.exchange.faults.armed))
        for wire in self._stalled:
            wire.stall(False)
        self._make_space()
        self.process.disk.sync_failures = 0
        if self.process.loop is not None:
            self.process.loop.thaw()
        for number in list(self._full_wires):
            self._room_again(number)

    def fire(self, fault: Fault) -> None:
        """Count a fault that has really struck."""
        self.fired[fault.kind] += 1
        self.on_fired(fault)

    def all_fired(self) -> Counter[str]:
        """How often each kind struck, those inside the exchange included."""
        inside = {kind.replace("-", "_"): count for kind, count in self.exchange.faults.counters.items()}
        disk = {"disk_full": self.process.disk.refused_count + self.process.state.refused_count}
        return self.fired + Counter(inside) + Counter(disk)

    def _begin(self, fault: Fault) -> None:
        if self.has_healed:
            return
        if fault.kind in BLOWS:
            if BLOWS[fault.kind](self, fault):
                self.fire(fault)
        elif fault.kind in venue_faults.SPELLS:
            number = self.exchange.faults.add(venue_faults.exchange_fault(fault))
            self.timeline.after(fault.span_ns, self.exchange.faults.remove, [number])
        elif fault.kind == "disk_full":
            self.process.disk.is_full = True
            self.timeline.after(fault.span_ns, self._make_space)
        elif fault.kind in SPELLS:
            self._spells.append(fault)
            self.timeline.after(fault.span_ns, self._end_spell, fault)
        else:
            self._traps.append(fault)

    def _make_space(self) -> None:
        self.process.disk.is_full = False

    def _end_spell(self, fault: Fault) -> None:
        if fault in self._spells:
            self._spells.remove(fault)

    def _spell(self, kind: str) -> Fault | None:
        return next((fault for fault in self._spells if fault.kind == kind), None)

    # ---- What gateways ask -----------------------------------------------------------------------------------------

    def befall_request(self, gateway: Gateway, passing: Passing) -> bool:
        """Whether a fault has taken this request into its hands."""
        for fault in self._traps:
            if fault.kind in request_faults.TRAPS and fault.fits(passing):
                self._traps.remove(fault)
                self.fire(fault)
                request_faults.TRAPS[fault.kind](gateway, passing, fault)
                return True
        for fault in self._spells:
            if fault.kind in request_faults.SPELLS and fault.fits(passing):
                self.fire(fault)
                request_faults.SPELLS[fault.kind](gateway, passing, fault)
                return True
        return False

    def befall_message(self, gateway: Gateway, data: bytes) -> list[bytes]:
        """What becomes of a message of a stream."""
        for faults, behaviours in ((self._traps, stream_faults.TRAPS), (self._spells, stream_faults.SPELLS)):
            for fault in faults:
                if fault.kind in behaviours:
                    messages = behaviours[fault.kind](gateway, data, fault)
                    if messages is not None:
                        self.fire(fault)
                        if faults is self._traps:
                            self._traps.remove(fault)
                        return messages
        return [data]

    # ---- What wires and dialers ask --------------------------------------------------------------------------------

    @property
    def is_rough(self) -> bool:
        """Whether anything lasts that wires might feel."""
        return bool(self._spells)

    def latency_ns(self) -> int:
        latency_ns = 100 * US_NS + int(self._chance.random() * 400 * US_NS)
        for fault in self._spells:
            if fault.kind == "delay":
                self.fire(fault)
                latency_ns += fault.pick % (3_000 * MS_NS)
        return latency_ns

    def pieces(self, data: bytes) -> list[bytes]:
        fault = self._spell("split") if self._spells else None
        if fault is None:
            return [data]
        self.fire(fault)
        most = 1 + fault.pick % 40
        pieces, start = [], 0
        while start < len(data) and len(pieces) < PIECES_MAX:
            end = start + 1 + self._chance.randrange(most)
            pieces.append(data[start:end])
            start = end
        return [*pieces, data[start:]]

    def kernel_takes(self, wire: Wire, data: bytes) -> int:
        if wire.number in self._full_wires:
            return 0
        for fault in self._traps:
            if fault.kind in KERNEL_TRAPS and not wire.is_stream and _is_whole(data) and fault.fits(read_request(data)):
                self._traps.remove(fault)
                self.fire(fault)
                if fault.kind == "crash_before_send":
                    self._crash(fault)
                    return 0
                if fault.kind == "crash_after_send":
                    self._last_send = fault
                    return len(data)
                count = fault.pick % (len(data) + 1)
                if fault.kind == "kernel_full":
                    self._full_wires[wire.number] = None
                    self.ever_full.add(wire.number)
                    self.timeline.after(fault.span_ns, self._room_again, wire.number)
                elif count:
                    self.timeline.after(0, wire.break_kernel)
                else:
                    wire.break_kernel()
                return count
        return len(data)

    def after_send(self, wire: Wire) -> None:
        """The kernel has taken bytes; the process may not live to hear it."""
        if self._last_send is not None:
            fault, self._last_send = self._last_send, None
            self._crash(fault)

    def _crash(self, fault: Fault) -> None:
        self.on_death()
        self.process.kill(loses_power=fault.kind == "power_loss")
        self.timeline.after(fault.pick % 500 * MS_NS, self.process.start)

    def _room_again(self, number: int) -> None:
        self._full_wires.pop(number, None)
        wire = self.network.open_wires.get(number)
        if wire is not None:
            wire.let_kernel_take()

    def dial_delay_s(self) -> float:
        """Seconds to a connection; negative: refused after so long; very long: no answer at all."""
        for kind, delay_s in (("refused", -0.001), ("unreachable", 60.0)):
            fault = self._spell(kind)
            if fault is not None:
                self.fire(fault)
                return delay_s
        return self.latency_ns() / 1e9

    # ---- Blows -----------------------------------------------------------------------------------------------------

    def struck_wire(self, fault: Fault) -> Wire | None:
        """The wire a blow strikes: of streams, or of the others."""
        wires = [w for w in self.network.open_wires.values() if w.is_stream == (fault.target == "stream")]
        return wires[fault.pick % len(wires)] if wires else None

    def strike(self, fault: Fault) -> bool:
        wire = self.struck_wire(fault)
        if wire is None:
            return False
        if fault.kind == "reset":
            wire.reset()
        elif fault.kind == "half_close":
            wire.down.finish()
        elif fault.kind == "dark":
            wire.go_dark()
        elif fault.kind == "stall":
            wire.stall(True)
            self._stalled.append(wire)
            self.timeline.after(fault.span_ns, wire.stall, False)
        else:
            return wire.gateway.last_answer != b"" and wire.give_unasked(wire.gateway.last_answer)
        return True


    def strike_machine(self, fault: Fault) -> bool:
        """Something befalls a machine's time."""
        if fault.kind == "venue_step":
            self.exchange.step_wall_clock(fault.pick % (3_000 * MS_NS))
        elif self.process.loop is None:
            return False
        elif fault.kind == "freeze":
            self.process.loop.freeze(fault.span_ns)
        elif fault.kind in ("crash", "power_loss"):
            self._crash(fault)
        elif fault.kind == "sync_error":
            self.process.disk.sync_failures = 1
        else:
            self.process.loop.step_wall_clock((fault.pick % 180_000 - 90_000) * MS_NS)
        return True


def held_ns(fault: Fault) -> int:
    """How long it holds a request back on its journey; what waits behind it on the same connection, too."""
    by_kind = {
        "slow_request": fault.pick % 4_000 * MS_NS, "delay": fault.pick % (3_000 * MS_NS), "stall": fault.span_ns,
        "kernel_full": fault.span_ns,
    }
    return by_kind.get(fault.kind, 0)


def _is_whole(data: bytes) -> bool:
    """Whether this write is one request, and not what was left of one."""
    return data.startswith((b"PUT ", b"POST ", b"DELETE ", b"GET ")) and b"\r\n\r\n" in data


WIRE_BLOWS = ("reset", "half_close", "dark", "stall", "unsolicited")
MACHINE_BLOWS = ("freeze", "clock_step", "venue_step", "crash", "power_loss", "sync_error")
BLOWS: dict[str, Callable[[FaultBox, Fault], bool]] = {
    **dict.fromkeys(WIRE_BLOWS, FaultBox.strike), **dict.fromkeys(MACHINE_BLOWS, FaultBox.strike_machine),
    **kill_faults.BLOWS,
}
SPELLS = frozenset(
    {"delay", "split", "refused", "unreachable", "disk_full", *request_faults.SPELLS, *stream_faults.SPELLS}
)
KERNEL_TRAPS = ("partial_write", "kernel_full", "crash_before_send", "crash_after_send")
KINDS: tuple[str, ...] = (
    *WIRE_BLOWS, *MACHINE_BLOWS, "delay", "split", "refused", "unreachable", "disk_full", *KERNEL_TRAPS,
    *request_faults.TRAPS, *request_faults.SPELLS,
    *stream_faults.TRAPS, *stream_faults.SPELLS, *venue_faults.SPELLS,
)
