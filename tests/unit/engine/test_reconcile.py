"""What a list of the venue's says against what we believe. Orders are real ones; time is a number."""

from uuid import UUID

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path
from order_samples import LIMIT, LINEAR, said

from tidings.engine.reconcile import (
    CANCEL_QUIET_NS,
    DIFFERS_AFTER_NS,
    LISTED_TOO_LONG_NS,
    NOT_FOUND_APART_NS,
    SETTLE_NS,
    BalanceCheck,
    DoubtedEnds,
    Listing,
    PositionCheck,
    QuietCancels,
    VanishedOrders,
    compare_orders,
    owes_executions,
    tells_news,
)
from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind, Side
from tidings.model.execution_report import report_of
from tidings.model.position import Position

S = 1_000_000_000
LATE_NS = NOW_NS + 10 * S
EXEC_ID = "0f3a9c1e-77b2-5d41-9c08-6a5e4d3c2b1a"


@pytest.fixture
def path():
    return Path()


def working(path, **fields):
    """An order the venue has acknowledged on the stream, at venue time 1000."""
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=order.handle, transact_time_ns=1000, price_ticks=LAST_PX_TICKS,
                   order_qty_lots=10, **fields))
    return order


def row(order, status=OrdStatus.NEW, **fields):
    fields = {"transact_time_ns": 1000, "price_ticks": LAST_PX_TICKS, "order_qty_lots": 10, **fields}
    return report_of(
        ExecType.STATUS, ReportSource.QUERY, cl_ord_id=order.cl_ord_id, ord_status=status, reconciled=True, **fields
    )


def compare(path, reports, *, asked_ns=LATE_NS, is_complete=True):
    listing = Listing(reports, is_complete)
    return compare_orders(listing, path.table.open_orders(), path.entry.find_owner, asked_ns)


def test_a_list_that_says_what_we_know_makes_no_difference(path):
    order = working(path)
    found = compare(path, [row(order)])
    assert (found.news, found.missing, found.foreign) == ([], [], [])


def test_an_order_whose_ack_was_missed_is_news(path):
    order = path.submit(LIMIT)
    assert [report.cl_ord_id for report in compare(path, [row(order)]).news] == [order.cl_ord_id]


def test_more_filled_than_we_know_is_news_and_less_is_not(path):
    order = working(path)
    path.hear(said(ExecType.TRADE, handle=order.handle, exec_id=EXEC_ID, last_qty_lots=4, last_px_ticks=LAST_PX_TICKS,
                   cum_qty_lots=4, transact_time_ns=2000))
    assert compare(path, [row(order, OrdStatus.NEW, cum_qty_lots=0, transact_time_ns=2000)]).news == []
    assert len(compare(path, [row(order, OrdStatus.PARTIALLY_FILLED, cum_qty_lots=7, transact_time_ns=3000)]).news) == 1


def test_a_row_older_than_our_last_word_is_no_news(path):
    """Price went 1 → 2; a list from before shows 1 and must not take 2 back."""
    order = working(path)
    path.hear(said(ExecType.REPLACED, handle=order.handle, price_ticks=LAST_PX_TICKS + 2, transact_time_ns=2000))
    assert not tells_news(order, row(order, transact_time_ns=1999))
    assert tells_news(order, row(order, transact_time_ns=2001))


def test_terms_changed_by_somebody_else_are_news_unless_an_amend_of_ours_is_under_way(path):
    order = working(path)
    changed = row(order, transact_time_ns=2000, price_ticks=LAST_PX_TICKS + 3)
    assert tells_news(order, changed)
    assert path.entry.amend_order(order, LAST_PX_TICKS + 5, 0, NOW_NS) == 0
    assert not tells_news(order, changed)


@pytest.mark.parametrize("status", [OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED])
def test_an_end_is_news_whenever_it_was(path, status):
    assert tells_news(working(path), row(working(path), status, transact_time_ns=1))


def test_an_order_that_ended_is_not_brought_back_by_a_list(path):
    order = working(path)
    path.hear(said(ExecType.CANCELED, handle=order.handle, transact_time_ns=2000))
    found = compare(path, [row(order, transact_time_ns=3000)])
    assert (found.news, found.foreign) == ([], [])
    assert [report.cl_ord_id for report in found.ended] == [order.cl_ord_id]


