"""The throttle against slow, obvious models: its own rule, and the venue's windows, fixed and sliding, at arrival."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_KILL, PRIORITY_ORDER, Bucket, Cost

S = 1_000_000_000
WINDOW_NS = 60 * S
MARGIN_NS = 2 * S
NEVER = 2**63 - 1
PRIORITIES = {"take": PRIORITY_ORDER, "cancel": PRIORITY_CANCEL, "kill": PRIORITY_KILL}


class SlowLog:
    """A list of everything spent, summed anew at each question; beside it what the venue told of others."""

    def __init__(self, capacity, reserve):
        self.capacity, self.reserve, self.blocked_until_ns = capacity, reserve, 0
        self.spendings, self.told = [], []

    def used(self, now_ns, of_others=True):
        spendings = self.spendings + (self.told if of_others else [])
        return sum(weight for at_ns, weight in spendings if now_ns - at_ns < WINDOW_NS + MARGIN_NS)

    def room(self, priority, now_ns):
        if priority < PRIORITY_KILL and now_ns < min(self.blocked_until_ns, now_ns + WINDOW_NS + MARGIN_NS):
            return 0
        if priority == PRIORITY_ORDER:
            return self.capacity - self.used(now_ns) - self.reserve
        return self.capacity - self.used(now_ns, of_others=False)


steps = st.lists(
    st.tuples(st.sampled_from([*PRIORITIES, "spend", "correct", "block"]), st.integers(1, 8), st.integers(0, 25 * S)),
    max_size=60,
)


@given(steps=steps, capacity=st.integers(4, 30), reserve=st.integers(0, 3))
def test_the_ring_agrees_with_a_plain_list(steps, capacity, reserve):
    bucket = Bucket("contract", capacity=capacity, window_ns=WINDOW_NS, margin_ns=MARGIN_NS, reserve=reserve)
    slow = SlowLog(capacity, reserve)
    now_ns = 0
    for what, number, wait_ns in steps:
        now_ns += wait_ns
        if what in PRIORITIES:
            priority = PRIORITIES[what]
            expected = slow.room(priority, now_ns) >= number
            assert Cost((bucket, number)).take(priority, now_ns) == expected
            if expected:
                slow.spendings.append((now_ns, number))
        elif what == "spend" and len(slow.spendings) + len(slow.told) < capacity:
            bucket.spend(number, now_ns)
            slow.spendings.append((now_ns, number))
        elif what == "correct":
            bucket.correct(number, now_ns)
            slow.told.append((now_ns, max(0, capacity - slow.used(now_ns) - number)))
        elif what == "block":
            bucket.block_until(now_ns + number * S)
            slow.blocked_until_ns = max(slow.blocked_until_ns, now_ns + number * S)
        for priority in PRIORITIES.values():
            assert bucket.room(priority, now_ns) == slow.room(priority, now_ns)
            soon_ns = bucket.next_room_ns(1, priority, now_ns)
            assert slow.room(priority, soon_ns) >= 1
            assert soon_ns == now_ns or slow.room(priority, soon_ns - 1) < 1


def most_in_a_sliding_window(arrivals):
    """The largest weight in any half-open window; the worst window begins at an arrival."""
    starts = [at_ns for at_ns, _ in arrivals]
    return max(sum(weight for at_ns, weight in arrivals if 0 <= at_ns - start < WINDOW_NS) for start in starts)


def most_in_a_fixed_window(arrivals, phase_ns):
    counts = {}
    for at_ns, weight in arrivals:
        window = (at_ns + phase_ns) // WINDOW_NS
        counts[window] = counts.get(window, 0) + weight
    return max(counts.values())


attempts = st.lists(
    st.tuples(
        st.just(0) | st.integers(0, 9 * S), st.integers(1, 5), st.integers(0, 2), st.sampled_from([0, S, MARGIN_NS])
    ),
    min_size=1,
    max_size=120,
)


@settings(deadline=None)
@given(attempts=attempts, capacity=st.integers(5, 20), phase_ns=st.integers(0, WINDOW_NS))
def test_no_window_of_the_venue_is_ever_breached(attempts, capacity, phase_ns):
    """Each attempt: wait, weight, priority, and how long it is under way (journeys differ by up to the margin).

    Wait 0: as soon as there is room, which is where a limit that is off by one nanosecond shows.
    """
    bucket = Bucket("contract", capacity=capacity, window_ns=WINDOW_NS, margin_ns=MARGIN_NS)
    now_ns, arrivals = 0, []
    for wait_ns, weight, priority, journey_ns in attempts:
        cost = Cost((bucket, weight))
        due_ns = cost.next_take_ns(priority, now_ns)
        now_ns = due_ns if wait_ns == 0 and due_ns < NEVER else now_ns + wait_ns
        if cost.take(priority, now_ns):
            arrivals.append((now_ns + journey_ns, weight))

    assert most_in_a_sliding_window(arrivals) <= capacity
    assert most_in_a_fixed_window(arrivals, phase_ns) <= capacity


@settings(deadline=None)
@given(attempts=attempts, capacity=st.integers(5, 20), phase_ns=st.integers(0, WINDOW_NS), is_fixed=st.booleans())
def test_honest_headers_take_no_room_away(attempts, capacity, phase_ns, is_fixed):
    """Nobody else sends: what the venue says is left is never less than what our own count leaves.

    Half of the margin for the way there, half for the way back.
    """
    told, untold = (Bucket(name, capacity, WINDOW_NS, margin_ns=MARGIN_NS) for name in ("told", "untold"))
    now_ns, arrivals, answers = 0, [], []
    for wait_ns, weight, priority, journey_ns in attempts:
        now_ns += wait_ns
        while answers and answers[0] + MARGIN_NS // 2 <= now_ns:
            at_ns = answers.pop(0)
            first_ns = (at_ns + phase_ns) // WINDOW_NS * WINDOW_NS - phase_ns if is_fixed else at_ns - WINDOW_NS + 1
            used = sum(weight for arrived_ns, weight in arrivals if first_ns <= arrived_ns <= at_ns)
            told.correct(capacity - used, at_ns + MARGIN_NS // 2)
        taken = Cost((told, weight)).take(priority, now_ns)
        assert taken == Cost((untold, weight)).take(priority, now_ns)
        if taken:
            arrivals.append((now_ns + journey_ns // 2, weight))
            answers = sorted([*answers, now_ns + journey_ns // 2])


def test_a_greedy_sender_gets_nearly_all_the_venue_gives():
    cost = Cost((Bucket("contract", capacity=500, window_ns=WINDOW_NS, margin_ns=MARGIN_NS, reserve=0), 1))
    minutes = 60

    taken = sum(cost.take(False, at_ns) for at_ns in range(0, minutes * WINDOW_NS, S // 20))

    assert taken >= 0.95 * 500 * minutes


def test_the_full_burst_is_there_after_a_quiet_minute_again_and_again():
    cost = Cost((Bucket("contract", capacity=500, window_ns=WINDOW_NS, margin_ns=MARGIN_NS, reserve=0), 1))

    for round_number in range(20):
        at_ns = round_number * (WINDOW_NS + MARGIN_NS)
        assert [cost.take(False, at_ns) for _ in range(501)] == [True] * 500 + [False]
