"""One kind of order, encoded and hashed ahead."""

from tidings.clock cimport Clock
from tidings.engine.order_entry cimport OrderEntry
from tidings.model.terms cimport OrderTerms


cdef class ArmedOrder:
    cdef OrderEntry entry
    cdef Clock clock
    cdef readonly OrderTerms terms
