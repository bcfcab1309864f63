"""The order path: decisions go down through here, reports come up through here. Read this file first.

Down, `submit` is one thread, direct calls, no queue, no await: risk, request budget, table, gateway. What we refuse is
a return value (DenyReason), so `submit` never calls the strategy back. Up, `on_report` takes one report, leaves out an
execution it has seen, lets the order apply the rest, and tells the strategy once per effect. No clock is read here:
`now_ns` comes with each call.
"""

cimport cython
from libc.stdint cimport int64_t
from libc.string cimport memset

from tidings.engine.heartbeat_page cimport HeartbeatPage
from tidings.engine.order_hearers cimport OrderHearers
from tidings.engine.order_table cimport ExecIDSet, OrderTable
from tidings.engine.ports cimport OrderGateway
from tidings.engine.risk cimport Risk
from tidings.journal.order_journal cimport OrderJournal, OrderMark, has_changed, mark_of
from tidings.metrics.stages cimport Stages
from tidings.model.enums cimport (
    DENY_BAD_PRICE, DENY_NONE, DENY_NOTHING_TO_CHANGE, DENY_NOT_READY, DENY_ORDER_DONE, DENY_REQUEST_PENDING,
    DENY_UNKNOWN_ORDER, EXEC_TRADE, EXEC_UNKNOWN, REQUEST_AMEND, REQUEST_CANCEL, REQUEST_CANCEL_MANY, REQUEST_NEW,
    SOURCE_LOCAL, SOURCE_REPLY, SOURCE_STREAM, STATUS_DENIED,
)
from tidings.model.execution_report cimport ExecutionReport, make_report, without_execution
from tidings.model.order cimport (
    EFFECT_ACK, EFFECT_AMEND, EFFECT_CANCEL, EFFECT_FILL, EFFECT_NONE, EFFECT_OVERFILL, EFFECT_REJECT, EFFECT_REVIVED,
    EFFECT_UNKNOWN, EFFECT_UNSENT, Order, would_change,
)
from tidings.model.scale cimport whole_steps
from tidings.model.terms cimport OrderTerms
from tidings.model.trigger_prices cimport TriggerPrices, has_place_for

from tidings.errors import UsageError
from tidings.model.enums import DenyReason


