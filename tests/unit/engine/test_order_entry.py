"""The way down: what is denied never reaches the gateway, what is sent is known before its bytes leave."""

from decimal import Decimal

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path, stop_order
from order_samples import INVERSE, LIMIT, LINEAR, reply, said

from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.errors import GridError, UsageError
from tidings.metrics.stages import Stages
from tidings.model.enums import (
    DenyReason,
    ExecType,
    OrdStatus,
    PosSide,
    ReportSource,
    RequestKind,
    Side,
    TradingState,
    Trigger,
)
from tidings.model.order import make_order
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms

SELL = OrderTerms(LINEAR, Side.SELL)


# ---- New orders ----------------------------------------------------------------------------------------------------

def test_order_takes_its_budget_then_goes_out():
    path = Path()
    order = path.submit(LIMIT)
    assert path.venue.calls == [("take", RequestKind.NEW, order, NOW_NS), ("send_new", order, NOW_NS)]
    assert (order.ord_status, order.leaves_qty_lots, order.decided_ns) == (OrdStatus.PENDING_NEW, 10, NOW_NS)
    assert (path.entry.submitted_count, path.entry.denied_count, path.strategy.heard) == (1, 0, [])


def test_order_is_known_before_its_bytes_leave():
    path, seen = Path(), []

    def send_new(order, now_ns):
        seen.append((path.table.find(order.handle) is order, order.cl_ord_id, path.table.open_count))
        return 0

    path.venue.send_new = send_new
    order = path.submit(LIMIT)
    assert seen == [(True, order.cl_ord_id, 1)]


def test_risks_denial_asks_the_gateway_nothing():
    path = Path()
    path.risk.set_state(TradingState.HALTED)
    order = path.draft(LIMIT)
    assert path.entry.submit_order(order, NOW_NS) == -DenyReason.HALTED
    assert path.venue.calls == []
    assert (path.entry.submitted_count, path.entry.denied_count, path.table.last_handle) == (0, 1, 0)
    assert path.entry.denials() == {DenyReason.HALTED: 1}


@pytest.mark.parametrize("denial", [DenyReason.RATE_LIMIT, DenyReason.LANES_FULL, DenyReason.NOT_CONNECTED])
def test_denied_budget_sends_nothing(denial):
    path = Path()
    path.venue.answers["take"] = denial
    assert path.entry.submit_order(path.draft(LIMIT), NOW_NS) == -denial
    assert (path.venue.names, path.table.open_count) == (["take"], 0)


def test_denied_order_is_done_and_never_was():
    path = Path()
    path.venue.answers["send_new"] = DenyReason.NOT_CONNECTED
    order = path.draft(LIMIT)
    path.entry.submit_order(order, NOW_NS)
    assert (order.ord_status, order.is_done, order.handle, order.leaves_qty_lots) == (OrdStatus.DENIED, True, 0, 0)
    assert path.entry.cancel_order(order, NOW_NS) == -DenyReason.ORDER_DONE
    assert (path.entry.denied_count, path.strategy.heard) == (1, [])
    assert sum(path.entry.denials().values()) == 1


def test_draft_denied_for_the_moment_may_be_submitted_again():
    path = Path()
    path.venue.answers["take"] = DenyReason.RATE_LIMIT
    order = path.draft(LIMIT)
    path.entry.submit_order(order, NOW_NS)
    path.venue.answers.clear()
    assert path.entry.submit_order(order, NOW_NS + 1) == 1
    assert (order.ord_status, order.leaves_qty_lots, order.decided_ns) == (OrdStatus.PENDING_NEW, 10, NOW_NS + 1)


def test_order_is_sent_once():
    path = Path(capacity=2)
    order = path.submit(LIMIT)
    path.submit(LIMIT)                      # the next handle falls on the slot of the first
    with pytest.raises(UsageError, match="once"):
        path.entry.submit_order(order, NOW_NS)
    assert path.venue.names.count("send_new") == path.venue.names.count("take") == 2


def test_only_the_newest_draft_can_be_sent():
    path = Path()
    first = path.draft(LIMIT)
    path.draft(SELL)
    with pytest.raises(UsageError, match="before the next"):
        path.entry.submit_order(first, NOW_NS)
    with pytest.raises(UsageError):
        path.entry.submit_order(make_order(LIMIT, price_ticks=LAST_PX_TICKS, order_qty_lots=1), NOW_NS)
    assert path.venue.calls == []


