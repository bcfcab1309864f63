"""The order path's view of the request budgets."""

from libc.stdint cimport int64_t

from tidings.engine.throttle cimport Cost
from tidings.model.instrument cimport Instrument
from tidings.wire.http1 cimport Response


cdef class RequestBudget:
    cdef readonly object rate_budget    # rate_groups.RateBudget
    cdef readonly int instrument_count
    cdef list costs                     # by RequestKind: a list of Cost by instrument index
    cdef Cost ping_cost
    cdef dict groups                    # header suffix, bytes in lower case → Bucket
    cdef readonly int64_t refused_count, unknown_group_count

    cdef int take(self, int request_kind, Instrument instrument, int64_t now_ns) except -1      # DenyReason
    cdef int take_ping(self, int64_t now_ns) except -1
    cdef int correct(self, Response* response, int64_t now_ns) except -1
