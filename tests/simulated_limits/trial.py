"""One account for some minutes: the engine's real budgets on one side, the venue's counters on the other.

Between them every request and every answer takes a journey of its own. The engine may be killed and started anew, with
its memory of what it has sent or without; another process may use the same account; the venue may refuse for no
reason that we know.
"""

import heapq
import random
from dataclasses import dataclass, field

from tests.simulated_limits import demand
from tests.simulated_limits.counts import (
    ADDRESS,
    ADDRESS_WINDOW_NS,
    ALL_SYMBOLS,
    CONTRACT,
    MINUTE_NS,
    OTHERS,
    S_NS,
    SPOT_ORDER,
    Counter,
    limits_of,
)
from tidings.exchange.rest.rate_limits import RateLimits
from tidings.venue.phemex import rate_groups
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.rate_groups import RateBudget

START_NS = 1_000 * S_NS
SYMBOLS = ("btcusdt", "ethusdt", "btcusd")
_REAL = {CONTRACT: 500, SPOT_ORDER: 500, OTHERS: 100, ADDRESS: 5_000}
_FULL = {
    "public": _REAL,
    "testnet": {**_REAL, ADDRESS: 500},
    "vip": {**_REAL, CONTRACT: 5_000, ALL_SYMBOLS: 500, **{f"{CONTRACT}_{symbol}": 500 for symbol in SYMBOLS}},
}
_ENVIRONMENTS = {"public": "live", "testnet": "testnet", "vip": "vip"}


@dataclass(frozen=True)
class Traits:
    """What one trial is like; drawn from its number."""

    seed: str
    profile: str
    ceilings: dict[str, int]  # lowered capacities: more edges for the same work
    told_by: str
    phase_ns: int
    journey_ns_max: int
    answer_ns_max: int
    tells_headers: bool
    sources: tuple[str, ...]
    lives_s: float = 0  # mean life of an engine between kills; 0: it lives on
    has_memory: bool = True
    has_foreign: bool = False
    refusals_per_minute: float = 0
    minutes: int = 20

    @property
    def capacities(self):
        return {**_FULL[self.profile], **self.ceilings}


@dataclass
class Outcome:
    """What became of one trial."""

    minutes: int = 0
    excess: int = 0
    refused_unremembered: int = 0  # after a restart that knew nothing of the life before, by a group's count
    refused_address: int = 0  # likewise by the address's count, of which the venue tells nothing
    refused_beside_foreign: int = 0
    orders: int = 0
    cancels: int = 0
    restarts: int = 0
    blocked_sends: int = 0  # sent although told to wait, and not by a kill switch
    blocked_kills: int = 0  # sent by a kill switch while the venue said "wait"
    shares: dict[str, float] = field(default_factory=dict)