def test_gateway_that_raises_leaves_an_order_of_unknown_fate():
    path = Path()
    path.venue.answers["send_new"] = RuntimeError("boom")
    order = path.draft(LIMIT)
    with pytest.raises(RuntimeError, match="boom"):
        path.entry.submit_order(order, NOW_NS)
    assert (order.ord_status, order.handle, path.table.find(1)) == (OrdStatus.UNKNOWN, 1, order)
    assert (path.table.open_count, path.table.unknown_count, path.entry.unknown_count) == (1, 1, 1)
    path.hear(said(ExecType.NEW, cl_ord_id=order.cl_ord_id))
    assert (order.ord_status, path.table.unknown_count, path.strategy.names) == (OrdStatus.NEW, 0, ["ack"])


def test_take_that_raises_leaves_nothing():
    path = Path()
    path.venue.answers["take"] = RuntimeError("boom")
    with pytest.raises(RuntimeError):
        path.entry.submit_order(path.draft(LIMIT), NOW_NS)
    assert (path.table.open_count, path.table.last_handle) == (0, 0)


def test_nothing_plugged_in_is_not_connected():
    table = OrderTable(ClOrdIDMaker(wall_ns=0), 8)
    risk = Risk([LINEAR])
    risk.set_reference_price(LINEAR, LAST_PX_TICKS)
    entry = OrderEntry(table, risk, Stages(), ExecIDSet(10))
    order = entry.draft_order(LIMIT)
    order.order_qty_lots, order.price_ticks = 1, LAST_PX_TICKS
    assert entry.submit_order(order, NOW_NS) == -DenyReason.NOT_CONNECTED


# ---- Amends --------------------------------------------------------------------------------------------------------

def test_amend_sends_the_new_absolute_values():
    path = Path()
    order = path.submit(LIMIT)
    path.forget()
    assert path.entry.amend_order(order, 612_600, 12, NOW_NS + 1) == 0
    assert path.venue.calls == [
        ("take", RequestKind.AMEND, order, NOW_NS + 1), ("send_amend", order, 612_600, 12, NOW_NS + 1)
    ]
    assert (order.is_amend_pending, order.price_ticks, order.order_qty_lots) == (True, LAST_PX_TICKS, 10)


def test_second_amend_waits_for_the_first():
    path = Path()
    order = path.submit(LIMIT)
    path.entry.amend_order(order, 612_600, 0, NOW_NS)
    assert path.entry.amend_order(order, 612_700, 0, NOW_NS) == -DenyReason.REQUEST_PENDING
    assert path.venue.names.count("send_amend") == 1


def test_order_being_cancelled_is_not_amended():
    path = Path()
    order = path.submit(LIMIT)
    path.entry.cancel_order(order, NOW_NS)
    assert path.entry.amend_order(order, 612_600, 0, NOW_NS) == -DenyReason.REQUEST_PENDING


@pytest.mark.parametrize(("price_ticks", "qty_lots"), [(0, 0), (LAST_PX_TICKS, 0), (0, 10), (LAST_PX_TICKS, 10)])
def test_amend_that_changes_nothing_is_not_sent(price_ticks, qty_lots):
    path = Path()
    order = path.submit(LIMIT)
    path.forget()
    assert path.entry.amend_order(order, price_ticks, qty_lots, NOW_NS) == -DenyReason.NOTHING_TO_CHANGE
    assert path.venue.calls == []


@pytest.mark.parametrize("refuser", ["take", "send_amend"])
def test_amend_that_is_not_sent_is_not_pending(refuser):
    path = Path()
    order = path.submit(LIMIT)
    path.venue.answers[refuser] = DenyReason.LANES_FULL
    assert path.entry.amend_order(order, 612_600, 0, NOW_NS) == -DenyReason.LANES_FULL
    assert not order.is_amend_pending


ATTACHED = OrderTerms(LINEAR, Side.BUY, take_profit_trigger=Trigger.LAST_PRICE, stop_loss_trigger=Trigger.LAST_PRICE)


