"""The cursor's grammar: one function per production, all nogil, none allocates.

Values that nobody asked for are walked over by the same productions, so nothing is skipped unchecked.
"""

from libc.stdint cimport int64_t
from libc.string cimport memcmp, memset

from tidings.wire.digits cimport SCALE_MAX
from tidings.wire.json_keys cimport (
    JSON_QUOTED_BYTES_MAX, JsonKeyOrder, JsonKeys, JsonKeyTable, end_of_keys, json_slot, remember_key,
)
from tidings.wire.scan cimport find_string_stop, scan_begins_with

import json
from decimal import Decimal

import orjson

from tidings.errors import PeerError

FAULT_WORDS = {
    FAULT_SYNTAX: "is not JSON",
    FAULT_CUT: "ends too early",
    FAULT_DEPTH: f"nests deeper than {JSON_DEPTH_MAX}",
    FAULT_DUPLICATE: "has a key twice in one object",
    FAULT_ESCAPED_KEY: "has a backslash in a key",
}


cdef void json_start(JsonCursor* cursor, const char* text, Py_ssize_t count) noexcept nogil:
    cursor.at = text
    cursor.end = text + count
    cursor.depth = 0
    cursor.is_at_first = False
    cursor.fault = FAULT_NONE


cdef bint json_enter(JsonCursor* cursor, JsonKind kind) noexcept nogil:
    skip_space(cursor)
    if cursor.at == cursor.end:
        return fail(cursor, FAULT_CUT)
    if cursor.at[0] != (c'{' if kind == JSON_OBJECT else c'['):
        return fail(cursor, FAULT_SYNTAX)
    return open_container(cursor)


cdef int json_pick(JsonCursor* cursor, const JsonKeyTable* keys, JsonValue* values) noexcept nogil:
    return json_pick_in_order(cursor, keys, NULL, values)


cdef int json_pick_in_order(
    JsonCursor* cursor, const JsonKeyTable* keys, JsonKeyOrder* order, JsonValue* values
) noexcept nogil:
    cdef JsonValue foreign
    cdef int slot = 0
    cdef int step
    if order is not NULL and cursor.is_at_first:
        order.next = order.misses = 0
    step = next_item(cursor, c'}')
    while step > 0:
        if not walk_expected_key(cursor, order, &slot) and not walk_any_key(cursor, keys, order, &slot):
            return JSON_BAD
        if slot < 0:
            if not json_read(cursor, &foreign) or (foreign.kind >= JSON_OBJECT and not json_skip(cursor)):
                return JSON_BAD
        else:
            if values[slot].kind != JSON_ABSENT:
                fail(cursor, FAULT_DUPLICATE)
                return JSON_BAD
            if not json_read(cursor, &values[slot]):
                return JSON_BAD
            if values[slot].kind >= JSON_OBJECT:
                return slot
        step = next_item(cursor, c'}')
    if order is not NULL:
        end_of_keys(order)
    return step


cdef inline bint walk_expected_key(JsonCursor* cursor, JsonKeyOrder* order, int* slot) noexcept nogil:
    """The key that came here last time, if it comes again: then where the value begins is known without searching."""
    cdef int index
    if order is NULL or order.next == order.count or cursor.end - cursor.at < JSON_QUOTED_BYTES_MAX:
        return False
    index = order.next
    if not scan_begins_with(cursor.at, order.quoted[index], order.quoted_bytes[index]):
        return False
    cursor.at += order.quoted_bytes[index]
    order.next = index + 1
    slot[0] = order.slots[index]
    return True


cdef bint walk_any_key(
    JsonCursor* cursor, const JsonKeyTable* keys, JsonKeyOrder* order, int* slot
) noexcept nogil:
    cdef Py_ssize_t name_bytes = 0
    cdef const char* name = read_key(cursor, &name_bytes)
    if name is NULL:
        return False
    slot[0] = json_slot(keys, name, name_bytes)
    if order is not NULL and cursor.at == name + name_bytes + 2:        # no white space before the colon
        remember_key(order, slot[0], name - 1, name_bytes + 3)
    return True


cdef int json_next_element(JsonCursor* cursor) noexcept nogil:
    return next_item(cursor, c']')


cdef bint json_read(JsonCursor* cursor, JsonValue* value) noexcept nogil:
    cdef char first
    skip_space(cursor)
    if cursor.at == cursor.end:
        return fail(cursor, FAULT_CUT)
    first = cursor.at[0]
    if first == c'"':
        return read_string(cursor, value)
    value.start = cursor.at
    value.count = 0
    if first == c'{' or first == c'[':
        value.kind = JSON_OBJECT if first == c'{' else JSON_ARRAY
        return True
    if first == c'-' or c'0' <= first <= c'9':
        value.kind = JSON_NUMBER
        if not walk_number(cursor):
            return False
    elif first == c'n':
        value.kind = JSON_NULL
        if not walk_word(cursor, b"null", 4):
            return False
    elif first == c't':
        value.kind = JSON_TRUE
        if not walk_word(cursor, b"true", 4):
            return False
    elif first == c'f':
        value.kind = JSON_FALSE
        if not walk_word(cursor, b"false", 5):
            return False
    else:
        return fail(cursor, FAULT_SYNTAX)
    value.count = cursor.at - value.start
    return True


