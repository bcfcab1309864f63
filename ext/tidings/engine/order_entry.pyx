"""The order path: decisions go down through here, reports come up through here. Read this file first.

Down, `submit` is one thread, direct calls, no queue, no await: risk, request budget, table, gateway. What we refuse is
a return value (DenyReason), so `submit` never calls the strategy back. Up, `on_report` takes one report, drops an
execution it has seen, lets the order apply it, and tells the strategy once per effect. No clock is read here: `now_ns`
comes with each call.
"""

from libc.stdint cimport int64_t

from tidings.engine.order_table cimport ExecIDSet, OrderTable
from tidings.engine.ports cimport OrderGateway
from tidings.engine.risk cimport Risk
from tidings.metrics.stages cimport Stages
from tidings.model.enums cimport (
    DENY_NONE, DENY_NOTHING_TO_CHANGE, DENY_ORDER_DONE, DENY_REQUEST_PENDING, EXEC_TRADE, REQUEST_AMEND, REQUEST_CANCEL,
    REQUEST_CANCEL_MANY, REQUEST_NEW, SOURCE_REPLY, SOURCE_STREAM,
)
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport (
    EFFECT_ACK, EFFECT_AMEND, EFFECT_CANCEL, EFFECT_FILL, EFFECT_NONE, EFFECT_OVERFILL, EFFECT_REJECT, EFFECT_REVIVED, EFFECT_TRIGGER,
    EFFECT_UNKNOWN, EFFECT_UNSENT, Order,
)
from tidings.model.terms cimport OrderTerms

from tidings.engine.strategy import ORDER_CALLBACKS, overridden