def test_a_stop_price_is_the_orders_once_the_venue_says_so():
    path = Path()
    order = stop_order(path)
    assert path.entry.amend_triggers(order, 0, 0, NOW_NS, stop_px_ticks=LAST_PX_TICKS + 20) == 0
    assert (order.is_amend_pending, order.amend_trigger_ticks) == (True, (LAST_PX_TICKS + 20, 0, 0, 0))
    assert order.stop_px_ticks == LAST_PX_TICKS + 10
    path.hear(said(ExecType.REPLACED, handle=order.handle, stop_px_ticks=LAST_PX_TICKS + 15))  # of another amend
    assert order.is_amend_pending
    path.hear(said(ExecType.REPLACED, handle=order.handle, stop_px_ticks=LAST_PX_TICKS + 20))
    assert (order.is_amend_pending, order.amend_trigger_ticks) == (False, (0, 0, 0, 0))
    assert order.stop_px_ticks == LAST_PX_TICKS + 20


def test_attached_prices_are_the_orders_once_the_venue_says_so():
    path = Path()
    order = path.draft(ATTACHED)
    order.take_profit_ticks, order.stop_loss_ticks = 700_000, 5
    assert path.entry.submit_order(order, NOW_NS) > 0
    path.hear(said(ExecType.NEW, handle=order.handle))
    assert path.entry.amend_triggers(order, 0, 0, NOW_NS, take_profit_ticks=710_000) == 0
    path.hear(said(ExecType.STATUS, ReportSource.QUERY, handle=order.handle, ord_status=OrdStatus.NEW))
    assert order.is_amend_pending  # a row tells nothing of attached prices
    path.hear(said(ExecType.REPLACED, handle=order.handle))
    assert (order.is_amend_pending, order.take_profit_ticks, order.stop_loss_ticks) == (False, 710_000, 5)


def test_a_refused_stop_price_leaves_the_order_as_it_was():
    path = Path()
    order = stop_order(path)
    path.entry.amend_triggers(order, 0, 0, NOW_NS, stop_px_ticks=LAST_PX_TICKS + 20)
    path.hear(reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11043, handle=order.handle))
    assert (order.is_amend_pending, order.stop_px_ticks) == (False, LAST_PX_TICKS + 10)
    assert order.amend_trigger_ticks == (0, 0, 0, 0)


@pytest.mark.parametrize("asked", [{"stop_px_ticks": LAST_PX_TICKS + 10}, {}])
def test_a_stop_price_that_is_there_already_is_not_sent(asked):
    path = Path()
    assert path.entry.amend_triggers(stop_order(path), 0, 0, NOW_NS, **asked) == -DenyReason.NOTHING_TO_CHANGE


@pytest.mark.parametrize("name", ["stop_px_ticks", "take_profit_ticks", "stop_loss_ticks", "peg_offset_ticks"])
def test_what_the_order_was_placed_without_cannot_be_amended_into_it(name):
    path = Path()
    order = path.submit(LIMIT)
    assert path.entry.amend_triggers(order, 0, 0, NOW_NS, **{name: 5}) == -DenyReason.BAD_PRICE
    assert not order.is_amend_pending and order.amend_trigger_ticks == (0, 0, 0, 0)


@pytest.mark.parametrize("value", [2**63, -(2**70)])
def test_ticks_beyond_64_bits_are_named(value):
    path = Path()
    order = path.submit(LIMIT)
    with pytest.raises(GridError, match="64 bits"):
        path.entry.amend_order(order, value, 0, NOW_NS)
    with pytest.raises(GridError, match="64 bits"):
        path.draft(LIMIT, price_ticks=value)


@pytest.mark.parametrize("value", [612_600.5, "612600", Decimal(612_600)])
def test_amend_takes_whole_ticks_only(value):
    path = Path()
    order = path.submit(LIMIT)
    with pytest.raises(TypeError, match="whole numbers"):
        path.entry.amend_order(order, value, 0, NOW_NS)


# ---- Cancels -------------------------------------------------------------------------------------------------------

def test_cancel_goes_out_once_until_it_is_answered():
    path = Path()
    order = path.submit(LIMIT)
    path.forget()
    assert path.entry.cancel_order(order, NOW_NS) == 0
    assert path.entry.cancel_order(order, NOW_NS) == -DenyReason.REQUEST_PENDING
    assert path.venue.calls == [("take", RequestKind.CANCEL, order, NOW_NS), ("send_cancel", order, NOW_NS)]


