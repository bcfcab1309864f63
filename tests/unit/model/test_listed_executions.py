"""A listed execution does not end its order: the order's own row does, which follows (found by the simulation)."""

from order_samples import T0, limit, said

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
    assert order.venue_time_ns == T0 + 1
