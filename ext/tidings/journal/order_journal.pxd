"""The journal as the order path sees it: what is about to leave, and what became of it, each one a record."""

cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint64_t

from tidings.clock cimport Clock
from tidings.journal.record cimport RecordWriter
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order
from tidings.model.trigger_prices cimport TriggerPrices


cdef enum RecordKind:
    # Numbers are for ever: a kind whose payload changes gets a new number, and who does not know it refuses to go on.
    KIND_SESSION = 1                # JSON; an engine begins: handles count anew
    KIND_CLOSE = 2                  # JSON; it ended, and said so
    KIND_INTENT = 3                 # Intent; about to be sent
    KIND_ADOPTED = 4                # Intent; an order of an earlier session, or of the venue's, under a new handle
    KIND_AMEND = 5                  # Change; about to be sent, like the next
    KIND_CANCEL = 6
    KIND_WITHDRAWN = 7              # Change; an intent of which no byte was written
    KIND_REPORT = 8                 # Outcome; what was heard, and what it changed
    KIND_AMEND_TRIGGERS = 9         # TriggerChange; an amend of more than price and quantity

# Little-endian, each field on its own alignment. Behind it: ClOrdID, symbol, text, of the lengths told.
cdef struct Intent:
    int64_t handle, decided_ns
    int64_t price_ticks, order_qty_lots, stop_px_ticks, display_qty_lots
    int64_t take_profit_ticks, stop_loss_ticks, take_profit_px_ticks, stop_loss_px_ticks, peg_offset_ticks
    int64_t tick_mantissa, lot_mantissa                 # the grid the ticks and lots are on
    uint8_t price_scale, qty_scale, line
    uint8_t side, ord_type, time_in_force, exec_inst, pos_side, trigger, peg_type, stp
    uint8_t take_profit_trigger, stop_loss_trigger, qty_in_quote, owner
    uint8_t cl_ord_id_bytes, symbol_bytes, text_bytes
    uint8_t[6] zero

cdef struct Change:
    int64_t handle, price_ticks, qty_lots               # amend: 0 leaves as is
    int64_t reason                                      # withdrawn: DenyReason

cdef struct TriggerChange:
    int64_t handle, price_ticks, qty_lots
    TriggerPrices triggers

# Behind it: the report's text.
cdef struct Outcome:
    int64_t handle
    int64_t price_ticks, stop_px_ticks, order_qty_lots, cum_qty_lots, leaves_qty_lots
    int64_t last_px_ticks, last_qty_lots, fee_mantissa, exec_seq, transact_time_ns, received_ns
    int64_t written_ns                                  # when the kernel had the order's create; 0: not known
    uint64_t order_id_high, order_id_low, exec_id_high, exec_id_low
    int32_t code, cancel_reason, effect, fee_scale
    uint8_t exec_type
    int8_t ord_status
    uint8_t source, request_kind, side, reconciled, is_maker
    uint8_t status_after                                # OrdStatus of the order, with the report applied
    uint8_t text_bytes
    uint8_t[7] zero


# What can be seen to change of an order: reports that change none of it are not worth a record.
cdef struct OrderMark:
    int64_t cum_qty_lots, traded_qty_lots, price_ticks, order_qty_lots, stop_px_ticks, venue_time_ns
    uint64_t order_id_high
    int status
    bint is_cancel_pending, is_amend_pending, is_acked


cdef inline OrderMark mark_of(Order order) noexcept:
    cdef OrderMark mark
    mark.cum_qty_lots, mark.traded_qty_lots = order.cum_qty_lots, order.traded_qty_lots
    mark.price_ticks, mark.order_qty_lots = order.price_ticks, order.order_qty_lots
    mark.stop_px_ticks, mark.venue_time_ns = order.stop_px_ticks, order.venue_time_ns
    mark.order_id_high, mark.status, mark.is_acked = order.order_id_high, order.status, order.is_acked
    mark.is_cancel_pending, mark.is_amend_pending = order.is_cancel_pending, order.is_amend_pending
    return mark


cdef inline bint has_changed(Order order, OrderMark* mark) noexcept:
    return (
        order.cum_qty_lots != mark.cum_qty_lots or order.traded_qty_lots != mark.traded_qty_lots
        or order.price_ticks != mark.price_ticks or order.order_qty_lots != mark.order_qty_lots
        or order.stop_px_ticks != mark.stop_px_ticks or order.venue_time_ns != mark.venue_time_ns
        or order.order_id_high != mark.order_id_high or order.status != mark.status
        or order.is_acked != mark.is_acked or order.is_cancel_pending != mark.is_cancel_pending
        or order.is_amend_pending != mark.is_amend_pending
    )


@cython.final
cdef class OrderJournal:
    # Where it writes. Segments are of journal/disk; the spare is made ahead, by whoever tends the journal.
    cdef readonly RecordWriter writer
    cdef Clock clock
    cdef readonly object current, spare         # SegmentMemory; None: none
    cdef list retired                           # written full, not known to be durable yet
    cdef list durable                           # written full and durable: to be closed by whoever tends the journal
    cdef int syncing_count                      # threads in the middle of a sync; any segment may be in use by one
    cdef list ends                              # of each segment left behind: (last handle, sequence, checksum)
    cdef readonly int64_t last_handle           # of the intents and adoptions noted
    cdef bint has_spare                         # what `spare` tells, to be read without the GIL
    cdef Py_ssize_t reserve_bytes               # what intents leave to outcomes while there is no spare
    # How it is.
    cdef readonly bint is_on
    cdef bint awaits_disk                       # mode "power": an intent is durable before it is sent
    cdef readonly str failure                   # why it takes nothing more, for good; "": it does
    cdef readonly str space_cause               # why there is no spare; "": there is, or one is being made
    # Counters.
    cdef readonly int64_t denied_count, dropped_count

    # Each appends one record. DENY_NONE or DENY_JOURNAL: then the request must not be sent.
    cdef int note_new(self, Order order, int64_t now_ns) except -1
    cdef int note_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1
    # These may be lost when the journal has failed: what was sent without an outcome is looked into anyway.
    cdef int note_adopted(self, Order order, int64_t now_ns) except -1
    cdef int note_cancel(self, Order order, int64_t now_ns) except -1
    cdef int note_withdrawn(self, Order order, int reason, int64_t now_ns) except -1
    cdef int note_report(self, Order order, ExecutionReport report, int effect, int64_t now_ns) except -1

    cdef char* _room(self, Py_ssize_t payload_bytes, bint is_intent) except? NULL
    cdef int _append(self, int kind, Py_ssize_t payload_bytes, int64_t now_ns) except -1
    cdef int _append_intent(self, int kind, Order order, int64_t now_ns, bint is_intent) except -1
    cdef int _append_change(
        self, int kind, Order order, int64_t price_ticks, int64_t qty_lots, int reason, int64_t now_ns, bint is_intent
    ) except -1
    cdef int _append_triggers(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1
    cdef int _turn_over(self) except -1
    cdef int _await_disk(self) except -1