def test_an_order_that_the_venue_has_rejected_stays_so_and_its_end_can_be_doubted(path):
    order = working(path)
    path.hear(said(ExecType.REJECTED, handle=order.handle, transact_time_ns=2000, ord_status=OrdStatus.REJECTED))
    stale = row(order, transact_time_ns=1500)
    path.entry.take_report(stale, LATE_NS)
    assert order.status == OrdStatus.REJECTED
    assert compare(path, [stale]).ended == [stale]


def test_an_end_is_doubted_when_lists_show_the_order_for_longer_than_they_can_lag(path):
    doubted = DoubtedEnds()
    first, second = (row(working(path), order_id=str(UUID(int=number))) for number in (1, 2))
    at_ns = NOW_NS
    looks = [([first], 0), ([first, second], LISTED_TOO_LONG_NS - 1), ([first, second], 1), ([], 1), ([second], S)]
    lasting = []
    for ended, later_ns in looks:
        at_ns += later_ns
        lasting.append([int(report.order_id[-1]) for report in doubted.lasting(LINEAR, ended, at_ns)])
    assert lasting == [[], [], [1], [], []]
    assert doubted.symbols() == [LINEAR.symbol]


def test_a_list_that_was_long_in_coming_doubts_no_end_that_it_may_be_older_than():
    doubted, heard_ns = DoubtedEnds(), NOW_NS + LISTED_TOO_LONG_NS  # it had ended by then, and perhaps only just
    shown = report_of(ExecType.STATUS, ReportSource.QUERY, heard_ns, order_id=str(UUID(int=1)))
    assert doubted.lasting(LINEAR, [shown], NOW_NS) == []
    assert doubted.lasting(LINEAR, [shown], heard_ns + S) == []
    assert doubted.lasting(LINEAR, [shown], heard_ns + LISTED_TOO_LONG_NS) == [shown]


def test_an_order_we_wrote_off_is_news(path):
    order = path.submit(LIMIT)
    path.hear(said(ExecType.UNSENT, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.NEW))
    found = compare(path, [row(order)])
    assert len(found.news) == 1
    path.hear(*found.news)
    assert order.status == OrdStatus.NEW


def test_a_word_we_do_not_know_is_no_news_and_no_absence(path):
    order = working(path)
    found = compare(path, [row(order, -1)])
    assert (found.news, found.missing) == ([], [])


def test_an_order_that_is_not_listed_is_missing(path):
    order = working(path)
    assert compare(path, []).missing == [order]
    assert compare(path, [], is_complete=False).missing == []


@pytest.mark.parametrize(("later_ns", "missing_count"), [(0, 0), (1, 1)])
def test_an_order_that_moved_just_before_the_question_is_not_missing(path, later_ns, missing_count):
    working(path)  # told at NOW_NS + 1000
    assert len(compare(path, [], asked_ns=NOW_NS + 1000 + SETTLE_NS + later_ns).missing) == missing_count


@pytest.mark.parametrize("asked_ns", [NOW_NS - 1, NOW_NS + S // 2])
def test_an_order_sent_after_the_question_is_not_missing(path, asked_ns):
    path.submit(LIMIT)
    assert compare(path, [], asked_ns=asked_ns).missing == []


def test_orders_without_a_word_yet_are_the_resolvers(path):
    waiting, lost = path.submit(LIMIT), path.submit(LIMIT)
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=lost.handle, request_kind=RequestKind.NEW))
    assert compare(path, []).missing == []
    assert {waiting.status, lost.status} == {OrdStatus.PENDING_NEW, OrdStatus.UNKNOWN}


def test_what_is_not_ours_is_told_apart(path):
    order = working(path)
    other = report_of(ExecType.STATUS, ReportSource.QUERY, cl_ord_id="by-hand", ord_status=OrdStatus.NEW)
    found = compare(path, [other, row(order)])
    assert (found.foreign, found.missing) == ([other], [])


def test_executions_are_owed_while_more_has_filled_than_they_add_up_to(path):
    order = working(path)
    path.hear(row(order, OrdStatus.PARTIALLY_FILLED, cum_qty_lots=4, transact_time_ns=2000))
    assert owes_executions(order)
    assert path.table.owing_executions() == [order]
    path.hear(said(ExecType.TRADE, handle=order.handle, exec_id=EXEC_ID, last_qty_lots=4, last_px_ticks=LAST_PX_TICKS))
    assert not owes_executions(order)
    assert path.table.owing_executions() == []


