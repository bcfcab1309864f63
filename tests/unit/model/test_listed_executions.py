"""A listed execution does not end its order: the order's own row does, which follows (found by the simulation)."""

from order_samples import limit, said

from tidings.model.enums import ExecType, OrdStatus, ReportSource
from tidings.model.order import apply_report

EXEC_ID = "03acb75b-7c7d-5b83-acd4-531ba0a5b4e0"


def listed(qty_lots):
    """As a list of executions tells it: without the order's state or quantity."""
    return said(ExecType.TRADE, ReportSource.QUERY, last_qty_lots=qty_lots, last_px_ticks=612_500, exec_id=EXEC_ID)


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
