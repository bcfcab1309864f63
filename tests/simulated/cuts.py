"""One order is created, amended and cancelled, and the connection is cut: at every byte of every request and answer.

Four kinds of cut. The kernel took so many bytes of a request and the connection broke; the exchange read so many bytes
of a request and the connection was reset; the client read so many bytes of an answer, and then the end, or a reset. In
every case what the engine believes must in the end be what the exchange has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.simulated.engine_process import EngineTraits
from tests.simulated.exchange_side import SYMBOLS, VenueTraits
from tests.simulated.faults import MS_NS, Fault
from tests.simulated.http_frames import Passing
from tests.simulated.schedule import Schedule
from tests.simulated.simulation import Result, Simulation
from tests.simulated.trader import Action
from tests.simulated.wire import Wire

REQUESTS = ("create", "amend", "cancel")
REQUEST_CUTS = ("partial_write", "cut_request")
ANSWER_CUTS = ("cut_response", "reset_response")
AMEND_PRICE_ONLY = 1  # the trader's variants
SEED = 7


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the connection of one scenario is cut."""

    symbol: str
    request: str
    kind: str
    byte: int


def schedule_of(symbol: str, faults: tuple[Fault, ...] = ()) -> Schedule:
    """A resting order that is created, amended and cancelled, with time between for each to be answered."""
    steps = ("limit", 50, -50, 0), ("amend", 250, -3, AMEND_PRICE_ONLY), ("cancel", 450, 0, 0)
    actions = tuple(
        Action(verb, at_ms * MS_NS, symbol, "buy", offset, 5, pick) for verb, at_ms, offset, pick in steps
    )
    return Schedule(
        SEED, EngineTraits(lanes=1, deadline_s=0.25), VenueTraits(), actions, faults, active_ns=700 * MS_NS
    )


def run_cut(cut: Cut) -> Result:
    """What comes of one cut."""
    return Simulation(schedule_of(cut.symbol, (Fault(cut.kind, 0, target=cut.request, pick=cut.byte),))).run()


@cache
def sizes(symbol: str) -> dict[str, tuple[int, int]]:
    """Bytes of each request and of its answer, in the run without a fault."""
    found: dict[str, tuple[int, int]] = {}
    simulation = Simulation(schedule_of(symbol))
    waiting: list[Passing] = []

    def arrived(wire: Wire, request: Passing) -> None:
        waiting.append(request)

    def given(wire: Wire, data: bytes) -> None:
        while waiting:
            request = waiting.pop()
            if request.kind in REQUESTS:
                found[request.kind] = len(request.data), len(data)

    simulation.on_arrival = arrived
    simulation.network.on_given = given
    result = simulation.run()
    assert not result.violations, result.violations
    assert set(found) == set(REQUESTS), found
    return found


def all_cuts() -> Iterator[Cut]:
    """Every byte, the one behind the last included: then everything went through, and only the connection is lost."""
    for symbol in SYMBOLS:
        for request, (request_bytes, answer_bytes) in sizes(symbol).items():
            for kind in REQUEST_CUTS:
                yield from (Cut(symbol, request, kind, byte) for byte in range(request_bytes + 1))
            for kind in ANSWER_CUTS:
                yield from (Cut(symbol, request, kind, byte) for byte in range(answer_bytes + 1))
