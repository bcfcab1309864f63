"""The order path's view of the request budgets: one lookup and one decision per request.

Which group a request belongs to and what it weighs is venue/phemex/rate_groups; this file lays those costs out by
request kind and instrument, and hands the venue's headers back to the buckets. What the headers tell is taken over
when it is less than we thought: another process or a web page spends the same budget. A 429 says how long to wait, and
that is all that is taken from it: what it says is left holds no longer than that.
"""

from libc.stdint cimport int64_t

from tidings.engine.throttle cimport Bucket, Cost
from tidings.model.enums cimport (
    DENY_NONE, DENY_RATE_LIMIT, REQUEST_AMEND, REQUEST_CANCEL, REQUEST_CANCEL_MANY, REQUEST_NEW,
)
from tidings.model.instrument cimport Instrument
from tidings.wire.http1 cimport RATE_REMAINING, RATE_RETRY_AFTER_S, Response

from tidings.model.enums import ProductLine, RequestKind

cdef enum:
    NS_PER_S = 1000000000
    RETRY_AFTER_S_MAX = 300             # the longest block the venue documents (per IP); more is a broken header
    HTTP_TOO_MANY_REQUESTS = 429
    RETRY_AFTER_UNKNOWN_S = 5


cdef class RequestBudget:
    def __init__(self, rate_budget not None, instruments not None):
        self.rate_budget = rate_budget
        self.groups = rate_budget.by_suffix
        self.ping_cost = rate_budget.ping_cost()
        self.costs = [None] * (REQUEST_CANCEL_MANY + 1)
        instruments = sorted(instruments, key=lambda instrument: instrument.index)
        self.instrument_count = len(instruments)
        for kind in (REQUEST_NEW, REQUEST_AMEND, REQUEST_CANCEL, REQUEST_CANCEL_MANY):
            self.costs[kind] = [_cost_of(rate_budget, kind, instrument) for instrument in instruments]

    cdef int take(self, int request_kind, Instrument instrument, int64_t now_ns) except -1:
        cdef Cost cost = <Cost>(<list>self.costs[request_kind])[instrument.index]
        if cost.take(request_kind == REQUEST_CANCEL or request_kind == REQUEST_CANCEL_MANY, now_ns):
            return DENY_NONE
        self.refused_count += 1
        return DENY_RATE_LIMIT

    cdef int take_ping(self, int64_t now_ns) except -1:
        return DENY_NONE if self.ping_cost.take(False, now_ns) else DENY_RATE_LIMIT

    cdef int correct(self, Response* response, int64_t now_ns) except -1:
        cdef int i
        cdef int64_t wait_ns
        cdef Bucket bucket
        cdef Bucket refused = self.rate_budget.ip       # who said 429; without a group, the address's guard
        cdef bint told_when = False
        for i in range(response.rate_header_count):
            bucket = self.groups.get(response.rate_headers[i].group[:response.rate_headers[i].group_bytes])
            if bucket is None:
                self.unknown_group_count += 1
            elif response.rate_headers[i].kind == RATE_REMAINING:
                refused = bucket
                if response.status != HTTP_TOO_MANY_REQUESTS:
                    bucket.correct(response.rate_headers[i].value, now_ns)
            elif response.rate_headers[i].kind == RATE_RETRY_AFTER_S:
                told_when = True
                wait_ns = min(max(response.rate_headers[i].value, 1), RETRY_AFTER_S_MAX) * NS_PER_S
                bucket.block_until(now_ns + wait_ns)
                if response.rate_headers[i].group_bytes == 0:
                    refused.block_until(now_ns + wait_ns)   # a wait for no group in particular
        if response.status == HTTP_TOO_MANY_REQUESTS and not told_when:
            refused.block_until(now_ns + <int64_t> RETRY_AFTER_UNKNOWN_S * NS_PER_S)
        return 0

    def used(self, int64_t now_ns):
        return self.rate_budget.used(now_ns)


cdef Cost _cost_of(object rate_budget, int request_kind, Instrument instrument):
    """None where the venue has no such request: spot has no bulk cancel, and the encoder refuses one."""
    if request_kind == REQUEST_CANCEL_MANY and instrument.line == ProductLine.SPOT:
        request_kind = REQUEST_CANCEL
    return rate_budget.order_cost(ProductLine(instrument.line), RequestKind(request_kind), instrument.symbol)
