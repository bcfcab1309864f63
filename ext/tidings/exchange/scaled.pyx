"""Exact conversion between decimal text and integers scaled by a power of ten.

Compiled because a stream message holds some sixty numbers. What fits 63 bits is written digit by digit; the rest, and
there is no bound to it, goes through Python's integers. No float takes part.
"""

import re
from decimal import Decimal

cdef enum:
    DIGITS_MAX = 19    # of a number below 2**63
    SCALE_MAX = 18     # decimals of the quick way
    TEXT_BYTES = 48    # digits, the zeros before them, point, sign and quotes
    RATIO_SCALE = 8    # of a real number beside a scaled integer
    PLAIN_FROM = 100   # 0.00000100: what is smaller has an exponent

cdef object _PLAIN_DECIMAL = re.compile(r"(-?)(\d{1,30})(?:\.(\d{1,30}))?", re.ASCII)
cdef object _QUICK_MAX = (1 << 63) - 1


def from_text(str text not None, int scale):
    """`text` in units of 10^-`scale`; ValueError if it is no plain decimal or finer than the scale can hold."""
    cdef long long value
    if _quick_value(text, scale, &value):
        return value
    match = _PLAIN_DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"not a plain decimal number: {text[:40]!r}")
    sign, whole, fraction = match.group(1), match.group(2), (match.group(3) or "").rstrip("0")
    if len(fraction) > scale:
        raise ValueError(f"more than {scale} decimals: {text[:40]!r}")
    magnitude = int(whole + fraction.ljust(scale, "0"))
    return -magnitude if sign else magnitude


def to_text(value, int scale):
    """`value` in units of 10^-`scale` as a plain decimal without trailing zeros: "61250.5", "0"."""
    cdef char text[TEXT_BYTES]
    cdef int start
    if 0 <= scale <= SCALE_MAX and -_QUICK_MAX <= value <= _QUICK_MAX:
        start = _write(value, scale, text)
        return text[start:TEXT_BYTES].decode("ascii")
    return _long_text(value, scale)


cpdef str quoted(value, int scale):
    """`to_text` as a JSON string."""
    cdef char text[TEXT_BYTES + 1]
    cdef int start
    if not value:
        return '"0"'
    if 0 <= scale <= SCALE_MAX and -_QUICK_MAX <= value <= _QUICK_MAX:
        start = _write(value, scale, text) - 1
        text[start] = b'"'
        text[TEXT_BYTES] = b'"'
        return text[start:TEXT_BYTES + 1].decode("ascii")
    return f'"{_long_text(value, scale)}"'


cpdef str eight_places(value, int scale):
    """The real number beside a scaled integer, as the COIN-M services print it: eight places, `32000.00000000`.

    They are Java's BigDecimal.toString (zero is `0E-8`, tiny ones are `1.0E-7`), whose rule Python's Decimal shares.
    """
    cdef char text[TEXT_BYTES]
    cdef int at = TEXT_BYTES, places
    cdef long long rest
    if not value:
        return "0E-8"
    units = rescale(value, scale, RATIO_SCALE)
    if units < PLAIN_FROM:
        return str(Decimal(units).scaleb(-RATIO_SCALE))
    if units > _QUICK_MAX:
        digits = str(units)
        return f"{digits[:-RATIO_SCALE]}.{digits[-RATIO_SCALE:]}"
    rest = units
    for places in range(TEXT_BYTES):
        if places == RATIO_SCALE:
            at -= 1
            text[at] = b"."
        if places > RATIO_SCALE and not rest:
            break
        at -= 1
        text[at] = 48 + <char>(rest % 10)
        rest //= 10
    return text[at:TEXT_BYTES].decode("ascii")


def rescale(value, int scale, int target_scale):
    """`value` in units of 10^-`target_scale`, truncated towards minus infinity when the target is coarser."""
    shift = target_scale - scale
    return value * int(10**shift) if shift >= 0 else value // int(10**-shift)


cdef bint _quick_value(str text, int scale, long long *value):
    """Read `text` if it is a plain decimal whose value surely fits; False sends it the long way."""
    cdef Py_ssize_t at = 0, length = len(text)
    cdef int decimals = -1, digits = 0   # decimals: -1 before the point
    cdef long long magnitude = 0
    cdef Py_UCS4 sign = u"+", letter
    if length == 0 or not 0 <= scale <= SCALE_MAX:
        return False
    if text[0] == u"-":
        sign, at = u"-", 1
    for at in range(at, length):
        letter = text[at]
        if u"0" <= letter <= u"9":
            magnitude = magnitude * 10 + (<int>letter - 48)
            digits += 1
            decimals += decimals >= 0
        elif letter == u"." and decimals < 0 and digits:
            decimals = 0
        else:
            return False
        if digits >= DIGITS_MAX:
            return False
    if digits == 0 or decimals == 0:
        return False
    decimals = max(decimals, 0)
    while decimals > scale and magnitude % 10 == 0:
        magnitude //= 10
        decimals -= 1
    if decimals > scale or digits + scale - decimals >= DIGITS_MAX:
        return False
    for _ in range(scale - decimals):
        magnitude *= 10
    value[0] = -magnitude if sign == u"-" else magnitude
    return True


cdef int _write(long long value, int scale, char *text):
    """Write `value` so that it ends at `TEXT_BYTES`; gives where it starts, never 0."""
    cdef int at = TEXT_BYTES, decimals = scale
    cdef unsigned long long magnitude = <unsigned long long>value if value >= 0 else -<unsigned long long>value
    while decimals > 0 and magnitude % 10 == 0 and magnitude:
        magnitude //= 10
        decimals -= 1
    if not magnitude:
        decimals = 0
    for _ in range(decimals):
        at -= 1
        text[at] = 48 + <char>(magnitude % 10)
        magnitude //= 10
    if decimals:
        at -= 1
        text[at] = b"."
    while True:
        at -= 1
        text[at] = 48 + <char>(magnitude % 10)
        magnitude //= 10
        if not magnitude:
            break
    if value < 0:
        at -= 1
        text[at] = b"-"
    return at


cdef str _long_text(value, int scale):
    if scale == 0 or value == 0:
        return str(value)
    digits = str(abs(value)).rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0")
    text = f"{digits[:-scale]}.{fraction}" if fraction else digits[:-scale]
    return f"-{text}" if value < 0 else text
