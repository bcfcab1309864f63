"""Tables of names with a perfect hash, found when the table is made.

A name is looked up by its first four and last four characters and its length: two multiplications, one table read, one
comparison. A foreign name lands on some slot and fails the comparison.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t
from libc.string cimport memcmp, memcpy, memset

cdef enum:
    ATTEMPTS_MAX = 200000       # fifty names find their multiplier within some thousand
    LOOK_AHEAD = 4              # keys that may be left out together without a new forecast


cdef class JsonKeys:
    def __init__(self, *names):
        self.names = tuple(name.encode() for name in names)
        build_table(&self.table, self.names)

    def slot(self, str name not None):
        text = name.encode()
        return json_slot(&self.table, text, len(text))


cdef int build_table(JsonKeyTable* table, tuple names) except -1:
    """Search a multiplier under which every key has a hash of its own. `names` must outlive the table."""
    cdef int slot
    if not 0 < len(names) <= JSON_KEYS_MAX or len(set(names)) != len(names) or b"" in names:
        raise ValueError(f"a key table holds 1 to {JSON_KEYS_MAX} different names: was {names!r}")
    for slot in range(len(names)):
        table.names[slot] = PyBytes_AS_STRING(names[slot])
        table.name_bytes[slot] = <int> PyBytes_GET_SIZE(names[slot])
    for attempt in range(1, ATTEMPTS_MAX):
        table.multiplier = <uint32_t> (attempt * 2654435761 & 0xFFFFFFFF) | 1      # spread by the golden ratio
        if place_all(table, <int> len(names)):
            return 0
    raise ValueError(f"no perfect hash for {names!r}: two keys agree in length and at both ends")


cdef bint place_all(JsonKeyTable* table, int count) noexcept:
    cdef int slot
    cdef uint32_t hash
    memset(table.slot_of_hash, -1, sizeof(table.slot_of_hash))
    for slot in range(count):
        hash = (fingerprint(table.names[slot], table.name_bytes[slot]) * table.multiplier) >> 24
        if table.slot_of_hash[hash] >= 0:
            return False
        table.slot_of_hash[hash] = <signed char> slot
    return True


cdef void remember_key(JsonKeyOrder* order, int slot, const char* quoted, Py_ssize_t quoted_bytes) noexcept nogil:
    """A key came that was not the expected one: learn it at the end, or find where the forecast goes on."""
    cdef int index
    order.misses += 1
    if quoted_bytes > JSON_QUOTED_BYTES_MAX:
        return
    for index in range(order.next, min(order.next + LOOK_AHEAD, order.count)):
        if order.quoted_bytes[index] == quoted_bytes and memcmp(order.quoted[index], quoted, quoted_bytes) == 0:
            order.next = index + 1          # the keys between are optional ones, left out this time
            return
    if order.next == order.count < JSON_ORDER_MAX:
        memcpy(order.quoted[order.count], quoted, quoted_bytes)
        order.quoted_bytes[order.count] = <signed char> quoted_bytes
        order.slots[order.count] = <signed char> slot
        order.count += 1
        order.next = order.count


cdef void end_of_keys(JsonKeyOrder* order) noexcept nogil:
    """The object is complete. A forecast that failed a quarter of the time is dropped, and learnt anew."""
    cdef bint was_learnt_now = order.misses == order.count
    if order.misses * 4 > order.count and not was_learnt_now:
        order.count = 0
    order.next = order.misses = 0
