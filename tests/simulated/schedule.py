"""A seed becomes one run: settings, what traders do, what goes wrong. The same seed, the same run, on any machine.

Swarm style: each seed allows a random subset of the kinds of fault at its own rate, so that rare combinations come up
that a mix of everything would never reach.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.simulated.engine_process import EngineTraits
from tests.simulated.exchange_side import SYMBOLS, VenueTraits
from tests.simulated.faults import KINDS, MS_NS, Fault
from tests.simulated.loop import NS_PER_S
from tests.simulated.trader import Action
from tidings.exchange.venue_config import PendingRule, RejectStyle

ACTIVE_NS = 3 * NS_PER_S  # traders act and faults begin within these
VERBS = {
    "limit": 48, "market": 7, "conditional": 9, "amend": 12, "cancel": 12, "cancel_many": 4, "cancel_all": 3,
}
OUR_ACTIONS = (10, 28)
OTHERS_ACTIONS = (4, 14)
FAULTS_MAX = 9
FAULTLESS_PERCENT = 3
DUPLICATE_CODES = (10001, 11033, 11085, 19999)
TARGETS = ("order", "order", "create", "create", "amend", "cancel", "query", "")
LOGIN_REFUSALS_MAX = 2  # one more in a row, and the engine rightly gives up


@dataclass(frozen=True)
class Schedule:
    """One run, written down."""

    seed: int
    engine: EngineTraits
    venue: VenueTraits
    actions: tuple[Action, ...]
    faults: tuple[Fault, ...]
    active_ns: int = ACTIVE_NS


def kinds_in_use() -> tuple[str, ...]:
    """The kinds of fault schedules are made of, in a fixed order."""
    return KINDS


def make_schedule(seed: int) -> Schedule:
    """The run of a seed."""
    chance = random.Random(f"tidings {seed}")
    return Schedule(seed, _engine_traits(chance), _venue_traits(chance), _actions(chance), _faults(chance))


def _engine_traits(chance: random.Random) -> EngineTraits:
    return EngineTraits(
        lanes=chance.choice((1, 2, 2, 3)),
        deadline_s=chance.choice((0.25, 0.5, 1.0)),
        expiry_s=chance.choice((1, 1, 2)),
        create_method=chance.choice(("PUT", "PUT", "POST")),
        requests_per_minute_max=chance.choice((*(None,) * 14, 20, 40)),
        wall_ahead_ns=chance.choice((0, 0, chance.randrange(-90, 90))) * NS_PER_S,
        journal=chance.choice(("crash", "crash", "power")),
    )


def _venue_traits(chance: random.Random) -> VenueTraits:
    return VenueTraits(
        window=chance.choice(("fixed", "sliding")),
        duplicate_code=chance.choice(DUPLICATE_CODES),
        pending_rule=chance.choice(tuple(PendingRule)),
        reject_style=chance.choice(tuple(RejectStyle)),
        matching_delay_ms=chance.choice((0, 5, 5, 50)),
        wall_ahead_ns=chance.choice((0, 0, chance.randrange(-500, 500))) * MS_NS,
    )


def _actions(chance: random.Random) -> tuple[Action, ...]:
    verbs = chance.choices(tuple(VERBS), tuple(VERBS.values()), k=chance.randint(*OUR_ACTIONS))
    verbs += chance.choices(("crowd", "price"), (4, 1), k=chance.randint(*OTHERS_ACTIONS))
    reach = chance.choice((5, 30, 100))
    actions = [
        Action(
            verb, chance.randrange(ACTIVE_NS), chance.choice(SYMBOLS), chance.choice(("Buy", "Sell")).lower(),
            chance.randint(-reach, reach), chance.randint(1, 9), chance.getrandbits(16),
        )
        for verb in verbs
    ]
    return tuple(sorted(actions, key=lambda action: action.at_ns))


def _faults(chance: random.Random) -> tuple[Fault, ...]:
    if chance.randrange(100) < FAULTLESS_PERCENT:
        return ()
    kinds = [kind for kind in kinds_in_use() if chance.random() < 0.25] or [chance.choice(kinds_in_use())]
    faults = [
        Fault(
            kind, chance.randrange(ACTIVE_NS), chance.randrange(50, 3_000) * MS_NS, _target(chance, kind),
            chance.getrandbits(20),
        )
        for kind in chance.choices(kinds, k=chance.randint(1, FAULTS_MAX))
    ]
    refusals = [fault for fault in faults if fault.kind == "login_refused"][LOGIN_REFUSALS_MAX:]
    return tuple(sorted((fault for fault in faults if fault not in refusals), key=lambda fault: fault.at_ns))


def _target(chance: random.Random, kind: str) -> str:
    if kind in ("reset", "half_close", "dark", "stall"):
        return chance.choice(("rest", "rest", "stream"))
    return "order" if kind == "unsolicited" else chance.choice(TARGETS)