def test_halt_and_a_pending_amend_do_not_hinder_a_cancel():
    path = Path()
    order = path.submit(LIMIT)
    path.entry.amend_order(order, 612_600, 0, NOW_NS)
    path.risk.set_state(TradingState.HALTED)
    assert path.entry.cancel_order(order, NOW_NS) == 0


@pytest.mark.parametrize("refuser", ["take", "send_cancel"])
def test_cancel_that_is_not_sent_may_be_asked_again(refuser):
    path = Path()
    order = path.submit(LIMIT)
    path.venue.answers[refuser] = DenyReason.LANES_FULL
    assert path.entry.cancel_order(order, NOW_NS) == -DenyReason.LANES_FULL
    path.venue.answers.clear()
    assert path.entry.cancel_order(order, NOW_NS) == 0


def test_order_of_unknown_fate_may_be_cancelled():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.UNKNOWN, 4, handle=1, request_kind=RequestKind.NEW))
    assert path.entry.cancel_order(order, NOW_NS) == 0


@pytest.mark.parametrize("request_of", [lambda e, o: e.cancel_order(o, 0), lambda e, o: e.amend_order(o, 1, 1, 0)])
def test_done_orders_and_drafts_have_nothing_to_change(request_of):
    path = Path()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.CANCELED, handle=1))
    path.forget()
    assert request_of(path.entry, order) == -DenyReason.ORDER_DONE
    assert request_of(path.entry, path.draft(LIMIT)) == -DenyReason.UNKNOWN_ORDER
    assert path.venue.calls == []


# ---- Bulk cancels --------------------------------------------------------------------------------------------------

def test_one_request_cancels_many():
    path = Path()
    orders = [path.submit(LIMIT), path.submit(SELL, price_ticks=612_600), path.submit(LIMIT)]
    path.forget()
    assert path.entry.cancel_orders(orders, NOW_NS) == 0
    assert path.venue.calls == [
        ("take", RequestKind.CANCEL_MANY, orders[0], NOW_NS), ("send_cancel_many", orders, NOW_NS)
    ]
    assert all(order.is_cancel_pending for order in orders)


def test_orders_that_are_done_are_left_out_of_a_bulk_cancel():
    path = Path()
    done, order = path.submit(LIMIT), path.submit(LIMIT)
    path.hear(said(ExecType.CANCELED, handle=done.handle))
    assert path.entry.cancel_orders([done, order, make_order(LIMIT)], NOW_NS) == 0
    assert path.venue.calls[-1] == ("send_cancel_many", [order], NOW_NS)
    assert not done.is_cancel_pending


@pytest.mark.parametrize("refuser", ["take", "send_cancel_many"])
def test_bulk_cancel_that_is_not_sent_leaves_nothing_pending(refuser):
    path = Path()
    order = path.submit(LIMIT)
    path.venue.answers[refuser] = DenyReason.RATE_LIMIT
    assert path.entry.cancel_orders([order], NOW_NS) == -DenyReason.RATE_LIMIT
    assert not order.is_cancel_pending


def test_nothing_to_cancel():
    assert Path().entry.cancel_orders([], NOW_NS) == -DenyReason.ORDER_DONE


@pytest.mark.parametrize("other", [OrderTerms(INVERSE, Side.BUY), OrderTerms(LINEAR, Side.BUY, pos_side=PosSide.LONG)])
def test_mixture_is_refused(other):
    path = Path()
    price_ticks = 122_500 if other.instrument is INVERSE else LAST_PX_TICKS
    orders = [path.submit(LIMIT), path.submit(other, price_ticks=price_ticks)]
    with pytest.raises(UsageError, match="one symbol and position side"):
        path.entry.cancel_orders(orders, NOW_NS)
    with pytest.raises(TypeError):
        path.entry.cancel_orders([7], NOW_NS)
    assert "send_cancel_many" not in path.venue.names


def test_every_reason_has_its_place_in_the_count():
    path = Path()
    for reason in (DenyReason.RATE_LIMIT, DenyReason.RATE_LIMIT, max(DenyReason)):
        path.venue.answers["take"] = reason
        assert path.entry.submit_order(path.draft(LIMIT), NOW_NS) == -reason
    assert path.entry.denials() == {DenyReason.RATE_LIMIT: 2, max(DenyReason): 1}
