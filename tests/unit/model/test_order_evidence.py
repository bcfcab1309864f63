"""What may be concluded from one report, and what may not: each rule was once broken by some order of arrival."""

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path
from order_samples import (
    ACK,
    AMEND,
    CANCEL,
    FILL,
    LIMIT,
    REJECT,
    REVIVED,
    STOP_LIMIT,
    T0,
    TRIGGER,
    check_invariants,
    reply,
    said,
    trade,
)

from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind
from tidings.model.order import apply_report, make_order

AMENDED_NS, UP_TICKS = NOW_NS + 7, LAST_PX_TICKS + 100


def row(status, source=ReportSource.QUERY, **fields):
    return said(ExecType.STATUS, source, ord_status=status, **fields)


def working(qty_lots=10, at_ns=T0, **fields):
    fields = {"price_ticks": LAST_PX_TICKS, "cum_qty_lots": 0, **fields}
    return said(ExecType.NEW, ord_status=OrdStatus.NEW, order_qty_lots=qty_lots, transact_time_ns=at_ns, **fields)


def amending(price_ticks=0, qty_lots=0):
    """An order that works, with an amend in flight."""
    path = Path()
    order = path.submit(LIMIT)
    apply_report(order, working())
    assert path.entry.amend_order(order, price_ticks, qty_lots, AMENDED_NS) == 0
    return path, order


# ---- Existence -----------------------------------------------------------------------------------------------------

def test_accepted_cancel_proves_the_order_before_its_own_reply():
    order = make_order(LIMIT, order_qty_lots=10)
    assert apply_report(order, reply(ExecType.PENDING_CANCEL, RequestKind.CANCEL, ord_status=OrdStatus.NEW)) == ACK
    assert order.status == OrdStatus.NEW


def test_accepted_cancel_does_not_say_that_a_trigger_was_reached():
    order = make_order(STOP_LIMIT, order_qty_lots=10)
    apply_report(order, reply(ExecType.PENDING_CANCEL, RequestKind.CANCEL, ord_status=OrdStatus.NEW))
    assert order.status == OrdStatus.UNTRIGGERED
    assert apply_report(order, said(ExecType.TRIGGERED, ord_status=OrdStatus.NEW)) == TRIGGER


# ---- Rejected ------------------------------------------------------------------------------------------------------

def test_row_from_before_the_rejection_does_not_revive():
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, working())
    apply_report(order, said(ExecType.REJECTED, ord_status=OrdStatus.REJECTED, code=11150, transact_time_ns=T0 + 5))
    assert apply_report(order, row(OrdStatus.NEW, transact_time_ns=T0)) == 0
    assert order.status == OrdStatus.REJECTED


def test_row_from_after_the_rejection_revives_with_an_alarm():
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, said(ExecType.REJECTED, ord_status=OrdStatus.REJECTED, code=11150, transact_time_ns=T0))
    assert apply_report(order, row(OrdStatus.NEW, transact_time_ns=T0 + 1)) == ACK | REVIVED


def test_our_own_verdict_yields_to_any_sighting():
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, said(ExecType.REJECTED, ReportSource.QUERY, request_kind=RequestKind.NEW))
    assert apply_report(order, row(OrdStatus.CANCELED, transact_time_ns=T0)) == ACK | CANCEL | REVIVED


@pytest.mark.parametrize("shown", [working(), trade(4, 4), said(ExecType.UNTRIGGERED)])
def test_refusing_reply_does_not_end_what_the_stream_shows_at_work(shown):
    """Somebody on the way has asked twice: the first was taken, and the answer to the second came to us."""
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, shown)
    status = order.status
    refused = {"code": 429, "ord_status": OrdStatus.REJECTED}
    assert apply_report(order, reply(ExecType.REJECTED, RequestKind.NEW, **refused)) == 0
    assert order.status == status
    check_invariants(order)
    said_so = said(ExecType.REJECTED, ord_status=OrdStatus.REJECTED, code=11150, transact_time_ns=T0 + 5)
    assert apply_report(order, said_so) & (REJECT | CANCEL)     # the matching engine's own word


def test_refusing_reply_ends_what_was_only_taken_in():
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, said(ExecType.PENDING_NEW, ord_status=OrdStatus.PENDING_NEW))
    assert apply_report(order, reply(ExecType.REJECTED, RequestKind.NEW, code=11001)) == REJECT


