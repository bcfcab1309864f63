"""A list that tells how an order ended is news whatever else is going on (found by the simulation, seeds 15 and 34)."""

import pytest
from order_samples import limit, said

from tidings.engine.reconcile import tells_news
from tidings.model.enums import ExecType, OrdStatus, ReportSource
from tidings.model.order import apply_report

ENDS = [OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("heard_ns", [0, 900])
def test_an_end_is_news_for_an_order_that_works(end, heard_ns):
    order = limit()
    apply_report(order, said(ExecType.NEW, ReportSource.STREAM, transact_time_ns=heard_ns))
    row = said(ExecType.STATUS, ReportSource.QUERY, ord_status=end, transact_time_ns=500)
    assert tells_news(order, row)


@pytest.mark.parametrize("status", [OrdStatus.NEW, OrdStatus.UNTRIGGERED])
def test_what_we_know_already_is_no_news(status):
    order = limit()
    apply_report(order, said(ExecType.NEW, ReportSource.STREAM))
    assert not tells_news(order, said(ExecType.STATUS, ReportSource.QUERY, ord_status=status))
