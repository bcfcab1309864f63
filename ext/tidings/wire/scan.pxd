"""Find the byte that ends a run, eight bytes at a time: inline leaves shared by the parsers of this room.

The eight-byte tests are the classic ones on a 64-bit word (no vector unit needed, same code on x86-64 and ARM): a word
without a hit is skipped whole, a word with one is looked at byte by byte, so byte order does not matter. Nothing is
read at or behind `end`.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

cdef enum:
    FIRST_PRINTABLE = 0x20      # bytes below are controls
    DELETE = 0x7F


cdef inline uint64_t word_at(const char* at) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, at, 8)
    return word


cdef inline uint64_t has_below_space(uint64_t word) noexcept nogil:
    """Non-zero if any byte of `word` is below 0x20."""
    return (word - <uint64_t>0x2020202020202020) & ~word & <uint64_t>0x8080808080808080


cdef inline uint64_t has_zero(uint64_t word) noexcept nogil:
    return (word - <uint64_t>0x0101010101010101) & ~word & <uint64_t>0x8080808080808080


cdef inline const char* find_control(const char* at, const char* end) noexcept nogil:
    """First byte below 0x20 or equal to 0x7f, or `end`."""
    cdef uint64_t word
    while end - at >= 8:
        word = word_at(at)
        if has_below_space(word) | has_zero(word ^ <uint64_t>0x7F7F7F7F7F7F7F7F):
            break
        at += 8
    while at < end and <unsigned char> at[0] >= FIRST_PRINTABLE and <unsigned char> at[0] != DELETE:
        at += 1
    return at


cdef inline const char* find_string_stop(const char* at, const char* end) noexcept nogil:
    """First quote, backslash or byte below 0x20 (what may end or interrupt a JSON string), or `end`."""
    cdef uint64_t word
    while end - at >= 8:
        word = word_at(at)
        if (
            has_below_space(word)
            | has_zero(word ^ <uint64_t>0x2222222222222222)
            | has_zero(word ^ <uint64_t>0x5C5C5C5C5C5C5C5C)
        ):
            break
        at += 8
    while at < end and at[0] != c'"' and at[0] != c'\\' and <unsigned char> at[0] >= FIRST_PRINTABLE:
        at += 1
    return at
