"""Pre-trade checks, in a fixed order, before anything reaches the wire."""

cimport cython
from libc.stdint cimport int64_t, uint64_t

from tidings.engine.exposure cimport Exposure
from tidings.engine.risk_owner cimport OwnerRisk
from tidings.engine.risk_symbols cimport RiskSymbols
from tidings.engine.risk_windows cimport RecentOrders, RollingSum
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms


@cython.final
cdef class Risk:
    cdef readonly object limits                 # RiskLimits
    cdef readonly Exposure exposure
    cdef readonly RiskSymbols symbols
    cdef readonly list owners                   # OwnerRisk by strategy index
    cdef readonly int state                     # TradingState of the account
    cdef readonly bint is_killed                # the kill switch: before anything else
    cdef readonly int trip_count                # breakers that have tripped since the start
    # The numbers of the last denial, in the unit of its reason (of a duplicate: the first one's handle), and of the
    # last one by a strategy's own limit: whose.
    cdef readonly int64_t asked, allowed
    cdef readonly int denied_owner

    # The limits, where the order path reads them.
    cdef int64_t max_notional_e4, max_position_e4, max_gross_e4, max_net_e4
    cdef int collar_bp, max_open
    cdef readonly RollingSum notional, messages
    cdef RecentOrders recent
    # What the order being checked adds; enter() takes it.
    cdef int64_t more_lots, more_e4
    cdef uint64_t key

    # DenyReason. DENY_NONE takes nothing yet.
    cdef int check_new(self, Order order, int open_count, int64_t now_ns) noexcept
    cdef int check_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) noexcept
    # In the same call chain, before the bytes leave: what the check let through is taken.
    cdef void enter(self, Order order, int64_t now_ns) noexcept
    cdef void enter_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) noexcept
    # It was not sent after all: everything is given back. Before the table forgets the order's handle.
    cdef void withdraw(self, Order order) noexcept
    cdef void withdraw_amend(self, Order order) noexcept
    # After every report that was applied; `effect`: what it changed.
    cdef void follow(self, Order order, int effect, int64_t now_ns) noexcept
    cdef void set_reference(self, int index, int64_t price_ticks) noexcept

    cdef int _deny(self, int reason, int64_t asked, int64_t allowed) noexcept
    cdef int _deny_owner(self, int reason, OwnerRisk owner, int64_t asked, int64_t allowed) noexcept
    cdef int _check_permission(self, OrderTerms terms) noexcept
    cdef int _check_terms(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef int _check_value(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef int _check_size(self, OrderTerms terms) noexcept
    cdef void _count_more(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef bint _shrinks(self, OrderTerms terms) noexcept
    cdef int _check_room(self, Order order, int64_t price_ticks, int64_t now_ns) noexcept
    cdef int _check_exposure(self, OrderTerms terms) noexcept
    cdef int _check_position(self, OrderTerms terms) noexcept
    cdef int _check_self_match(self, Order order, int64_t price_ticks) noexcept
    cdef int _check_windows(self, OrderTerms terms, int64_t now_ns) noexcept
    cdef OwnerRisk _owner_of(self, OrderTerms terms)
    cdef void _spend(self, OrderTerms terms, int64_t now_ns) noexcept
    cdef void _give_back(self, OrderTerms terms) noexcept
