"""Every order of this session by its handle, and every execution seen.

The handle is the counter inside the ClOrdID, so a report finds its order by arithmetic: slot = handle & mask. Only
orders that an earlier session sent, and that this one adopted, are looked up by their text. Orders
are made once and used again: a slot whose order is done, and that nobody else holds, is redrafted in place, so a warm
engine allocates nothing per order. An order that somebody still holds (a strategy, a task) is left to its holder and
the slot gets a new object.
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.ref cimport PyObject
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, memset

from tidings.model.enums cimport STATUS_FILLED, STATUS_PENDING_NEW, STATUS_UNKNOWN
from tidings.model.execution_report cimport CL_ORD_ID_BYTES_MAX
from tidings.model.order cimport Order
from tidings.model.order_ids cimport ClOrdIDMaker
from tidings.model.terms cimport OrderTerms

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject* obj)

cdef enum:
    CAPACITY_MAX = 1 << 24          # orders of some 400 bytes each
    MEMORY_MAX = 1 << 28            # executions of 64 bytes each

cdef int64_t LAST_HANDLE_MAX = 9_999_999_999        # ten digits in the ClOrdID


@cython.final
cdef class ExecIDSet:
    """Remembers at least the last `memory` executions. Ids are 128-bit; 0, 0 is no id and is never remembered."""

    def __cinit__(self, Py_ssize_t memory=65536):
        if not 0 < memory <= MEMORY_MAX:
            raise ValueError(f"between 1 and {MEMORY_MAX} executions can be remembered: was {memory}")
        self.memory = memory
        self.slot_count = 1024
        while self.slot_count < 2 * memory:         # at most half full: probes stay short
            self.slot_count *= 2
        self.young = <uint64_t*>PyMem_Calloc(2 * self.slot_count, sizeof(uint64_t))
        self.old = <uint64_t*>PyMem_Calloc(2 * self.slot_count, sizeof(uint64_t))
        if self.young == NULL or self.old == NULL:
            raise MemoryError("no memory for the table of executions seen")

    def __dealloc__(self):
        PyMem_Free(self.young)
        PyMem_Free(self.old)

    cdef bint add(self, uint64_t high, uint64_t low) noexcept:
        cdef uint64_t* slot
        if high == 0 and low == 0:
            return True
        slot = _find(self.old, self.slot_count, high, low)
        if slot[0] or slot[1]:
            return False
        slot = _find(self.young, self.slot_count, high, low)
        if slot[0] or slot[1]:
            return False
        slot[0] = high
        slot[1] = low
        self.young_count += 1
        if self.young_count >= self.memory:
            self.old, self.young = self.young, self.old
            memset(self.young, 0, 2 * self.slot_count * sizeof(uint64_t))
            self.young_count = 0
        return True

    def add_new(self, uint64_t high, uint64_t low):
        """Remember an execution: True if it had not been seen."""
        return self.add(high, low)

    def has(self, uint64_t high, uint64_t low):
        """Whether an execution is remembered."""
        cdef uint64_t* young = _find(self.young, self.slot_count, high, low)
        cdef uint64_t* old = _find(self.old, self.slot_count, high, low)
        return (young[0] | young[1] | old[0] | old[1]) != 0


cdef inline uint64_t* _find(uint64_t* table, Py_ssize_t slot_count, uint64_t high, uint64_t low) noexcept:
    """The slot that holds the id, or the free one where it belongs. UUIDs are random enough to be their own hash."""
    cdef Py_ssize_t index = <Py_ssize_t>((high ^ (low >> 7)) & <uint64_t>(slot_count - 1))
    cdef uint64_t* slot
    while True:
        slot = table + 2 * index
        if (slot[0] == high and slot[1] == low) or (slot[0] == 0 and slot[1] == 0):
            return slot
        index = (index + 1) & (slot_count - 1)


@cython.final
cdef class OrderTable:
    """`capacity` orders, open and done, are remembered; at least all open ones.

    All are made here, so that not even the first ones allocate anything on their way out.
    """

    def __init__(self, ClOrdIDMaker ids not None, int64_t capacity=16384, int64_t last_handle=0):
        if not 2 <= capacity <= CAPACITY_MAX or capacity & (capacity - 1):
            raise ValueError(f"the order table's capacity must be a power of two up to {CAPACITY_MAX}: was {capacity}")
        if not 0 <= last_handle < LAST_HANDLE_MAX:
            raise ValueError(f"the last handle given out must be 0 to {LAST_HANDLE_MAX - 1}: was {last_handle}")
        self.ids = ids
        self.capacity = capacity
        self.mask = capacity - 1
        self.last_handle = last_handle
        self.adopted = {}
        self.slots = [Order.__new__(Order) for _ in range(capacity)]

    cdef Order draft(self, OrderTerms terms):
        cdef int64_t handle = self.last_handle
        cdef int64_t last_slot_handle = handle + min(<int64_t> self.open_count + 1, self.capacity)
        cdef Order order
        cdef PyObject* item
        while handle < last_slot_handle:            # one slot more than orders are open: it cannot miss a free one
            handle += 1
            item = PyList_GET_ITEM(self.slots, handle & self.mask)
            if (<Order> item).handle and not (<Order> item).is_finished():
                continue                            # still open: its slot is not ours to use
            if Py_REFCNT(item) > 1:
                order = Order.__new__(Order)        # done, but somebody reads it still
                self.slots[handle & self.mask] = order
            else:
                order = <Order> item
            order.redraft(terms)
            self.last_handle = handle - 1           # add() takes the next one; skipped handles stay unused for ever
            return order
        return None

    cdef bint is_newest_draft(self, Order order) noexcept:
        cdef PyObject* item = PyList_GET_ITEM(self.slots, (self.last_handle + 1) & self.mask)
        return order.handle == 0 and item == <PyObject*> order

    cdef int add(self, Order order) except -1:
        self._enter(order)
        order.cl_ord_id_bytes = self.ids.write(order.handle, order.cl_ord_id_text)
        return 0

    cdef int adopt(self, Order order, bytes cl_ord_id) except -1:
        """Add an order that was sent before this table was made. Reports find it by its ClOrdID."""
        if not 0 < len(cl_ord_id) <= CL_ORD_ID_BYTES_MAX:
            raise ValueError(f"a ClOrdID has 1 to {CL_ORD_ID_BYTES_MAX} characters: was {cl_ord_id!r}")
        self._enter(order)
        memcpy(order.cl_ord_id_text, <const char*>cl_ord_id, len(cl_ord_id))
        order.cl_ord_id_bytes = len(cl_ord_id)
        self.adopted[cl_ord_id] = order.handle
        return 0

    cdef int _enter(self, Order order) except -1:
        cdef int64_t handle = self.last_handle + 1
        if handle > LAST_HANDLE_MAX:
            raise OverflowError("this session has used all its ClOrdIDs: reconnect for a new prefix")
        if not self.is_newest_draft(order):
            raise ValueError(f"only the newest draft can be added: was {order!r}")
        self.last_handle = handle
        order.handle = handle
        order.status = STATUS_PENDING_NEW
        order.leaves_qty_lots = 0 if order.terms.qty_in_quote else order.order_qty_lots
        self.open_count += 1
        return 0

    cdef int withdraw(self, Order order) except -1:
        """Forget an order of which no byte was written. Its handle is not used again."""
        self.open_count -= 1
        order.handle = 0
        return 0

    cdef Order get(self, int64_t handle):
        cdef PyObject* item
        if handle <= 0:
            return None
        item = PyList_GET_ITEM(self.slots, handle & self.mask)
        return <Order> item if (<Order> item).handle == handle else None

    cdef Order get_adopted(self, const char* cl_ord_id, Py_ssize_t count):
        """The order of an earlier session that has this ClOrdID; None: none has, or it is long done."""
        if not self.adopted:
            return None
        return self.get(self.adopted.get(cl_ord_id[:count], 0))

    cdef int note_move(self, int before, int after) except -1:
        """An order went from one status to another: keep the counts of open and unknown ones."""
        self.open_count += (after < STATUS_FILLED) - (before < STATUS_FILLED)
        self.unknown_count += (after == STATUS_UNKNOWN) - (before == STATUS_UNKNOWN)
        return 0

    def draft_order(self, OrderTerms terms not None):
        """A blank order, to be filled in and added before the next is drafted."""
        return self.draft(terms)

    def find(self, int64_t handle):
        """The order of a handle, or None."""
        return self.get(handle)

    def open_orders(self):
        """All orders that are not done, oldest handle first."""
        return sorted(
            (order for order in self.slots if (<Order> order).handle and not (<Order> order).is_finished()),
            key=lambda order: order.handle,
        )

    def oldest_open_handle(self):
        """The lowest handle of an order that is not done; one more than the last if none is open."""
        cdef int64_t oldest = self.last_handle + 1
        cdef PyObject* item
        cdef Py_ssize_t slot
        for slot in range(self.capacity):
            item = PyList_GET_ITEM(self.slots, slot)
            if 0 < (<Order> item).handle < oldest and not (<Order> item).is_finished():
                oldest = (<Order> item).handle
        return oldest

    def owing_executions(self):
        """Orders, done ones included, of which more has filled than the executions heard; oldest handle first."""
        return sorted(
            (order for order in self.slots
             if (<Order> order).handle and (<Order> order).cum_qty_lots > (<Order> order).traded_qty_lots),
            key=lambda order: order.handle,
        )

    def orders(self):
        """All orders remembered, done ones included, oldest handle first."""
        return sorted((order for order in self.slots if (<Order> order).handle), key=lambda order: order.handle)
