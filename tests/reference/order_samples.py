"""Orders and reports to test with: three instruments, one of each line, and what the venue says in few words."""

import itertools
from uuid import UUID

from tidings.model.enums import ExecType, OrdStatus, OrdType, ReportSource, RequestKind, Side, Trigger
from tidings.model.execution_report import report_of
from tidings.model.instrument import Instrument
from tidings.model.order import apply_report, make_order
from tidings.model.terms import OrderTerms

# ReportEffect, as ext/tidings/model/order.pxd has it.
ACK, FILL, CANCEL, REJECT, AMEND, UNKNOWN, UNSENT, TRIGGER, REVIVED, OVERFILL, PROGRESS = (2**bit for bit in range(11))

LINEAR = Instrument(
    symbol="BTCUSDT", line=1, index=0, base_currency="BTC", quote_currency="USDT", settle_currency="USDT",
    price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1,
)
INVERSE = Instrument(
    symbol="BTCUSD", line=0, index=1, base_currency="BTC", quote_currency="USD", settle_currency="BTC",
    price_scale=4, tick_mantissa=5000, qty_scale=0, lot_mantissa=1, value_scale=8,
)
SPOT = Instrument(
    symbol="sBTCUSDT", line=2, index=2, base_currency="BTC", quote_currency="USDT", settle_currency="USDT",
    price_scale=8, tick_mantissa=1_000_000, qty_scale=8, lot_mantissa=100, value_scale=8, base_value_scale=8,
)
T0 = 1_700_000_000_000_000_000  # the venue's clock when an order begins

LIMIT = OrderTerms(LINEAR, Side.BUY)
STOP_LIMIT = OrderTerms(LINEAR, Side.BUY, ord_type=OrdType.STOP_LIMIT, trigger=Trigger.LAST_PRICE)


def limit(qty_lots=10, price_ticks=612_500, terms=LIMIT):
    return make_order(terms, handle=7, cl_ord_id="T7", price_ticks=price_ticks, order_qty_lots=qty_lots)


_exec_ids = itertools.count(1)


def reply(exec_type, kind, **fields):
    """The venue's answer to a request of ours."""
    return report_of(exec_type, ReportSource.REPLY, request_kind=kind, **fields)


def said(exec_type, source=ReportSource.STREAM, **fields):
    return report_of(exec_type, source, **fields)


def trade(qty_lots, cum_qty_lots, px_ticks=612_500, **fields):
    """An execution as the stream tells it, with an ExecID of its own."""
    status = OrdStatus.FILLED if cum_qty_lots == 10 else OrdStatus.PARTIALLY_FILLED
    fields = {"ord_status": status, "exec_id": str(UUID(int=next(_exec_ids))), **fields}
    return said(ExecType.TRADE, last_qty_lots=qty_lots, last_px_ticks=px_ticks, cum_qty_lots=cum_qty_lots, **fields)


def local(exec_type, kind=RequestKind.NEW):
    return said(exec_type, ReportSource.LOCAL, request_kind=kind)


# How an order gets into each state from which reports still may lead somewhere.
HISTORIES = {
    OrdStatus.PENDING_NEW: [],
    OrdStatus.NEW: [said(ExecType.NEW)],
    OrdStatus.PARTIALLY_FILLED: [said(ExecType.NEW), trade(4, 4)],
    OrdStatus.UNTRIGGERED: [said(ExecType.UNTRIGGERED)],
    OrdStatus.UNKNOWN: [local(ExecType.UNKNOWN)],
    OrdStatus.FILLED: [said(ExecType.NEW), trade(10, 10)],
    OrdStatus.CANCELED: [said(ExecType.NEW), said(ExecType.CANCELED)],
    OrdStatus.REJECTED: [reply(ExecType.REJECTED, RequestKind.NEW, code=11001)],
    OrdStatus.EXPIRED: [said(ExecType.NEW), said(ExecType.EXPIRED)],
    OrdStatus.UNSENT: [local(ExecType.UNSENT)],
}


def order_in(state, terms=LIMIT):
    order = limit(terms=terms)
    for report in HISTORIES[OrdStatus[state]]:
        apply_report(order, report)
    assert order.status == OrdStatus[state]
    return order


def check_invariants(order):
    if order.is_done:
        assert order.leaves_qty_lots == 0
    else:
        assert order.cum_qty_lots + order.leaves_qty_lots == order.order_qty_lots
    assert order.cum_qty_lots >= order.traded_qty_lots