@cython.final
cdef class OrderEntry(OrderHearers):
    """The order path of one account."""

    def __init__(
        self, OrderTable orders not None, Risk risk not None, Stages stages not None, ExecIDSet executions not None,
        OrderJournal journal=None,
    ):
        self.gateway = OrderGateway()               # until one is plugged in: answers NOT_CONNECTED
        self.orders = orders
        self.risk = risk
        self.stages = stages
        self.executions = executions
        self.journal = journal if journal is not None else OrderJournal()
        risk.exposure.hold(orders.capacity)

    def plug(self, OrderGateway gateway not None, *, on_execution=None, on_foreign=None, on_error=None):
        """Connect the venue below, and who keeps positions, foreign orders and errors beside."""
        self.gateway = gateway
        self.on_execution = on_execution
        self.on_foreign = on_foreign
        self.on_error = on_error

    def watch_by(self, HeartbeatPage heartbeat):
        """Mark every order there before it leaves, and deny new ones once its watchdog has taken over; None: nobody."""
        self.heartbeat = heartbeat

    # ---- Down ----------------------------------------------------------------------------------------------------

    cdef int submit(self, Order order, int64_t now_ns) except -1:
        """Send the newest draft. On a DenyReason nothing was written and the order does not exist."""
        cdef int reason = self._submit(order, now_ns)
        if self.tap is not None:
            self._note("submitted", (order, reason, now_ns))
        return reason

    cdef int _submit(self, Order order, int64_t now_ns) except -1:
        cdef int reason
        if not self.orders.is_newest_draft(order):
            raise UsageError(f"submit a draft before the next one is made, and once: was {order!r}")
        order.decided_ns = now_ns
        reason = self.risk.check_new(order, self.orders.open_count, now_ns)
        if self.is_replay:
            reason = DENY_NONE                          # the gateway knows what came of it
        if reason == DENY_NONE:
            reason = self._ask_watchdog(order)
        if reason == DENY_NONE:
            reason = self.gateway.take(REQUEST_NEW, order, now_ns)
        if reason == DENY_NONE:
            self.orders.add(order)                      # known before any byte leaves: a report can outrun everything
            self.risk.enter(order, now_ns)
            reason = self._send_new(order, now_ns)
        if reason == DENY_NONE:
            self.submitted_count += 1
        else:
            order.status, order.leaves_qty_lots = STATUS_DENIED, 0
            self.denied_count += 1
            if 0 <= reason < DENY_REASONS_MAX:
                self.denied_counts[reason] += 1
        return reason

    cdef int _send_new(self, Order order, int64_t now_ns) except -1:
        """The intent goes into the journal before any byte leaves: a later engine knows every order this one sent."""
        cdef int reason, before, effect
        cdef ExecutionReport lost
        try:
            reason = self.journal.note_new(order, now_ns)
            if reason == DENY_NONE:
                reason = self.gateway.send_new(order, now_ns)
                if reason != DENY_NONE:
                    self.journal.note_withdrawn(order, reason, now_ns)
        except BaseException:
            # Nobody can say how far it came. The order stays, of unknown fate: that is a state, forgetting it is not.
            # Unless a report has come meanwhile: that stands.
            lost, before = make_report(EXEC_UNKNOWN, SOURCE_LOCAL, now_ns), order.status
            effect = order.apply(lost)
            self.orders.note_move(before, order.status)
            self._count(effect)
            self.submitted_count += 1
            self.journal.note_report(order, lost, effect, now_ns)
            if self.tap is not None:
                self._note("submitted", (order, -1, now_ns))
            raise
        if reason != DENY_NONE:
            self.risk.withdraw(order)
            self.orders.withdraw(order)
        return reason

    cdef int amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        """Ask for a new price and total quantity (0: as is). At most one amend of an order is in flight."""
        cdef TriggerPrices as_is
        memset(&as_is, 0, sizeof(TriggerPrices))
        return self.amend_all(order, price_ticks, qty_lots, &as_is, now_ns)

    cdef int amend_all(
        self, Order order, int64_t price_ticks, int64_t qty_lots, TriggerPrices* triggers, int64_t now_ns
    ) except -1:
        """The same, with new prices that trigger the order or what is attached to it."""
        cdef int reason
        try:
            reason = self._amend(order, price_ticks, qty_lots, triggers, now_ns)
        except BaseException:
            if not order.is_amend_pending:
                memset(&order.amend_triggers, 0, sizeof(TriggerPrices))
            raise
        if self.tap is not None:
            asked = triggers.stop_px_ticks, triggers.take_profit_ticks, triggers.stop_loss_ticks
            self._note("amended", (order, price_ticks, qty_lots, (*asked, triggers.peg_offset_ticks), reason, now_ns))
        return reason

    cdef int _amend(
        self, Order order, int64_t price_ticks, int64_t qty_lots, TriggerPrices* triggers, int64_t now_ns
    ) except -1:
        cdef int reason
        if order.is_finished():
            return DENY_ORDER_DONE
        if order.handle == 0:
            return DENY_UNKNOWN_ORDER
        if order.is_amend_pending or order.is_cancel_pending:
            return DENY_REQUEST_PENDING
        if price_ticks in (0, order.price_ticks) and qty_lots in (0, order.order_qty_lots):
            if not would_change(order, triggers):
                return DENY_NOTHING_TO_CHANGE
        if not has_place_for(order.terms, triggers):
            return DENY_BAD_PRICE
        order.amend_triggers = triggers[0]
        reason = DENY_NONE if self.is_replay else self.risk.check_amend(order, price_ticks, qty_lots, now_ns)
        if reason == DENY_NONE:
            reason = self._ask_watchdog(order)
        if reason == DENY_NONE:
            reason = self.gateway.take(REQUEST_AMEND, order, now_ns)
        if reason == DENY_NONE:
            reason = self.journal.note_amend(order, price_ticks, qty_lots, now_ns)
        if reason == DENY_NONE:
            self.risk.enter_amend(order, price_ticks, qty_lots, now_ns)
            reason = self._send_amend(order, price_ticks, qty_lots, now_ns)
        if reason != DENY_NONE:
            memset(&order.amend_triggers, 0, sizeof(TriggerPrices))
        return reason

    cdef int _send_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        cdef int reason = DENY_NONE
        try:
            reason = self.gateway.send_amend(order, price_ticks, qty_lots, now_ns)
        finally:
            # Also where it raises: nobody can say how far it came, so it is in flight until the venue shows what came.
            if reason == DENY_NONE:
                order.is_amend_pending = True
                order.amend_price_ticks, order.amend_qty_lots, order.amend_asked_ns = price_ticks, qty_lots, now_ns
            else:
                memset(&order.amend_triggers, 0, sizeof(TriggerPrices))
                self.risk.withdraw_amend(order)
        return reason

    cdef int cancel(self, Order order, int64_t now_ns) except -1:
        """Ask to cancel. May be asked again after its answer is lost; an order of unknown fate may be cancelled too."""
        cdef int reason = self._cancel(order, now_ns)
        if self.tap is not None:
            self._note("cancelled", (order, reason, now_ns))
        return reason

    cdef int _cancel(self, Order order, int64_t now_ns) except -1:
        cdef int reason
        if order.is_finished():
            return DENY_ORDER_DONE
        if order.handle == 0:
            return DENY_UNKNOWN_ORDER
        if order.is_cancel_pending:
            return DENY_REQUEST_PENDING
        reason = self.gateway.take(REQUEST_CANCEL, order, now_ns)
        if reason == DENY_NONE:
            self.journal.note_cancel(order, now_ns)     # a cancel goes out whatever the journal can take
            reason = self.gateway.send_cancel(order, now_ns)
        if reason == DENY_NONE:
            order.is_cancel_pending, order.cancel_asked_ns = True, now_ns
        return reason

    cdef int cancel_many(self, list orders, int64_t now_ns) except -1:
        """One request for many orders of one instrument and position side. Those that are done are left out."""
        cdef int reason = self._cancel_many(orders, now_ns)
        if self.tap is not None:
            self._note("cancelled_many", (orders, reason, now_ns))
        return reason

    cdef int _cancel_many(self, list orders, int64_t now_ns) except -1:
        cdef int reason
        cdef Order order
        cdef list open_orders = self._cancellable(orders)
        if not open_orders:
            return DENY_ORDER_DONE
        reason = self.gateway.take(REQUEST_CANCEL_MANY, <Order> open_orders[0], now_ns)
        if reason == DENY_NONE:
            for order in open_orders:
                self.journal.note_cancel(order, now_ns)
            reason = self.gateway.send_cancel_many(open_orders, now_ns)
        if reason == DENY_NONE:
            for order in open_orders:
                order.is_cancel_pending, order.cancel_asked_ns = True, now_ns
        return reason

    cdef list _cancellable(self, list orders):
        cdef Order order, first = None
        cdef list open_orders = []
        for item in orders:
            order = <Order?> item
            if order.is_finished() or order.handle == 0:
                continue
            if first is None:
                first = order
            if order.terms.instrument is not first.terms.instrument or order.terms.pos_side != first.terms.pos_side:
                raise UsageError(f"a bulk cancel is for one symbol and position side: was {first!r}, {order!r}")
            open_orders.append(order)
        return open_orders

    cdef inline int _ask_watchdog(self, Order order) noexcept:
        """Who watches must know of this order before its bytes leave, and must not have taken over."""
        if self.heartbeat is None or self.heartbeat.may_send(order.terms.instrument.index):
            return DENY_NONE
        return DENY_NOT_READY

    cdef int arm(self, OrderTerms terms) except -1:
        """Let the gateway lay out what is constant about orders of these terms."""
        return self.gateway.prepare(terms)

    # ---- Up ------------------------------------------------------------------------------------------------------

    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1:
        cdef Order order = self._owner(report)
        cdef int before, effect
        cdef OrderMark mark
        if order is None:
            self.foreign_count += 1
            if self.on_foreign is not None:
                self._hand_on(self.on_foreign, (report,))
            return 0
        report.handle = order.handle
        if self.tap is not None:
            self._note("reported", (order, report, now_ns))
        if report.exec_type == EXEC_TRADE and not self.executions.add(report.exec_id_high, report.exec_id_low):
            self.duplicate_count += 1
            report = without_execution(report)      # a list may have told it first, which tells no state: this row does
        self._stamp(order, report, now_ns)
        before, mark = order.status, mark_of(order)
        effect = order.apply(report)
        self.orders.note_move(before, order.status)
        self.risk.follow(order, effect, now_ns)
        if effect != EFFECT_NONE or has_changed(order, &mark):
            self.journal.note_report(order, report, effect, now_ns)
        if effect & EFFECT_REVIVED and self.heartbeat is not None:
            self.heartbeat.may_send(order.terms.instrument.index)   # written off and its mark perhaps cleared: mark it
        if effect & EFFECT_FILL and self.on_execution is not None:
            self._hand_on(self.on_execution, (order, report))
        if effect != EFFECT_NONE:
            self._count(effect)
            self._tell(effect, order, report, now_ns)
        return 0

    cdef Order _owner(self, ExecutionReport report):
        """The order a report speaks of: by its request, else by the counter in its ClOrdID; None: not ours."""
        cdef int64_t handle = report.handle
        if not handle:
            handle = self.orders.ids.parse(report.cl_ord_id_text, report.cl_ord_id_bytes)
            if not handle:
                return self.orders.get_adopted(report.cl_ord_id_text, report.cl_ord_id_bytes)
        return self.orders.get(handle)

    cdef int _tell(self, int effect, Order order, ExecutionReport report, int64_t now_ns) except -1:
        """The strategy first (it is why the engine exists), then whoever awaits this order."""
        self._tell_strategy(effect, order, report, now_ns)
        if order.listeners is not None:
            self._hand_on(order.listeners, (effect, order, report))
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

    def amend_order(self, Order order not None, price_ticks, qty_lots, int64_t now_ns):
        """0, or the negative DenyReason."""
        return -self.amend(order, whole_steps(price_ticks), whole_steps(qty_lots), now_ns)

    def amend_triggers(
        self, Order order not None, price_ticks, qty_lots, int64_t now_ns, *, stop_px_ticks=0, take_profit_ticks=0,
        stop_loss_ticks=0, peg_offset_ticks=0,
    ):
        """0, or the negative DenyReason."""
        cdef TriggerPrices asked
        asked.stop_px_ticks, asked.take_profit_ticks = whole_steps(stop_px_ticks), whole_steps(take_profit_ticks)
        asked.stop_loss_ticks, asked.peg_offset_ticks = whole_steps(stop_loss_ticks), whole_steps(peg_offset_ticks)
        return -self.amend_all(order, whole_steps(price_ticks), whole_steps(qty_lots), &asked, now_ns)

    def cancel_order(self, Order order not None, int64_t now_ns):
        """0, or the negative DenyReason."""
        return -self.cancel(order, now_ns)

    def cancel_orders(self, list orders not None, int64_t now_ns):
        """0, or the negative DenyReason."""
        return -self.cancel_many(orders, now_ns)

    def denials(self):
        return {reason: self.denied_counts[reason] for reason in DenyReason if self.denied_counts[reason]}

    def find_owner(self, ExecutionReport report not None):
        """The order a report speaks of, or None: it is not ours."""
        return self._owner(report)

    def take_report(self, ExecutionReport report not None, int64_t now_ns):
        """Hand up a report made on the cold side (reconciliation)."""
        self.on_report(report, now_ns)

    def tell_late(self, int effect, Order order not None, ExecutionReport report not None, int64_t now_ns):
        """Tell the strategy what `attach` heard before there was one."""
        report.reconciled = True
        self._tell_strategy(effect, order, report, now_ns)

    def attach(self, Order order not None, listener):
        """Let `listener(effect, order, report)` hear what happens to one order; None detaches."""
        order.listeners = listener
