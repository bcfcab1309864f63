"""The kill switch is thrown: by the engine's own program, from outside, and by a process that dies right behind it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from tidings.app.kill.kill_latch import Latched
from tidings.errors import UsageError

if TYPE_CHECKING:
    from tests.simulated.faults import Fault, FaultBox
    from tidings.session.phemex import Phemex

MS_NS = 1_000_000
REASON = "the model went mad"


def kill(box: FaultBox, fault: Fault) -> bool:
    """`phemex.kill` inside the process; `kill_crash`: and not one instruction follows."""
    if box.process.phemex is not None:
        box.process.do(_throw, box, fault, box.process.phemex)
    return False  # it is counted when it happens


def _throw(box: FaultBox, fault: Fault, phemex: Phemex) -> None:
    if box.has_healed or phemex is not box.process.phemex:
        return
    box.on_kill()
    try:
        phemex.kill(REASON)
    except UsageError:  # it had no key, or was not open
        return
    box.fire(fault)
    if fault.kind == "kill_crash":
        box._crash(fault)


def kill_outside(box: FaultBox, fault: Fault) -> bool:
    """`tidings kill` puts up the latch of the account, or somebody touches `KILL`; whatever runs there."""
    box.process.state.put(None if fault.kind == "kill_file" else Latched(reason=REASON, source="cli"))
    return True


BLOWS: dict[str, Callable[[FaultBox, Fault], bool]] = {
    "kill": kill, "kill_crash": kill, "kill_latch": kill_outside, "kill_file": kill_outside,
}
KINDS = tuple(BLOWS)
# What stands beside a kill, to make it hard: (kind, target).
COMPANIONS = (
    ("drop_request", "cancel_all"), ("error_before", "cancel_all"), ("error_after", "cancel_all"),
    ("drop_response", "cancel_all"), ("partial_write", "cancel_all"), ("slow_request", "cancel_all"),
    ("slow_request", "create"), ("drop_response", "create"), ("dark", "stream"), ("dark", "rest"), ("disk_full", ""),
    ("crash", ""), ("power_loss", ""), ("freeze", ""), ("too_many", "cancel_all"), ("unreachable", ""),
    ("query_lag", ""),
)


def random_kills(chance: random.Random, within_ns: int, make: Callable[..., Fault]) -> list[Fault]:
    """One or two kills, and what happens around the first."""
    at_ns = chance.randrange(within_ns)
    kills = [make(chance.choice(KINDS), at_ns, 0, "", chance.getrandbits(20))]
    if chance.random() < 0.2:
        kills.append(make(chance.choice(KINDS), chance.randrange(within_ns), 0, "", chance.getrandbits(20)))
    for kind, target in chance.choices(COMPANIONS, k=chance.choice((0, 1, 1, 2, 3))):
        begins_ns = max(0, min(within_ns - 1, at_ns + chance.randrange(-300, 100) * MS_NS))
        kills.append(make(kind, begins_ns, chance.randrange(50, 2_000) * MS_NS, target, chance.getrandbits(20)))
    return kills