def test_late_acceptance_revives_what_we_alone_took_for_rejected():
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, said(ExecType.REJECTED, ReportSource.QUERY, request_kind=RequestKind.NEW))
    accepted = reply(ExecType.PENDING_NEW, RequestKind.NEW, ord_status=OrdStatus.PENDING_NEW)
    assert apply_report(order, accepted) == ACK | REVIVED
    assert (order.status, order.leaves_qty_lots) == (OrdStatus.NEW, 10)


@pytest.mark.parametrize("fields", [{"code": 11001}, {"ord_status": OrdStatus.REJECTED, "transact_time_ns": T0}])
def test_late_acceptance_does_not_revive_what_the_venue_rejected(fields):
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, said(ExecType.REJECTED, **fields))
    for late in (reply(ExecType.PENDING_NEW, RequestKind.NEW), said(ExecType.PENDING_NEW)):
        assert apply_report(order, late) == 0
    assert order.status == OrdStatus.REJECTED


@pytest.mark.parametrize("before", [[], [working()]])
def test_rejection_told_without_a_time_stands_against_a_late_reply_and_a_late_row(before):
    """A spot order by its id: the venue's row has no time, and a create's answer may still be under way."""
    order = make_order(LIMIT, order_qty_lots=10)
    for report in before:
        apply_report(order, report)
    row = said(ExecType.STATUS, ReportSource.QUERY, ord_status=OrdStatus.REJECTED, reconciled=True)
    assert apply_report(order, row) == REJECT
    accepted = reply(ExecType.UNTRIGGERED, RequestKind.NEW, ord_status=OrdStatus.UNTRIGGERED)
    for late in (accepted, working(), said(ExecType.STATUS, ReportSource.QUERY, ord_status=OrdStatus.NEW)):
        assert apply_report(order, late) == 0
    assert order.status == OrdStatus.REJECTED


def test_rejection_of_what_had_filled_is_a_cancel():
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, working())
    rejected = said(
        ExecType.REJECTED, ord_status=OrdStatus.REJECTED, code=11150, cum_qty_lots=4, transact_time_ns=T0 + 5
    )
    assert apply_report(order, rejected) == CANCEL | 1024       # and 4 lots filled, told without their executions
    assert order.status == OrdStatus.CANCELED


def test_late_fill_of_a_rejected_order_counts_and_ends_nothing_twice():
    order = make_order(LIMIT, order_qty_lots=10)
    apply_report(order, working())
    apply_report(order, said(ExecType.REJECTED, ord_status=OrdStatus.REJECTED, code=11150, transact_time_ns=T0 + 5))
    assert apply_report(order, trade(4, 4, transact_time_ns=T0 + 3)) == FILL
    assert (order.status, order.cum_qty_lots, order.leaves_qty_lots) == (OrdStatus.CANCELED, 4, 0)


# ---- Amends --------------------------------------------------------------------------------------------------------

def test_old_quantity_filled_is_not_the_end_while_an_amend_may_have_raised_it():
    _, order = amending(qty_lots=15)
    apply_report(order, reply(ExecType.PENDING_CANCEL, RequestKind.CANCEL, ord_status=OrdStatus.NEW, cum_qty_lots=10))
    assert (order.status, order.cum_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 10)
    check_invariants(order)

    apply_report(order, said(ExecType.REPLACED, order_qty_lots=15, cum_qty_lots=4, transact_time_ns=T0 + 1))
    assert (order.status, order.leaves_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 5)


def test_lost_answer_to_an_amend_leaves_the_end_and_its_terms_to_the_orders_row():
    _, order = amending(price_ticks=UP_TICKS, qty_lots=15)
    apply_report(order, trade(15, 15, ord_status=-1, source=ReportSource.QUERY))  # of a list
    apply_report(order, said(ExecType.UNKNOWN, ReportSource.LOCAL, request_kind=RequestKind.AMEND))
    assert (order.status, order.is_amend_pending) == (OrdStatus.PARTIALLY_FILLED, True)
    apply_report(order, row(OrdStatus.FILLED, cum_qty_lots=15, order_qty_lots=15, price_ticks=UP_TICKS))
    assert (order.status, order.order_qty_lots, order.price_ticks) == (OrdStatus.FILLED, 15, UP_TICKS)


def test_refused_amend_lets_the_old_quantity_be_the_end():
    _, order = amending(qty_lots=15)
    apply_report(order, trade(10, 10, ord_status=-1))
    assert order.status == OrdStatus.PARTIALLY_FILLED
    apply_report(order, reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11061, asked_ns=AMENDED_NS))
    assert (order.status, order.is_amend_pending) == (OrdStatus.FILLED, False)


