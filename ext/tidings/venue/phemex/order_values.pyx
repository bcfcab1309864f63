"""The venue's words and numbers about orders (phemex docs 2026, "Enums"; those marked *observed*, captures of 2025)."""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp, memcpy

from tidings.model.enums cimport (
    SIDE_BUY, SIDE_SELL, STATUS_CANCELED, STATUS_FILLED, STATUS_NEW, STATUS_PARTIALLY_FILLED, STATUS_PENDING_NEW,
    STATUS_REJECTED, STATUS_UNTRIGGERED,
)
from tidings.model.execution_report cimport CL_ORD_ID_BYTES_MAX, UNSET, ExecutionReport, set_cl_ord_id
from tidings.model.instrument cimport Instrument
from tidings.wire.digits cimport DIGITS_OK, SCALE_MAX, parse_decimal
from tidings.wire.json_cursor cimport (
    JSON_ESCAPED, JSON_NUMBER, JSON_STRING, JsonValue, json_int64, json_scaled, json_text, json_word,
)
from tidings.wire.json_keys cimport JsonKeys

# In the order of StatusWord.
cdef JsonKeys STATUS_WORDS = JsonKeys(
    "Created", "Init", "Untriggered", "Triggered", "Deactivated", "Rejected", "New", "PartiallyFilled", "Filled",
    "Canceled",
)
cdef int[10] STATUS_OF_WORD
STATUS_OF_WORD[:] = [
    STATUS_PENDING_NEW, STATUS_PENDING_NEW, STATUS_UNTRIGGERED,
    STATUS_NEW,                 # triggered: on its way into the book
    STATUS_CANCELED,            # a conditional order taken back before it triggered
    STATUS_REJECTED, STATUS_NEW, STATUS_PARTIALLY_FILLED, STATUS_FILLED, STATUS_CANCELED,
]

# In the order of ExecWord. From PendingNew on: observed.
cdef JsonKeys EXEC_WORDS = JsonKeys(
    "Aborted", "MakerFill", "TakerFill", "Expired", "Canceled", "CreateRejected", "New", "Init",
    "PendingNew", "PendingCancel", "PendingReplace", "CancelRejected", "Replaced", "ReplaceToCanceled", "ReAdded",
    "WaitToSendNew", "Registered", "NewRejected",
)

cdef enum:
    UUID_BYTES = 36
    NOT_HEX = 0x80

cdef unsigned char[256] HEX_VALUE
for _byte in range(256):
    HEX_VALUE[_byte] = int(chr(_byte), 16) if chr(_byte) in "0123456789abcdefABCDEF" else NOT_HEX


cdef int status_word(const JsonValue* value) noexcept nogil:
    return json_word(value, &STATUS_WORDS.table)


cdef int status_of_word(int word) noexcept nogil:
    return STATUS_OF_WORD[word] if word >= 0 else -1


cdef int exec_word(const JsonValue* value) noexcept nogil:
    return json_word(value, &EXEC_WORDS.table)


cdef int side_of(const JsonValue* value) noexcept nogil:
    if is_word(value, b"Buy", 3):
        return SIDE_BUY
    return SIDE_SELL if is_word(value, b"Sell", 4) else 0


cdef bint is_word(const JsonValue* value, const char* word, Py_ssize_t word_bytes) noexcept nogil:
    return value.kind == JSON_STRING and value.count == word_bytes and memcmp(value.start, word, word_bytes) == 0


cdef int64_t price_ticks_of(const JsonValue* value, Instrument instrument, bint is_scaled) noexcept:
    return steps_of(value, 0 if is_scaled else instrument.price_scale, instrument.tick_mantissa)


cdef int64_t qty_lots_of(const JsonValue* value, Instrument instrument, bint is_scaled) noexcept:
    return steps_of(value, 0 if is_scaled else instrument.qty_scale, instrument.lot_mantissa)


cdef inline int64_t steps_of(const JsonValue* value, int scale, int64_t step_mantissa) noexcept nogil:
    cdef int64_t mantissa = 0
    if not json_scaled(value, scale, &mantissa) or mantissa == UNSET:
        return UNSET
    if step_mantissa == 1:
        return mantissa
    return mantissa // step_mantissa if mantissa % step_mantissa == 0 else UNSET


cdef int64_t int_of(const JsonValue* value, int64_t otherwise) noexcept nogil:
    cdef int64_t number = 0
    return number if json_int64(value, &number) else otherwise


cdef bint decimal_of(const JsonValue* value, int64_t* mantissa, int* scale) noexcept nogil:
    """The scale is the number of decimals written, so that a plain number of up to 18 digits always fits."""
    cdef Py_ssize_t index = 0
    cdef Py_ssize_t decimals
    if value.kind != JSON_NUMBER and value.kind != JSON_STRING:
        return False
    while index < value.count and value.start[index] != c'.':
        index += 1
    decimals = value.count - index - 1 if index < value.count else 0
    if decimals > SCALE_MAX:
        return False
    scale[0] = <int> decimals
    return parse_decimal(value.start, value.count, scale[0], mantissa) == DIGITS_OK


cdef bint uuid_of(const JsonValue* value, uint64_t* high, uint64_t* low) noexcept nogil:
    """8-4-4-4-12 hexadecimal digits (RFC 9562 §4), in any case."""
    cdef const char* text = value.start
    cdef int faults = 0
    high[0] = low[0] = 0
    if value.kind != JSON_STRING or value.count != UUID_BYTES:
        return False
    if text[8] != c'-' or text[13] != c'-' or text[18] != c'-' or text[23] != c'-':
        return False
    high[0] = hex_run(text, 8, &faults) << 32 | hex_run(text + 9, 4, &faults) << 16 | hex_run(text + 14, 4, &faults)
    low[0] = hex_run(text + 19, 4, &faults) << 48 | hex_run(text + 24, 12, &faults)
    if faults & NOT_HEX:
        high[0] = low[0] = 0
        return False
    return True


cdef inline uint64_t hex_run(const char* text, int count, int* faults) noexcept nogil:
    cdef uint64_t number = 0
    cdef int index, digit
    for index in range(count):
        digit = HEX_VALUE[<unsigned char> text[index]]
        faults[0] |= digit
        number = number << 4 | <uint64_t> (digit & 15)
    return number


cdef int copy_cl_ord_id(ExecutionReport report, const JsonValue* value) except -1:
    """An escaped one cannot be ours (letters, digits, '.', '_', '-'), but its owner is told it as it is."""
    if value.kind == JSON_STRING:
        report.cl_ord_id_bytes = <int> min(value.count, <Py_ssize_t> CL_ORD_ID_BYTES_MAX)
        memcpy(report.cl_ord_id_text, value.start, report.cl_ord_id_bytes)
    elif value.kind == JSON_ESCAPED:
        set_cl_ord_id(report, json_text(value).encode("utf-8", "replace"))
    return 0