def draw_traits(seed, number):
    """The traits of trial `number`: always the same."""
    chance = random.Random(f"{seed}/{number}")
    profile = chance.choices(("public", "vip", "testnet"), (6, 2, 2))[0]
    is_small = chance.random() < 0.97
    names = [CONTRACT, SPOT_ORDER, OTHERS] + ([ALL_SYMBOLS] if profile == "vip" else [])
    ceilings = {name: chance.randint(8, 60) for name in names} if is_small else {}
    if is_small and profile == "vip":
        ceilings |= {f"{CONTRACT}_{symbol}": chance.randint(6, 40) for symbol in SYMBOLS}
    sources = chance.sample(("steady", "bursts", "edges", "kill_switch", "query_storm"), chance.randint(1, 4))
    return Traits(
        seed=f"{seed}/{number}", profile=profile, ceilings=ceilings, told_by=chance.choice(("fixed", "sliding")),
        phase_ns=chance.randrange(MINUTE_NS), journey_ns_max=chance.choice((1, S_NS // 10, S_NS, 2 * S_NS)),
        answer_ns_max=chance.choice((1, S_NS // 10, S_NS, 2 * S_NS)), tells_headers=chance.random() < 0.7,
        sources=(*sources, "pings"), lives_s=chance.choice((0, 0, 0, 20, 120)), has_memory=chance.random() < 0.7,
        has_foreign=chance.random() < 0.1, refusals_per_minute=chance.choice((0, 0, 0, 0.5)),
    )  # fmt: skip


class Trial:
    """Runs one trial. Events are (time, number, what, …) in a heap."""

    def __init__(self, traits: Traits):
        self.traits, self.chance, self.outcome = traits, random.Random(traits.seed), Outcome(minutes=traits.minutes)
        self.events, self.number, self.memory, self.is_down, self.life = [], 0, {}, False, 0
        self.blocked_until_ns, self.forgot_ns, self.now_ns = {}, -(10**18), START_NS
        self.venue = Venue(traits)
        self.end_ns = START_NS + traits.minutes * MINUTE_NS
        self.start_engine(START_NS, is_first=True)

    # ---- The engine's side ---------------------------------------------------------------------------------------

    def start_engine(self, at_ns, *, is_first=False):
        rate_groups._ip_buckets.clear()         # a new process
        url = "127.0.0.1:1"
        endpoints = endpoints_of(_ENVIRONMENTS[self.traits.profile], rest_url=f"https://{url}", ws_url=f"wss://{url}")
        ceilings = {"" if name == OTHERS else name: number for name, number in self.traits.ceilings.items()}
        self.budget = RateBudget(endpoints, ceilings=ceilings)
        if self.traits.lives_s:
            self.budget.begin(at_ns, self.page_of if self.traits.has_memory else None)
        self.costs, self.is_down = {}, False
        self.blocked_until_ns.clear()
        if not is_first:
            self.outcome.restarts += 1
        if self.traits.lives_s:
            self.push(at_ns + int(self.chance.expovariate(1 / self.traits.lives_s) * S_NS) + 1, "kill")

    def page_of(self, name, size_bytes):
        """What a file keeps over a kill."""
        return memoryview(self.memory.setdefault(name, bytearray(size_bytes)))

    def cost_of(self, request):
        if request not in self.costs:
            budget = self.budget
            self.costs[request] = (
                budget.order_cost(request.line, request.kind, request.symbol) if request.kind
                else budget.cost(request.method, request.path, symbol=request.symbol, is_signed=request.is_signed)
            )  # fmt: skip
        return self.costs[request]

    def attempt(self, request, at_ns):
        """Send if the budget has room."""
        if self.is_down or not self.cost_of(request).take(request.priority, at_ns):
            return False
        self.outcome.orders += not request.is_cancel and request.kind is not None
        self.outcome.cancels += request.is_cancel
        blocks = [self.blocked_until_ns.get(name, 0) for name, _ in limits_of(request, self.traits.profile)]
        self.outcome.blocked_sends += max(blocks) > at_ns and not request.is_kill
        self.outcome.blocked_kills += max(blocks) > at_ns and request.is_kill
        self.push(at_ns + self.chance.randrange(self.traits.journey_ns_max), "arrive", request)
        return True

    # ---- Events --------------------------------------------------------------------------------------------------

    def push(self, at_ns, what, *details):
        self.number += 1
        heapq.heappush(self.events, (at_ns, self.number, what, *details))

    def run(self):
        for name in self.traits.sources:
            self.push(START_NS, "want", [], self.make_source(name))
        if self.traits.has_foreign:
            self.push(START_NS, "foreign")
        while self.events:
            at_ns, _, what, *details = heapq.heappop(self.events)
            assert at_ns >= self.now_ns, "a source went back in time"
            self.now_ns = at_ns
            if at_ns > self.end_ns and what != "arrive":
                continue
            getattr(self, f"on_{what}")(at_ns, *details)
        return self.outcome

    def make_source(self, name):
        size = max(self.traits.capacities[CONTRACT], self.traits.capacities[SPOT_ORDER])
        if name == "steady":
            return demand.steady(self.chance, self.chance.choice((0.3, 1, 2)) * size)
        if name in ("bursts", "edges"):
            return getattr(demand, name)(self.chance, 2 * size)
        return demand.pings() if name == "pings" else getattr(demand, name)(self.chance)

    def on_want(self, at_ns, requests, source):
        for request in requests:
            self.attempt(request, at_ns)
        after_ns, requests = next(source)
        self.push(START_NS + after_ns, "want", requests, source)

    def on_kill(self, at_ns):
        """Killed, and started again: at once, or after a while. What was sent is still under way."""
        self.is_down = True
        self.life += 1
        down_ns = int(self.chance.choice((0.05, 0.5, 5, 40)) * S_NS)
        if not self.traits.has_memory:
            # Nobody who knows nothing can start safely while requests of the life before are still under way.
            down_ns += 2 * S_NS
            self.forgot_ns = at_ns + down_ns
        self.push(at_ns + down_ns, "start")

    def on_start(self, at_ns):
        self.start_engine(at_ns)

    def on_foreign(self, at_ns):
        """Somebody else with the same account."""
        self.venue.admit(self.chance.choice(demand.NEWS), at_ns)
        self.push(at_ns + self.chance.randrange(1, 20 * S_NS), "foreign")

    def on_arrive(self, at_ns, request):
        refused, is_excess = self.venue.admit(request, at_ns)
        # Who does not know all that was sent can go by the venue's word alone, and so by its way of counting alone.
        if self.traits.has_foreign:
            self.outcome.refused_beside_foreign += bool(refused)
        elif at_ns - self.forgot_ns < ADDRESS_WINDOW_NS:
            self.outcome.refused_unremembered += bool(refused) and ADDRESS not in refused
            self.outcome.refused_address += ADDRESS in refused
        else:
            self.outcome.excess += is_excess
        if not refused and self.chance.random() < self.traits.refusals_per_minute / 60:
            refused = [limits_of(request, self.traits.profile)[0][0]]
        answer_ns = at_ns + self.chance.randrange(self.traits.answer_ns_max)
        if refused or self.traits.tells_headers:
            told = [(name, self.venue.counters[name].remaining(at_ns))
                    for name, _ in limits_of(request, self.traits.profile) if name != ADDRESS]
            self.push(answer_ns, "hear", self.life, told, [name for name in refused if name != ADDRESS])

    def on_hear(self, at_ns, life, told, refused):
        if self.is_down or life != self.life:
            return
        for name, remaining in told if self.traits.tells_headers and not refused else ():
            self.budget.correct("" if name == OTHERS else name, remaining, at_ns)
        for name in refused:
            wait_s = self.chance.choice((None, 1, 7, -3, 10**9))
            self.budget.block("" if name == OTHERS else name, wait_s, at_ns)
            if wait_s is not None and 0 < wait_s < 60:
                self.blocked_until_ns[name] = max(self.blocked_until_ns.get(name, 0), at_ns + wait_s * S_NS)


class Venue:
    """The venue's counters; at its real capacities the local exchange counts beside them."""

    def __init__(self, traits):
        self.traits = traits
        self.counters = {
            name: Counter(
                capacity, ADDRESS_WINDOW_NS if name == ADDRESS else MINUTE_NS, traits.phase_ns, traits.told_by
            )
            for name, capacity in traits.capacities.items()
        }
        profile = "vip" if traits.profile == "vip" else "public"
        self.exchange = None if traits.ceilings else RateLimits(window=traits.told_by, profile=profile)

    def admit(self, request, at_ns):
        """(limits that refuse it, whether it is too many by any way of counting)."""
        refused, is_excess = [], False
        for name, weight in limits_of(request, self.traits.profile):
            is_taken, is_over = self.counters[name].admit(weight, at_ns)
            refused += [] if is_taken else [name]
            is_excess |= is_over
        if self.exchange is not None and not self.exchange_admits(request, at_ns):
            is_excess = True
        return refused, is_excess

    def exchange_admits(self, request, at_ns):
        """The local exchange's own count, its minutes shifted as ours are."""
        wall_ns = at_ns + self.traits.phase_ns
        is_admitted = self.exchange.admits_address("127.0.0.1", wall_ns)
        if request.is_signed or self.traits.profile == "vip":
            is_admitted &= self.exchange.take(1, request.method, request.path, request.symbol, wall_ns).is_allowed
        return is_admitted
