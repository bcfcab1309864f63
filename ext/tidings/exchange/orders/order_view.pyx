"""How an order looks at one moment, as a report: the exchange makes two or three of each request.

Compiled because a report has some sixty fields. The order itself is read as any object is.
"""

from tidings.exchange.reports cimport OrderReport

from tidings.exchange.error_codes import sentence_of
from tidings.exchange.reports import NIL_UUID, NO_ERROR

cdef object _NOT_IN_BOOK = frozenset({"Untriggered", "Canceled", "Filled", "Deactivated"})


def view(order not None, exec_status, now_ns, code):
    """A report of something that just happened to `order`, with the order as it stands; no execution, no position."""
    cdef OrderReport report = OrderReport.__new__(OrderReport)
    report.exec_status = exec_status
    report.transact_time_ns = now_ns
    report.code = code
    report.message = sentence_of(code) if code else NO_ERROR
    _put_terms(report, order)
    _put_quantities(report, order)
    _put_conditions(report, order)
    _put_no_execution(report)
    _put_no_position(report)
    return report


cdef void _put_terms(OrderReport report, order):
    """What was asked, and by whom."""
    report.instrument = order.instrument
    report.user_id = order.owner
    report.order_id = order.order_id
    report.cl_ord_id = order.cl_ord_id
    report.side = "Buy" if order.side > 0 else "Sell"
    report.pos_side = order.pos_side
    report.ord_type = order.ord_type
    report.time_in_force = order.time_in_force
    report.exec_inst = order.exec_inst
    report.action = order.action
    report.action_by = "ByUser"
    report.action_time_ns = order.action_time_ns
    report.create_time_ns = order.create_time_ns
    report.trigger_time_ns = order.trigger_time_ns
    report.ord_status = order.ord_status
    report.cxl_rej_reason = 0


cdef void _put_quantities(OrderReport report, order):
    """How much of it there is, was and will be."""
    instrument, price, quote_left = order.instrument, order.price, order.quote_left
    cum_qty, cum_value, order_qty = order.cum_qty, order.cum_value, order.order_qty
    cdef bint by_quote = quote_left is not None
    leaves_qty = 0 if by_quote or report.ord_status in _NOT_IN_BOOK else order.leaves_qty
    report.price = price
    report.order_qty = 0 if by_quote else order_qty
    report.display_qty = 0
    if order.added_seq and report.ord_status != "Canceled":  # displayQty is the whole order then (observed)
        report.display_qty = min(order.display_qty or order_qty, order_qty)
    report.leaves_qty = leaves_qty
    report.leaves_value = instrument.value(leaves_qty, price) if leaves_qty else 0
    if by_quote and not order.is_done:
        report.leaves_value = quote_left
    report.cum_qty = cum_qty
    report.cum_value = cum_value
    report.cum_fee = order.cum_fee
    report.avg_price = instrument.average_price(cum_qty, cum_value) if cum_qty else 0
    report.qty_type = order.qty_type
    report.quote_qty = order.quote_qty
    report.reduce_only = order.reduce_only
    report.added_seq = order.added_seq
    report.related_req_num = order.req_num


cdef void _put_conditions(OrderReport report, order):
    """Its trigger, its peg, and the orders attached to it."""
    report.stop_px = order.stop_px
    report.stop_direction = order.stop_direction
    report.trigger = order.trigger
    report.peg_offset = order.peg_offset
    report.peg_price_type = order.peg_price_type
    report.take_profit = order.take_profit
    report.tp_px = order.tp_px
    report.tp_trigger = order.tp_trigger
    report.stop_loss = order.stop_loss
    report.sl_px = order.sl_px
    report.sl_trigger = order.sl_trigger


cdef void _put_no_execution(OrderReport report):
    """Nothing was traded by what happened."""
    report.exec_id = NIL_UUID
    report.exec_qty = report.exec_price = report.exec_value = report.exec_fee = report.fee_rate_er = 0
    report.fee_currency = report.last_liquidity_ind = report.trade_type = ""
    report.exec_seq = 0


cdef void _put_no_position(OrderReport report):
    """Which the ledger fills in, where there is one."""
    report.cur_acc_balance = report.cur_assigned_pos_balance = report.cur_leverage_er = report.cur_pos_size = 0
    report.cur_pos_side = "None"
    report.cur_pos_term = report.cur_pos_value = report.cur_risk_limit = 0
    report.closed_size = report.closed_pnl = 0
    report.cur_base_wallet = report.cur_quote_wallet = 0