cdef bint json_skip(JsonCursor* cursor) noexcept nogil:
    """Walk over one value of any kind. Recursion is bounded by JSON_DEPTH_MAX."""
    cdef JsonValue value
    cdef Py_ssize_t name_bytes = 0
    cdef int step
    if not json_read(cursor, &value):
        return False
    if value.kind < JSON_OBJECT:
        return True
    if not open_container(cursor):
        return False
    step = next_item(cursor, c'}' if value.kind == JSON_OBJECT else c']')
    while step > 0:
        if value.kind == JSON_OBJECT and walk_key(cursor, &name_bytes) is NULL:
            return False
        if not json_skip(cursor):
            return False
        step = next_item(cursor, c'}' if value.kind == JSON_OBJECT else c']')
    return step == JSON_END


cdef bint json_is_at_end(JsonCursor* cursor) noexcept nogil:
    skip_space(cursor)
    return cursor.at == cursor.end and cursor.fault == FAULT_NONE


cdef bint fail(JsonCursor* cursor, JsonFault fault) noexcept nogil:
    """Break the cursor for good: it stands at its end, so nothing can be read from it any more."""
    if cursor.fault == FAULT_NONE:
        cursor.fault = fault
    cursor.at = cursor.end
    return False


cdef inline void skip_space(JsonCursor* cursor) noexcept nogil:
    # The venue writes none; the first test is the only one that counts.
    while cursor.at < cursor.end and <unsigned char> cursor.at[0] <= c' ':
        if cursor.at[0] != c' ' and cursor.at[0] != c'\n' and cursor.at[0] != c'\r' and cursor.at[0] != c'\t':
            return
        cursor.at += 1


cdef inline bint open_container(JsonCursor* cursor) noexcept nogil:
    if cursor.depth == JSON_DEPTH_MAX:
        return fail(cursor, FAULT_DEPTH)
    cursor.at += 1
    cursor.depth += 1
    cursor.is_at_first = True
    return True


cdef inline int next_item(JsonCursor* cursor, char closing) noexcept nogil:
    """Walk over the comma or the closing byte: 1, JSON_END or JSON_BAD."""
    skip_space(cursor)
    if cursor.at == cursor.end:
        fail(cursor, FAULT_CUT)
        return JSON_BAD
    if cursor.at[0] == closing:
        cursor.at += 1
        cursor.depth -= 1
        cursor.is_at_first = False
        return JSON_END
    if cursor.is_at_first:
        cursor.is_at_first = False
        return 1
    if cursor.at[0] != c',':
        fail(cursor, FAULT_SYNTAX)
        return JSON_BAD
    cursor.at += 1
    return 1


cdef inline const char* walk_key(JsonCursor* cursor, Py_ssize_t* name_bytes) noexcept nogil:
    """A key of any spelling and its colon; returns where its characters begin, or NULL. Its count is -1 if escaped."""
    cdef JsonValue name
    skip_space(cursor)
    if cursor.at == cursor.end or cursor.at[0] != c'"':
        fail(cursor, FAULT_CUT if cursor.at == cursor.end else FAULT_SYNTAX)
        return NULL
    if not read_string(cursor, &name):
        return NULL
    skip_space(cursor)
    if cursor.at == cursor.end or cursor.at[0] != c':':
        fail(cursor, FAULT_CUT if cursor.at == cursor.end else FAULT_SYNTAX)
        return NULL
    cursor.at += 1
    name_bytes[0] = name.count if name.kind == JSON_STRING else -1
    return name.start


cdef inline const char* read_key(JsonCursor* cursor, Py_ssize_t* name_bytes) noexcept nogil:
    """A key that can be compared, and its colon; NULL: broken."""
    cdef const char* name = walk_key(cursor, name_bytes)
    if name is not NULL and name_bytes[0] < 0:
        fail(cursor, FAULT_ESCAPED_KEY)
        return NULL
    return name


cdef inline bint read_string(JsonCursor* cursor, JsonValue* value) noexcept nogil:
    """The string whose opening quote is at the cursor."""
    cdef const char* stop
    value.kind = JSON_STRING
    value.start = cursor.at + 1
    if cursor.end - cursor.at >= 3 and cursor.at[2] == c'"' and c'0' <= cursor.at[1] <= c'9':
        value.count = 1                 # "0": every second value of an order
        cursor.at += 3
        return True
    stop = find_string_stop(value.start, cursor.end)
    while stop < cursor.end and stop[0] == c'\\':
        value.kind = JSON_ESCAPED
        stop = escape_end(stop, cursor.end)
        if stop is NULL:
            return fail(cursor, FAULT_SYNTAX)
        stop = find_string_stop(stop, cursor.end)
    if stop == cursor.end:
        return fail(cursor, FAULT_CUT)
    if stop[0] != c'"':
        return fail(cursor, FAULT_SYNTAX)
    value.count = stop - value.start
    cursor.at = stop + 1
    return True


