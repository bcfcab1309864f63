"""The order path: decisions go down through here, reports come up through here."""

cimport cython
from libc.stdint cimport int64_t

from tidings.engine.heartbeat_page cimport HeartbeatPage
from tidings.engine.order_hearers cimport OrderHearers
from tidings.engine.order_table cimport ExecIDSet, OrderTable
from tidings.engine.ports cimport OrderGateway
from tidings.engine.risk cimport Risk
from tidings.journal.order_journal cimport OrderJournal
from tidings.metrics.stages cimport Stages
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.model.trigger_prices cimport TriggerPrices


cdef enum:
    DENY_REASONS_MAX = 64       # more than there are


@cython.final
cdef class OrderEntry(OrderHearers):
    # Who helps.
    cdef readonly OrderTable orders
    cdef readonly Risk risk
    cdef readonly Stages stages
    cdef readonly OrderJournal journal
    cdef OrderGateway gateway
    cdef ExecIDSet executions
    cdef HeartbeatPage heartbeat                # what a watchdog reads; None: nobody watches
    cdef object on_execution                    # (order, report): positions; None: nobody keeps them
    cdef object on_foreign                      # (report): an order that is not ours
    # Counters, read from the cold side.
    cdef readonly int64_t submitted_count, denied_count, ack_count, fill_count, reject_count, cancel_count, amend_count
    cdef int64_t[DENY_REASONS_MAX] denied_counts        # by DenyReason
    cdef readonly int64_t unknown_count, unsent_count, duplicate_count, foreign_count, revived_count, overfill_count

    # Down. All answer a DenyReason; DENY_NONE: written, and one report will end the request.
    cdef int submit(self, Order order, int64_t now_ns) except -1
    cdef int amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1
    cdef int amend_all(
        self, Order order, int64_t price_ticks, int64_t qty_lots, TriggerPrices* triggers, int64_t now_ns
    ) except -1
    cdef int cancel(self, Order order, int64_t now_ns) except -1
    cdef int cancel_many(self, list orders, int64_t now_ns) except -1
    cdef int _submit(self, Order order, int64_t now_ns) except -1
    cdef int _amend(
        self, Order order, int64_t price_ticks, int64_t qty_lots, TriggerPrices* triggers, int64_t now_ns
    ) except -1
    cdef int _send_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1
    cdef int _cancel(self, Order order, int64_t now_ns) except -1
    cdef int _cancel_many(self, list orders, int64_t now_ns) except -1
    # Up.
    cdef int _send_new(self, Order order, int64_t now_ns) except -1
    cdef list _cancellable(self, list orders)
    cdef Order _owner(self, ExecutionReport report)
    cdef int _tell(self, int effect, Order order, ExecutionReport report, int64_t now_ns) except -1
    cdef int _count(self, int effect) noexcept
    cdef int _stamp(self, Order order, ExecutionReport report, int64_t now_ns) noexcept
    cdef int _ask_watchdog(self, Order order) noexcept
    cdef int arm(self, OrderTerms terms) except -1
