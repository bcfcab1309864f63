"""How much of what the venue gives to orders goes out: in one burst after a quiet minute, and for ever."""

import heapq
from dataclasses import replace

from tests.simulated_limits.counts import ADDRESS, ADDRESS_WINDOW_NS, CONTRACT, MINUTE_NS, S_NS
from tests.simulated_limits.demand import NEWS
from tests.simulated_limits.trial import START_NS, Trial

MEASURED_MINUTES = 31
RESERVE_PERCENT = 10


def burst_share(traits, *, trickle_s=0):
    """Orders that go out at one instant, again and again, each time after a quiet minute.

    With a trickle, one order goes every so many seconds in between and is counted with the burst behind it: its answer,
    a moment old, must not be taken for somebody else's requests.
    """
    trial = Trial(replace(traits, minutes=20, lives_s=0, has_foreign=False, refusals_per_minute=0))
    capacity, window_ns = order_capacity(traits)
    period_ns, step_ns = window_ns + (7 if trickle_s else 2) * S_NS, trickle_s * S_NS
    shares, trickled, at_ns = [], [], START_NS
    for burst_ns in range(START_NS, trial.end_ns, period_ns):
        while trickle_s and at_ns < burst_ns:
            deliver(trial, at_ns)
            trickled += [at_ns] * send_up_to(1, trial, at_ns)
            at_ns += step_ns
        deliver(trial, burst_ns)
        held = sum(sent_ns > burst_ns - window_ns - 2 * S_NS for sent_ns in trickled)
        shares.append((held + send_up_to(2 * capacity, trial, burst_ns)) / capacity)
    deliver(trial, trial.end_ns + 10 * S_NS)
    return min(shares), trial.outcome


def sustained_share(traits, *, burst_part):
    """Orders that go out in half an hour in which each is sent as soon as there is room.

    In the first window `burst_part` of them go at once, the others evenly, and so do all that follow: bursts, and
    between them answers, each of a moment ago.
    """
    minutes = 5 * MEASURED_MINUTES if traits.profile == "testnet" else MEASURED_MINUTES
    trial = Trial(replace(traits, minutes=minutes + 12, lives_s=0, has_foreign=False, refusals_per_minute=0))
    capacity, window_ns = order_capacity(traits)
    at_ns, sent, period_ns = START_NS, 0, window_ns + 2 * S_NS
    begin_ns = START_NS + period_ns
    end_ns = begin_ns + minutes * MINUTE_NS
    while at_ns < end_ns:
        deliver(trial, at_ns)
        is_first = START_NS < at_ns < begin_ns
        count_max = int(capacity * burst_part) if at_ns == START_NS else 1 if is_first else capacity
        count = send_up_to(count_max, trial, at_ns)
        sent += count if at_ns >= begin_ns else 0
        at_ns = at_ns + period_ns // capacity if at_ns < begin_ns else next_time(trial, at_ns)
    deliver(trial, end_ns + 10 * S_NS)
    return sent / (capacity * minutes * MINUTE_NS / window_ns), trial.outcome


def order_capacity(traits):
    """(weight orders of one symbol may have, in which window)."""
    limits = [(CONTRACT, MINUTE_NS), (ADDRESS, ADDRESS_WINDOW_NS)]
    limits += [(f"{CONTRACT}_btcusdt", MINUTE_NS)] if traits.profile == "vip" else []
    name, window_ns = min(limits, key=lambda limit: traits.capacities[limit[0]] * MINUTE_NS / limit[1])
    return traits.capacities[name] - traits.capacities[name] * RESERVE_PERCENT // 100, window_ns


def send_up_to(count_max, trial, at_ns):
    """Orders of one symbol until the budget says no: how many went."""
    count = 0
    while count < count_max and trial.attempt(NEWS[0], at_ns):
        count += 1
    return count


def next_time(trial, at_ns):
    """When the next order has room, or an answer comes that may change that."""
    due_ns = trial.cost_of(NEWS[0]).next_take_ns(False, at_ns)
    return max(at_ns + 1, min([due_ns, *(event[0] for event in trial.events[:1])]))


def deliver(trial, until_ns):
    """What arrives and is heard up to now."""
    while trial.events and trial.events[0][0] <= until_ns:
        at_ns, _, what, *details = heapq.heappop(trial.events)
        getattr(trial, f"on_{what}")(at_ns, *details)