cdef class OrderEntry(OrderListener):
    """The order path of one account."""

    def __init__(self, OrderTable orders not None, Risk risk not None, Stages stages not None, ExecIDSet executions not None):
        self.orders = orders
        self.risk = risk
        self.stages = stages
        self.executions = executions

    def plug(self, OrderGateway gateway not None, *, on_execution=None, on_foreign=None, on_error=None):
        """Connect the venue below, and who keeps positions, foreign orders and errors beside."""
        self.gateway = gateway
        self.on_execution = on_execution
        self.on_foreign = on_foreign
        self.on_error = on_error

    def listen(self, strategy):
        """Let `strategy` hear order events; None: nobody."""
        callbacks = {name: overridden(strategy, name) if strategy is not None else None for name in ORDER_CALLBACKS}
        self.on_ack, self.on_fill, self.on_reject = callbacks["on_ack"], callbacks["on_fill"], callbacks["on_reject"]
        self.on_cancel, self.on_amend = callbacks["on_cancel"], callbacks["on_amend"]
        self.on_unknown, self.on_unsent = callbacks["on_unknown"], callbacks["on_unsent"]

    # ---- Down ----------------------------------------------------------------------------------------------------

    cdef int submit(self, Order order, int64_t now_ns) except -1:
        """Send a draft of this table's. On a DenyReason nothing was written and the order does not exist."""
        cdef int reason
        order.decided_ns = now_ns
        reason = self.risk.check_new(order, self.orders.open_count)
        if reason == DENY_NONE:
            reason = self.gateway.take(REQUEST_NEW, order, now_ns)
        if reason == DENY_NONE:
            self.orders.add(order)                      # known before any byte leaves: a report can outrun everything
            reason = self.gateway.send_new(order, now_ns)
            if reason != DENY_NONE:
                self.orders.withdraw(order)
        if reason == DENY_NONE:
            self.submitted_count += 1
        else:
            self.denied_count += 1
        return reason

    cdef int amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        """Ask for a new price and total quantity (0: as is). At most one amend of an order is in flight."""
        cdef int reason
        if order.is_finished():
            return DENY_ORDER_DONE
        if order.is_amend_pending or order.is_cancel_pending:
            return DENY_REQUEST_PENDING
        if (price_ticks == 0 or price_ticks == order.price_ticks) and (qty_lots == 0 or qty_lots == order.order_qty_lots):
            return DENY_NOTHING_TO_CHANGE
        reason = self.risk.check_amend(order, price_ticks, qty_lots)
        if reason == DENY_NONE:
            reason = self.gateway.take(REQUEST_AMEND, order, now_ns)
        if reason == DENY_NONE:
            reason = self.gateway.send_amend(order, price_ticks, qty_lots, now_ns)
        if reason == DENY_NONE:
            order.is_amend_pending = True
            order.amend_price_ticks, order.amend_qty_lots = price_ticks, qty_lots
        return reason

    cdef int cancel(self, Order order, int64_t now_ns) except -1:
        """Ask to cancel. May be asked again after its answer is lost; an order of unknown fate may be cancelled too."""
        cdef int reason
        if order.is_finished():
            return DENY_ORDER_DONE
        if order.is_cancel_pending:
            return DENY_REQUEST_PENDING
        reason = self.gateway.take(REQUEST_CANCEL, order, now_ns)
        if reason == DENY_NONE:
            reason = self.gateway.send_cancel(order, now_ns)
        if reason == DENY_NONE:
            order.is_cancel_pending = True
        return reason

    cdef int cancel_many(self, list orders, int64_t now_ns) except -1:
        """One request for many orders of one instrument and position side. Those that are done are left out by the caller."""
        cdef int reason
        cdef Order order
        if not orders:
            return DENY_ORDER_DONE
        reason = self.gateway.take(REQUEST_CANCEL_MANY, <Order?>orders[0], now_ns)
        if reason == DENY_NONE:
            reason = self.gateway.send_cancel_many(orders, now_ns)
        if reason == DENY_NONE:
            for order in orders:
                order.is_cancel_pending = True
        return reason

    cdef int arm(self, OrderTerms terms) except -1:
        """Let the gateway lay out what is constant about orders of these terms."""
        return self.gateway.prepare(terms)

    # ---- Up ------------------------------------------------------------------------------------------------------

    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1:
        cdef Order order = self._owner(report)
        cdef int before, effect
        if order is None:
            self.foreign_count += 1
            if self.on_foreign is not None:
                self.on_foreign(report)
            return 0
        report.handle = order.handle
        if report.exec_type == EXEC_TRADE and not self.executions.add(report.exec_id_high, report.exec_id_low):
            self.duplicate_count += 1
            return 0
        self._stamp(order, report, now_ns)
        before = order.status
        effect = order.apply(report)
        self.orders.note_move(before, order.status)
        if report.exec_type == EXEC_TRADE and self.on_execution is not None:
            self.on_execution(order, report)
        if effect != EFFECT_NONE:
            self._count(effect)
            self._tell(effect, order, report, now_ns)
        return 0

    cdef Order _owner(self, ExecutionReport report):
        """The order a report speaks of: by its request, else by the counter in its ClOrdID; None: not of this session."""
        if report.handle:
            return self.orders.get(report.handle)
        return self.orders.get(self.orders.ids.parse(report.cl_ord_id_text, report.cl_ord_id_bytes))

    cdef int _tell(self, int effect, Order order, ExecutionReport report, int64_t now_ns) except -1:
        """The strategy first (it is why the engine exists), then whoever awaits this order. An ack comes before the fill it implies."""
        if effect & EFFECT_ACK:
            self._call(self.on_ack, order, report, now_ns)
        if effect & EFFECT_FILL:
            self._call(self.on_fill, order, report, now_ns)
        if effect & EFFECT_AMEND:
            self._call(self.on_amend, order, report, now_ns)
        if effect & EFFECT_CANCEL:
            self._call(self.on_cancel, order, report, now_ns)
        if effect & EFFECT_REJECT:
            self._call(self.on_reject, order, report, now_ns)
        if effect & EFFECT_UNKNOWN:
            self._call(self.on_unknown, order, report, now_ns)
        if effect & EFFECT_UNSENT:
            self._call(self.on_unsent, order, report, now_ns)
        if order.listeners is not None:
            order.listeners(effect, order, report)
        return 0

    cdef int _call(self, object callback, Order order, ExecutionReport report, int64_t now_ns) except -1:
        if callback is None:
            return 0
        try:
            callback(order, report, now_ns)
        except Exception as error:      # a strategy's bug must not stop the reports behind it
            if self.on_error is None:
                raise
            self.on_error(error, callback)
        return 0

    cdef int _count(self, int effect) noexcept:
        self.ack_count += (effect & EFFECT_ACK) != 0
        self.fill_count += (effect & EFFECT_FILL) != 0
        self.reject_count += (effect & EFFECT_REJECT) != 0
        self.cancel_count += (effect & EFFECT_CANCEL) != 0
        self.amend_count += (effect & EFFECT_AMEND) != 0
        self.unknown_count += (effect & EFFECT_UNKNOWN) != 0
        self.unsent_count += (effect & EFFECT_UNSENT) != 0
        self.revived_count += (effect & EFFECT_REVIVED) != 0
        self.overfill_count += (effect & EFFECT_OVERFILL) != 0
        return 0

    cdef int _stamp(self, Order order, ExecutionReport report, int64_t now_ns) noexcept:
        """First reply and first stream report of an order: two of its stages."""
        if report.source == SOURCE_REPLY and order.replied_ns == 0 and report.request_kind == REQUEST_NEW:
            order.replied_ns = now_ns
            self.stages.record_reply(now_ns - order.decided_ns)
        elif report.source == SOURCE_STREAM and order.streamed_ns == 0:
            order.streamed_ns = now_ns
            self.stages.record_stream(now_ns - order.decided_ns)
        return 0

    # ---- The cold side -------------------------------------------------------------------------------------------

    def draft_order(self, OrderTerms terms not None):
        """A blank order to fill in and submit, or None when the table is full of open orders."""
        return self.orders.draft(terms)

    def submit_order(self, Order order not None, int64_t now_ns):
        """Submit a draft: its handle, or the negative DenyReason."""
        cdef int reason = self.submit(order, now_ns)
        return order.handle if reason == DENY_NONE else -reason

    def amend_order(self, Order order not None, int64_t price_ticks, int64_t qty_lots, int64_t now_ns):
        """0, or the negative DenyReason."""
        return -self.amend(order, price_ticks, qty_lots, now_ns)

    def cancel_order(self, Order order not None, int64_t now_ns):
        """0, or the negative DenyReason."""
        return -self.cancel(order, now_ns)

    def cancel_orders(self, list orders not None, int64_t now_ns):
        """0, or the negative DenyReason."""
        return -self.cancel_many(orders, now_ns)

    def take_report(self, ExecutionReport report not None, int64_t now_ns):
        """Hand up a report made on the cold side (reconciliation)."""
        self.on_report(report, now_ns)

    def attach(self, Order order not None, listener):
        """Let `listener(effect, order, report)` hear what happens to one order; None detaches."""
        order.listeners = listener
