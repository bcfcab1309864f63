"""One order, its state table, and the only method that changes it.

The venue speaks about an order from several mouths (the reply to our request, the account stream, snapshots, queries)
and in any order: a fill may come before the ack, an ack after the cancel, everything twice. `apply` therefore asks one
table where a report leads (model/order_transitions), and quantities only ever grow: `cum_qty` is the larger of what
the venue tells and what we counted, so a late or repeated report changes nothing. Executions are counted once by their
ExecID before they come here (engine/order_table).

What an order is worth believing: a report from the venue beats our own conclusion. An order we wrote off (rejected,
unsent) that the venue nevertheless works comes back to life, with an alarm (EFFECT_REVIVED).
"""

from cpython.object cimport PyObject_GenericSetAttr
from libc.stdint cimport INT64_MAX, int64_t
from libc.string cimport memcpy, memset

from tidings.model.enums cimport (
    EXEC_CANCEL_REJECTED, EXEC_NEW, EXEC_PENDING_CANCEL, EXEC_PENDING_NEW, EXEC_PENDING_REPLACE, EXEC_REJECTED,
    EXEC_REPLACED, EXEC_REPLACE_REJECTED, EXEC_STATUS, EXEC_TRADE, EXEC_UNKNOWN, EXEC_UNSENT, EXEC_UNTRIGGERED,
    ORD_LIMIT, ORD_LIMIT_IF_TOUCHED, ORD_STOP_LIMIT, REQUEST_AMEND, REQUEST_CANCEL, REQUEST_NEW, SOURCE_LOCAL,
    SOURCE_QUERY, SOURCE_REPLY, STATUS_CANCELED, STATUS_EXPIRED, STATUS_FILLED, STATUS_NEW, STATUS_PARTIALLY_FILLED,
    STATUS_PENDING_NEW, STATUS_REJECTED, STATUS_UNKNOWN, STATUS_UNSENT, STATUS_UNTRIGGERED,
)
from tidings.model.execution_report cimport CL_ORD_ID_BYTES_MAX, UNSET, ExecutionReport
from tidings.model.execution_value cimport average_px, execution_value
from tidings.model.scale cimport whole_steps
from tidings.model.terms cimport OrderTerms
from tidings.model.trigger_prices cimport TriggerPrices

from tidings.model.enums import OrdStatus, Side
from tidings.model.execution_report import uuid_text, uuid_words
from tidings.model.order_transitions import EVENT_OF_ORD_STATUS, ORDER_TRANSITIONS

cdef enum:
    STATUS_COUNT = 11               # the real ones; PENDING_CANCEL and PENDING_REPLACE are views
    EVENT_COUNT = 16
    REQUEST_NONE = 0                # the report is about the order, not about a request
    BY_QTY = 100                    # as in model/order_transitions

cdef enum:
    # The states in which the venue has not said that the order exists.
    UNSEEN_MASK = (1 << STATUS_PENDING_NEW) | (1 << STATUS_UNKNOWN) | (1 << STATUS_REJECTED) | (1 << STATUS_UNSENT)

cdef int[STATUS_COUNT][EVENT_COUNT] TRANSITIONS
cdef int[STATUS_COUNT] EVENT_OF_STATUS


cdef void _fill_tables():
    cdef int status, event
    for status in range(STATUS_COUNT):
        EVENT_OF_STATUS[status] = EVENT_OF_ORD_STATUS.get(status, EXEC_STATUS)
        for event in range(EVENT_COUNT):
            TRANSITIONS[status][event] = ORDER_TRANSITIONS.get((status, event), status)


_fill_tables()


