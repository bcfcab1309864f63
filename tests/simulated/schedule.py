"""A seed becomes one run: settings, what traders do, what goes wrong. The same seed, the same run, on any machine.

Swarm style: each seed allows a random subset of the kinds of fault at its own rate, so that rare combinations come up
that a mix of everything would never reach.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.simulated import kill_faults
from tests.simulated.engine_process import EngineTraits
from tests.simulated.exchange_side import SYMBOLS, VenueTraits
from tests.simulated.faults import KINDS, MS_NS, Fault
from tests.simulated.limits import random_limits
from tests.simulated.loop import NS_PER_S
from tests.simulated.trader import Action

ACTIVE_NS = 3 * NS_PER_S  # traders act and faults begin within these
VERBS = {
    "limit": 48, "market": 7, "conditional": 9, "amend": 12, "cancel": 12, "cancel_many": 4, "cancel_all": 3,
}
LIMIT_VERBS = {"limit": 8, "again": 3, "wild": 1, "burst": 2, "amend": 3, "halt": 1, "reduce": 1, "resume": 2}
OUR_ACTIONS = (10, 28)
LIMIT_ACTIONS = (8, 24)  # more, where limits are tight
OTHERS_ACTIONS = (4, 14)
FAULTS_MAX = 9
FAULTLESS_PERCENT = 3
DUPLICATE_CODES = (10001, 11033, 11085, 19999)
TARGETS = ("order", "order", "create", "create", "amend", "cancel", "query", "")
STRANDED_PERCENT = 6  # schedules that are about orders of which nobody tells until long after their expiry
STRANDED_NS = 8 * NS_PER_S
LOSSES = ("drop_response", "error_after", "drop_request", "slow_request", "cut_response")
SILENCES = ("outage_before", "query_lag", "query_lag", "too_many")
LOGIN_REFUSALS_MAX = 2  # one more in a row, and the engine rightly gives up


Event = TypeVar("Event", Action, Fault)


@dataclass(frozen=True)
class Schedule:
    """One run, written down."""

    seed: int
    engine: EngineTraits
    venue: VenueTraits
    actions: tuple[Action, ...]
    faults: tuple[Fault, ...]
    active_ns: int = ACTIVE_NS
    is_rearmed: bool = True  # in the end, by a person, if it was killed


def kinds_in_use() -> tuple[str, ...]:
    """The kinds of fault schedules are made of, in a fixed order."""
    return (*KINDS, *kill_faults.KINDS)


def make_schedule(seed: int) -> Schedule:
    """The run of a seed."""
    chance = random.Random(f"tidings {seed}")
    traits = _engine_traits(chance), _venue_traits(chance), _actions(chance)
    faults, stranded = _faults(chance), random.Random(f"stranded {seed}")
    if stranded.randrange(100) < STRANDED_PERCENT:
        return Schedule(seed, *traits, _strands(stranded), STRANDED_NS)
    plain = Schedule(seed, *traits, faults)
    # Dice of their own: a schedule without limits and kill is what it was before there were any.
    return _with_kill(_with_limits(plain, random.Random(f"limits {seed}")), random.Random(f"kill {seed}"))


def _with_limits(schedule: Schedule, chance: random.Random) -> Schedule:
    """A third of all runs has limits that are met, and more orders that meet them."""
    if chance.randrange(3):
        return schedule
    verbs = chance.choices(tuple(LIMIT_VERBS), tuple(LIMIT_VERBS.values()), k=chance.randint(*LIMIT_ACTIONS))
    reach = chance.choice((5, 30, 100))
    actions = [_action(chance, verb, reach) for verb in verbs]
    return replace(
        schedule, engine=replace(schedule.engine, limits=random_limits(chance)),
        actions=_in_time((*schedule.actions, *actions)),
    )


def _with_kill(schedule: Schedule, chance: random.Random) -> Schedule:
    """In a quarter the kill switch is thrown; in some of these with next to no request budget."""
    if chance.randrange(4):
        return schedule
    engine = schedule.engine
    if chance.random() < 0.2:
        engine = replace(engine, requests_per_minute_max=chance.choice((20, 40)))
    verbs = chance.choices(("rearm", "limit", "conditional"), (2, 6, 3), k=chance.randint(2, 14))
    faults = kill_faults.random_kills(chance, ACTIVE_NS, Fault)
    return replace(
        schedule, engine=engine, faults=_in_time((*schedule.faults, *faults)), is_rearmed=chance.random() < 0.7,
        actions=_in_time((*schedule.actions, *(_action(chance, verb, 30) for verb in verbs))),
    )


def _in_time(events: tuple[Event, ...]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: event.at_ns))


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
        pending_rule=chance.choice(("queue", "refuse")),
        reject_style=chance.choice(("reply-and-stream", "stream-only")),
        matching_delay_ms=chance.choice((0, 5, 5, 50)),
        wall_ahead_ns=chance.choice((0, 0, chance.randrange(-500, 500))) * MS_NS,
    )


def _actions(chance: random.Random) -> tuple[Action, ...]:
    verbs = chance.choices(tuple(VERBS), tuple(VERBS.values()), k=chance.randint(*OUR_ACTIONS))
    verbs += chance.choices(("crowd", "price"), (4, 1), k=chance.randint(*OTHERS_ACTIONS))
    reach = chance.choice((5, 30, 100))
    return _in_time(tuple(_action(chance, verb, reach) for verb in verbs))


def _action(chance: random.Random, verb: str, reach: int) -> Action:
    return Action(
        verb, chance.randrange(ACTIVE_NS), chance.choice(SYMBOLS), chance.choice(("Buy", "Sell")).lower(),
        chance.randint(-reach, reach), chance.randint(1, 9), chance.getrandbits(16),
    )


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


def _strands(chance: random.Random) -> tuple[Fault, ...]:
    """Creates are lost, the stream leaves out everything, and queries fail or lag while the expiry passes.

    What proves an order absent has no other test: elsewhere all is well again before the first proof is due.
    """
    losses = [
        Fault(chance.choice(LOSSES), chance.randrange(ACTIVE_NS // 2), target="create", pick=chance.getrandbits(20))
        for _ in range(chance.randint(3, 9))
    ]
    silence = chance.choice(SILENCES)
    spells = [
        Fault("stream_stall", 0, chance.randrange(4_000, 8_000) * MS_NS),
        Fault(silence, chance.randrange(ACTIVE_NS), chance.randrange(2_000, 6_000) * MS_NS, "query",
              chance.getrandbits(20)),
    ]
    return tuple(sorted(losses + spells, key=lambda fault: fault.at_ns))


def _target(chance: random.Random, kind: str) -> str:
    if kind in ("reset", "half_close", "dark", "stall"):
        return chance.choice(("rest", "rest", "stream"))
    return "order" if kind == "unsolicited" else chance.choice(TARGETS)