cdef const char* escape_end(const char* at, const char* end) noexcept nogil:
    """Behind the escape at `at`, `end` if it is cut, or NULL if there is no such escape."""
    cdef int digit
    if end - at < 2:
        return end
    if at[1] != c'u':
        return at + 2 if at[1] in (c'"', c'\\', c'/', c'b', c'f', c'n', c'r', c't') else NULL
    for digit in range(2, 6):
        if at + digit == end:
            return end
        if not (c'0' <= at[digit] <= c'9' or c'a' <= (at[digit] | 0x20) <= c'f'):
            return NULL
    return at + 6


cdef inline const char* digits_end(const char* at, const char* end) noexcept nogil:
    while at < end and c'0' <= at[0] <= c'9':
        at += 1
    return at


cdef inline bint walk_number(JsonCursor* cursor) noexcept nogil:
    """RFC 8259 §6. What may follow a number is checked by whoever reads on."""
    cdef const char* end = cursor.end
    cdef const char* first = cursor.at + (cursor.at[0] == c'-')
    cdef const char* at = digits_end(first, end)
    if at == first or (first[0] == c'0' and at - first > 1):
        return fail(cursor, FAULT_CUT if first == end else FAULT_SYNTAX)
    if at < end and at[0] == c'.':
        first = at + 1
        at = digits_end(first, end)
        if at == first:
            return fail(cursor, FAULT_CUT if first == end else FAULT_SYNTAX)
    if at < end and (at[0] | 0x20) == c'e':
        first = at + 1
        if first < end and (first[0] == c'+' or first[0] == c'-'):
            first += 1
        at = digits_end(first, end)
        if at == first:
            return fail(cursor, FAULT_CUT if first == end else FAULT_SYNTAX)
    cursor.at = at
    return True


cdef bint walk_word(JsonCursor* cursor, const char* word, Py_ssize_t word_bytes) noexcept nogil:
    cdef Py_ssize_t left = cursor.end - cursor.at
    if memcmp(cursor.at, word, min(left, word_bytes)) != 0:
        return fail(cursor, FAULT_SYNTAX)
    if left < word_bytes:
        return fail(cursor, FAULT_CUT)
    cursor.at += word_bytes
    return True


cdef object json_text(const JsonValue* value):
    if value.kind == JSON_NUMBER:
        return number_of(value.start[:value.count].decode("ascii"))
    if value.kind == JSON_STRING or value.kind == JSON_ESCAPED:
        text = value.start[:value.count].decode("utf-8", "replace")
        return json.loads(f'"{text}"') if value.kind == JSON_ESCAPED else text
    return {JSON_TRUE: True, JSON_FALSE: False}.get(value.kind)


cdef object number_of(str text):
    try:
        return Decimal(text) if any(mark in text for mark in ".eE") else int(text)
    except (ValueError, ArithmeticError) as error:      # more digits, or a larger exponent, than Python takes
        raise PeerError(f"JSON holds a number beyond all reason: {text[:60]}") from error


cdef bytes json_plain(JsonFault fault, const char* text, Py_ssize_t count):
    if fault == FAULT_DUPLICATE:
        return None
    try:
        return orjson.dumps(without_floats(orjson.loads(text[:count])))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return None


cdef object without_floats(object value):
    if isinstance(value, dict):
        return {key: without_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_floats(item) for item in value]
    return None if isinstance(value, float) else value


cdef class JsonPicker:
    def __init__(self, *names):
        self.keys = JsonKeys(*names)
        self.names = names

    def pick(self, bytes text not None):
        cdef JsonValue[64] values
        cdef JsonCursor cursor
        cdef int slot = JSON_BAD
        picked = {}
        memset(values, 0, sizeof(values))
        json_start(&cursor, text, len(text))
        if json_enter(&cursor, JSON_OBJECT):
            slot = json_pick_in_order(&cursor, &self.keys.table, &self.order, values)
        while slot >= 0:
            json_skip(&cursor)
            picked[self.names[slot]] = text[values[slot].start - <const char*> text:cursor.at - <const char*> text]
            slot = json_pick_in_order(&cursor, &self.keys.table, &self.order, values)
        if not json_is_at_end(&cursor):
            raise PeerError(f"JSON {FAULT_WORDS.get(cursor.fault, 'goes on behind its end')}: {text[:60]!r}")
        for slot in range(len(self.names)):
            if JSON_ABSENT < values[slot].kind < JSON_OBJECT:
                picked[self.names[slot]] = json_text(&values[slot])
        return picked


def pick(bytes text not None, *names):
    return JsonPicker(*names).pick(text)


def scaled(bytes text not None, int scale):
    cdef JsonCursor cursor
    cdef JsonValue value
    cdef int64_t number = 0
    if not 0 <= scale <= SCALE_MAX:
        raise ValueError(f"scale must be 0 to {SCALE_MAX} decimals: was {scale}")
    json_start(&cursor, text, len(text))
    if not json_read(&cursor, &value) or not json_is_at_end(&cursor):
        raise PeerError(f"JSON {FAULT_WORDS.get(cursor.fault, 'goes on behind its end')}: {text[:60]!r}")
    return number if json_scaled(&value, scale, &number) else None
