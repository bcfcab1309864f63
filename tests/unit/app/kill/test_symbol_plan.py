"""How one symbol is emptied: nothing is believed but an empty list, and not even that before nothing can arrive."""

from tidings.app.kill.symbol_plan import GAP_MAX_NS, LAG_NS, NS_PER_MS, Step, SymbolPlan

S = 10**9
NOW_NS = 1_000 * S
ARRIVAL_NS = NOW_NS + 9 * S


def look(plan: SymbolPlan, now_ns: int, left: int | None, **more: int) -> None:
    """A look that is answered at once."""
    plan.looked(now_ns, left, asked_ns=now_ns, **more)


class SlowVenue:
    """Open orders over time; cancels take effect `delay_ns` later. Carries a plan out, and keeps what it did when."""

    def __init__(self, count: int, *, delay_ns: int = 5 * NS_PER_MS, deaf_until_ns: int = 0) -> None:
        self.count, self.delay_ns, self.deaf_until_ns = count, delay_ns, deaf_until_ns
        self.gone_ns: int | None = None
        self.late: dict[int, int] = {}  # moment → orders that appear then
        self.done: list[tuple[int, str]] = []

    def run(self, plan: SymbolPlan, limit_ns: int = 20 * S) -> None:
        while not plan.is_settled and plan.next_ns < NOW_NS + limit_ns:
            now_ns = plan.next_ns
            self.done.append(((now_ns - NOW_NS) // NS_PER_MS, plan.step.value))
            if plan.step is Step.CANCEL:
                self.cancel(plan, now_ns)
            else:
                look(plan, now_ns, self.open_at(now_ns) if now_ns >= self.deaf_until_ns else None)

    def cancel(self, plan: SymbolPlan, now_ns: int) -> None:
        is_heard = now_ns >= self.deaf_until_ns
        if is_heard and self.open_at(now_ns):
            self.gone_ns = now_ns + self.delay_ns
        plan.cancelled(now_ns, is_accepted=is_heard)

    def open_at(self, now_ns: int) -> int:
        for moment_ns in [moment_ns for moment_ns in self.late if moment_ns <= now_ns]:
            self.count, self.gone_ns = self.count + self.late.pop(moment_ns), None
        if self.gone_ns is not None and now_ns >= self.gone_ns:
            self.count = 0
        return self.count

    def cancels(self) -> list[int]:
        return [moment_ms for moment_ms, step in self.done if step == "cancel"]

    def looks(self) -> list[int]:
        return [moment_ms for moment_ms, step in self.done if step == "look"]


def emptied(venue: SlowVenue) -> SymbolPlan:
    plan = SymbolPlan(NOW_NS, ARRIVAL_NS)
    venue.run(plan)
    return plan


def test_an_empty_list_is_doubted_until_it_cannot_be_older_than_an_answered_cancel():
    """We know of an order, the list does not show it yet, and what was sent first nobody has answered."""
    plan = SymbolPlan(NOW_NS, NOW_NS)
    plan.cancelled(NOW_NS, is_accepted=True, is_answered=False)
    look(plan, plan.next_ns, 0, is_doubted=True)
    assert (plan.step, plan.is_settled) == (Step.CANCEL, False)
    plan.cancelled(plan.next_ns, is_accepted=False)
    assert plan.step is Step.CANCEL
    answered_ns = plan.next_ns
    plan.cancelled(answered_ns, is_accepted=True)
    while plan.next_ns < answered_ns + LAG_NS:
        look(plan, plan.next_ns, 0, is_doubted=True)
        assert (plan.step, plan.is_settled) == (Step.LOOK, False)
    look(plan, plan.next_ns, 0, is_doubted=True)
    assert plan.is_settled


def test_a_slow_look_is_as_old_as_its_question():
    plan = SymbolPlan(NOW_NS, NOW_NS)
    plan.cancelled(NOW_NS, is_accepted=True)
    plan.looked(NOW_NS + 2 * LAG_NS, 0, asked_ns=NOW_NS + 1, is_doubted=True)
    assert not plan.is_settled
    late = SymbolPlan(NOW_NS, ARRIVAL_NS)
    late.cancelled(NOW_NS, is_accepted=True)
    late.looked(ARRIVAL_NS + S, 0, asked_ns=ARRIVAL_NS - 1)
    assert (late.is_settled, late.next_ns) == (False, ARRIVAL_NS + S)


def test_doubt_ends_with_the_word_that_the_orders_are_over():
    plan = SymbolPlan(NOW_NS, NOW_NS)
    plan.cancelled(NOW_NS, is_accepted=True)
    look(plan, plan.next_ns, 0, is_doubted=True)
    assert not plan.is_settled
    look(plan, plan.next_ns, 0)
    assert plan.is_settled


def test_an_empty_list_that_fits_what_we_know_needs_no_answered_cancel():
    plan = SymbolPlan(NOW_NS, NOW_NS)
    plan.cancelled(NOW_NS, is_accepted=True, is_answered=False)
    look(plan, plan.next_ns, 0)
    assert plan.is_settled


def test_one_cancel_then_looks_until_nothing_can_arrive():
    venue = SlowVenue(2)
    assert emptied(venue).is_settled
    assert venue.cancels() == [0]
    assert venue.looks() == [6, 306, 1506, 9000]


def test_look_that_is_too_early_costs_no_second_cancel():
    venue = SlowVenue(2, delay_ns=25 * NS_PER_MS)
    emptied(venue)
    assert venue.cancels() == [0]
    assert venue.looks()[:3] == [6, 16, 36]


def test_orders_that_stay_are_cancelled_again_more_and_more_slowly():
    venue, plan = SlowVenue(1, delay_ns=100 * S), SymbolPlan(NOW_NS, ARRIVAL_NS)
    venue.run(plan, limit_ns=60 * S)
    assert not plan.is_settled
    gaps = [second - first for first, second in zip(venue.cancels(), venue.cancels()[1:], strict=False)]
    assert gaps[0] >= 40
    assert gaps[-1] >= GAP_MAX_NS // NS_PER_MS
    assert 6 * len(venue.cancels()) + len(venue.looks()) <= 250  # of the minute's 500, though nothing helps


def test_venue_that_does_not_answer_is_asked_until_it_does():
    venue = SlowVenue(3, deaf_until_ns=NOW_NS + 2 * S)
    plan = emptied(venue)
    assert plan.is_settled
    assert plan.left == 0
    assert len([moment for moment in venue.cancels() if moment < 2000]) <= 7


def test_failed_look_is_no_empty_list():
    plan = SymbolPlan(NOW_NS, ARRIVAL_NS)
    plan.cancelled(NOW_NS, is_accepted=True)
    for _ in range(5):
        look(plan, plan.next_ns, None)
    assert (plan.step, plan.left, plan.is_settled) == (Step.LOOK, None, False)


def test_order_that_arrives_late_is_cancelled_too():
    venue = SlowVenue(1)
    venue.late[NOW_NS + S] = 1
    assert emptied(venue).is_settled
    assert venue.cancels() == [0, 1506]
    assert venue.looks()[-1] == 9000


def test_empty_list_from_before_the_last_arrival_settles_nothing():
    plan = SymbolPlan(NOW_NS, ARRIVAL_NS)
    plan.cancelled(NOW_NS, is_accepted=True)
    look(plan, ARRIVAL_NS - 1, 0)
    assert not plan.is_settled
    assert plan.next_ns == ARRIVAL_NS
    look(plan, ARRIVAL_NS, 0)
    assert plan.is_settled


def test_rate_limit_is_waited_for():
    plan = SymbolPlan(NOW_NS, ARRIVAL_NS)
    plan.cancelled(NOW_NS, is_accepted=False, retry_after_ns=7 * S)
    assert (plan.step, plan.next_ns) == (Step.CANCEL, NOW_NS + 7 * S)
    plan.cancelled(plan.next_ns, is_accepted=True)
    look(plan, plan.next_ns, None, retry_after_ns=4 * S)
    assert plan.next_ns == NOW_NS + 7 * S + 6 * NS_PER_MS + 4 * S