def test_a_cancel_without_effect_is_over_after_a_while(path):
    order, quiet = working(path), QuietCancels()
    instrument = order.terms.instrument
    assert path.entry.cancel_order(order, NOW_NS) == 0
    assert compare(path, [row(order)]).shown == [order]
    assert quiet.overdue(instrument, [order], LATE_NS) == []
    assert quiet.overdue(instrument, [order], LATE_NS + CANCEL_QUIET_NS - 1) == []
    assert quiet.overdue(instrument, [order], LATE_NS + CANCEL_QUIET_NS) == [order]
    path.hear(said(ExecType.CANCEL_REJECTED, ReportSource.QUERY, handle=order.handle, request_kind=RequestKind.CANCEL))
    assert not order.is_cancel_pending
    assert quiet.overdue(instrument, [order], LATE_NS + 9 * S) == []


def test_another_cancel_has_its_own_while(path):
    """The answer to the first was lost; the second is under way when the list is asked for."""
    order, quiet = working(path), QuietCancels()
    assert path.entry.cancel_order(order, NOW_NS) == 0
    assert quiet.overdue(order.terms.instrument, [order], LATE_NS) == []
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.CANCEL))
    again_ns = LATE_NS + CANCEL_QUIET_NS - 1
    assert path.entry.cancel_order(order, again_ns) == 0
    assert quiet.overdue(order.terms.instrument, [order], again_ns + 1) == []
    assert quiet.overdue(order.terms.instrument, [order], again_ns + CANCEL_QUIET_NS) == [order]


def test_an_order_that_two_lists_show_has_one_cancel(path):
    order, quiet = working(path), QuietCancels()
    assert path.entry.cancel_order(order, NOW_NS) == 0
    assert quiet.overdue(order.terms.instrument, [order, order], LATE_NS) == []
    assert quiet.overdue(order.terms.instrument, [order, order], LATE_NS + CANCEL_QUIET_NS) == [order]


def test_a_list_without_the_order_begins_the_wait_for_its_cancel_anew(path):
    order, quiet = working(path), QuietCancels()
    instrument = order.terms.instrument
    assert path.entry.cancel_order(order, NOW_NS) == 0
    assert quiet.overdue(instrument, [order], LATE_NS) == []
    assert quiet.overdue(instrument, [], LATE_NS + S) == []
    assert quiet.overdue(instrument, [order], LATE_NS + CANCEL_QUIET_NS) == []
    assert quiet.overdue(instrument, [order], LATE_NS + 2 * CANCEL_QUIET_NS) == [order]


def test_two_answers_apart_make_an_order_vanished(path):
    order, vanished = working(path), VanishedOrders()
    assert not vanished.not_found(order, LATE_NS)
    assert not vanished.not_found(order, LATE_NS + NOT_FOUND_APART_NS - 1)
    assert vanished.not_found(order, LATE_NS + NOT_FOUND_APART_NS)
    vanished.found(order)
    assert not vanished.not_found(order, LATE_NS + S)
    vanished.keep_only(order.terms.instrument, set())
    assert not vanished.not_found(order, LATE_NS + 2 * S)


def test_a_position_differs_once_it_has_for_some_time_and_by_the_same():
    position, check = Position("BTCUSDT"), PositionCheck()
    position.tell(5, 1)
    check.look(position, 5, 0)
    assert not check.is_suspect
    check.look(position, 8, S)
    assert (check.is_suspect, check.is_different) == (True, False)
    check.look(position, 8, S + DIFFERS_AFTER_NS - 1)
    assert not check.is_different
    check.look(position, 8, S + DIFFERS_AFTER_NS)
    assert check.is_different
    check.look(position, 5, 9 * S)
    assert (check.is_suspect, check.is_different) == (False, False)


def test_a_position_that_moves_between_two_looks_starts_anew():
    position, check = Position("BTCUSDT"), PositionCheck()
    position.tell(5, 1)
    check.look(position, 8, 0)
    position.apply_fill(Side.BUY, 1, 2)
    check.look(position, 8, DIFFERS_AFTER_NS)
    assert (check.is_suspect, check.is_different) == (True, False)
    check.look(position, 9, DIFFERS_AFTER_NS + S)
    assert not check.is_different


def test_a_balance_that_differs_twice_by_the_same_was_missed():
    check, ours = BalanceCheck(), {"BTC": 5, "USDT": 100}
    assert check.missed(ours, {"BTC": 5, "USDT": 90, "ETH": 0}) == {}
    assert check.missed(ours, {"BTC": 5, "USDT": 80}) == {}
    assert check.missed(ours, {"BTC": 5, "USDT": 80}) == {"USDT": 80}
    ours["USDT"] = 80
    assert check.missed(ours, {"BTC": 5, "USDT": 80}) == {}
