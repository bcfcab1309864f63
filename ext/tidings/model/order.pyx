"""One order, its state table, and the only method that changes it.

The venue speaks about an order from several mouths (the reply to our request, the account stream, snapshots, queries)
and in any order: a fill may come before the ack, an ack after the cancel, everything twice. `apply` therefore asks one
table where a report leads, and quantities only ever grow: `cum_qty` is the larger of what the venue tells and what we
counted, so a late or repeated report changes nothing. Executions are counted once by their ExecID before they come
here (engine/order_table).

What an order is worth believing: a report from the venue beats our own conclusion. An order we wrote off (rejected,
unsent) that the venue nevertheless works comes back to life, with an alarm (EFFECT_REVIVED).
"""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from tidings.model.enums cimport (
    EXEC_CANCEL_REJECTED, EXEC_NEW, EXEC_REPLACED, EXEC_REPLACE_REJECTED, EXEC_STATUS, EXEC_TRADE, EXEC_TRIGGERED,
    EXEC_UNKNOWN, EXEC_UNSENT, LINE_INVERSE, ORD_LIMIT, ORD_LIMIT_IF_TOUCHED, ORD_STOP_LIMIT, REQUEST_AMEND, REQUEST_CANCEL,
    REQUEST_NEW, SOURCE_LOCAL, SOURCE_REPLY, STATUS_CANCELED, STATUS_EXPIRED, STATUS_FILLED, STATUS_NEW,
    STATUS_PARTIALLY_FILLED, STATUS_PENDING_NEW, STATUS_REJECTED, STATUS_UNKNOWN, STATUS_UNSENT, STATUS_UNTRIGGERED,
)
from tidings.model.execution_report cimport CL_ORD_ID_BYTES_MAX, UNSET, ExecutionReport
from tidings.model.terms cimport OrderTerms

from decimal import Decimal

from tidings.model.enums import ExecType, OrdStatus, Side
from tidings.model.execution_report import uuid_text, uuid_words

cdef enum:
    STATUS_COUNT = 11               # the real ones; PENDING_CANCEL and PENDING_REPLACE are views
    EVENT_COUNT = 16
    BY_QTY = 100                    # NEW, PARTIALLY_FILLED or FILLED, as the quantities say

_WORKING = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.UNTRIGGERED)
_OPEN = (OrdStatus.PENDING_NEW, *_WORKING, OrdStatus.UNKNOWN)

# (state, what happened) → state. A pair that is not listed keeps its state: the report is late, repeated, or only moves fields.
ORDER_TRANSITIONS = {
    # Before any word came.
    (OrdStatus.PENDING_NEW, ExecType.PENDING_NEW): OrdStatus.NEW,           # the trading engine took it: it can fill from now on
    (OrdStatus.PENDING_NEW, ExecType.NEW): OrdStatus.NEW,
    (OrdStatus.PENDING_NEW, ExecType.UNTRIGGERED): OrdStatus.UNTRIGGERED,
    (OrdStatus.PENDING_NEW, ExecType.REPLACED): BY_QTY,                     # the stream outran both replies
    (OrdStatus.PENDING_NEW, ExecType.UNKNOWN): OrdStatus.UNKNOWN,
    (OrdStatus.PENDING_NEW, ExecType.UNSENT): OrdStatus.UNSENT,
    # Only evidence leads out of UNKNOWN. An accepted amend or cancel is evidence that the order exists; a refused one is not.
    (OrdStatus.UNKNOWN, ExecType.PENDING_NEW): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.NEW): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.UNTRIGGERED): OrdStatus.UNTRIGGERED,
    (OrdStatus.UNKNOWN, ExecType.REPLACED): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.PENDING_CANCEL): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.PENDING_REPLACE): BY_QTY,
    # A conditional order's New says that it was triggered, even when the Triggered report was lost.
    (OrdStatus.UNTRIGGERED, ExecType.NEW): BY_QTY,
    # The venue works an order we had written off: believe the venue.
    (OrdStatus.REJECTED, ExecType.NEW): BY_QTY,
    (OrdStatus.REJECTED, ExecType.UNTRIGGERED): OrdStatus.UNTRIGGERED,
    (OrdStatus.REJECTED, ExecType.TRADE): BY_QTY,
    (OrdStatus.UNSENT, ExecType.NEW): BY_QTY,
    (OrdStatus.UNSENT, ExecType.UNTRIGGERED): OrdStatus.UNTRIGGERED,
    (OrdStatus.UNSENT, ExecType.TRADE): BY_QTY,
    (OrdStatus.UNSENT, ExecType.CANCELED): OrdStatus.CANCELED,
    # A fill after a cancel counts, and leaves the order cancelled: (CANCELED, TRADE) is not listed on purpose.
}
for _status in _OPEN:
    ORDER_TRANSITIONS[_status, ExecType.TRIGGERED] = BY_QTY
    ORDER_TRANSITIONS[_status, ExecType.TRADE] = BY_QTY
    ORDER_TRANSITIONS[_status, ExecType.CANCELED] = OrdStatus.CANCELED
    ORDER_TRANSITIONS[_status, ExecType.EXPIRED] = OrdStatus.EXPIRED
    ORDER_TRANSITIONS[_status, ExecType.REJECTED] = OrdStatus.REJECTED      # also after a code-0 reply (phemex docs: matching decides later)
