"""One answer ends one request, whatever it says; what cannot have been sent is told apart from what may have been."""

import pytest
from wired_gateway import DEADLINE_NS, INSTRUMENTS, LIMIT, NOW_NS, Wired

from tidings.model.enums import DenyReason, OrdStatus, RequestKind, Side, Trigger
from tidings.model.terms import OrderTerms


@pytest.fixture
def wired():
    made = Wired()
    yield made
    made.close()


@pytest.fixture
def wired_twice():
    made = Wired(lane_count=2)
    yield made
    made.close()


# ---- Down ------------------------------------------------------------------------------------------------------------


def test_request_carries_the_expiry_of_the_venues_clock(wired):
    wired.submit()
    assert "x-phemex-request-expiry: 1790000006\r\n" in wired.asked()       # 1790000000.4 s, rounded up, and 5 s
    wired.clock.advance(599_999_999)
    wired.submit()
    assert "expiry: 1790000006\r\n" in wired.asked()
    wired.clock.advance(1)
    wired.submit()
    assert "expiry: 1790000007\r\n" in wired.asked()


def test_orders_take_idle_lanes_first_then_share_them_then_are_denied():
    wired = Wired(lane_count=2, depth_cap=2)
    for _ in range(4):
        wired.submit()
    assert [lane.in_flight_count for lane in wired.pool] == [2, 2]
    draft = wired.entry.draft_order(LIMIT)
    draft.price_ticks, draft.order_qty_lots = 500_000, 10
    assert wired.entry.submit_order(draft, NOW_NS) == -DenyReason.LANES_FULL
    wired.close()


def test_what_follows_an_unanswered_create_follows_it_on_its_lane(wired_twice):
    order = wired_twice.submit()
    assert wired_twice.entry.cancel_order(order, NOW_NS) == 0
    assert [lane.in_flight_count for lane in wired_twice.pool] == [2, 0]
    assert wired_twice.asked().count("clOrdID=" + order.cl_ord_id) == 2


def test_what_concerns_an_order_of_unknown_fate_does_not_queue_behind_its_lost_answer(wired_twice):
    order = wired_twice.submit()
    wired_twice.pool.check_deadlines(NOW_NS + DEADLINE_NS)
    assert order.ord_status == OrdStatus.UNKNOWN
    assert wired_twice.entry.cancel_order(order, NOW_NS + DEADLINE_NS) == 0
    assert [lane.in_flight_count for lane in wired_twice.pool] == [1, 1]


def test_orders_and_amends_wait_for_readiness_but_cancels_do_not(wired):
    order = wired.submit()
    wired.accept(order)
    wired.gateway.allow_orders(False)
    assert wired.entry.amend_order(order, 500_001, 0, NOW_NS) == -DenyReason.NOT_READY
    draft = wired.entry.draft_order(LIMIT)
    draft.price_ticks, draft.order_qty_lots = 500_000, 10
    assert wired.entry.submit_order(draft, NOW_NS) == -DenyReason.NOT_READY
    assert wired.entry.cancel_order(order, NOW_NS) == 0


def test_one_symbol_is_denied_by_itself(wired):
    wired.gateway.deny_symbol(LIMIT.instrument, DenyReason.HALTED)
    draft = wired.entry.draft_order(LIMIT)
    draft.price_ticks, draft.order_qty_lots = 500_000, 10
    assert wired.entry.submit_order(draft, NOW_NS) == -DenyReason.HALTED
    wired.gateway.deny_symbol(LIMIT.instrument, DenyReason.NONE)
    wired.gateway.deny_orders(DenyReason.CLOCK_UNSURE)
    draft = wired.entry.draft_order(LIMIT)
    draft.price_ticks, draft.order_qty_lots = 500_000, 10
    assert wired.entry.submit_order(draft, NOW_NS) == -DenyReason.CLOCK_UNSURE
    wired.gateway.deny_orders(DenyReason.NONE)
    wired.submit()


def test_a_decision_from_before_the_process_stood_still_is_not_sent(wired):
    draft = wired.entry.draft_order(LIMIT)
    draft.price_ticks, draft.order_qty_lots = 500_000, 10
    decided_ns = wired.clock.read_now_ns()
    wired.clock.advance(DEADLINE_NS + 1)
    assert wired.entry.submit_order(draft, decided_ns) == -DenyReason.CLOCK_UNSURE
    assert (wired.table.open_count, wired.pool.in_flight_total()) == (0, 0)


def test_without_a_lane_nothing_is_sent(wired):
    wired.cut()
    draft = wired.entry.draft_order(LIMIT)
    draft.price_ticks, draft.order_qty_lots = 500_000, 10
    assert wired.entry.submit_order(draft, NOW_NS) == -DenyReason.NOT_CONNECTED
    assert wired.changes == [(0, True), (0, False)]


