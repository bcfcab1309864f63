"""Leaves that read the lines of an HTTP/1.1 head: names, values, and what we pick from them."""

from libc.stdint cimport int64_t, uint64_t

from tidings.wire.http1 cimport Response
from tidings.wire.scan cimport word_at


cdef inline bint begins_with(const char* text, const char* name, Py_ssize_t name_bytes) noexcept nogil:
    """Bit 0x20 makes letters lower-case and leaves the hyphen; nothing else visible becomes one of them by it."""
    cdef Py_ssize_t index = 0
    while index + 8 <= name_bytes:
        if (word_at(text + index) | <uint64_t>0x2020202020202020) != word_at(name + index):
            return False
        index += 8
    while index < name_bytes:
        if (text[index] | 0x20) != name[index]:
            return False
        index += 1
    return True


# Here, because every header asks it several times: most answers are the length's, without a call.
cdef inline bint is_name(
    const char* text, Py_ssize_t text_bytes, const char* name, Py_ssize_t name_bytes
) noexcept nogil:
    """Whether `text` is `name` (lower-case letters and hyphens), ignoring case."""
    return text_bytes == name_bytes and begins_with(text, name, name_bytes)


# Behind the characters that header names are made of.
cdef const char* token_end(const char* at, const char* end) noexcept nogil
# Where the line of text at `at` ends; raises PeerError for control characters.
cdef const char* text_end(const char* at, const char* end) except NULL
cdef bint has_list_item(const char* text, Py_ssize_t text_bytes, const char* item, Py_ssize_t item_bytes) noexcept nogil
cdef int64_t content_length(const char* value, Py_ssize_t value_bytes) except -1
cdef int pick_rate_header(
    Response* response, const char* name, Py_ssize_t name_bytes, const char* value, Py_ssize_t value_bytes
) noexcept nogil
# The first bytes of what was wrong, for a message.
cdef str shown(const char* at, const char* end)
