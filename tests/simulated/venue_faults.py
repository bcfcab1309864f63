"""Spells inside the exchange itself: its own faults (tidings.exchange.faults.fault_kinds), put in force for a while.

What happens on the wire is the simulation's; here is what only the exchange can do: lag, change its mind, be slow. Its
"duplicate-id" is left out: where an exchange takes an id twice and an intermediary sends twice, no client can help.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidings.exchange.faults.fault_kinds import Fault as ExchangeFault

if TYPE_CHECKING:
    from tests.simulated.faults import Fault

LAG_MS_MAX = 2_000  # how long the venue's queries may lag behind its matching
LATE_MS_MAX = 2_500

# The exchange's kind, with underscores → its keys, from a fault's `pick`.
SPELLS: dict[str, Callable[[int], dict[str, Any]]] = {
    "query_lag": lambda pick: {"lag_ms": 1 + pick % LAG_MS_MAX},
    "reject_after_accept": lambda pick: {"probability": 0.5},
    "cancel_after_accept": lambda pick: {"delay_ms": pick % 500, "probability": 0.5},
    "slow_matching": lambda pick: {"delay_ms": 1 + pick % 900, "jitter_ms": pick % 300},
    "late_fill": lambda pick: {"delay_ms": 1 + pick % LATE_MS_MAX},
    "delay_message": lambda pick: {"delay_ms": 1 + pick % LATE_MS_MAX, "probability": 0.3},
    "refuse_subscription": lambda pick: {"count": 1 + pick % 2},
}


def exchange_fault(fault: Fault) -> ExchangeFault:
    """The exchange's own fault behind one of ours."""
    return ExchangeFault(kind=fault.kind.replace("_", "-"), seed=fault.pick, **SPELLS[fault.kind](fault.pick))
