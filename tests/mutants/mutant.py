"""What a mutant is: one safety rule, broken in a copy of the sources while its switch is on."""

from __future__ import annotations

from dataclasses import dataclass

SIMULATION = ""
LIMITS = "limits"  # python -m tests.simulated_limits


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule: in `file`, `old` (which occurs once) becomes `new` while the switch is on."""

    name: str
    file: str
    old: str
    new: str
    tests: str = SIMULATION
    is_quick: bool = False  # one of the few that every CI run tries
