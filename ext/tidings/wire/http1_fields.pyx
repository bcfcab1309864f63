"""Leaves that read the lines of an HTTP/1.1 head: names, values, and what we pick from them (RFC 9110 §5).

Names are compared without case, values are taken as they stand; nothing here allocates except on the way to an error.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t

from tidings.wire.digits cimport is_digit
from tidings.wire.http1 cimport (
    RATE_CAPACITY, RATE_GROUP_BYTES_MAX, RATE_HEADERS_MAX, RATE_REMAINING, RATE_RETRY_AFTER_S, RateHeader,
    RateHeaderKind, Response,
)
from tidings.wire.scan cimport find_control

from tidings.errors import PeerError

cdef enum:
    LENGTH_MAX = 1 << 30            # above every limit, and ten times it fits an int64
    RATE_VALUE_DIGITS_MAX = 18
    SHOWN_BYTES_MAX = 40

# Lower-case form of each character a header name may hold (RFC 9110 §5.6.2, token), 0 for all others.
cdef unsigned char[256] TOKEN


def _fill_token_table():
    for byte in b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz":
        TOKEN[byte] = byte
    for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        TOKEN[byte] = byte | 0x20


_fill_token_table()


cdef const char* token_end(const char* at, const char* end) noexcept nogil:
    while at < end and TOKEN[<unsigned char> at[0]]:
        at += 1
    return at


cdef str shown(const char* at, const char* end):
    """The first bytes of what was wrong, for a message."""
    return repr(PyBytes_FromStringAndSize(at, min(end - at, <Py_ssize_t> SHOWN_BYTES_MAX)))


cdef const char* text_end(const char* at, const char* end) except NULL:
    """Where the line of visible text and tabs at `at` ends: at its CRLF, or cut short (fewer than two bytes are left).

    Raises PeerError for every other control character: NUL, bare CR, bare LF.
    """
    cdef const char* stop = find_control(at, end)
    while stop < end and stop[0] == c'\t':
        stop = find_control(stop + 1, end)
    if stop < end and (stop[0] != c'\r' or (end - stop >= 2 and stop[1] != c'\n')):
        raise PeerError(f"HTTP: control character in a line: {shown(stop, end)}")
    return stop


cdef bint has_list_item(
    const char* text, Py_ssize_t text_bytes, const char* item, Py_ssize_t item_bytes
) noexcept nogil:
    """Whether the comma-separated list `text` holds `item` (lower case), ignoring case."""
    cdef const char* at = text
    cdef const char* end = text + text_bytes
    cdef const char* start
    while at < end:
        while at < end and (at[0] == c' ' or at[0] == c'\t' or at[0] == c','):
            at += 1
        start = at
        while at < end and at[0] != c',' and at[0] != c' ' and at[0] != c'\t':
            at += 1
        if is_name(start, at - start, item, item_bytes):
            return True
    return False


cdef int64_t content_length(const char* value, Py_ssize_t value_bytes) except -1:
    """Digits only, so that `+5`, `5,5` and `0x5` are refused; a larger number than any body could have is cut."""
    cdef int64_t length = 0
    cdef Py_ssize_t index
    if value_bytes == 0:
        raise PeerError("HTTP: empty Content-Length")
    for index in range(value_bytes):
        if not is_digit(value[index]):
            raise PeerError(f"HTTP: Content-Length is not a number: {shown(value, value + value_bytes)}")
        length = min(length * 10 + (value[index] - c'0'), <int64_t> LENGTH_MAX)
    return length


cdef int64_t rate_value(const char* value, Py_ssize_t value_bytes) noexcept nogil:
    """The number in a rate header, or -1: a budget we cannot read is not a reason to drop orders in flight."""
    cdef int64_t number = 0
    cdef Py_ssize_t index
    if value_bytes == 0 or value_bytes > RATE_VALUE_DIGITS_MAX:
        return -1
    for index in range(value_bytes):
        if not is_digit(value[index]):
            return -1
        number = number * 10 + (value[index] - c'0')
    return number


cdef int pick_rate_header(
    Response* response, const char* name, Py_ssize_t name_bytes, const char* value, Py_ssize_t value_bytes
) noexcept nogil:
    """Keep an `x-ratelimit-…` or `Retry-After` header whose value is a plain number; returns whether it was one."""
    cdef RateHeader* header
    cdef int64_t number
    cdef RateHeaderKind kind
    cdef Py_ssize_t index, suffix
    if name_bytes >= 20 and begins_with(name, b"x-ratelimit-", 12):
        if begins_with(name + 12, b"capacity", 8):
            kind, suffix = RATE_CAPACITY, 20
        elif name_bytes >= 21 and begins_with(name + 12, b"remaining", 9):
            kind, suffix = RATE_REMAINING, 21
        elif name_bytes >= 23 and begins_with(name + 12, b"retry-after", 11):
            kind, suffix = RATE_RETRY_AFTER_S, 23
        else:
            return False
    elif is_name(name, name_bytes, b"retry-after", 11):
        kind, suffix = RATE_RETRY_AFTER_S, 11
    else:
        return False
    if suffix < name_bytes:
        if name[suffix] != c'-':
            return False
        suffix += 1
    number = rate_value(value, value_bytes)
    if number < 0 or response.rate_header_count == RATE_HEADERS_MAX or name_bytes - suffix > RATE_GROUP_BYTES_MAX:
        return False
    header = &response.rate_headers[response.rate_header_count]
    header.kind = kind
    header.value = number
    header.group_bytes = <int> (name_bytes - suffix)
    for index in range(header.group_bytes):
        header.group[index] = <char> TOKEN[<unsigned char> name[suffix + index]]
    response.rate_header_count += 1
    return True
