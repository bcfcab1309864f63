"""A listed execution does not end its order: the order's own row does, which follows (found by the simulation)."""

from order_samples import AMEND, T0, limit, said

from tidings.engine.adoption import live_through
from tidings.model.enums import ExecType, OrdStatus, ReportSource
from tidings.model.order import apply_report

EXEC_ID = "03acb75b-7c7d-5b83-acd4-531ba0a5b4e0"


def listed(qty_lots, **fields):
    """As a list of executions tells it: without the order's state or quantity."""
    fields = {"last_qty_lots": qty_lots, "last_px_ticks": 612_500, "exec_id": EXEC_ID, **fields}
    return said(ExecType.TRADE, ReportSource.QUERY, **fields)


def test_executions_of_all_we_know_of_leave_the_order_open_until_its_row_comes():
    order = limit(qty_lots=6)
    apply_report(order, said(ExecType.NEW))
    apply_report(order, listed(6))
    assert (order.ord_status, order.cum_qty_lots, order.leaves_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 6, 0)
    row = said(ExecType.STATUS, ReportSource.QUERY, ord_status=OrdStatus.FILLED, cum_qty_lots=6)
    apply_report(order, row)
    assert order.ord_status == OrdStatus.FILLED


def test_an_order_that_was_made_larger_unheard_lives_on():
    order = limit(qty_lots=6)
    apply_report(order, said(ExecType.NEW))
    apply_report(order, listed(9))
    row = said(
        ExecType.STATUS, ReportSource.QUERY, ord_status=OrdStatus.PARTIALLY_FILLED, order_qty_lots=12, cum_qty_lots=9
    )
    apply_report(order, row)
    assert (order.ord_status, order.order_qty_lots, order.leaves_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 12, 3)


def test_the_row_of_its_end_has_the_last_terms_though_it_tells_no_time():
    order = limit(qty_lots=6)
    apply_report(order, said(ExecType.NEW, transact_time_ns=T0))
    apply_report(order, listed(9, transact_time_ns=T0 + 1))
    row = said(
        ExecType.STATUS, ReportSource.QUERY, ord_status=OrdStatus.FILLED, order_qty_lots=9, cum_qty_lots=9,
        price_ticks=612_000,
    )  # fmt: skip
    apply_report(order, row)  # spot's row of a done order, after an amend of which nothing else was heard
    assert (order.ord_status, order.order_qty_lots, order.price_ticks) == (OrdStatus.FILLED, 9, 612_000)
    assert order.venue_time_ns == T0, "of the newest report that told terms"


def test_terms_are_heard_though_a_list_told_a_later_execution_first():
    """The stream is behind the lists for a moment: what it tells of an amend is older than the execution."""
    order = limit(qty_lots=10, price_ticks=612_500)
    apply_report(order, said(ExecType.NEW, transact_time_ns=T0, price_ticks=612_500, order_qty_lots=10))
    live_through(order, [("amend", 612_400, 20)])
    apply_report(order, listed(10, transact_time_ns=T0 + 2))
    amended = said(ExecType.REPLACED, transact_time_ns=T0 + 1, price_ticks=612_400, order_qty_lots=20, cum_qty_lots=0)
    assert apply_report(order, amended) == AMEND
    assert (order.price_ticks, order.order_qty_lots, order.leaves_qty_lots) == (612_400, 20, 10)
    older = said(ExecType.STATUS, ReportSource.SNAPSHOT, transact_time_ns=T0, ord_status=OrdStatus.NEW,
                 price_ticks=612_500, order_qty_lots=10)  # fmt: skip
    apply_report(order, older)
    assert (order.price_ticks, order.order_qty_lots) == (612_400, 20)