ORDER_TRANSITIONS[OrdStatus.PARTIALLY_FILLED, ExecType.REJECTED] = OrdStatus.CANCELED   # what has filled was not rejected

# A snapshot or query tells a state, not an event: the event that leads there.
_EVENT_OF_STATUS = {
    OrdStatus.PENDING_NEW: ExecType.PENDING_NEW,
    OrdStatus.NEW: ExecType.NEW,
    OrdStatus.PARTIALLY_FILLED: ExecType.NEW,
    OrdStatus.UNTRIGGERED: ExecType.UNTRIGGERED,
    OrdStatus.FILLED: ExecType.TRADE,
    OrdStatus.CANCELED: ExecType.CANCELED,
    OrdStatus.REJECTED: ExecType.REJECTED,
    OrdStatus.EXPIRED: ExecType.EXPIRED,
}

cdef int[STATUS_COUNT][EVENT_COUNT] TRANSITIONS
cdef int[STATUS_COUNT] EVENT_OF_STATUS


cdef void _fill_tables():
    cdef int status, event
    for status in range(STATUS_COUNT):
        EVENT_OF_STATUS[status] = _EVENT_OF_STATUS.get(status, EXEC_STATUS)
        for event in range(EVENT_COUNT):
            TRANSITIONS[status][event] = ORDER_TRANSITIONS.get((status, event), status)


_fill_tables()


