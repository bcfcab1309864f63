"""One order, its state table, and the only method that changes it."""

from libc.stdint cimport int64_t, uint64_t

from tidings.model.execution_report cimport ExecutionReport
from tidings.model.terms cimport OrderTerms


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
    cdef readonly int64_t value_ticks_lots_high, value_ticks_lots_low   # Σ last_px_ticks × last_qty_lots, 128 bits, for avg_px
    cdef readonly int trade_count
    cdef readonly int reject_code
    cdef readonly bint is_acked                     # the venue has confirmed that it exists
    # Requests in flight for it (at most one amend).
    cdef readonly bint is_cancel_pending, is_amend_pending
    cdef readonly int64_t amend_price_ticks, amend_qty_lots
    # Stamps, monotonic ns; 0 until they happen.
    cdef readonly int64_t decided_ns, encoded_ns, written_ns, replied_ns, streamed_ns
    cdef object listeners                           # the awaitable face's, None on the hot path

    cdef void redraft(self, OrderTerms terms) noexcept
    cdef bint is_done(self) noexcept
    cdef int apply(self, ExecutionReport report) except -1      # what changed: a ReportEffect
