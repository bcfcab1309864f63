"""Orders of earlier sessions, taken into the order table of this one.

An order is lived through again: what its journal tells is applied in order, by the same state table as then. Adopted,
it is of unknown fate whatever its last state was, for nobody has listened since: the venue shows it, or it is proved
never to have been there, as with any order whose answer was lost.
"""

from libc.stdint cimport int64_t

from tidings.engine.order_entry cimport OrderEntry
from tidings.model.enums cimport STATUS_UNKNOWN
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.model.trigger_prices cimport TriggerPrices


def adopt_order(
    OrderEntry entry not None, OrderTerms terms not None, str cl_ord_id not None, dict numbers not None,
    history not None, *, int64_t decided_ns, int64_t now_ns,
):
    """The adopted order, of unknown fate; None when the table is full. See adoption.pyi."""
    cdef Order order = entry.orders.draft(terms)
    if order is None:
        return None
    for name, value in numbers.items():
        setattr(order, name, value)
    entry.orders.adopt(order, cl_ord_id.encode("ascii"))
    live_through(order, history)
    order.status = STATUS_UNKNOWN
    order.leaves_qty_lots = 0 if terms.qty_in_quote else max(<int64_t> 0, order.order_qty_lots - order.cum_qty_lots)
    entry.orders.unknown_count += 1
    order.is_acked = order.is_cancel_pending = False    # the strategy of this session has heard of nothing
    order.decided_ns = decided_ns
    order.encoded_ns = order.written_ns = 0
    order.replied_ns = order.streamed_ns = now_ns       # its stages were another session's
    order.route = -1
    entry.risk.exposure.follow(order)                   # counts at its worst, like any of unknown fate
    if entry.heartbeat is not None:
        entry.heartbeat.may_send(terms.instrument.index)    # marked: it may be open
    entry.journal.note_adopted(order, now_ns)
    if entry.tap is not None:
        entry._note("adopted", (order, numbers, history, now_ns))
    return order


cdef int _ask_for(TriggerPrices* triggers, tuple ticks) except -1:
    triggers.stop_px_ticks, triggers.take_profit_ticks, triggers.stop_loss_ticks, triggers.peg_offset_ticks = (
        ticks or (0, 0, 0, 0))
    return 0


def set_stamps(Order order not None, int64_t encoded_ns, int64_t written_ns):
    """When an order's bytes were made and taken by the kernel, as a recording has it."""
    order.encoded_ns, order.written_ns = encoded_ns, written_ns


def live_through(Order order not None, history not None):
    """Apply what happened to an order: reports, ("amend", price_ticks, qty_lots, …) and ("cancel",) requests.

    An amend may go on: stop price, take profit, stop loss and trailing distance asked for.
    """
    for event in history:
        if isinstance(event, ExecutionReport):
            order.apply(<ExecutionReport> event)
        elif event[0] == "amend":
            order.is_amend_pending = True
            order.amend_price_ticks, order.amend_qty_lots = event[1], event[2]
            _ask_for(&order.amend_triggers, event[3:])
        elif event[0] == "cancel":
            order.is_cancel_pending = True
        else:
            raise ValueError(f"nothing called {event[0]!r} happens to an order")
