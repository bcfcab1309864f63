"""Tables of names: the keys that one kind of JSON object is asked for, or the words of an enumeration."""

from libc.stdint cimport uint32_t
from libc.string cimport memcmp, memcpy


cdef enum:
    JSON_KEYS_MAX = 64          # in one table
    JSON_ORDER_MAX = 96         # keys of one kind of object whose order is remembered
    JSON_QUOTED_BYTES_MAX = 32  # of a remembered key with its quotes and colon

ctypedef struct JsonKeyTable:
    # Perfect hash over the table's own keys; a foreign key lands on some slot and fails the comparison.
    uint32_t multiplier
    signed char[256] slot_of_hash               # -1: no key
    const char* names[64]
    int[64] name_bytes


cdef class JsonKeys:
    """The keys one kind of object is asked for; a key's slot is its place in the list."""
    cdef JsonKeyTable table
    cdef readonly tuple names


cdef inline uint32_t fingerprint(const char* name, Py_ssize_t name_bytes) noexcept nogil:
    """A word that tells the keys of one table apart: of the first four characters, the last four and the length."""
    cdef uint32_t first = 0, last = 0
    if name_bytes >= 4:
        memcpy(&first, name, 4)
        memcpy(&last, name + name_bytes - 4, 4)
        return (first * <uint32_t> 2654435761 + last) ^ <uint32_t> name_bytes << 24
    return (
        <uint32_t> <unsigned char> name[0]
        | <uint32_t> <unsigned char> name[name_bytes >> 1] << 8
        | <uint32_t> <unsigned char> name[name_bytes - 1] << 16
        | <uint32_t> name_bytes << 24
    )


cdef inline int json_slot(const JsonKeyTable* keys, const char* name, Py_ssize_t name_bytes) noexcept nogil:
    """Slot of `name`, -1 if the table does not hold it."""
    cdef int slot
    if name_bytes == 0:
        return -1
    slot = keys.slot_of_hash[(fingerprint(name, name_bytes) * keys.multiplier) >> 24]
    if slot < 0 or keys.name_bytes[slot] != name_bytes or memcmp(keys.names[slot], name, name_bytes) != 0:
        return -1
    return slot


ctypedef struct JsonKeyOrder:
    # The order in which the keys of one kind of object came last time, known and foreign ones: the venue writes them in
    # the same order each time, and comparing with the key expected next is faster than finding where the key ends and
    # looking it up. A forecast only: every key is compared whole. All zero to begin with; one owner, one thread.
    int count, next, misses
    signed char[96] slots
    signed char[96] quoted_bytes
    char[96][32] quoted                         # "name":


cdef void remember_key(JsonKeyOrder* order, int slot, const char* quoted, Py_ssize_t quoted_bytes) noexcept nogil
cdef void end_of_keys(JsonKeyOrder* order) noexcept nogil
