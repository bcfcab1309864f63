"""Which answers prove what, and when. Orders are real ones, driven by reports; time is a number."""

from itertools import pairwise

import pytest
from engine_samples import LAST_PX_TICKS, Path
from order_samples import LIMIT, LINEAR, said

from tidings.engine.resolver import Resolver
from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind, Side, Trigger
from tidings.model.execution_report import report_of
from tidings.model.instrument import Instrument
from tidings.model.order import apply_report, make_order
from tidings.model.terms import OrderTerms

S = 1_000_000_000
EXPIRY_NS = 7 * S
TENTH = S // 10


@pytest.fixture
def instrument():
    return Instrument(
        symbol="BTCUSDT", line=1, index=0, status="Listed", base_currency="BTC", quote_currency="USDT",
        settle_currency="USDT", price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1, value_scale=8,
    )  # fmt: skip


def unknown_order(instrument, handle=1):
    order = make_order(
        OrderTerms(instrument, Side.BUY), handle=handle, cl_ord_id=f"T{handle}", price_ticks=600_000, order_qty_lots=10
    )
    apply_report(order, report_of(ExecType.UNKNOWN, ReportSource.LOCAL, request_kind=RequestKind.NEW))
    assert order.status == OrdStatus.UNKNOWN
    return order


def resolver():
    return Resolver(deadline_ns=S, expiry_ns=EXPIRY_NS)


def times_asked(asking, order, until_ns):
    asked_at = []
    for now_ns in range(0, until_ns, TENTH):
        if asking.due([order], now_ns) == [order]:
            asking.asking(order, now_ns)
            asked_at.append(now_ns)
    return asked_at


def status_report(status, **fields):
    return report_of(ExecType.STATUS, ReportSource.QUERY, ord_status=status, reconciled=True, **fields)


def test_an_unknown_order_is_asked_about_after_half_a_second_and_again_ever_more_rarely(instrument):
    asking, order = Resolver(deadline_ns=S, expiry_ns=60 * S), unknown_order(instrument)
    asked_at = times_asked(asking, order, 50 * S)
    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert asked_at[0] == S // 2
    assert gaps == [1 * S, 2 * S, 4 * S, 8 * S, 15 * S, 15 * S]


def test_it_is_asked_about_as_soon_as_an_answer_can_prove_that_it_never_was(instrument):
    asked_at = times_asked(resolver(), unknown_order(instrument), 8 * S)
    assert asked_at == [5 * TENTH, 15 * TENTH, 35 * TENTH, 71 * TENTH]


def test_an_order_that_is_clear_is_never_asked_about(instrument):
    asking = resolver()
    order = make_order(OrderTerms(instrument, Side.BUY), handle=1, cl_ord_id="T1", price_ticks=1, order_qty_lots=1)
    assert [now for now in range(0, 10 * S, S) if asking.due([order], now)] == []


