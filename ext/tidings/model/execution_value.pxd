"""What one execution is worth, exactly: what average prices are made of."""

from libc.stdint cimport int64_t

from tidings.model.enums cimport LINE_INVERSE
from tidings.model.order cimport int128_t
from tidings.model.terms cimport OrderTerms


cdef inline int128_t execution_value(OrderTerms terms, int64_t px_ticks, int64_t qty_lots):
    """What one execution adds to Σ value: ticks × lots, or for inverse contracts the settle currency's smallest units.

    The inverse value is truncated at that unit, as the venue truncates (phemex docs 2026, "Scales").
    """
    cdef int128_t value = qty_lots
    cdef int128_t divisor
    cdef int exponent
    if px_ticks <= 0:
        return 0
    if terms.instrument.line != LINE_INVERSE:
        return value * px_ticks
    exponent = terms.instrument.value_scale + terms.instrument.price_scale
    exponent -= terms.instrument.qty_scale + terms.instrument.contract_scale
    value *= <int128_t> terms.instrument.lot_mantissa * terms.instrument.contract_mantissa
    divisor = <int128_t> px_ticks * terms.instrument.tick_mantissa
    while exponent > 0:
        value *= 10
        exponent -= 1
    while exponent < 0:
        divisor *= 10
        exponent += 1
    return value // divisor


cdef inline object python_int(int128_t number):
    return (int(<int64_t> (number >> 62)) << 62) + int(<int64_t> (number & 0x3FFFFFFFFFFFFFFF))


cdef inline object average_px(OrderTerms terms, int128_t value, int64_t lots):
    """Of executions of this value and quantity: a Decimal, or None without any."""
    from decimal import Decimal
    instrument = terms.instrument
    if lots == 0 or value == 0:
        return None
    total = python_int(value)
    if instrument.line != LINE_INVERSE:
        ticks = Decimal(total) / lots
        return (ticks * instrument.tick_mantissa).scaleb(-instrument.price_scale)
    size = Decimal(lots * instrument.lot_mantissa * instrument.contract_mantissa)
    return size.scaleb(instrument.value_scale - instrument.qty_scale - instrument.contract_scale) / total
