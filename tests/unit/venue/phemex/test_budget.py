"""Each request draws on its group and the address; what the venue's headers tell is taken over, a 429 stops all."""

import pytest
from phemex_requests import SBTCUSDT
from wired_gateway import LIMIT, NOW_NS, Wired

from tidings.model.enums import DenyReason, Side
from tidings.model.terms import OrderTerms

S_NS = 1_000_000_000
SPOT_LIMIT = OrderTerms(SBTCUSDT, Side.BUY)
OK = {"code": 11001, "msg": "", "data": None}


@pytest.fixture
def wired():
    made = Wired()
    yield made
    made.close()


def used(wired: Wired) -> dict[str, int]:
    return {name: count for name, (count, _) in wired.gateway.budget.used(wired.clock.read_now_ns()).items() if count}


def is_denied(wired: Wired, terms: OrderTerms = LIMIT) -> bool:
    draft = wired.entry.draft_order(terms)
    draft.price_ticks, draft.order_qty_lots = (500_000 if terms is LIMIT else 5_000_000), 10
    result = wired.entry.submit_order(draft, wired.clock.read_now_ns())
    assert result > 0 or result == -DenyReason.RATE_LIMIT
    return result < 0


def test_each_line_pays_its_group_and_all_pay_the_address(wired):
    order = wired.submit()
    wired.submit(SPOT_LIMIT, 5_000_000, 1000)
    wired.entry.cancel_order(order, NOW_NS)
    assert used(wired) == {"contract": 2, "spotorder": 1, "ip": 3}


def test_a_ping_pays_no_order_group(wired):
    (lane,) = wired.pool
    assert wired.gateway.warm_lane(lane, False, NOW_NS)
    assert used(wired)["ip"] == 1
    assert not used(wired).keys() & {"contract", "spotorder"}


def test_what_the_venue_says_is_left_counts_when_it_is_less(wired):
    order = wired.submit()
    wired.answer(200, OK, "x-ratelimit-remaining-CONTRACT: 51")     # 50 of 500 are kept for cancels
    order = wired.submit()
    wired.accept(order)
    assert is_denied(wired)
    assert not is_denied(wired, SPOT_LIMIT)
    assert wired.gateway.budget.refused_count == 1
    assert wired.entry.cancel_order(order, NOW_NS) == 0


@pytest.mark.parametrize(("seconds", "held_s"), [("3", 3), ("0", 1), ("100000", 60)])
def test_a_429_blocks_its_group_as_long_as_it_says(wired, seconds, held_s):
    wired.submit()
    wired.answer(429, b"", f"x-ratelimit-retry-after-CONTRACT: {seconds}")
    wired.clock.advance(held_s * S_NS - 1)
    assert is_denied(wired)
    assert not is_denied(wired, SPOT_LIMIT)


@pytest.mark.parametrize(("seconds", "held_s"), [("3", 3), ("soon", 5), ("-1", 5)])
def test_what_a_429_says_is_left_holds_no_longer_than_its_wait(wired, seconds, held_s):
    """Nothing remains, says the venue, and in three seconds there is room again: that is the newer word."""
    wired.submit()
    left, wait = "x-ratelimit-remaining-CONTRACT: 0", f"x-ratelimit-retry-after-CONTRACT: {seconds}"
    wired.answer(429, b"", left, "x-ratelimit-capacity-CONTRACT: 500", wait)
    wired.clock.advance(held_s * S_NS - 1)
    assert is_denied(wired)
    wired.clock.advance(1)
    assert not is_denied(wired)
    assert used(wired)["contract"] == 2


@pytest.mark.parametrize("headers", [(), ("x-ratelimit-remaining-nonsense: 5",), ("Retry-After: 5",)])
def test_a_429_that_names_no_group_of_ours_stops_everything(wired, headers):
    wired.submit()
    wired.answer(429, b"", *headers)
    wired.clock.advance(5 * S_NS - 1)
    assert is_denied(wired)
    assert is_denied(wired, SPOT_LIMIT)
    wired.clock.advance(1)
    assert not is_denied(wired)


def test_a_group_we_do_not_know_is_counted(wired):
    wired.submit()
    wired.answer(200, OK, "x-ratelimit-remaining-options: 3")
    assert wired.gateway.budget.unknown_group_count == 1
