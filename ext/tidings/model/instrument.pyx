"""One tradable instrument: its names, its integer grid, and what a price times a quantity is worth.

Everything that multiplies prices and quantities happens in ticks and lots. The grid's fractions are reduced once, here,
so that the notional of an order is two multiplications and a division in 128 bits and never overflows silently.
"""

from decimal import Decimal
from math import gcd

from cpython.number cimport PyNumber_Index
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from tidings.model.enums cimport LINE_INVERSE, LINE_SPOT

from tidings.errors import UsageError
from tidings.model.enums import ProductLine

cdef extern from *:
    ctypedef unsigned long long uint128 "unsigned __int128"

cdef enum:
    SCALE_MAX = 18                  # 10**18 is the largest power of ten an int64 holds
    SYMBOL_CHARS_MAX = 32
    NOTIONAL_SCALE = 4

SYMBOL_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


cdef class Instrument:
    """A symbol with its grid. Immutable; made from the venue's product catalogue."""

    def __init__(
        self, *, str symbol not None, line, index, str base_currency not None, str quote_currency not None,
        str settle_currency not None, price_scale, tick_mantissa, qty_scale, lot_mantissa, contract_mantissa=1,
        contract_scale=0, value_scale=0, base_value_scale=None, max_price_ticks=0, max_qty_lots=0,
        str status not None="Listed",
    ):
        # PyNumber_Index: Cython's own conversion would cut a float to an integer without a word.
        self.symbol = symbol
        self.line = PyNumber_Index(line)
        self.index = PyNumber_Index(index)
        self.base_currency = base_currency
        self.quote_currency = quote_currency
        self.settle_currency = settle_currency
        self.status = status
        self.price_scale = PyNumber_Index(price_scale)
        self.tick_mantissa = PyNumber_Index(tick_mantissa)
        self.qty_scale = PyNumber_Index(qty_scale)
        self.lot_mantissa = PyNumber_Index(lot_mantissa)
        self.contract_mantissa = PyNumber_Index(contract_mantissa)
        self.contract_scale = PyNumber_Index(contract_scale)
        self.value_scale = PyNumber_Index(value_scale)
        self.base_value_scale = PyNumber_Index(value_scale if base_value_scale is None else base_value_scale)
        self.max_price_ticks = PyNumber_Index(max_price_ticks)
        self.max_qty_lots = PyNumber_Index(max_qty_lots)
        check_fields(self)
        reduce_unit_notional(self)

    def __repr__(self):
        return (
            f"<Instrument {self.symbol} {ProductLine(self.line).name} tick {self.tick_size} lot {self.lot_size}"
            f"{'' if self.is_listed else ' ' + self.status}>"
        )

    @property
    def is_listed(self):
        """Whether the venue lists it for trading."""
        return self.status == "Listed"

    @property
    def tick_size(self):
        return exact_decimal(self.tick_mantissa, self.price_scale)

    @property
    def lot_size(self):
        return exact_decimal(self.lot_mantissa, self.qty_scale)

    @property
    def contract_size(self):
        return exact_decimal(self.contract_mantissa, self.contract_scale)

    def notional(self, int64_t price_ticks, int64_t qty_lots):
        """The value of an order as a Decimal of the quote currency, rounded up to 0.0001, capped at int64 of that."""
        return exact_decimal(self.notional_e4(price_ticks, qty_lots), NOTIONAL_SCALE)

    cdef int64_t notional_e4(self, int64_t price_ticks, int64_t qty_lots) noexcept:
        cdef uint128 product = magnitude(qty_lots)
        cdef uint128 numerator = <uint128> self.unit_notional_numerator
        cdef uint128 denominator = <uint128> self.unit_notional_denominator
        cdef uint128 whole, rest
        if self.line != LINE_INVERSE:
            product *= <uint128> magnitude(price_ticks)
        # Split before multiplying by the numerator: each part then stays below 2**127.
        whole = product // denominator
        if whole > <uint128> INT64_MAX:
            return INT64_MAX
        rest = (product % denominator) * numerator
        whole = whole * numerator + (rest + denominator - <uint128> 1) // denominator
        return INT64_MAX if whole > <uint128> INT64_MAX else <int64_t> whole


cdef inline uint64_t magnitude(int64_t number) noexcept nogil:
    # Unsigned negation: the magnitude of the smallest int64 does not fit an int64.
    return <uint64_t> number if number >= 0 else <uint64_t> 0 - <uint64_t> number


cdef object power_of_ten(object exponent):
    return 10 ** exponent           # of Python integers: C would make a double of it


cdef object exact_decimal(object mantissa, int scale):
    """mantissa / 10**scale, exactly, whatever the decimal context, without trailing zeros."""
    whole, fraction = divmod(mantissa, power_of_ten(scale))
    digits = f"{fraction:0{scale}d}".rstrip("0") if scale else ""
    return Decimal(f"{whole}.{digits}" if digits else f"{whole}")


cdef int check_fields(Instrument self) except -1:
    if not 0 < len(self.symbol) <= SYMBOL_CHARS_MAX or not SYMBOL_CHARS.issuperset(self.symbol):
        raise UsageError(f"instrument symbol must be 1 to {SYMBOL_CHARS_MAX} letters, digits, '.', '_', '-', "
                         f"was {self.symbol[:40]!r}")
    check_range(self, "line", self.line, LINE_INVERSE, LINE_SPOT)
    check_range(self, "index", self.index, 0, INT64_MAX)
    for name in ("price_scale", "qty_scale", "contract_scale", "value_scale", "base_value_scale"):
        check_range(self, name, getattr(self, name), 0, SCALE_MAX)
    for name in ("tick_mantissa", "lot_mantissa", "contract_mantissa"):
        check_range(self, name, getattr(self, name), 1, INT64_MAX)
    for name in ("max_price_ticks", "max_qty_lots"):
        check_range(self, name, getattr(self, name), 0, INT64_MAX)
    if self.line != LINE_INVERSE and (self.contract_mantissa != 1 or self.contract_scale != 0):
        raise UsageError(f"instrument {self.symbol}: contract size must be 1 on the linear and spot lines, "
                         f"was {self.contract_size}")
    return 0


cdef int check_range(Instrument self, str name, int64_t value, int64_t low, int64_t high) except -1:
    if not low <= value <= high:
        raise UsageError(f"instrument {self.symbol}: {name} must be {low} to {high}, was {value}")
    return 0


cdef int reduce_unit_notional(Instrument self) except -1:
    """Set the fraction behind `notional_e4`; refuse a grid so fine or so coarse that it does not fit two int64."""
    numerator = (<object> self.lot_mantissa) * self.contract_mantissa * power_of_ten(NOTIONAL_SCALE)
    denominator = power_of_ten(self.qty_scale) * power_of_ten(self.contract_scale)
    if self.line != LINE_INVERSE:
        numerator *= self.tick_mantissa
        denominator *= power_of_ten(self.price_scale)
    divisor = gcd(numerator, denominator)
    if max(numerator, denominator) // divisor > INT64_MAX:
        raise UsageError(f"instrument {self.symbol}: one tick × one lot is worth {numerator}/{denominator} of 0.0001 "
                         f"{self.quote_currency}, out of the range this engine can count in")
    self.unit_notional_numerator = numerator // divisor
    self.unit_notional_denominator = denominator // divisor
    return 0