def test_fill_beyond_the_old_quantity_is_no_alarm_when_an_amend_raised_it():
    _, order = amending(qty_lots=15)
    assert apply_report(order, trade(11, 11, ord_status=OrdStatus.PARTIALLY_FILLED)) == FILL
    unasked = make_order(LIMIT, order_qty_lots=10)
    apply_report(unasked, working())
    raised = trade(11, 11, ord_status=OrdStatus.PARTIALLY_FILLED, order_qty_lots=15, transact_time_ns=T0 + 1)
    assert apply_report(unasked, raised) == FILL                # by a person at the web page


def test_row_of_before_another_amend_does_not_confirm_the_way_back():
    path, order = amending(price_ticks=UP_TICKS)
    apply_report(order, said(ExecType.REPLACED, price_ticks=UP_TICKS, order_qty_lots=10, transact_time_ns=T0 + 1))
    assert path.entry.amend_order(order, LAST_PX_TICKS, 0, AMENDED_NS + 1) == 0
    old = row(OrdStatus.NEW, price_ticks=LAST_PX_TICKS, order_qty_lots=10, cum_qty_lots=0, transact_time_ns=T0)
    assert apply_report(order, old) == 0
    assert (order.is_amend_pending, order.price_ticks) == (True, UP_TICKS)


@pytest.mark.parametrize(("after_ns", "price_ticks", "effect"), [
    (2, UP_TICKS, AMEND | FILL),
    (2, LAST_PX_TICKS, FILL),           # executed before it was amended
    (-1, UP_TICKS, FILL),               # under an earlier amend, back from which this one leads
])
def test_row_of_an_execution_tells_the_amend_whose_own_word_was_lost(after_ns, price_ticks, effect):
    _, order = amending(price_ticks=UP_TICKS)
    fill = trade(4, 4, order_qty_lots=10, price_ticks=price_ticks, transact_time_ns=T0 + after_ns)
    assert apply_report(order, fill) == effect
    assert order.is_amend_pending == (effect == FILL)
    assert order.price_ticks == (UP_TICKS if effect != FILL else LAST_PX_TICKS)


def test_execution_that_ends_an_order_tells_no_amend_any_more():
    _, order = amending(price_ticks=UP_TICKS)
    fill = trade(10, 10, order_qty_lots=10, price_ticks=UP_TICKS, transact_time_ns=T0 + 2)
    assert apply_report(order, fill) == FILL
    assert (order.status, order.is_amend_pending, order.price_ticks) == (OrdStatus.FILLED, False, UP_TICKS)


def test_second_copy_of_an_earlier_amends_word_does_not_confirm_the_next():
    path, order = amending(price_ticks=UP_TICKS)
    replaced = said(ExecType.REPLACED, price_ticks=UP_TICKS, order_qty_lots=10, transact_time_ns=T0 + 1)
    assert apply_report(order, replaced) == AMEND
    assert path.entry.amend_order(order, UP_TICKS + 5, 0, AMENDED_NS + 1) == 0
    assert apply_report(order, replaced) == 0
    assert order.is_amend_pending


def test_answer_to_an_earlier_amend_does_not_end_the_next():
    path, order = amending(price_ticks=UP_TICKS)
    apply_report(order, said(ExecType.REPLACED, price_ticks=UP_TICKS, order_qty_lots=10, transact_time_ns=T0 + 1))
    assert path.entry.amend_order(order, UP_TICKS + 5, 0, AMENDED_NS + 1) == 0
    for late in (
        reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11061, asked_ns=AMENDED_NS),
        said(ExecType.UNKNOWN, ReportSource.LOCAL, request_kind=RequestKind.AMEND, asked_ns=AMENDED_NS),
    ):
        assert apply_report(order, late) == 0
        assert order.is_amend_pending
    own = reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11061, asked_ns=AMENDED_NS + 1)
    assert apply_report(order, own) == REJECT


def test_one_row_tells_an_amend_and_a_trigger():
    path = Path()
    order = path.draft(STOP_LIMIT)
    order.stop_px_ticks = LAST_PX_TICKS
    path.entry.submit_order(order, NOW_NS)
    apply_report(order, said(ExecType.UNTRIGGERED, ord_status=OrdStatus.UNTRIGGERED, transact_time_ns=T0))
    path.entry.amend_order(order, UP_TICKS, 0, AMENDED_NS)
    both = row(OrdStatus.NEW, price_ticks=UP_TICKS, order_qty_lots=10, cum_qty_lots=0, transact_time_ns=T0 + 2)
    assert apply_report(order, both) == AMEND | TRIGGER
    assert order.status == OrdStatus.NEW
