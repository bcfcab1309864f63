"""Leaves that read the lines of an HTTP/1.1 head: names, values, and what we pick from them."""

from libc.stdint cimport int64_t

from tidings.wire.http1 cimport Response


# Behind the characters that header names are made of.
cdef const char* token_end(const char* at, const char* end) noexcept nogil
# Where the line of text at `at` ends; raises PeerError for control characters.
cdef const char* text_end(const char* at, const char* end) except NULL
cdef bint is_name(const char* text, Py_ssize_t text_bytes, const char* name, Py_ssize_t name_bytes) noexcept nogil
cdef bint has_list_item(const char* text, Py_ssize_t text_bytes, const char* item, Py_ssize_t item_bytes) noexcept nogil
cdef int64_t content_length(const char* value, Py_ssize_t value_bytes) except -1
cdef int pick_rate_header(
    Response* response, const char* name, Py_ssize_t name_bytes, const char* value, Py_ssize_t value_bytes
) noexcept nogil
# The first bytes of what was wrong, for a message.
cdef str shown(const char* at, const char* end)
