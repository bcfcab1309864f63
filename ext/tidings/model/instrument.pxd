"""One tradable instrument and its integer grid."""

from libc.stdint cimport int64_t


cdef class Instrument:
    cdef readonly str symbol
    cdef readonly int line                  # ProductLine
    cdef readonly int index                 # dense, 0…, unique in its catalogue: for per-instrument tables
    cdef readonly str base_currency, quote_currency, settle_currency
    cdef readonly str status                # "Listed" or what the venue says
    # price = price_ticks × tick_mantissa / 10**price_scale
    cdef readonly int price_scale
    cdef readonly int64_t tick_mantissa
    # quantity = qty_lots × lot_mantissa / 10**qty_scale
    cdef readonly int qty_scale
    cdef readonly int64_t lot_mantissa
    # One contract's size = contract_mantissa / 10**contract_scale (1 for linear and spot).
    cdef readonly int64_t contract_mantissa
    cdef readonly int contract_scale
    # Values (fees, notionals) of inverse and spot lines travel as integers at 10**value_scale of settle/quote currency.
    cdef readonly int value_scale
    cdef readonly int base_value_scale      # spot: of the base currency; else value_scale
    cdef readonly int64_t max_price_ticks   # 0: no limit known
    cdef readonly int64_t max_qty_lots      # 0: no limit known
    # Notional of one tick × one lot (inverse: of one lot) in 10**-4 of the quote currency, as a reduced fraction.
    cdef int64_t unit_notional_numerator, unit_notional_denominator

    # Notional of price_ticks × qty_lots, in 10**-4 units of the quote currency (a common, comparable money unit):
    # rounded up, saturating at the largest int64, signs ignored. Inverse: contracts × size, whatever the price.
    cdef int64_t notional_e4(self, int64_t price_ticks, int64_t qty_lots) noexcept
