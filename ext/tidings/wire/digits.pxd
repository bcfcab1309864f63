"""Integers and scaled decimals ⇄ ASCII, exactly. Leaves: no allocation, no exceptions, no locale.

A scaled decimal is an int64 mantissa and a number of decimals: 612500 at scale 4 is 61.25. Writers need room for
DECIMAL_BYTES_MAX bytes and return how many they wrote. Readers return a DigitsResult, and set `value` if it is OK.
Text follows JSON's grammar for numbers (RFC 8259 §6): no plus sign, no leading zeros, no bare point.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint64_t


cdef enum:
    DECIMAL_BYTES_MAX = 40      # sign, 19 digits, point, and zeros up to SCALE_MAX
    SCALE_MAX = 18
    UUID_BYTES = 36
    EXPONENT_MAX = 9999         # larger exponents are clamped: they decide nothing any more


cdef enum DigitsResult:
    DIGITS_OK = 0
    DIGITS_MALFORMED = 1        # not a number, or bytes behind it
    DIGITS_OVERFLOW = 2         # a number, but not within int64
    DIGITS_INEXACT = 3          # a number with more decimals than the scale holds


cdef inline int count_digits(uint64_t value) noexcept nogil:
    """Decimal digits of `value`; 1 for zero."""
    cdef int digits = 1
    while value >= 10000:
        value //= 10000
        digits += 4
    return digits + (value >= 10) + (value >= 100) + (value >= 1000)


cdef inline void write_fixed(char* out, uint64_t value, int width) noexcept nogil:
    """The lowest `width` digits of `value`, zeros in front."""
    cdef uint64_t rest
    while width >= 2:
        width -= 2
        rest = value % 100
        value //= 100
        out[width] = <char>(48 + rest // 10)
        out[width + 1] = <char>(48 + rest % 10)
    if width:
        out[0] = <char>(48 + value % 10)


cdef inline int write_uint64(char* out, uint64_t value) noexcept nogil:
    cdef int digits = count_digits(value)
    write_fixed(out, value, digits)
    return digits


cdef inline uint64_t magnitude(int64_t value) noexcept nogil:
    """|value|, right for the smallest int64 too."""
    return <uint64_t>value if value >= 0 else 0 - <uint64_t>value


cdef inline int write_int64(char* out, int64_t value) noexcept nogil:
    cdef int sign = value < 0
    out[0] = 45     # '-', overwritten if there is none
    return sign + write_uint64(out + sign, magnitude(value))


cdef inline int write_decimal(char* out, int64_t mantissa, int scale) noexcept nogil:
    """mantissa / 10**scale in plain digits, trailing zeros and a bare point dropped; `scale` 0 to SCALE_MAX."""
    cdef uint64_t value = magnitude(mantissa)
    cdef int sign = mantissa < 0, digits, whole, index
    while scale > 0 and value % 10 == 0:
        value //= 10
        scale -= 1
    out[0] = 45
    out += sign
    digits = max(count_digits(value), scale + 1)
    write_fixed(out, value, digits)
    if scale == 0:
        return sign + digits
    whole = digits - scale
    for index in range(digits, whole, -1):
        out[index] = out[index - 1]
    out[whole] = 46     # '.'
    return sign + digits + 1


cdef inline char* write_hex(char* out, uint64_t value, int width) noexcept nogil:
    """The lowest `width` hex digits of `value`; the end of what was written."""
    cdef int index, nibble
    for index in range(width - 1, -1, -1):
        nibble = value & 15
        out[index] = <char>(nibble + 48 + 39 * (nibble > 9))    # '0'…'9', 'a'…'f'
        value >>= 4
    return out + width


cdef inline char* write_uuid(char* out, uint64_t high, uint64_t low) noexcept nogil:
    """The usual 36 characters of a UUID (RFC 9562 §4); the end of what was written."""
    out = write_hex(out, high >> 32, 8)
    out[0] = 45     # '-'
    out = write_hex(out + 1, high >> 16, 4)
    out[0] = 45
    out = write_hex(out + 1, high, 4)
    out[0] = 45
    out = write_hex(out + 1, low >> 48, 4)
    out[0] = 45
    return write_hex(out + 1, low, 12)


cdef inline bint is_digit(char byte) noexcept nogil:
    return 48 <= byte <= 57


cdef inline DigitsResult parse_int64(const char* text, Py_ssize_t count, int64_t* value) noexcept nogil:
    return parse_decimal(text, count, 0, value) if _is_integer(text, count) else DIGITS_MALFORMED


cdef inline bint _is_integer(const char* text, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t index = 1 if count > 0 and text[0] == 45 else 0
    while index < count and is_digit(text[index]):
        index += 1
    return index == count


cdef inline DigitsResult parse_decimal(
    const char* text, Py_ssize_t count, int scale, int64_t* value
) noexcept nogil:
    """`text` × 10**scale as an integer, if it is one. Reads exponents: the venue writes 0E-8 for 0 (observed 2025)."""
    cdef const char* end = text + count
    cdef bint is_negative = count > 0 and text[0] == 45
    cdef uint64_t mantissa = 0          # without trailing zeros: those only raise `exponent`
    cdef int64_t exponent = scale, zeros = 0
    cdef bint is_too_long = False
    cdef const char* first
    text += is_negative
    first = text
    while text < end and is_digit(text[0]):
        is_too_long |= not _take_digit(&mantissa, &zeros, text[0] - 48)
        text += 1
    if text == first or (first[0] == 48 and text - first > 1):
        return DIGITS_MALFORMED
    if text < end and text[0] == 46:
        text += 1
        first = text
        while text < end and is_digit(text[0]):
            is_too_long |= not _take_digit(&mantissa, &zeros, text[0] - 48)
            text += 1
        exponent -= text - first
        if text == first:
            return DIGITS_MALFORMED
    if text < end and (text[0] | 32) == 101:    # 'e', 'E'
        if not _parse_exponent(text + 1, end, &exponent):
            return DIGITS_MALFORMED
    elif text < end:
        return DIGITS_MALFORMED
    if is_too_long:
        # More than 19 digits up to the last that is not 0: too large if the number is whole, too fine if it is not.
        return DIGITS_OVERFLOW if exponent + zeros >= 0 else DIGITS_INEXACT
    return _scale_up(mantissa, exponent + zeros, is_negative, value)


cdef inline bint _take_digit(uint64_t* mantissa, int64_t* zeros, int digit) noexcept nogil:
    """Append `digit`, holding zeros back until a digit follows them; False if the mantissa would pass int64."""
    if digit == 0:
        zeros[0] += mantissa[0] != 0
        return True
    while zeros[0] >= 0:
        if mantissa[0] > <uint64_t>INT64_MAX // 10:
            zeros[0] = 0
            return False
        mantissa[0] *= 10
        zeros[0] -= 1
    zeros[0] = 0
    mantissa[0] += digit
    return mantissa[0] <= <uint64_t>INT64_MAX + 1      # + 1: the smallest int64 is one larger than the largest


cdef inline bint _parse_exponent(const char* text, const char* end, int64_t* exponent) noexcept nogil:
    cdef bint is_negative = text < end and text[0] == 45
    cdef int64_t value = 0
    if text < end and (text[0] == 45 or text[0] == 43):
        text += 1
    if text == end:
        return False
    while text < end and is_digit(text[0]):
        value = min(value * 10 + (text[0] - 48), <int64_t>EXPONENT_MAX)
        text += 1
    exponent[0] += -value if is_negative else value
    return text == end


cdef inline DigitsResult _scale_up(
    uint64_t mantissa, int64_t exponent, bint is_negative, int64_t* value
) noexcept nogil:
    """mantissa × 10**exponent; a negative exponent cannot be exact, as the mantissa ends in no zero."""
    if mantissa == 0:
        value[0] = 0
        return DIGITS_OK
    if exponent < 0:
        return DIGITS_INEXACT
    while exponent > 0:
        if mantissa > <uint64_t>INT64_MAX // 10:
            return DIGITS_OVERFLOW
        mantissa *= 10
        exponent -= 1
    if mantissa > <uint64_t>INT64_MAX + is_negative:
        return DIGITS_OVERFLOW
    value[0] = <int64_t>(0 - mantissa) if is_negative else <int64_t>mantissa
    return DIGITS_OK
