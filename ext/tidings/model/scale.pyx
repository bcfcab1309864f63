"""Exact conversion between what people write (str, int, Decimal) and what the engine counts in (ticks, lots).

A value becomes an integer mantissa at the grid's decimal scale, and the mantissa must be a multiple of the step.
Nothing is rounded, ever: a value between two steps is refused with its two neighbours named. Floats are refused even
where they look harmless, because 0.1 + 0.2 does not.
"""

from decimal import Context, Decimal, InvalidOperation, localcontext

from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from tidings.model.instrument cimport Instrument

from tidings.errors import GridError

cdef enum:
    VALUE_CHARS_SHOWN = 40          # of a bad value in a message: it may be a megabyte
    NEIGHBOUR_DIGITS = 64           # more than the 19 of an int64 and the 18 of a scale together

cdef enum Sign:
    POSITIVE
    POSITIVE_OR_ZERO
    NOT_ZERO

cdef enum Fault:
    FAULT_NONE
    FAULT_NOT_A_NUMBER
    FAULT_EXPONENT                  # a number perhaps, but not for the fast reader
    FAULT_TOO_LARGE
    FAULT_OFF_SCALE                 # more decimals than the scale has

cdef struct Grid:
    int scale
    int64_t step_mantissa
    Sign sign

cdef uint64_t[19] POWERS_OF_TEN
cdef int _exponent
POWERS_OF_TEN[0] = 1
for _exponent in range(1, 19):
    POWERS_OF_TEN[_exponent] = POWERS_OF_TEN[_exponent - 1] * 10


cpdef int64_t price_ticks(Instrument instrument, object value, bint zero_allowed=False) except? -1:
    cdef Sign sign = POSITIVE_OR_ZERO if zero_allowed else POSITIVE
    cdef Grid grid = Grid(instrument.price_scale, instrument.tick_mantissa, sign)
    return to_steps(instrument, "price", value, &grid)


cpdef int64_t qty_lots(Instrument instrument, object value, bint zero_allowed=False) except? -1:
    cdef Sign sign = POSITIVE_OR_ZERO if zero_allowed else POSITIVE
    cdef Grid grid = Grid(instrument.qty_scale, instrument.lot_mantissa, sign)
    return to_steps(instrument, "quantity", value, &grid)


cdef int64_t price_ticks_of_text(Instrument instrument, const char* text, Py_ssize_t count) noexcept:
    return steps_of_text(text, count, instrument.price_scale, instrument.tick_mantissa)


cdef int64_t qty_lots_of_text(Instrument instrument, const char* text, Py_ssize_t count) noexcept:
    return steps_of_text(text, count, instrument.qty_scale, instrument.lot_mantissa)


cdef int64_t steps_of_text(const char* text, Py_ssize_t count, int scale, int64_t step_mantissa) noexcept:
    cdef int64_t mantissa = 0
    if count == 0 or text[0] == c"-" or text[0] == c"+":
        return OFF_GRID
    if read_plain(text, count, scale, &mantissa) != FAULT_NONE or mantissa % step_mantissa:
        return OFF_GRID
    return mantissa // step_mantissa


cpdef int64_t quote_qty_lots(Instrument instrument, object value) except? -1:
    cdef Grid grid = Grid(instrument.value_scale, 1, POSITIVE)
    return to_steps(instrument, "quote quantity", value, &grid)


cpdef int64_t offset_ticks(Instrument instrument, object value) except? -1:
    cdef Grid grid = Grid(instrument.price_scale, instrument.tick_mantissa, NOT_ZERO)
    return to_steps(instrument, "price offset", value, &grid)


cpdef str price_text(Instrument instrument, object ticks):
    return steps_text(ticks * instrument.tick_mantissa, instrument.price_scale)


cpdef str qty_text(Instrument instrument, object lots):
    return steps_text(lots * instrument.lot_mantissa, instrument.qty_scale)


cpdef str quote_qty_text(Instrument instrument, object lots):
    return steps_text(lots, instrument.value_scale)


cpdef object price_decimal(Instrument instrument, object ticks):
    return Decimal(price_text(instrument, ticks))


