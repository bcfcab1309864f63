"""Values of FIX fields ⇄ numbers, exactly: no allocation, no exceptions, never a double.

A fixed-point number is an int64 mantissa and the decimals it was written with: 61.250 is 61250 with 3. Unlike JSON,
FIX allows zeros in front, a point at either end, and nothing but ASCII digits otherwise: no plus sign, no exponent.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint32_t, uint64_t

from tidings.wire.digits cimport is_digit, write_fixed


cdef enum ValueResult:
    VALUE_OK = 0
    VALUE_MALFORMED = 1
    VALUE_TOO_LARGE = 2         # a number, but more than 64 bits hold

cdef enum:
    DECIMALS_MAX = 18
    TIME_BYTES_MAX = 27         # YYYYMMDD-HH:MM:SS.nnnnnnnnn
    SECOND_BYTES = 17
    FIRST_YEAR = 1678           # all of it lies within int64 nanoseconds of 1970
    LAST_YEAR = 2261
    NS_PER_SECOND = 1_000_000_000
    SECONDS_PER_DAY = 86_400


cdef inline ValueResult read_int(const char* text, Py_ssize_t count, int64_t* value) noexcept nogil:
    cdef int decimals = 0
    cdef Py_ssize_t place
    for place in range(count):
        if text[place] == 46:       # '.'
            return VALUE_MALFORMED
    return read_fixed(text, count, value, &decimals)


cdef inline ValueResult read_fixed(const char* text, Py_ssize_t count, int64_t* mantissa, int* decimals) noexcept nogil:
    """`text` = mantissa / 10**decimals, with the decimals it was written with, as long as 64 bits hold that."""
    cdef bint is_negative = count > 0 and text[0] == 45, has_point = False
    cdef Py_ssize_t place = is_negative, digits = 0
    cdef uint64_t value = 0
    decimals[0] = 0
    while place < count:
        if is_digit(text[place]):
            digits += 1
            if value > <uint64_t>INT64_MAX // 10 or (has_point and decimals[0] == DECIMALS_MAX):
                return _read_rest(text, count, place, has_point)
            value = value * 10 + <uint64_t>(text[place] - 48)
            if value > <uint64_t>INT64_MAX:
                return _read_rest(text, count, place, has_point)
            decimals[0] += has_point
        elif text[place] == 46 and not has_point:
            has_point = True
        else:
            return VALUE_MALFORMED
        place += 1
    mantissa[0] = -<int64_t>value if is_negative else <int64_t>value
    return VALUE_OK if digits else VALUE_MALFORMED


cdef inline ValueResult _read_rest(const char* text, Py_ssize_t count, Py_ssize_t place, bint has_point) noexcept nogil:
    """Whether what is too large for 64 bits would at least be a number."""
    while place < count:
        if text[place] == 46 and not has_point:
            has_point = True
        elif not is_digit(text[place]):
            return VALUE_MALFORMED
        place += 1
    return VALUE_TOO_LARGE


cdef inline int64_t days_from_civil(int64_t year, int month, int day) noexcept nogil:
    """Days since 1970-01-01 in the Gregorian calendar, for years from 1."""
    cdef int64_t era_year = year - (month <= 2)
    cdef int64_t era = era_year // 400
    cdef int64_t year_of_era = era_year - era * 400
    cdef int64_t day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


cdef inline int days_in_month(int64_t year, int month) noexcept nogil:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


cdef inline int _number(const char* text, int count) noexcept nogil:
    """`count` digits, or -1."""
    cdef int value = 0, place
    for place in range(count):
        if not is_digit(text[place]):
            return -1
        value = value * 10 + (text[place] - 48)
    return value


cdef inline ValueResult read_time(const char* text, Py_ssize_t count, int64_t* unix_ns) noexcept nogil:
    """UTCTimestamp with 0, 3, 6 or 9 decimals. Second 60 is the first of the next minute, as POSIX counts."""
    cdef int year, month, day, hour, minute, second, digits, fraction = 0
    if count != 17 and count != 21 and count != 24 and count != 27:
        return VALUE_MALFORMED
    if text[8] != 45 or text[11] != 58 or text[14] != 58:
        return VALUE_MALFORMED
    year, month, day = _number(text, 4), _number(text + 4, 2), _number(text + 6, 2)
    hour, minute, second = _number(text + 9, 2), _number(text + 12, 2), _number(text + 15, 2)
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= days_in_month(year, month):
        return VALUE_MALFORMED
    if not 0 <= hour <= 23 or not 0 <= minute <= 59 or not 0 <= second <= 60:
        return VALUE_MALFORMED
    if count > SECOND_BYTES:
        digits = <int>(count - SECOND_BYTES - 1)
        fraction = _number(text + SECOND_BYTES + 1, digits)
        if text[SECOND_BYTES] != 46 or fraction < 0:
            return VALUE_MALFORMED
        fraction *= 1 if digits == 9 else 1000 if digits == 6 else 1_000_000
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return VALUE_TOO_LARGE
    unix_ns[0] = days_from_civil(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second
    unix_ns[0] = unix_ns[0] * NS_PER_SECOND + fraction
    return VALUE_OK


cdef inline void write_second(char* out, int64_t unix_s) noexcept nogil:
    """The SECOND_BYTES characters of a moment from 1970 on."""
    cdef int64_t days = unix_s // SECONDS_PER_DAY, rest = unix_s % SECONDS_PER_DAY
    cdef int64_t shifted = days + 719468        # days since 0000-03-01
    cdef int64_t era = shifted // 146097
    cdef int64_t day_of_era = shifted - era * 146097
    cdef int64_t year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    cdef int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    cdef int64_t month = (5 * day_of_year + 2) // 153      # from March
    cdef int64_t year = year_of_era + era * 400 + (month >= 10)
    write_fixed(out, year, 4)
    write_fixed(out + 4, month - 9 if month >= 10 else month + 3, 2)
    write_fixed(out + 6, day_of_year - (153 * month + 2) // 5 + 1, 2)
    out[8], out[11], out[14] = 45, 58, 58
    write_fixed(out + 9, rest // 3600, 2)
    write_fixed(out + 12, rest // 60 % 60, 2)
    write_fixed(out + 15, rest % 60, 2)


cdef inline int write_fraction(char* out, int64_t ns_of_second, int digits) noexcept nogil:
    """The point and 3, 6 or 9 digits, cut and not rounded; nothing for 0. How many bytes."""
    if digits == 0:
        return 0
    out[0] = 46
    if digits == 3:
        write_fixed(out + 1, <uint32_t>ns_of_second // 1_000_000, 3)
    elif digits == 6:
        write_fixed(out + 1, <uint32_t>ns_of_second // 1000, 6)
    else:
        write_fixed(out + 1, <uint32_t>ns_of_second, 9)
    return digits + 1
