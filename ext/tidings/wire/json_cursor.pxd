"""Walks JSON text once and picks fields from it, without building objects and without allocating.

How it is used:

    json_start(&cursor, text, count)
    if json_enter(&cursor, JSON_OBJECT):
        slot = json_pick(&cursor, keys.table, values)       # scalars land in values[slot of their key]
        while slot >= 0:                                    # stopped at a known key that holds an object or array:
            … json_enter() and walk it, or json_skip() it …
            slot = json_pick(&cursor, keys.table, values)   # and go on behind it
        # JSON_END: the object is complete; JSON_BAD: cursor.fault tells why, the values are worth nothing

Values borrow the text. The grammar is RFC 8259's, whole: what is not asked for is still checked, so a key inside a
string or a cut number cannot pass for something else. Strings are not checked for UTF-8.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from tidings.wire.digits cimport DIGITS_OK, parse_decimal


cdef enum:
    JSON_DEPTH_MAX = 32         # the venue nests four deep (phemex docs 2026, order book)
    JSON_KEYS_MAX = 64          # in one table
    JSON_END = -1
    JSON_BAD = -2

cdef enum JsonKind:
    JSON_ABSENT = 0
    JSON_NULL
    JSON_FALSE
    JSON_TRUE
    JSON_NUMBER
    JSON_STRING                 # its bytes are its characters
    JSON_ESCAPED                # a string with a backslash in it: decode before comparing
    JSON_OBJECT
    JSON_ARRAY

cdef enum JsonFault:
    FAULT_NONE = 0
    FAULT_SYNTAX
    FAULT_CUT                   # the text ends too early
    FAULT_DEPTH
    FAULT_DUPLICATE             # a known key twice in one object: nobody can say which one counts
    FAULT_ESCAPED_KEY           # a key with a backslash might be a known one in disguise

ctypedef struct JsonCursor:
    const char* at
    const char* end
    int depth
    bint is_at_first            # just behind an opening brace or bracket
    JsonFault fault

ctypedef struct JsonValue:
    JsonKind kind
    const char* start           # a string's first character; else the value's first byte
    Py_ssize_t count            # 0 for objects and arrays

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


cdef void json_start(JsonCursor* cursor, const char* text, Py_ssize_t count) noexcept nogil
# True and behind the opening brace or bracket; False (and the cursor broken) if the next value is something else.
cdef bint json_enter(JsonCursor* cursor, JsonKind kind) noexcept nogil
# Slot of a known key whose object or array is next, JSON_END behind the closing brace, or JSON_BAD.
cdef int json_pick(JsonCursor* cursor, const JsonKeyTable* keys, JsonValue* values) noexcept nogil
# 1: the next array element starts at the cursor, JSON_END behind the closing bracket, or JSON_BAD.
cdef int json_next_element(JsonCursor* cursor) noexcept nogil
# Read a scalar, or tell that an object or array is next without entering it. False: broken.
cdef bint json_read(JsonCursor* cursor, JsonValue* value) noexcept nogil
cdef bint json_skip(JsonCursor* cursor) noexcept nogil
# Nothing but white space is left.
cdef bint json_is_at_end(JsonCursor* cursor) noexcept nogil


cdef inline bint json_scaled(const JsonValue* value, int scale, int64_t* number) noexcept nogil:
    """`value` × 10**scale as an integer, from a number or from a string that spells one; False if it is not exact."""
    if value.kind != JSON_NUMBER and value.kind != JSON_STRING:
        return False
    return parse_decimal(value.start, value.count, scale, number) == DIGITS_OK


cdef inline bint json_int64(const JsonValue* value, int64_t* number) noexcept nogil:
    """An integer, as a number or as a string (the venue writes error codes both ways); `1.0` and `1e2` count too."""
    return json_scaled(value, 0, number)


# A JSON value as the Python object it stands for, numbers with a fraction or exponent as Decimal. Not for hot paths.
cdef object json_text(const JsonValue* value)