cpdef object qty_decimal(Instrument instrument, object lots):
    return Decimal(qty_text(instrument, lots))


cpdef object quote_qty_decimal(Instrument instrument, object lots):
    return Decimal(quote_qty_text(instrument, lots))


cdef int64_t to_steps(Instrument instrument, str noun, object value, Grid* grid) except? -1:
    cdef int64_t mantissa = 0
    cdef Fault fault
    if isinstance(value, str):
        fault = mantissa_of_str(value, grid.scale, &mantissa)
    elif isinstance(value, int) and not isinstance(value, bool):
        fault = mantissa_of_int(value, grid.scale, &mantissa)
    elif isinstance(value, Decimal):
        fault = mantissa_of_decimal(value, grid.scale, &mantissa)
    else:
        raise GridError(f"{instrument.symbol} {noun} must be a str, an int or a Decimal, was {type(value).__name__} "
                        f"{shown(value)}: write it as text, like \"0.1\", so that nothing is rounded")
    # Short decimals first: with no fault `mantissa` is exact, and only then may its sign and multiple be asked.
    if fault == FAULT_NONE and mantissa % grid.step_mantissa == 0 and (
        mantissa > 0 or (mantissa == 0 and grid.sign == POSITIVE_OR_ZERO) or (mantissa < 0 and grid.sign == NOT_ZERO)
    ):
        return mantissa // grid.step_mantissa
    refuse(instrument, noun, value, grid, fault)
    return -1


cdef Fault mantissa_of_str(str text, int scale, int64_t* mantissa) except *:
    cdef Py_ssize_t count = 0
    cdef const char* start
    cdef Fault fault
    if not text.isascii():
        return FAULT_NOT_A_NUMBER
    start = PyUnicode_AsUTF8AndSize(text, &count)
    fault = read_plain(start, count, scale, mantissa)
    if fault != FAULT_EXPONENT:
        return fault
    try:
        number = Decimal(text)
    except InvalidOperation:        # an exponent beyond those that Decimal knows
        return FAULT_NOT_A_NUMBER
    return mantissa_of_decimal(number, scale, mantissa)


cdef Fault read_plain(const char* text, Py_ssize_t count, int scale, int64_t* mantissa) noexcept nogil:
    """Read [sign] digits [. digits]; the value × 10**scale goes to `mantissa`. A valid exponent is left to Decimal."""
    cdef Py_ssize_t i = 0
    cdef uint64_t number = 0
    cdef unsigned char digit
    cdef bint is_negative = False
    cdef int digit_count = 0, decimals = -1             # -1: no point seen
    cdef Fault fault = FAULT_NONE
    if count > 0 and (text[0] == c"-" or text[0] == c"+"):
        is_negative = text[0] == c"-"
        i = 1
    while i < count:
        digit = <unsigned char> text[i] - <unsigned char> c"0"
        if digit <= 9:
            digit_count = 1
            if decimals >= scale:
                if digit != 0 and fault == FAULT_NONE:
                    fault = FAULT_OFF_SCALE
            elif number > (<uint64_t> INT64_MAX - digit) // 10:
                fault = FAULT_TOO_LARGE
            else:
                number = number * 10 + digit
                decimals += decimals >= 0
        elif text[i] == c"." and decimals < 0:
            decimals = 0
        else:
            return read_exponent(text + i, count - i) if digit_count else FAULT_NOT_A_NUMBER
        i += 1
    if not digit_count:
        return FAULT_NOT_A_NUMBER
    if fault == FAULT_NONE or fault == FAULT_OFF_SCALE:
        decimals = scale - (decimals if decimals > 0 else 0)
        if number > <uint64_t> INT64_MAX // POWERS_OF_TEN[decimals]:
            return FAULT_TOO_LARGE
        number *= POWERS_OF_TEN[decimals]
    mantissa[0] = -<int64_t> number if is_negative else <int64_t> number
    return fault


