"""Who hears of orders: the strategy's callbacks, whoever looks on, and what becomes of their exceptions."""

from libc.stdint cimport int64_t

from tidings.engine.ports cimport OrderListener
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order


cdef class OrderHearers(OrderListener):
    # Bound methods of the strategy, None where it does not override.
    cdef object on_ack, on_fill, on_reject, on_cancel, on_amend, on_unknown, on_unsent, on_order
    cdef object on_error                        # (exception, callback): a strategy's callback raised
    cdef object tap                             # what a recording notes, what a replay compares; None: neither
    cdef bint is_replay                         # the gateway knows every verdict: the limits' own do not count
    cdef readonly int64_t callback_error_count

    cdef int _tell_strategy(self, int effect, Order order, ExecutionReport report, int64_t now_ns) except -1
    cdef int _call(self, object callback, Order order, ExecutionReport report, int64_t now_ns) except -1
    cdef int _hand_on(self, object callback, tuple arguments) except -1
    cdef int _note(self, str event, tuple arguments) except -1
    cdef int _callback_failed(self, object error, object callback) except -1
