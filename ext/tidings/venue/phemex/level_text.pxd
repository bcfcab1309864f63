"""Levels of a book as the venue writes them, read in one pass: `["61250.1","0.003"]` or `[612500000,1900]`.

A level comes before its symbol, so before its scale: its numbers are kept as written (mantissa and decimals) and put on
the grid later. Only the usual spelling is read here, some three times faster than by the JSON grammar; anything else
(blanks, signs, exponents, a nineteenth digit) is left to the grammar.
"""

from libc.stdint cimport INT64_MAX, int64_t

from tidings.model.execution_report cimport UNSET


cdef enum:
    PLAIN_DIGITS_MAX = 18       # always fit an int64

ctypedef struct WrittenNumber:
    int64_t mantissa            # value = mantissa / 10**decimals; UNSET: no number
    int decimals

ctypedef struct WrittenLevel:
    WrittenNumber price, qty


cdef inline const char* read_plain_level(const char* at, const char* end, WrittenLevel* level) noexcept nogil:
    """Behind the level that begins at `at`; NULL: not written the usual way."""
    if at == end or at[0] != c'[':
        return NULL
    at = read_plain_cell(at + 1, end, &level.price)
    if at is NULL or at == end or at[0] != c',':
        return NULL
    at = read_plain_cell(at + 1, end, &level.qty)
    if at is NULL or at == end or at[0] != c']':
        return NULL
    return at + 1


cdef inline const char* read_plain_cell(const char* at, const char* end, WrittenNumber* number) noexcept nogil:
    cdef bint is_text = at < end and at[0] == c'"'
    at = read_plain_number(at + is_text, end, number)
    if not is_text or at is NULL:
        return at
    return at + 1 if at < end and at[0] == c'"' else NULL


cdef inline const char* read_plain_number(const char* at, const char* end, WrittenNumber* number) noexcept nogil:
    """Digits, and a point between two of them (RFC 8259 §6: no leading zero)."""
    cdef const char* first = at
    cdef const char* fraction = NULL
    cdef int64_t mantissa = 0
    if end - at > PLAIN_DIGITS_MAX + 1:
        end = at + PLAIN_DIGITS_MAX + 1
    while at < end:
        if c'0' <= at[0] <= c'9':
            mantissa = mantissa * 10 + (at[0] - c'0')
        elif at[0] == c'.' and fraction is NULL and at > first:
            fraction = at + 1
        else:
            break
        at += 1
    if at == first or at == end or at == fraction or (first[0] == c'0' and at > first + 1 and first + 2 != fraction):
        return NULL             # `at == end`: cut, or too long
    number.mantissa = mantissa
    number.decimals = <int> (at - fraction) if fraction is not NULL else 0
    return at


cdef inline int64_t steps_of(const WrittenNumber* number, int scale, int64_t step_mantissa) noexcept nogil:
    """number × 10**scale in steps, exactly; UNSET if it is off that grid or beyond 64 bits."""
    cdef int64_t mantissa = number.mantissa
    cdef int more_decimals = scale - number.decimals
    if mantissa == 0 or mantissa == UNSET:
        return mantissa
    while more_decimals > 0:
        if not -(INT64_MAX // 10) <= mantissa <= INT64_MAX // 10:
            return UNSET
        mantissa *= 10
        more_decimals -= 1
    while more_decimals < 0:
        if mantissa % 10:
            return UNSET
        mantissa //= 10
        more_decimals += 1
    if step_mantissa == 1:
        return mantissa
    return mantissa // step_mantissa if mantissa % step_mantissa == 0 else UNSET
