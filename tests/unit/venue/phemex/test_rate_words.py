"""Why there is no room: never one cause for another, and always how long."""

import pytest

from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_KILL, PRIORITY_ORDER
from tidings.model.enums import ProductLine, RequestKind
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.rate_groups import CONTRACT, RateBudget
from tidings.venue.phemex.rate_words import full_budgets, wait_s, why_no_room

S = 1_000_000_000


@pytest.fixture
def budget():
    return RateBudget(endpoints_of("local", rest_url="https://127.0.0.1:7", ws_url="wss://127.0.0.1:7"))


def why(budget, priority=PRIORITY_ORDER, now_ns=S):
    return why_no_room(budget.order_cost(ProductLine.LINEAR, RequestKind.NEW), priority, now_ns)


def test_room_needs_no_words(budget):
    assert (why(budget), full_budgets(budget, 0)) == ("", {})


def test_the_venue_said_429(budget):
    budget.block(CONTRACT, 3, S)
    text = "the venue said 429 (too many requests) or retry-after in its group contract: wait 3 s"
    assert why(budget) == why(budget, PRIORITY_CANCEL) == text
    assert why(budget, PRIORITY_KILL) == ""
    assert full_budgets(budget, S) == {"contract": text}
    assert why(budget, now_ns=3 * S) == text.replace("3 s", "1 s")
    assert (why(budget, now_ns=4 * S), full_budgets(budget, 4 * S)) == ("", {})


def test_we_have_used_it_ourselves(budget):
    budget.bucket_of(CONTRACT).spend(450, 0)
    used = "450 of the 500 requests a minute allowed in its group contract are used, and 50 are kept for cancels"
    assert why(budget) == f"{used}: wait 61 s"
    assert why(budget, PRIORITY_CANCEL) == ""
    budget.bucket_of(CONTRACT).spend(50, 0)
    assert why(budget, PRIORITY_CANCEL) == (
        "this engine has sent 500 of the 500 requests a minute allowed in its group contract, the share kept for"
        " cancels included: wait 61 s"
    )


def test_others_use_it(budget):
    budget.bucket_of(CONTRACT).spend(3, 0)
    budget.correct(CONTRACT, 10, S)
    assert why(budget) == (
        "490 of the 500 requests a minute allowed in its group contract are used, 487 of them, says the venue, not by"
        " this engine, and 50 are kept for cancels: wait 62 s"
    )


def test_nobody_knows_what_was_sent_before(budget):
    budget.begin(0)
    budget.bucket_of(CONTRACT).spend(50, S)
    assert why(budget).startswith("nobody knows yet what was sent in its group contract before this engine began: wait")


def test_the_address_is_named(budget):
    budget.ip.spend(4_500, 0)
    assert "4500 of the 5000 requests in 5 minutes allowed for this address are used" in why(budget)
    assert wait_s(budget.ping_cost(), PRIORITY_ORDER, S) == 301


def test_what_is_not_enforced_is_never_full():
    endpoints = endpoints_of("local", rest_url="https://127.0.0.1:8", ws_url="wss://127.0.0.1:8")
    budget = RateBudget(endpoints, is_enforced=False)
    budget.block(CONTRACT, 3, S)
    assert full_budgets(budget, S) == {}
