"""Find the byte that ends a run of text, many bytes at a time: leaves shared by the parsers of this room."""

from libc.stdint cimport uint64_t


cdef extern from "scan.h" nogil:
    # First byte below 0x20 or equal to 0x7f, or `end`.
    const char* find_control(const char* at, const char* end)
    # First quote, backslash or byte below 0x20 (what ends or interrupts a JSON string), or `end`.
    const char* find_string_stop(const char* at, const char* end)
    # Eight bytes as one word, in memory order.
    uint64_t word_at "scan_word"(const char* at)
    # Whether `at` begins with the first `count` (≤ 32) bytes of `expected`; both readable for 32 bytes.
    bint scan_begins_with(const char* at, const char* expected, int count)