cdef class Order:
    """Made by the order table; a user reads it. `handle` 0 is a draft that was never submitted."""

    def __init__(self):
        raise TypeError("orders are drafted by the engine's order table, or made by make_order()")

    def __setattr__(self, name, value):
        # All that can be set are ticks and lots. Cython's own conversion would cut a float without a word.
        whole_steps(value)
        if self.handle:
            raise AttributeError(f"{name} of an order that was sent is the venue's to change: amend it")
        PyObject_GenericSetAttr(self, name, value)

    cdef int redraft(self, OrderTerms terms) except -1:
        """Back to a blank draft of `terms`: every number 0, every flag off."""
        self.terms = terms
        self.listeners = None
        self.route = -1
        self.handle = self.order_id_high = self.order_id_low = 0
        self.cl_ord_id_bytes = 0
        self.price_ticks = self.order_qty_lots = self.stop_px_ticks = self.display_qty_lots = 0
        self.take_profit_ticks = self.stop_loss_ticks = self.take_profit_px_ticks = self.stop_loss_px_ticks = 0
        self.peg_offset_ticks = 0
        self.status = STATUS_PENDING_NEW
        self.cum_qty_lots = self.leaves_qty_lots = self.traded_qty_lots = 0
        self.venue_time_ns = self.rejected_time_ns = 0
        self.traded_value = 0
        self.trade_count = self.reject_code = 0
        self.is_acked = self.is_shown = self.is_cancel_pending = self.is_amend_pending = False
        self.amend_price_ticks = self.amend_qty_lots = self.amend_asked_ns = self.cancel_asked_ns = 0
        memset(&self.amend_triggers, 0, sizeof(TriggerPrices))
        self.decided_ns = self.encoded_ns = self.written_ns = self.replied_ns = self.streamed_ns = 0
        return 0

    cdef bint is_finished(self) noexcept:
        return self.status >= STATUS_FILLED

    cdef int apply(self, ExecutionReport report) except -1:
        """Take in one report, and say what it changed. A second copy changes nothing and says EFFECT_NONE.

        Executions are the exception: each adds up, so their second copies must be dropped before they come here.
        """
        cdef int event = self._event_of(report)
        cdef int effect
        if report.order_id_high and not self.order_id_high:
            self.order_id_high, self.order_id_low = report.order_id_high, report.order_id_low
        if event == EXEC_STATUS:
            return EFFECT_NONE              # it tells no state, or one that only we give
        self._adopt_terms(report)
        effect = self._count(report)
        effect |= self._move(event, report)
        return effect & ~EFFECT_PROGRESS if effect & EFFECT_FILL else effect

    cdef int _event_of(self, ExecutionReport report) noexcept:
        """What a report says happened; for one that tells a state, the event that leads there."""
        if report.exec_type != EXEC_STATUS:
            return report.exec_type if 0 <= report.exec_type < EVENT_COUNT else EXEC_STATUS
        return EVENT_OF_STATUS[report.ord_status] if 0 <= report.ord_status < STATUS_COUNT else EXEC_STATUS

    cdef int _count(self, ExecutionReport report) except -1:
        """Quantities only grow: to what the venue says has filled, or to what its executions add up to."""
        cdef int64_t cum_before = self.cum_qty_lots
        cdef int effect = EFFECT_NONE
        if report.exec_type == EXEC_TRADE and report.last_qty_lots > 0 and (report.exec_id_high or report.exec_id_low):
            self.traded_qty_lots += min(report.last_qty_lots, INT64_MAX - self.traded_qty_lots)
            self.trade_count += 1
            self.traded_value += execution_value(self.terms, report.last_px_ticks, report.last_qty_lots)
            effect = EFFECT_FILL
        self.cum_qty_lots = max(self.cum_qty_lots, report.cum_qty_lots, self.traded_qty_lots)
        if self.cum_qty_lots == cum_before:
            return effect
        if self.order_qty_lots and self.cum_qty_lots > self._qty_lots_max() and not self.terms.qty_in_quote:
            effect |= EFFECT_OVERFILL
        return effect or EFFECT_PROGRESS

    cdef int _move(self, int event, ExecutionReport report) except -1:
        """Ask the table, change the state, and name the change."""
        cdef int before = self.status
        cdef int after = TRANSITIONS[before][event]
        if event in (EXEC_UNKNOWN, EXEC_UNSENT) and report.request_kind not in (REQUEST_NONE, REQUEST_NEW):
            after = before                          # what was lost is a request to amend or cancel it
        if before == STATUS_REJECTED and after != before and not self._is_news(report):
            after = before                          # said before it was rejected, and heard late
        if event == EXEC_REJECTED and report.source == SOURCE_REPLY and self.is_shown:
            after = before                          # somebody on the way has asked twice: the second was refused
        if after == before == STATUS_UNTRIGGERED and self.cum_qty_lots > 0:
            after = BY_QTY                          # what has filled was triggered
        if after == BY_QTY or (after == before and before in (STATUS_NEW, STATUS_PARTIALLY_FILLED)):
            after = self._status_by_qty(before, event, report)
        if after == STATUS_REJECTED and self.cum_qty_lots > 0:
            after = STATUS_CANCELED                 # what has filled was not rejected
        self.status = after
        if event != EXEC_PENDING_NEW and after in (STATUS_NEW, STATUS_PARTIALLY_FILLED, STATUS_UNTRIGGERED):
            self.is_shown = self.is_shown or report.source not in (SOURCE_REPLY, SOURCE_LOCAL)
        if after >= STATUS_FILLED or self.terms.qty_in_quote:
            self.leaves_qty_lots = 0
        else:
            # An order that closes whatever the position is when it triggers has no quantity of its own.
            self.leaves_qty_lots = max(<int64_t> 0, self.order_qty_lots - self.cum_qty_lots)
        return self._after_move(before, event, report)

    cdef int _after_move(self, int before, int event, ExecutionReport report) except -1:
        """Which flags a move raises; and requests in flight that it settles."""
        cdef int after = self.status
        cdef int effect = self._settle_requests(event, report)
        cdef bint was_written_off = before == STATUS_UNSENT or (before == STATUS_REJECTED and self._is_news(report))
        if was_written_off and after != before and after not in (STATUS_REJECTED, STATUS_UNSENT):
            effect |= EFFECT_REVIVED
        if not self.is_acked and report.source != SOURCE_LOCAL and not (1 << after) & UNSEEN_MASK:
            self.is_acked = True                    # also what resolves an unknown order
            effect |= EFFECT_ACK
        if before == STATUS_UNTRIGGERED and after in (STATUS_NEW, STATUS_PARTIALLY_FILLED, STATUS_FILLED):
            effect |= EFFECT_TRIGGER
        if after == before:
            return effect
        if after == STATUS_FILLED:
            effect |= EFFECT_PROGRESS
        elif after == STATUS_REJECTED:
            self.reject_code = report.code
            effect |= EFFECT_REJECT
        elif before == STATUS_REJECTED and not effect & EFFECT_REVIVED:
            pass                                    # a late fill of it: its end has been told
        elif after in (STATUS_CANCELED, STATUS_EXPIRED):
            effect |= EFFECT_CANCEL
        elif after == STATUS_UNKNOWN:
            effect |= EFFECT_UNKNOWN
        elif after == STATUS_UNSENT:
            effect |= EFFECT_UNSENT
        return effect

    cdef int _settle_requests(self, int event, ExecutionReport report) noexcept:
        """A request to amend or cancel ends once, with its outcome or with the order. Says how, if this was it."""
        cdef bint is_done = self.status >= STATUS_FILLED
        cdef bint is_lost = event == EXEC_UNKNOWN or event == EXEC_UNSENT
        cdef bint is_amended = self.is_amend_pending and self._tells_our_amend(event, report)
        cdef bint ends_amend = is_amended or self._refuses_amend(event, report) or (
            event == EXEC_UNKNOWN and self._is_about_amend(report))
        cdef bint ends_cancel = event == EXEC_CANCEL_REJECTED or (is_lost and report.request_kind == REQUEST_CANCEL)
        cdef bint was_pending = (ends_amend and self.is_amend_pending) or (ends_cancel and self.is_cancel_pending)
        if is_done or ends_cancel:
            self.is_cancel_pending = False      # also when its fate is unknown: the one request that may be sent again
        if is_amended:
            self._adopt_amend()
        if is_done or (ends_amend and event != EXEC_UNKNOWN):
            self.is_amend_pending = False       # an unknown one stays pending until the venue shows the outcome
            memset(&self.amend_triggers, 0, sizeof(TriggerPrices))
        if is_amended:
            return EFFECT_AMEND
        if is_lost:
            # Of a request that the order's own end has settled, a lost answer is no news.
            if not was_pending:
                return EFFECT_NONE
            return EFFECT_UNKNOWN if event == EXEC_UNKNOWN else EFFECT_UNSENT
        # A refusal that finds the order finished is told: nothing was pending any more, but the request had an answer.
        return EFFECT_REJECT if was_pending or (is_done and (ends_amend or ends_cancel)) else EFFECT_NONE

    cdef void _adopt_terms(self, ExecutionReport report) noexcept:
        """Price and quantity as the venue has them now, unless the report is older than what we know.

        Left out are replies (a create's only repeats us, an amend's tells the new terms before they are in force) and
        listed executions (they tell none, and make none old). The last row of all has the last ones, however dated.
        """
        cdef bint is_end = report.exec_type == EXEC_STATUS and report.ord_status in (STATUS_FILLED, STATUS_CANCELED)
        cdef bint is_listed = report.exec_type == EXEC_TRADE and report.source == SOURCE_QUERY
        if report.source in (SOURCE_REPLY, SOURCE_LOCAL) or is_listed:
            return
        if report.ord_status == STATUS_REJECTED:
            self.rejected_time_ns = report.transact_time_ns or INT64_MAX    # spot's by id have none: nothing is newer
        if report.transact_time_ns < self.venue_time_ns and not is_end:
            return
        self.venue_time_ns = max(self.venue_time_ns, report.transact_time_ns)
        if report.order_qty_lots > 0 and not self.terms.qty_in_quote:
            self.order_qty_lots = report.order_qty_lots
        if report.price_ticks > 0 and self.terms.ord_type in (ORD_LIMIT, ORD_STOP_LIMIT, ORD_LIMIT_IF_TOUCHED):
            self.price_ticks = report.price_ticks       # a market order's would be the venue's protective price
        if report.stop_px_ticks > 0:
            self.stop_px_ticks = report.stop_px_ticks

    cdef void _adopt_amend(self) noexcept:
        """The amend is in force: what it asked for is what the order has. Of prices that trigger, and of money to
        spend, no report is believed.
        """
        cdef TriggerPrices* asked = &self.amend_triggers
        self.stop_px_ticks = asked.stop_px_ticks or self.stop_px_ticks
        self.take_profit_ticks = asked.take_profit_ticks or self.take_profit_ticks
        self.stop_loss_ticks = asked.stop_loss_ticks or self.stop_loss_ticks
        self.peg_offset_ticks = asked.peg_offset_ticks or self.peg_offset_ticks
        if self.terms.qty_in_quote:
            self.order_qty_lots = self.amend_qty_lots or self.order_qty_lots

    cdef bint _is_news(self, ExecutionReport report) noexcept:
        """Whether a report of a rejected order was said after the venue's own books showed it rejected.

        Always, where only a reply or we ourselves took it for rejected; but a create taken in may be rejected later, so
        that it was speaks only against ourselves, who give no code.
        """
        if report.exec_type == EXEC_PENDING_NEW:
            return report.source == SOURCE_REPLY and self.reject_code == 0 and self.rejected_time_ns == 0
        return report.transact_time_ns > self.rejected_time_ns or self.rejected_time_ns == 0

    cdef int64_t _qty_lots_max(self) noexcept:
        """Its quantity, or that of the amend in flight if it is more: nobody can say which is in force."""
        return max(self.order_qty_lots, self.amend_qty_lots) if self.is_amend_pending else self.order_qty_lots

    cdef int _status_by_qty(self, int before, int event, ExecutionReport report) noexcept:
        """FILLED, PARTIALLY_FILLED or NEW, as the quantities say.

        A quantity in quote currency or none at all cannot tell: then the venue's word does. And it alone tells whether
        an order we knew nothing of still waits for its trigger. A listed execution is followed by the order's own row:
        its quantity may have been changed by what we have not heard of. A lost answer tells of none.
        """
        cdef bint is_told_later = event == EXEC_UNKNOWN or (event == EXEC_TRADE and report.source == SOURCE_QUERY)
        cdef bint is_refused = self._refuses_amend(event, report)
        cdef int64_t qty_lots = self.order_qty_lots if is_refused else self._qty_lots_max()
        if report.ord_status == STATUS_FILLED:
            return STATUS_FILLED
        if before in (STATUS_PENDING_NEW, STATUS_UNKNOWN) and self.cum_qty_lots == 0 and (
            report.ord_status == STATUS_UNTRIGGERED
            # The venue has it, and has not said that its trigger was reached.
            or (self.terms.trigger and event in (EXEC_PENDING_NEW, EXEC_PENDING_CANCEL, EXEC_PENDING_REPLACE))
        ):
            return STATUS_UNTRIGGERED
        if self.order_qty_lots > 0 and self.cum_qty_lots >= qty_lots and not (self.terms.qty_in_quote or is_told_later):
            return STATUS_FILLED
        return STATUS_PARTIALLY_FILLED if self.cum_qty_lots > 0 else STATUS_NEW

    cdef bint _tells_our_amend(self, int event, ExecutionReport report) noexcept:
        """Whether the amend in flight is in force: the venue says so, or a row of a working order has its terms.

        Spot's stream has no word for it, only rows, and any word may be lost. An old row may have the terms, too: of
        before another amend, back from which this one leads. A second copy of an earlier amend's word has others. Not
        every row tells attached prices: it says nothing of an amend of those. A trailing order's stop moves anyway.
        """
        cdef TriggerPrices* asked = &self.amend_triggers
        cdef int64_t stop_px_ticks = 0 if self.terms.peg_type else asked.stop_px_ticks
        cdef bint is_stop = stop_px_ticks in (0, report.stop_px_ticks)
        cdef bint is_attached = (
            asked.take_profit_ticks in (0, report.take_profit_ticks)
            and asked.stop_loss_ticks in (0, report.stop_loss_ticks)
            and asked.peg_offset_ticks in (0, report.peg_offset_ticks)
        )
        cdef bint is_shown = (
            self.amend_price_ticks != 0 or self.amend_qty_lots != 0 or stop_px_ticks != 0
            or asked.take_profit_ticks != 0 or asked.stop_loss_ticks != 0 or asked.peg_offset_ticks != 0
        )
        cdef bint is_price = self.amend_price_ticks in (0, report.price_ticks)
        cdef bint is_qty = self.amend_qty_lots in (0, report.order_qty_lots)
        if event == EXEC_REPLACED:
            return (
                (is_price or report.price_ticks == UNSET) and (is_qty or report.order_qty_lots == UNSET)
                and (is_stop or report.stop_px_ticks == UNSET)
            )
        return (
            is_shown and is_price and is_qty and is_stop and is_attached and report.source != SOURCE_REPLY
            and report.exec_type in (EXEC_STATUS, EXEC_TRADE) and event in (EXEC_NEW, EXEC_UNTRIGGERED, EXEC_TRADE)
            and self.status < STATUS_FILLED and report.transact_time_ns >= self.venue_time_ns
        )

    cdef bint _refuses_amend(self, int event, ExecutionReport report) noexcept:
        """Whether this says that the amend in flight is not and will not be in force."""
        return event in (EXEC_REPLACE_REJECTED, EXEC_UNSENT) and self._is_about_amend(report)

    cdef bint _is_about_amend(self, ExecutionReport report) noexcept:
        """Whether an answer, or its loss, is about the amend in flight and not about an earlier one."""
        if report.request_kind not in (REQUEST_NONE, REQUEST_AMEND):
            return False
        return report.asked_ns == 0 or report.asked_ns == self.amend_asked_ns

    @property
    def cl_ord_id(self):
        return self.cl_ord_id_text[:self.cl_ord_id_bytes].decode("ascii")

    @property
    def order_id(self):
        return uuid_text(self.order_id_high, self.order_id_low)

    @property
    def symbol(self):
        return self.terms.instrument.symbol

    @property
    def side(self):
        return Side(self.terms.side)

    @property
    def ord_status(self):
        """Where it stands in FIX's words: working with a request in flight is PENDING_CANCEL or PENDING_REPLACE."""
        if self.status < STATUS_UNKNOWN and self.is_acked:
            if self.is_cancel_pending:
                return OrdStatus.PENDING_CANCEL
            if self.is_amend_pending:
                return OrdStatus.PENDING_REPLACE
        return OrdStatus(self.status)

    @property
    def is_done(self):
        return self.is_finished()

    @property
    def amend_trigger_ticks(self):
        """Stop price, take profit, stop loss and trailing distance asked for by the amend in flight; 0: as is."""
        cdef TriggerPrices* asked = &self.amend_triggers
        return asked.stop_px_ticks, asked.take_profit_ticks, asked.stop_loss_ticks, asked.peg_offset_ticks

    @property
    def avg_px(self):
        """Average price of the executions seen, a Decimal; None before the first.

        Inverse contracts average by value, as the venue does: Σ qty ÷ Σ (qty ÷ price).
        """
        return average_px(self.terms, self.traded_value, self.traded_qty_lots)

    def __repr__(self):
        return (
            f"<Order {self.cl_ord_id or 'draft'} {self.symbol} {self.side.name}"
            f" {self.cum_qty_lots}/{self.order_qty_lots} lots @ {self.price_ticks} ticks {self.ord_status.name}>"
        )


def make_order(
    OrderTerms terms not None, *, int64_t handle=0, str cl_ord_id="", str order_id="", **numbers,
):
    """An order outside any table, e.g. one found at the venue; the engine's own come from its order table."""
    cdef Order order = Order.__new__(Order)
    cdef bytes text = cl_ord_id.encode("ascii")
    if len(text) > CL_ORD_ID_BYTES_MAX:
        raise ValueError(f"a ClOrdID has at most {CL_ORD_ID_BYTES_MAX} characters: was {cl_ord_id!r}")
    order.redraft(terms)
    memcpy(order.cl_ord_id_text, <const char*>text, len(text))
    order.cl_ord_id_bytes = len(text)
    for name, value in numbers.items():
        setattr(order, name, value)
    order.handle = handle
    order.leaves_qty_lots = 0 if terms.qty_in_quote else order.order_qty_lots
    if order_id:
        order.order_id_high, order.order_id_low = uuid_words(order_id)
    return order


def apply_report(Order order not None, ExecutionReport report not None):
    """`Order.apply` for the cold side (reconciliation, tests): ReportEffect flags of what changed."""
    return order.apply(report)
