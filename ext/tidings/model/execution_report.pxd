"""One thing the venue (or our own deadline) said about an order. Immutable once it is handed up."""

from libc.stdint cimport int64_t, uint64_t


cdef enum:
    CL_ORD_ID_BYTES_MAX = 40

cdef extern from "<stdint.h>":
    const int64_t UNSET "INT64_MIN"         # an integer field the message did not hold, or held off the grid


cdef class ExecutionReport:
    # Whose. handle 0: not an order of this session.
    cdef readonly int64_t handle
    cdef char cl_ord_id_text[40]
    cdef int cl_ord_id_bytes
    cdef uint64_t order_id_high, order_id_low       # the venue's UUID; 0, 0: not told
    cdef readonly str symbol                        # "" on replies, where the request tells
    # What.
    cdef readonly int exec_type                     # ExecType
    cdef readonly int ord_status                    # OrdStatus the venue tells, -1: not told
    cdef readonly int source                        # ReportSource
    cdef readonly int request_kind                  # RequestKind it answers or whose loss it tells, 0: neither
    cdef readonly int64_t asked_ns                  # when the request was sent that it answers, monotonic; 0: not told
    cdef readonly int side                          # Side, 0: not told
    cdef readonly int code                          # the venue's business code, 0: none
    cdef readonly int cancel_reason                 # cxlRejReason, 0: none
    cdef readonly bint reconciled                   # learnt by comparing or asking, not as it happened
    # Numbers on the instrument's grid; UNSET where the message holds none.
    cdef readonly int64_t price_ticks, stop_px_ticks
    cdef readonly int64_t take_profit_ticks, stop_loss_ticks, peg_offset_ticks      # told by query rows only
    cdef readonly int64_t order_qty_lots, cum_qty_lots, leaves_qty_lots
    cdef readonly bint qty_in_quote                 # order_qty_lots is money to spend, in the quote's smallest unit
    # This execution; only exec_type TRADE.
    cdef readonly int64_t last_px_ticks, last_qty_lots
    cdef uint64_t exec_id_high, exec_id_low
    cdef readonly int64_t fee_mantissa              # fee = fee_mantissa / 10**fee_scale; negative: rebate
    cdef readonly int fee_scale
    cdef readonly bint is_maker
    cdef readonly int trade_type                    # TradeType
    # Order and time.
    cdef readonly int64_t exec_seq                  # the venue engine's sequence, 0: none
    cdef readonly int64_t transact_time_ns          # venue wall clock
    cdef readonly int64_t received_ns               # our monotonic clock
    cdef readonly str text                          # venue's sentence or our cause, "" mostly

cdef ExecutionReport make_report(int exec_type, int source, int64_t now_ns)
cdef ExecutionReport without_execution(ExecutionReport report)
cdef int set_cl_ord_id(ExecutionReport report, bytes text) except -1