def test_who_waits_longest_is_due_first(instrument):
    asking = resolver()
    orders = [unknown_order(instrument, handle) for handle in range(1, 9)]
    asking.due(orders[4:], 0)
    asking.due(orders, S // 2)
    assert [order.handle for order in asking.due(orders, 2 * S)] == [5, 6, 7, 8, 1, 2, 3, 4]


def test_not_found_before_the_expiry_proves_nothing(instrument):
    asking, order = resolver(), unknown_order(instrument)
    asking.due([order], 0)
    assert [asking.not_found(order, now) for now in range(S, EXPIRY_NS + 1, S)] == [[]] * 7


def test_two_not_founds_after_the_expiry_and_apart_prove_that_it_never_was(instrument):
    asking, order = resolver(), unknown_order(instrument)
    asking.due([order], 0)
    late = EXPIRY_NS + 1
    assert asking.not_found(order, late) == []
    assert asking.not_found(order, late + S - 1) == []  # too soon: lists two seconds old may still leave it out
    (report,) = asking.not_found(order, late + S)
    assert (report.exec_type, report.reconciled, report.request_kind) == (ExecType.REJECTED, True, RequestKind.NEW)
    apply_report(order, report)
    assert order.status == OrdStatus.REJECTED
    assert asking.resolved_count == 1


def test_an_answer_by_id_that_came_right_behind_the_expiry_does_not_go_with_one_by_lists(instrument):
    """It may be older than the order, and both lists leave an order out that has ended since."""
    asking, order = resolver(), unknown_order(instrument)
    asking.due([order], 0)
    assert asking.not_found(order, EXPIRY_NS + 1) == []
    answers = [asking.not_found(order, EXPIRY_NS + 1 + second * S, EXPIRY_NS + 1 + second * S) for second in (2, 4)]
    assert [len(reports) for reports in answers] == [0, 1]


def test_an_order_that_the_venue_has_named_is_never_proved_absent(instrument):
    """Acknowledged in an earlier life: lists that leave it out lag, or have forgotten it."""
    asking, order = resolver(), unknown_order(instrument)
    apply_report(order, report_of(ExecType.STATUS, ReportSource.QUERY, order_id="0f3a9c1e-77b2-5d41-9c08-6a5e4d3c2b1a"))
    asking.due([order], 0)
    assert [asking.not_found(order, second * S) for second in range(8, 60)] == [[]] * 52
    assert order.status == OrdStatus.UNKNOWN


def test_a_sighting_between_two_not_founds_starts_the_count_anew(instrument):
    asking, order = resolver(), unknown_order(instrument)
    asking.due([order], 0)
    late = EXPIRY_NS + 1
    asking.not_found(order, late)
    asking.found(order, status_report(-1), late + S)  # a row that tells no state
    assert asking.not_found(order, late + 2 * S) == []


def test_an_order_that_is_found_is_what_the_venue_shows(instrument):
    asking, order = resolver(), unknown_order(instrument)
    asking.due([order], 0)
    shown = status_report(OrdStatus.PARTIALLY_FILLED, cum_qty_lots=4, order_qty_lots=10, price_ticks=600_000)
    assert asking.found(order, shown, S) == [shown]
    apply_report(order, shown)
    assert (order.status, order.cum_qty_lots, order.leaves_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 4, 6)


def test_orders_that_came_clear_are_forgotten(instrument):
    asking, order = resolver(), unknown_order(instrument)
    asking.due([order], 0)
    apply_report(order, status_report(OrdStatus.CANCELED))
    assert asking.due([order], 2 * S) == []
    assert asking.not_found(order, EXPIRY_NS + 3 * S) == []


def test_another_amend_is_another_case():
    """A quote amended all day is mid-amend at every look: no single amend of it is ever past its expiry."""
    path, asking = Path(), resolver()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=order.handle))
    for second in range(30):
        price_ticks = LAST_PX_TICKS + 1 + second % 2
        assert path.entry.amend_order(order, price_ticks, 0, second * S) == 0
        asking.due([order], second * S)
        at_venue = status_report(OrdStatus.NEW, price_ticks=LAST_PX_TICKS - 7, order_qty_lots=10)
        told = asking.found(order, at_venue, second * S)
        assert [ExecType(report.exec_type) for report in told] == [ExecType.STATUS]
        path.hear(said(ExecType.REPLACED, handle=order.handle, price_ticks=price_ticks))


def test_the_same_amend_again_is_another_case():
    """The first was refused at the last moment, and the strategy asks for it once more, between two looks."""
    path, asking = Path(), resolver()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=order.handle))
    at_venue = status_report(OrdStatus.NEW, price_ticks=LAST_PX_TICKS, order_qty_lots=10)
    assert path.entry.amend_order(order, LAST_PX_TICKS + 1, 0, 1) == 0
    asking.due([order], 1)
    path.hear(said(ExecType.REPLACE_REJECTED, ReportSource.REPLY, handle=order.handle, request_kind=RequestKind.AMEND))
    assert path.entry.amend_order(order, LAST_PX_TICKS + 1, 0, EXPIRY_NS) == 0
    asking.due([order], EXPIRY_NS)
    told = asking.found(order, at_venue, EXPIRY_NS + 3 * S)
    assert [ExecType(report.exec_type) for report in told] == [ExecType.STATUS]


def test_lost_amend_that_is_not_in_force_after_its_expiry_is_refused():
    path, asking = Path(), resolver()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=order.handle))
    path.entry.amend_order(order, LAST_PX_TICKS + 1, 0, 0)
    asking.due([order], 0)
    at_venue = status_report(OrdStatus.NEW, price_ticks=LAST_PX_TICKS, order_qty_lots=10)
    assert len(asking.found(order, at_venue, EXPIRY_NS + S)) == 1
    told = asking.found(order, at_venue, EXPIRY_NS + S + 1)
    assert [ExecType(report.exec_type) for report in told] == [ExecType.STATUS, ExecType.REPLACE_REJECTED]


