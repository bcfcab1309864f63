"""The path strategies are taught to use: arm once, fire often.

Arming lays out and hashes everything constant about a kind of order; firing writes price, quantity, ClOrdID and
expiry, finishes the hash, and hands the bytes to the kernel before it returns. This is the one place on the hot path
where a clock is read for the decision.
"""

from tidings.clock cimport Clock
from tidings.engine.order_entry cimport OrderEntry
from tidings.model.enums cimport DENY_NONE, DENY_TABLE_FULL
from tidings.model.order cimport Order
from tidings.model.scale cimport whole_steps
from tidings.model.terms cimport OrderTerms


cdef class ArmedOrder:
    """Made by `phemex.arm`; lives as long as the session."""

    def __init__(self, OrderEntry entry not None, OrderTerms terms not None, Clock clock not None):
        self.entry = entry
        self.terms = terms
        self.clock = clock
        entry.arm(terms)

    def fire(self, price_ticks, qty_lots, stop_px_ticks=0):
        cdef Order order = self.entry.orders.draft(self.terms)
        cdef int reason
        if order is None:
            return -DENY_TABLE_FULL
        order.price_ticks = whole_steps(price_ticks)        # a typed argument would cut a float silently
        order.order_qty_lots = whole_steps(qty_lots)
        order.stop_px_ticks = whole_steps(stop_px_ticks)
        reason = self.entry.submit(order, self.clock.now_ns())
        return order.handle if reason == DENY_NONE else -reason
