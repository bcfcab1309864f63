"""Walks JSON text once and picks fields from it, without building objects and without allocating.

How it is used:

    json_start(&cursor, text, count)
    if json_enter(&cursor, JSON_OBJECT):
        slot = json_pick(&cursor, &keys.table, values)        # scalars land in values[slot of their key]
        while slot >= 0:                                    # stopped at a known key that holds an object or array:
            … json_enter() and walk it, or json_skip() it …
            slot = json_pick(&cursor, &keys.table, values)    # and go on behind it
        # JSON_END: the object is complete; JSON_BAD: cursor.fault tells why, the values are worth nothing

Values borrow the text. The grammar is RFC 8259's, whole: what is not asked for is still checked, so a key inside a
string or a cut number cannot pass for something else. Strings are not checked for UTF-8.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from tidings.wire.digits cimport DIGITS_OK, parse_decimal
from tidings.wire.json_keys cimport JsonKeyOrder, JsonKeys, JsonKeyTable, json_slot


cdef enum:
    JSON_DEPTH_MAX = 32         # the venue nests four deep (phemex docs 2026, order book)
    PLAIN_DIGITS_MAX = 19       # always fit an unsigned 64-bit word
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


cdef void json_start(JsonCursor* cursor, const char* text, Py_ssize_t count) noexcept nogil
# True and behind the opening brace or bracket; False (and the cursor broken) if the next value is something else.
cdef bint json_enter(JsonCursor* cursor, JsonKind kind) noexcept nogil
# Slot of a known key whose object or array is next, JSON_END behind the closing brace, or JSON_BAD.
cdef int json_pick(JsonCursor* cursor, const JsonKeyTable* keys, JsonValue* values) noexcept nogil
# The same, faster for repeated objects of one kind; that kind must not nest in itself with the same `order`.
cdef int json_pick_in_order(
    JsonCursor* cursor, const JsonKeyTable* keys, JsonKeyOrder* order, JsonValue* values
) noexcept nogil
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
    return plain_scaled(value.start, value.count, scale, number) or (
        parse_decimal(value.start, value.count, scale, number) == DIGITS_OK
    )


cdef inline bint plain_scaled(const char* text, Py_ssize_t count, int scale, int64_t* number) noexcept nogil:
    """The usual case of parse_decimal, in a third of its time: up to 19 digits, no sign, no exponent, few decimals."""
    cdef uint64_t mantissa = 0
    cdef Py_ssize_t index, point = count
    if not 0 < count <= PLAIN_DIGITS_MAX or (text[0] == c'0' and count > 1 and text[1] != c'.'):
        return False
    for index in range(count):
        if c'0' <= text[index] <= c'9':
            mantissa = mantissa * 10 + <uint64_t> (text[index] - c'0')
        elif text[index] == c'.' and point == count and 0 < index < count - 1:
            point = index
        else:
            return False
    if point < count:
        scale -= <int> (count - point - 1)
    if scale < 0 or count + scale > PLAIN_DIGITS_MAX:
        return False
    while scale > 0:
        mantissa *= 10
        scale -= 1
    if mantissa > <uint64_t> INT64_MAX:
        return False
    number[0] = <int64_t> mantissa
    return True


cdef inline bint json_int64(const JsonValue* value, int64_t* number) noexcept nogil:
    """An integer, as a number or as a string (the venue writes error codes both ways); `1.0` and `1e2` count too."""
    return json_scaled(value, 0, number)


cdef inline int json_word(const JsonValue* value, const JsonKeyTable* words) noexcept nogil:
    """Slot of the string `value` in a table of words, -1 if it is none of them or no string."""
    return json_slot(words, value.start, value.count) if value.kind == JSON_STRING else -1


# A JSON value as the Python object it stands for, numbers with a fraction or exponent as Decimal. Not for hot paths.
cdef object json_text(const JsonValue* value)

# The same document from orjson, for a second try: escapes resolved where they can be, floats replaced by null (only the
# cursor reads them exactly). None if orjson refuses it, or if a key comes twice and orjson would pick one of them.
cdef bytes json_plain(JsonFault fault, const char* text, Py_ssize_t count)


cdef class JsonPicker:
    cdef JsonKeys keys
    cdef JsonKeyOrder order
    cdef readonly tuple names
