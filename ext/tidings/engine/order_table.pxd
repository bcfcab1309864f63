"""Every order of this session by its handle, and every execution seen."""

cimport cython
from libc.stdint cimport int64_t, uint64_t

from tidings.model.order cimport Order
from tidings.model.order_ids cimport ClOrdIDMaker
from tidings.model.terms cimport OrderTerms


@cython.final
cdef class ExecIDSet:
    # Two generations of an open-addressed table: when the young one is full the old one is forgotten.
    cdef uint64_t* young
    cdef uint64_t* old
    cdef Py_ssize_t slot_count, young_count
    cdef readonly Py_ssize_t memory                 # executions remembered at least
    cdef bint add(self, uint64_t high, uint64_t low) noexcept    # True: new; False: seen before


@cython.final
cdef class OrderTable:
    cdef readonly ClOrdIDMaker ids
    cdef readonly int64_t capacity                  # slots; a power of two
    cdef readonly int64_t last_handle
    cdef readonly int open_count                    # not done, unknown ones included
    cdef readonly int unknown_count
    cdef list slots                                 # Order by handle & mask
    cdef int64_t mask
    cdef dict adopted                               # ClOrdID → handle, of orders that earlier sessions sent

    cdef Order draft(self, OrderTerms terms)        # blank, for the next handle; None: all slots are open orders
    cdef bint is_newest_draft(self, Order order) noexcept
    cdef int add(self, Order order) except -1       # gives it its handle and ClOrdID
    cdef int adopt(self, Order order, bytes cl_ord_id) except -1    # gives it a handle; it keeps its ClOrdID
    cdef int _enter(self, Order order) except -1
    cdef int withdraw(self, Order order) except -1  # the last one added was not sent after all
    cdef Order get_adopted(self, const char* cl_ord_id, Py_ssize_t count)
    cdef Order get(self, int64_t handle)            # None: never given out, or its slot was used again
    cdef int note_move(self, int before, int after) except -1    # keeps the counts