def test_order_that_cannot_be_encoded_never_was(wired):
    draft = wired.entry.draft_order(LIMIT)
    draft.price_ticks, draft.order_qty_lots, draft.display_qty_lots = 500_000, 10, 5
    draft.take_profit_ticks = 600_000       # LIMIT has no take-profit trigger
    assert wired.entry.submit_order(draft, NOW_NS) == -DenyReason.BAD_TERMS
    assert "take_profit_ticks" in wired.gateway.bad_terms
    assert wired.table.open_count == 0


def test_amend_that_cannot_be_encoded_leaves_the_order_as_it_is(wired):
    draft = wired.entry.draft_order(OrderTerms(INSTRUMENTS[0], Side.BUY, take_profit_trigger=Trigger.LAST_PRICE))
    draft.price_ticks, draft.order_qty_lots, draft.take_profit_ticks = 100_000, 10, 600_000
    assert wired.entry.submit_order(draft, NOW_NS) > 0
    assert wired.entry.amend_triggers(draft, 0, 0, NOW_NS, take_profit_ticks=2**62) == -DenyReason.BAD_TERMS
    assert "take_profit_ticks must be 1 to" in wired.gateway.bad_terms
    assert not draft.is_amend_pending
    assert wired.entry.amend_triggers(draft, 0, 0, NOW_NS, take_profit_ticks=600_001) == 0


def test_every_request_is_announced_to_who_polls():
    sent = []
    wired = Wired(on_sent=lambda: sent.append(1))
    order = wired.submit()
    wired.entry.cancel_order(order, NOW_NS)
    assert len(sent) == 2
    wired.close()


def test_idle_lanes_are_kept_warm_and_busy_ones_left(wired):
    (lane,) = wired.pool
    assert wired.gateway.warm_lane(lane, False, NOW_NS)
    assert wired.asked().startswith("GET /public/time HTTP/1.1\r\n")
    assert not wired.gateway.warm_lane(lane, False, NOW_NS), "its ping is still under way"
    wired.answer(200, {"code": 0, "data": {"serverTime": 1}})
    wired.submit()
    assert not wired.gateway.warm_lane(lane, False, NOW_NS)


# ---- Up --------------------------------------------------------------------------------------------------------------


def test_answer_acknowledges_and_gives_the_venues_id(wired):
    order = wired.submit()
    wired.accept(order)
    assert (order.ord_status, order.order_id) == (OrdStatus.NEW, "5d1e7c02-93b4-4f6a-8c55-000000000001")
    assert wired.told.heard == [("ack", 1)]


NO_VERDICT = [
    (500, b""), (502, b"<html>"), (503, {"code": 11001, "msg": "", "data": None}), (200, b""), (200, b"[]"),
    (408, {"code": 11001, "msg": "", "data": None}), (425, b""), (404, {"code": 0, "msg": "", "data": None}),
    (301, b""), (200, {"code": 0, "msg": "", "data": None}),
    (200, {"code": 55555, "msg": "NEW_THING", "data": None}),
    (200, {"code": 11085, "msg": "TE_CL_ORD_ID_DUPLICATE", "data": None}),
    (200, {"code": 10001, "msg": "OM_DUPLICATE_ORDERID", "data": None}),
]


@pytest.mark.parametrize(("status", "body"), NO_VERDICT)
def test_answer_that_tells_no_outcome_leaves_the_order_unknown(wired, status, body):
    order = wired.submit()
    wired.answer(status, body)
    assert order.ord_status == OrdStatus.UNKNOWN
    assert wired.told.heard == [("unknown", 1)]
    assert wired.pool.up_count() == 1


@pytest.mark.parametrize("status", [400, 404, 409, 500, 503])
def test_a_success_under_an_error_status_is_believed_in_neither(wired, status):
    order = wired.submit()
    wired.accept(order, status=status)
    assert order.ord_status == OrdStatus.UNKNOWN
    assert wired.told.heard == [("unknown", 1)]


REFUSALS = [
    (200, {"code": 11001, "msg": "TE_NO_ENOUGH_AVAILABLE_BALANCE", "data": None}, 11001),
    (400, {"code": 39108, "msg": "INVALID_PARAMETER", "data": None}, 39108),
    (401, b"", 401), (403, b"<html>", 403), (429, b"", 39995),
    (401, {"code": 10500, "msg": "API Signature verification failed."}, 10500),
]


@pytest.mark.parametrize(("status", "body", "code"), REFUSALS)
def test_refusal_rejects_with_its_code(wired, status, body, code):
    order = wired.submit()
    wired.answer(status, body)
    assert (order.ord_status, order.reject_code) == (OrdStatus.REJECTED, code)
    assert wired.told.heard == [("reject", 1)]