ATTACHED = OrderTerms(LINEAR, Side.BUY, take_profit_trigger=Trigger.LAST_PRICE, stop_loss_trigger=Trigger.LAST_PRICE)


@pytest.mark.parametrize(
    ("row", "is_refused"),
    [
        ({"take_profit_ticks": 700_000}, True),  # as it was
        ({"take_profit_ticks": 710_000}, False),  # as was asked
        ({}, False),  # it does not tell
    ],
)
def test_a_lost_amend_of_an_attached_price_is_judged_by_rows_that_tell_it(row, is_refused):
    path, asking = Path(), resolver()
    order = path.draft(ATTACHED)
    order.take_profit_ticks = 700_000
    assert path.entry.submit_order(order, 0) > 0
    path.hear(said(ExecType.NEW, handle=order.handle))
    assert path.entry.amend_triggers(order, 0, 0, 0, take_profit_ticks=710_000) == 0
    asking.due([order], 0)
    at_venue = status_report(OrdStatus.NEW, price_ticks=LAST_PX_TICKS, order_qty_lots=10, handle=order.handle, **row)
    told = asking.found(order, at_venue, EXPIRY_NS + S + 1)
    assert (ExecType.REPLACE_REJECTED in [report.exec_type for report in told]) is is_refused
    path.hear(at_venue)
    assert order.is_amend_pending is (row != {"take_profit_ticks": 710_000})
    assert order.take_profit_ticks == (710_000 if row == {"take_profit_ticks": 710_000} else 700_000)


def test_row_older_than_our_last_word_settles_no_amend():
    path, asking = Path(), resolver()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=order.handle, price_ticks=LAST_PX_TICKS, transact_time_ns=2000))
    path.entry.amend_order(order, LAST_PX_TICKS + 1, 0, 0)
    asking.due([order], 0)
    shown = {"price_ticks": LAST_PX_TICKS + 1, "order_qty_lots": 10}
    assert asking.found(order, status_report(OrdStatus.NEW, transact_time_ns=1999, **shown), EXPIRY_NS + 1) == []
    assert len(asking.found(order, status_report(OrdStatus.NEW, transact_time_ns=2001, **shown), EXPIRY_NS + 1)) == 1


def test_an_order_proved_absent_leaves_a_tombstone_for_a_day(instrument):
    asking, order, later = resolver(), unknown_order(instrument), unknown_order(instrument, 2)
    asking.due([order, later], 0)
    for now_ns in (EXPIRY_NS + S, EXPIRY_NS + 2 * S):
        asking.not_found(order, now_ns)
    assert asking.is_buried(order.cl_ord_id)
    for now_ns in (25 * 3600 * S, 25 * 3600 * S + S):
        asking.not_found(later, now_ns)
    assert asking.buried == [later.cl_ord_id]
    asking.exhume(later.cl_ord_id)
    assert not asking.is_buried(later.cl_ord_id)


def test_an_order_of_an_earlier_process_expires_from_when_it_can_have_been_sent_last(instrument):
    asking = resolver()
    order = unknown_order(instrument)
    late_ns = order.decided_ns + 100 * S
    asking.count_from(order, late_ns)
    asking.due([order], late_ns)
    for seconds in (1, 2, 3, 4):
        assert asking.not_found(order, late_ns + seconds * S) == []
    answers = [asking.not_found(order, late_ns + seconds * S) for seconds in (20, 21)]
    assert [len(reports) for reports in answers] == [0, 1]


def test_requests_of_an_earlier_process_that_live_longer_than_ours_are_waited_for_amends_too():
    path, asking = Path(), resolver()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=order.handle))
    assert path.entry.amend_order(order, LAST_PX_TICKS + 1, 0, 1) == 0
    asking.count_from(order, 0, longer_ns=55 * S)
    asking.due([order], 0)
    at_venue = status_report(OrdStatus.NEW, price_ticks=LAST_PX_TICKS, order_qty_lots=10)
    told = {second: len(asking.found(order, at_venue, second * S)) for second in (9, 30, 62, 64)}
    assert told == {9: 1, 30: 1, 62: 1, 64: 2}