cdef class Order:
    """Made by the order table; a user reads it. `handle` 0 is a draft that was never submitted."""

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
        self.cum_qty_lots = self.leaves_qty_lots = self.traded_qty_lots = self.venue_time_ns = 0
        self.traded_value = 0
        self.trade_count = self.reject_code = 0
        self.is_acked = self.is_cancel_pending = self.is_amend_pending = False
        self.amend_price_ticks = self.amend_qty_lots = 0
        self.decided_ns = self.encoded_ns = self.written_ns = self.replied_ns = self.streamed_ns = 0
        return 0

    cdef bint is_finished(self) noexcept:
        return self.status >= STATUS_FILLED

    cdef int apply(self, ExecutionReport report) except -1:
        """Take in one report, and say what it changed. A second copy changes nothing and says EFFECT_NONE."""
        cdef int event = report.exec_type
        cdef int effect = EFFECT_NONE
        if report.order_id_high and not self.order_id_high:
            self.order_id_high, self.order_id_low = report.order_id_high, report.order_id_low
        if event == EXEC_STATUS:
            if report.ord_status < 0:
                return EFFECT_NONE
            if self.is_amend_pending and self._tells_our_amend(report):
                event = EXEC_REPLACED       # the spot stream has no Replaced event: the order row simply shows the new terms
            else:
                event = EVENT_OF_STATUS[report.ord_status]
        if event == EXEC_TRADE:
            effect = self._on_trade(report)
        elif report.cum_qty_lots != UNSET and report.cum_qty_lots > self.cum_qty_lots:
            self.cum_qty_lots = report.cum_qty_lots
            effect = EFFECT_FILL            # filled while nobody told us: the executions are still to come
        self._adopt_terms(report)
        return effect | self._move(event, report)

    cdef int _on_trade(self, ExecutionReport report) except -1:
        """Count an execution. A STATUS that tells FILLED comes here too, with no execution in it."""
        cdef int64_t cum_before = self.cum_qty_lots
        if report.last_qty_lots != UNSET and report.last_qty_lots > 0:
            self.traded_qty_lots += report.last_qty_lots
            self.trade_count += 1
            self.traded_value += _execution_value(self.terms, report.last_px_ticks, report.last_qty_lots)
        if report.cum_qty_lots != UNSET and report.cum_qty_lots > self.cum_qty_lots:
            self.cum_qty_lots = report.cum_qty_lots
        if self.traded_qty_lots > self.cum_qty_lots:
            self.cum_qty_lots = self.traded_qty_lots
        if report.exec_type == EXEC_TRADE or self.cum_qty_lots > cum_before:
            return EFFECT_FILL
        return EFFECT_NONE

    cdef int _move(self, int event, ExecutionReport report) except -1:
        """Ask the table, change the state, and name the change."""
        cdef int before = self.status
        cdef int after = TRANSITIONS[before][event]
        if after == BY_QTY or (after == before and before in (STATUS_NEW, STATUS_PARTIALLY_FILLED)):
            after = self._status_by_qty(report)
        self.status = after
        if after >= STATUS_FILLED or self.terms.qty_in_quote:
            self.leaves_qty_lots = 0
        elif after == STATUS_UNTRIGGERED and self.order_qty_lots == 0:
            self.leaves_qty_lots = 0                # closes whatever the position is when it triggers
        else:
            self.leaves_qty_lots = self.order_qty_lots - self.cum_qty_lots
        return self._after_move(before, event, report)

    cdef int _after_move(self, int before, int event, ExecutionReport report) except -1:
        """Which flags a move raises; and requests in flight that it settles."""
        cdef int after = self.status
        cdef int effect = EFFECT_NONE
        cdef bint from_venue = report.source != SOURCE_LOCAL
        cdef bint had_amend = self.is_amend_pending
        self._settle_requests(event, report)
        if before in (STATUS_REJECTED, STATUS_UNSENT) and after not in (STATUS_REJECTED, STATUS_UNSENT):
            effect |= EFFECT_REVIVED
        if not self.is_acked and from_venue and after not in (STATUS_PENDING_NEW, STATUS_UNKNOWN, STATUS_REJECTED, STATUS_UNSENT):
            self.is_acked = True
            effect |= EFFECT_ACK
        elif before == STATUS_UNKNOWN and after != STATUS_UNKNOWN and after < STATUS_FILLED:
            effect |= EFFECT_ACK                    # the one report that resolves an unknown order
        if event in (EXEC_TRIGGERED, EXEC_NEW) and before == STATUS_UNTRIGGERED:
            effect |= EFFECT_TRIGGER
        if event == EXEC_REPLACED and had_amend:
            effect |= EFFECT_AMEND
        if after != before:
            if after == STATUS_REJECTED:
                self.reject_code = report.code
                effect |= EFFECT_REJECT
            elif after in (STATUS_CANCELED, STATUS_EXPIRED):
                effect |= EFFECT_CANCEL
        if event in (EXEC_CANCEL_REJECTED, EXEC_REPLACE_REJECTED):
            effect |= EFFECT_REJECT
        elif event == EXEC_UNKNOWN and (after != before or report.request_kind != REQUEST_NEW):
            effect |= EFFECT_UNKNOWN
        elif event == EXEC_UNSENT and (after != before or report.request_kind != REQUEST_NEW):
            effect |= EFFECT_UNSENT
        if self.order_qty_lots and self.cum_qty_lots > self.order_qty_lots and not self.terms.qty_in_quote:
            effect |= EFFECT_OVERFILL
        return effect

    cdef void _settle_requests(self, int event, ExecutionReport report) noexcept:
        """A request in flight ends with its outcome, or with the order."""
        if self.status >= STATUS_FILLED:
            self.is_cancel_pending = self.is_amend_pending = False
        elif event == EXEC_REPLACED or event == EXEC_REPLACE_REJECTED:
            self.is_amend_pending = False
        elif event == EXEC_CANCEL_REJECTED:
            self.is_cancel_pending = False          # a cancel is the one request that may be sent again
        elif event == EXEC_UNSENT or event == EXEC_UNKNOWN:
            if report.request_kind == REQUEST_CANCEL:
                self.is_cancel_pending = False
            elif report.request_kind == REQUEST_AMEND and event == EXEC_UNSENT:
                self.is_amend_pending = False       # an unknown amend stays pending until the venue shows the outcome

    cdef void _adopt_terms(self, ExecutionReport report) noexcept:
        """Price and quantity as the venue has them now, unless the report is older than what we know.

        Replies are left out: a create's only repeats us, and an amend's tells the new terms before they are in force.
        """
        if report.source == SOURCE_REPLY or report.source == SOURCE_LOCAL or report.transact_time_ns < self.venue_time_ns:
            return
        self.venue_time_ns = report.transact_time_ns
        if report.order_qty_lots != UNSET and report.order_qty_lots > 0 and not self.terms.qty_in_quote:
            self.order_qty_lots = report.order_qty_lots
        if report.price_ticks != UNSET and report.price_ticks > 0 and self.terms.ord_type in (ORD_LIMIT, ORD_STOP_LIMIT, ORD_LIMIT_IF_TOUCHED):
            self.price_ticks = report.price_ticks
        if report.stop_px_ticks != UNSET and report.stop_px_ticks > 0:
            self.stop_px_ticks = report.stop_px_ticks

    cdef int _status_by_qty(self, ExecutionReport report) noexcept:
        """FILLED, PARTIALLY_FILLED or NEW. A quantity in quote currency or none at all cannot tell: then the venue's word does."""
        if report.ord_status == STATUS_FILLED:
            return STATUS_FILLED
        if self.order_qty_lots > 0 and self.cum_qty_lots >= self.order_qty_lots and not self.terms.qty_in_quote:
            return STATUS_FILLED
        return STATUS_PARTIALLY_FILLED if self.cum_qty_lots > 0 else STATUS_NEW

    cdef bint _tells_our_amend(self, ExecutionReport report) noexcept:
        cdef bint price_fits = self.amend_price_ticks in (0, report.price_ticks)
        cdef bint qty_fits = self.amend_qty_lots in (0, report.order_qty_lots)
        return price_fits and qty_fits and report.source != SOURCE_REPLY and report.ord_status in (
            STATUS_NEW, STATUS_PARTIALLY_FILLED, STATUS_UNTRIGGERED)

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
        """Where it stands in FIX's words: a working order with a request in flight shows PENDING_CANCEL or PENDING_REPLACE."""
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
    def avg_px(self):
        """Average price of the executions seen, a Decimal; None before the first.

        Inverse contracts average by value, as the venue does: Σ qty ÷ Σ (qty ÷ price).
        """
        return _average_px(self)

    def __repr__(self):
        return (
            f"<Order {self.cl_ord_id or 'draft'} {self.symbol} {self.side.name} {self.cum_qty_lots}/{self.order_qty_lots} lots"
            f" @ {self.price_ticks} ticks {self.ord_status.name}>"
        )