@pytest.mark.parametrize("named", [{"clOrdID": "another"}, {"symbol": "ETHUSDT"}])
def test_answer_that_names_another_order_closes_the_lane(wired, named):
    first, second = wired.submit(), wired.submit()
    wired.accept(first, **named)
    assert wired.told.heard == [("unknown", 1), ("unknown", 2)]
    assert {first.ord_status, second.ord_status} == {OrdStatus.UNKNOWN}
    assert (wired.pool.up_count(), wired.gateway.mismatch_count) == (0, 1)


def test_deadline_makes_unknown_and_a_late_answer_resolves(wired):
    order = wired.submit()
    wired.pool.check_deadlines(NOW_NS + DEADLINE_NS - 1)
    assert order.ord_status == OrdStatus.PENDING_NEW
    wired.pool.check_deadlines(NOW_NS + DEADLINE_NS)
    assert order.ord_status == OrdStatus.UNKNOWN
    wired.accept(order)
    assert order.ord_status == OrdStatus.NEW
    assert wired.told.heard == [("unknown", 1), ("ack", 1)]


@pytest.mark.parametrize("kind", [RequestKind.NEW, RequestKind.AMEND, RequestKind.CANCEL])
def test_late_answer_without_a_verdict_is_not_told_twice(wired, kind):
    order = wired.submit()
    if kind != RequestKind.NEW:
        wired.accept(order)
    if kind == RequestKind.AMEND:
        wired.entry.amend_order(order, 500_001, 0, NOW_NS)
    elif kind == RequestKind.CANCEL:
        wired.entry.cancel_order(order, NOW_NS)
    wired.pool.check_deadlines(NOW_NS + DEADLINE_NS)
    wired.answer(500, b"")
    assert [event for event, _ in wired.told.heard].count("unknown") == 1


def test_lost_connection_tells_sent_from_not_sent(wired):
    sent = wired.submit()
    wired.pool.cork()
    held = wired.submit()
    wired.cut()
    assert (sent.ord_status, held.ord_status) == (OrdStatus.UNKNOWN, OrdStatus.UNSENT)
    assert wired.told.heard == [("unknown", sent.handle), ("unsent", held.handle)]


def test_refused_cancel_leaves_the_order_and_may_be_repeated(wired):
    order = wired.submit()
    wired.accept(order)
    wired.entry.cancel_order(order, NOW_NS)
    wired.answer(200, {"code": 11064, "msg": "", "data": None})
    assert (order.ord_status, wired.told.heard[-1]) == (OrdStatus.NEW, ("reject", 1))
    assert wired.entry.cancel_order(order, NOW_NS) == 0


# ---- Bulk cancels ----------------------------------------------------------------------------------------------------


def bulk(wired: Wired, count: int = 3) -> list:
    orders = [wired.submit() for _ in range(count)]
    for order in orders:
        wired.accept(order)
    wired.told.heard.clear()
    wired.told.reports.clear()
    assert wired.entry.cancel_orders(orders, NOW_NS) == 0
    return orders


def test_bulk_cancel_tells_whom_the_venue_is_not_cancelling(wired):
    orders = bulk(wired)
    rows = [{"orderID": order.order_id, "clOrdID": order.cl_ord_id, "symbol": "BTCUSDT", "ordStatus": "New",
             "execStatus": "PendingCancel"} for order in orders[:2]]
    wired.answer(200, {"code": 0, "msg": "", "data": rows})
    assert wired.told.heard == [("reject", 3)]
    assert [order.is_cancel_pending for order in orders] == [True, True, False]


@pytest.mark.parametrize(
    ("status", "body", "event", "code"),
    [(200, {"code": 10002, "msg": "OM_ORDER_NOT_FOUND", "data": None}, "reject", 10002), (429, b"", "reject", 39995),
     (401, b"", "reject", 401), (500, b"", "unknown", 0), (200, b"<html>", "unknown", 0)],
)
def test_bulk_cancel_answered_as_a_whole_ends_for_each(wired, status, body, event, code):
    orders = bulk(wired)
    wired.answer(status, body)
    assert wired.told.heard == [(event, order.handle) for order in orders]
    assert {found for found, _ in wired.told.reports} == {code}
    assert not any(order.is_cancel_pending for order in orders)


def test_bulk_cancel_lost_or_late_ends_once_for_each(wired):
    orders = bulk(wired)
    wired.pool.check_deadlines(NOW_NS + DEADLINE_NS)
    wired.cut()
    assert wired.told.heard == [("unknown", order.handle) for order in orders]


def test_an_answer_that_cannot_be_taken_in_still_ends_its_request_and_closes_the_lane(wired):
    order = wired.submit()
    wired.rates.by_suffix[b"contract"] = "not a budget"     # stands for any bug of ours between bytes and report
    wired.answer(200, {"code": 0, "data": {}}, "x-ratelimit-remaining-contract: 9")
    assert order.ord_status == OrdStatus.UNKNOWN
    assert wired.told.heard == [("unknown", 1)]
    assert not wired.pool.lanes[0].is_up