cdef Fault read_exponent(const char* text, Py_ssize_t count) noexcept nogil:
    """Whether `text` is e[sign]digits up to its end."""
    cdef Py_ssize_t i = 1
    if text[0] != c"e" and text[0] != c"E":
        return FAULT_NOT_A_NUMBER
    if count > 1 and (text[1] == c"-" or text[1] == c"+"):
        i = 2
    if i == count:
        return FAULT_NOT_A_NUMBER
    while i < count:
        if not c"0" <= text[i] <= c"9":
            return FAULT_NOT_A_NUMBER
        i += 1
    return FAULT_EXPONENT


cdef Fault mantissa_of_int(object value, int scale, int64_t* mantissa) except *:
    cdef int overflow = 0
    cdef int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow)
    cdef int64_t limit = INT64_MAX // <int64_t> POWERS_OF_TEN[scale]
    if overflow or not -limit <= number <= limit:
        return FAULT_TOO_LARGE
    mantissa[0] = number * <int64_t> POWERS_OF_TEN[scale]
    return FAULT_NONE


cdef Fault mantissa_of_decimal(object value, int scale, int64_t* mantissa) except *:
    # By digits and exponent: arithmetic would round to the context, and 10**exponent of 1e999999 would never end.
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return FAULT_NOT_A_NUMBER
    text = "".join(map(str, digits)).lstrip("0")
    shift = exponent + scale
    if not text:
        return FAULT_NONE
    if len(text) + shift > 19:
        return FAULT_TOO_LARGE
    if shift < 0:
        kept, cut = text[:shift], text[shift:]
        if cut.strip("0"):
            return FAULT_OFF_SCALE
    else:
        kept = text + "0" * shift
    number = int(kept or "0")
    if number > INT64_MAX:
        return FAULT_TOO_LARGE
    mantissa[0] = -number if sign else number
    return FAULT_NONE


cdef str steps_text(object mantissa, int scale):
    whole, fraction = divmod(abs(mantissa), <object> POWERS_OF_TEN[scale])
    text = f"{whole}.{fraction:0{scale}d}".rstrip("0").rstrip(".") if scale else f"{whole}"
    return f"-{text}" if mantissa < 0 else text


cdef int refuse(Instrument instrument, str noun, object value, Grid* grid, Fault fault) except -1:
    """Say what is wrong with `value`, and what would be right."""
    name = f"{instrument.symbol} {noun}"
    if fault == FAULT_NOT_A_NUMBER:
        raise GridError(f"{name} must be a finite decimal number, was {shown(value)}")
    if fault == FAULT_TOO_LARGE:
        raise GridError(f"{name} is too large to count in steps of {step_text(grid)}: was {shown(value)}")
    number = Decimal(value)
    if number == 0:
        raise GridError(f"{name} must not be zero")
    if number < 0 and grid.sign != NOT_ZERO:
        raise GridError(f"{name} must be positive, was {shown(value)}")
    lower, upper = neighbours(number, grid)
    nearest = f"{lower} and {upper}" if lower != "0" or grid.sign == POSITIVE_OR_ZERO else f"{upper}"
    raise GridError(f"{name} {shown(value)} is off the grid: the step is {step_text(grid)}, nearest {nearest}")


cdef tuple neighbours(object number, Grid* grid):
    """The steps just below and just above `number`, as text."""
    with localcontext(Context(prec=NEIGHBOUR_DIGITS)):
        steps = int(number // Decimal(step_text(grid)))     # cut towards zero
    if number < 0:
        steps -= 1
    return tuple(steps_text(step * <object> grid.step_mantissa, grid.scale) for step in (steps, steps + 1))


cdef str step_text(Grid* grid):
    return steps_text(grid.step_mantissa, grid.scale)


cdef str shown(object value):
    if isinstance(value, int) and value.bit_length() > 8 * VALUE_CHARS_SHOWN:
        return f"an integer of {value.bit_length()} bits"       # CPython refuses to print the longest ones
    text = repr(value) if not isinstance(value, Decimal) else str(value)
    return text if len(text) <= VALUE_CHARS_SHOWN else text[:VALUE_CHARS_SHOWN] + "…"


cdef int refuse_steps(object value) except -1:
    if isinstance(value, int):
        raise GridError(f"too many ticks or lots to count in 64 bits: was {shown(value)}")
    raise TypeError(f"ticks and lots are whole numbers (int), was {type(value).__name__} {shown(value)}")