cdef int128_t _execution_value(OrderTerms terms, int64_t px_ticks, int64_t qty_lots):
    """What one execution adds to Σ value: ticks × lots, or for inverse contracts the value in the settle currency's smallest unit.

    The inverse value is truncated at that unit, as the venue truncates (phemex docs 2026, "Scales").
    """
    cdef int128_t value = qty_lots
    cdef int exponent
    if px_ticks == UNSET or px_ticks <= 0:
        return 0
    if terms.instrument.line != LINE_INVERSE:
        return value * px_ticks
    exponent = (
        terms.instrument.value_scale + terms.instrument.price_scale - terms.instrument.qty_scale - terms.instrument.contract_scale
    )
    value *= terms.instrument.lot_mantissa * terms.instrument.contract_mantissa
    while exponent > 0:
        value *= 10
        exponent -= 1
    return value // (<int128_t>px_ticks * terms.instrument.tick_mantissa)


cdef object _average_px(Order order):
    cdef int128_t value = order.traded_value
    if order.traded_qty_lots == 0 or value == 0:
        return None
    instrument = order.terms.instrument
    total = (int(<int64_t>(value >> 62)) << 62) + int(<int64_t>(value & 0x3FFFFFFFFFFFFFFF))
    if instrument.line != LINE_INVERSE:
        ticks = Decimal(total) / order.traded_qty_lots
        return (ticks * instrument.tick_mantissa).scaleb(-instrument.price_scale).normalize()
    size = Decimal(order.traded_qty_lots * instrument.lot_mantissa * instrument.contract_mantissa)
    return size.scaleb(instrument.value_scale - instrument.qty_scale - instrument.contract_scale) / total


def make_order(
    OrderTerms terms not None, *, int64_t handle=0, str cl_ord_id="", int64_t price_ticks=0, int64_t order_qty_lots=0, int64_t stop_px_ticks=0,
    int64_t take_profit_ticks=0, int64_t stop_loss_ticks=0, int64_t take_profit_px_ticks=0, int64_t stop_loss_px_ticks=0,
    int64_t peg_offset_ticks=0, int64_t display_qty_lots=0, str order_id="",
):
    """An order outside any table, e.g. one found at the venue; the engine's own come from its order table."""
    cdef Order order = Order.__new__(Order)
    cdef bytes text = cl_ord_id.encode("ascii")
    if len(text) > CL_ORD_ID_BYTES_MAX:
        raise ValueError(f"a ClOrdID has at most {CL_ORD_ID_BYTES_MAX} characters: was {cl_ord_id!r}")
    order.redraft(terms)
    memcpy(order.cl_ord_id_text, <const char*>text, len(text))
    order.cl_ord_id_bytes = len(text)
    order.handle, order.price_ticks, order.order_qty_lots, order.leaves_qty_lots = handle, price_ticks, order_qty_lots, order_qty_lots
    order.stop_px_ticks, order.display_qty_lots, order.peg_offset_ticks = stop_px_ticks, display_qty_lots, peg_offset_ticks
    order.take_profit_ticks, order.take_profit_px_ticks = take_profit_ticks, take_profit_px_ticks
    order.stop_loss_ticks, order.stop_loss_px_ticks = stop_loss_ticks, stop_loss_px_ticks
    if order_id:
        order.order_id_high, order.order_id_low = uuid_words(order_id)
    return order


def apply_report(Order order not None, ExecutionReport report not None):
    """`Order.apply` for the cold side (reconciliation, tests): ReportEffect flags of what changed."""
    return order.apply(report)
