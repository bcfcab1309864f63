"""The digit leaves of digits.pxd for Python: what the wire would say, and what text on the wire is worth."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t


def format_int(int64_t value):
    cdef char[DECIMAL_BYTES_MAX] text
    return text[:write_int64(text, value)].decode("ascii")


def format_fixed(uint64_t value, int width):
    cdef char[DECIMAL_BYTES_MAX] text
    if not 0 < width <= DECIMAL_BYTES_MAX:
        raise ValueError(f"width must be 1 to {DECIMAL_BYTES_MAX} digits: was {width}")
    if count_digits(value) > width:
        raise ValueError(f"{value} has more than {width} digits")
    write_fixed(text, value, width)
    return text[:width].decode("ascii")


def format_decimal(int64_t mantissa, int scale):
    cdef char[DECIMAL_BYTES_MAX] text
    _check_scale(scale)
    return text[:write_decimal(text, mantissa, scale)].decode("ascii")


def format_uuid(uint64_t high, uint64_t low):
    cdef char[UUID_BYTES] text
    write_uuid(text, high, low)
    return text[:UUID_BYTES].decode("ascii")


def parse_int(bytes text not None):
    cdef int64_t value = 0
    cdef DigitsResult result = parse_int64(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &value)
    return _value_or_error(result, value, text, 0)


def parse_scaled(bytes text not None, int scale):
    cdef int64_t value = 0
    cdef DigitsResult result
    _check_scale(scale)
    result = parse_decimal(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), scale, &value)
    return _value_or_error(result, value, text, scale)


cdef int _check_scale(int scale) except -1:
    if not 0 <= scale <= SCALE_MAX:
        raise ValueError(f"scale must be 0 to {SCALE_MAX} decimals: was {scale}")
    return 0


cdef object _value_or_error(DigitsResult result, int64_t value, bytes text, int scale):
    if result == DIGITS_OK:
        return value
    if result == DIGITS_OVERFLOW:
        raise OverflowError(f"{text[:60]!r} at scale {scale} does not fit 64 bits")
    if result == DIGITS_INEXACT:
        raise ValueError(f"{text[:60]!r} has more than {scale} decimals")
    raise ValueError(f"{text[:60]!r} is not a plain number")
