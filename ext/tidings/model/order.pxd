"""One order, its state table, and the only method that changes it."""

from libc.stdint cimport int64_t, uint64_t

from tidings.model.execution_report cimport ExecutionReport
from tidings.model.terms cimport OrderTerms
from tidings.model.trigger_prices cimport TriggerPrices


cdef extern from *:
    ctypedef long long int128_t "__int128"      # Cython only adds and multiplies it; the compiler knows its width


cdef enum ReportEffect:
    # What one report changed: flags, because a fill may also be the first word that the order exists.
    EFFECT_NONE = 0
    EFFECT_ACK = 1
    EFFECT_FILL = 2                 # an execution, counted
    EFFECT_CANCEL = 4               # canceled or expired
    EFFECT_REJECT = 8               # the order, or a request to amend or cancel it
    EFFECT_AMEND = 16
    EFFECT_UNKNOWN = 32
    EFFECT_UNSENT = 64
    EFFECT_TRIGGER = 128            # a conditional order's price was reached
    EFFECT_REVIVED = 256            # the venue works an order we had written off: an alarm
    EFFECT_OVERFILL = 512           # more filled than ordered: an alarm
    EFFECT_PROGRESS = 1024          # more has filled, told without the execution


cdef class Order:
    # Identity.
    cdef readonly int64_t handle                    # the counter inside the ClOrdID; 0: a draft
    cdef char cl_ord_id_text[40]
    cdef int cl_ord_id_bytes
    cdef uint64_t order_id_high, order_id_low       # the venue's UUID; 0, 0 until told
    cdef readonly OrderTerms terms
    # Asked for, on the grid; 0 where it does not apply.
    cdef public int64_t price_ticks, order_qty_lots, stop_px_ticks, display_qty_lots
    cdef public int64_t take_profit_ticks, stop_loss_ticks          # trigger prices of attached orders
    cdef public int64_t take_profit_px_ticks, stop_loss_px_ticks    # their limit prices; 0: market
    cdef public int64_t peg_offset_ticks                            # trailing distance, signed
    # State.
    cdef readonly int status                        # OrdStatus without the PENDING_ views
    cdef readonly int64_t cum_qty_lots, leaves_qty_lots
    cdef readonly int64_t traded_qty_lots           # Σ last_qty of the executions seen; < cum_qty: some missed
    cdef int128_t traded_value                      # Σ of their values (see avg_px)
    cdef readonly int trade_count
    cdef readonly int64_t venue_time_ns             # transact time of the newest report that told price or quantity
    cdef int64_t rejected_time_ns                   # when the venue's books showed it rejected; 0: they did not
    cdef readonly int reject_code
    cdef readonly bint is_acked                     # the venue has confirmed that it exists
    cdef bint is_shown                              # its stream or lists have shown it at work
    # Requests in flight for it (at most one amend).
    cdef readonly bint is_cancel_pending, is_amend_pending
    cdef readonly int64_t amend_price_ticks, amend_qty_lots
    cdef TriggerPrices amend_triggers               # likewise; all 0 once it is settled
    cdef readonly int64_t amend_asked_ns            # when it was sent: tells its answer from an earlier one's
    cdef readonly int64_t cancel_asked_ns           # when the newest cancel was sent
    # Stamps, monotonic ns; 0 until they happen.
    cdef readonly int64_t decided_ns, encoded_ns, written_ns, replied_ns, streamed_ns
    cdef object listeners                           # the awaitable face's, None on the hot path
    cdef int route                                  # the gateway's own note: which lane carries its requests, -1: any

    cdef int redraft(self, OrderTerms terms) except -1          # back to a blank draft of these terms
    cdef bint is_finished(self) noexcept
    cdef int apply(self, ExecutionReport report) except -1      # what changed: ReportEffect flags
    cdef int _event_of(self, ExecutionReport report) noexcept
    cdef int _count(self, ExecutionReport report) except -1
    cdef int _move(self, int event, ExecutionReport report) except -1
    cdef int _after_move(self, int before, int event, ExecutionReport report) except -1
    cdef void _adopt_terms(self, ExecutionReport report) noexcept
    cdef int _settle_requests(self, int event, ExecutionReport report) noexcept
    cdef bint _is_news(self, ExecutionReport report) noexcept
    cdef int64_t _qty_lots_max(self) noexcept
    cdef int _status_by_qty(self, int before, int event, ExecutionReport report) noexcept
    cdef void _adopt_amend(self) noexcept
    cdef bint _tells_our_amend(self, int event, ExecutionReport report) noexcept
    cdef bint _refuses_amend(self, int event, ExecutionReport report) noexcept
    cdef bint _is_about_amend(self, ExecutionReport report) noexcept


cdef inline int64_t trigger_ticks(Order order) noexcept:
    """What it waits for; while an amend asks for another price, that one."""
    return order.amend_triggers.stop_px_ticks or order.stop_px_ticks


cdef inline bint would_change(Order order, TriggerPrices* asked) noexcept:
    """Whether an amend asks for anything the order does not have."""
    return not (
        asked.stop_px_ticks in (0, order.stop_px_ticks) and asked.take_profit_ticks in (0, order.take_profit_ticks)
        and asked.stop_loss_ticks in (0, order.stop_loss_ticks)
        and asked.peg_offset_ticks in (0, order.peg_offset_ticks)
    )
