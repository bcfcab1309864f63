"""FIX messages, field by field, into a buffer that is used again and again: nothing is allocated but the result.

Fields 8 and 9 are written last, in front of the body they measure; field 10 behind it. A value that would end its
field early (SOH) is refused: it could put fields of its own into the message.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from tidings.fix.field_index cimport data_tag_of, sum_bytes
from tidings.fix.values cimport NS_PER_SECOND, SECOND_BYTES, TIME_BYTES_MAX, write_fraction, write_second
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.digits cimport (
    DECIMAL_BYTES_MAX,
    SCALE_MAX,
    count_digits,
    write_decimal,
    write_fixed,
    write_int64,
    write_uint64,
)

cdef enum:
    SOH = 1
    BUFFER_BYTES = 1024
    BUFFER_LIMIT_BYTES = 1 << 30
    CHECKSUM_FIELD_BYTES = 7        # 10=ccc|
    TAG_BYTES_MAX = 12


cdef class Frame:
    def __cinit__(self, bytes begin_string not None):
        if not 0 < len(begin_string) <= BEGIN_STRING_BYTES_MAX or b"\x01" in begin_string:
            raise ValueError(f"begin_string must be 1 to {BEGIN_STRING_BYTES_MAX} bytes without SOH: {begin_string!r}")
        self.begin = b"8=" + begin_string + b"\x019="
        self.buffer = ByteBuffer(BUFFER_BYTES, BUFFER_LIMIT_BYTES)
        self.second = -1
        self.open()

    cdef void open(self) noexcept:
        self.buffer.count = FRAME_BYTES_MAX

    cdef int write_time(self, char* out, int64_t unix_ns, int digits) noexcept:
        """Messages come many to a second: its text is kept."""
        cdef int64_t second = <int64_t>(<uint64_t>unix_ns // NS_PER_SECOND)
        if second != self.second:
            write_second(self.second_text, second)
            self.second = second
        memcpy(out, self.second_text, SECOND_BYTES)
        return SECOND_BYTES + write_fraction(out + SECOND_BYTES, unix_ns - second * NS_PER_SECOND, digits)

    cdef bytes close(self, int32_t soh_wanted):
        cdef Py_ssize_t body_bytes = self.buffer.count - FRAME_BYTES_MAX
        cdef Py_ssize_t begin_bytes = PyBytes_GET_SIZE(self.begin)
        cdef int digits = count_digits(body_bytes)
        cdef int32_t soh = 0
        cdef char* end = self.buffer.reserve(CHECKSUM_FIELD_BYTES)
        cdef char* body = self.buffer.start + FRAME_BYTES_MAX
        cdef char* first = body - 1 - digits - begin_bytes
        cdef uint32_t checksum
        memcpy(first, PyBytes_AS_STRING(self.begin), begin_bytes)
        write_fixed(first + begin_bytes, body_bytes, digits)
        body[-1] = SOH
        checksum = sum_bytes(first, end, &soh) & 255
        if soh != soh_wanted + 2:       # 8 and 9 have one each
            return None
        memcpy(end, b"10=", 3)
        write_fixed(end + 3, checksum, 3)
        end[6] = SOH
        return PyBytes_FromStringAndSize(first, end + CHECKSUM_FIELD_BYTES - first)


cdef class FixWriter:
    def __cinit__(self, bytes begin_string not None=b"FIX.4.4"):
        self._frame = Frame(begin_string)

    def begin(self, bytes msg_type not None):
        """Start a message; one that was not ended is forgotten."""
        self._frame.open()
        self._soh_wanted = 0
        self._is_open = True
        _check_value(35, msg_type)
        _append(self, 35, msg_type)

    def put(self, int32_t tag, bytes value not None):
        _check_value(tag, value)
        _check_tag(tag)
        _append(self, tag, value)

    def put_data(self, int32_t length_tag, bytes data not None):
        """A length field and its data field, which may hold any bytes."""
        cdef int32_t data_tag = data_tag_of(length_tag)
        if data_tag == 0:
            raise ValueError(f"tag {length_tag} is not the length of a data field")
        if not data:
            raise ValueError(f"tag {data_tag} has no value: leave it and its length out")
        self.put_int(length_tag, PyBytes_GET_SIZE(data))
        _append(self, data_tag, data)
        self._soh_wanted += data.count(b"\x01")

    def put_int(self, int32_t tag, int64_t value):
        cdef char* out
        _check_tag(tag)
        out = self._open_field(tag, DECIMAL_BYTES_MAX)
        self._close_field(write_int64(out, value))

    def put_fixed(self, int32_t tag, int64_t mantissa, int scale):
        """mantissa / 10**scale without trailing zeros."""
        cdef char* out
        if not 0 <= scale <= SCALE_MAX:
            raise ValueError(f"tag {tag}: scale must be 0 to {SCALE_MAX} decimals: was {scale}")
        _check_tag(tag)
        out = self._open_field(tag, DECIMAL_BYTES_MAX)
        self._close_field(write_decimal(out, mantissa, scale))

    def put_char(self, int32_t tag, bytes value not None):
        if PyBytes_GET_SIZE(value) != 1:
            raise ValueError(f"tag {tag} takes one character: was {value!r}")
        self.put(tag, value)

    def put_bool(self, int32_t tag, bint value):
        self.put(tag, b"Y" if value else b"N")

    def put_time(self, int32_t tag, int64_t unix_ns, int digits=3):
        """A UTCTimestamp, cut to `digits` (0, 3, 6 or 9) decimals of the second."""
        cdef char* out
        check_digits(digits)
        check_time(unix_ns)
        _check_tag(tag)
        out = self._open_field(tag, TIME_BYTES_MAX)
        self._close_field(self._frame.write_time(out, unix_ns, digits))

    def end(self):
        """The whole message."""
        if not self._is_open:
            raise ValueError("no message was begun")
        self._is_open = False
        return self._frame.close(self._soh_wanted)

    cdef char* _open_field(self, int32_t tag, Py_ssize_t more) except NULL:
        cdef char* out
        cdef int digits
        if not self._is_open:
            raise ValueError(f"tag {tag} outside of a message: call begin first")
        out = self._frame.buffer.reserve(TAG_BYTES_MAX + more + 1)
        digits = write_uint64(out, tag)
        out[digits] = 61        # '='
        self._frame.buffer.count += digits + 1
        return out + digits + 1

    cdef int _close_field(self, Py_ssize_t count) except -1:
        """`count` bytes of value have been written."""
        cdef ByteBuffer buffer = self._frame.buffer
        buffer.start[buffer.count + count] = SOH
        buffer.count += count + 1
        self._soh_wanted += 1
        return 0


def framed_fields(Frame around not None, bytes msg_type not None, header, fields):
    """The whole message of these (tag, value) pairs; values are taken as they are."""
    cdef ByteBuffer buffer = around.buffer
    cdef char* out
    cdef int32_t soh = 1
    cdef bytes value
    cdef Py_ssize_t count
    around.open()
    out = buffer.reserve(4 + PyBytes_GET_SIZE(msg_type))
    memcpy(out, b"35=", 3)
    memcpy(out + 3, PyBytes_AS_STRING(msg_type), PyBytes_GET_SIZE(msg_type))
    out[3 + PyBytes_GET_SIZE(msg_type)] = SOH
    buffer.count += 4 + PyBytes_GET_SIZE(msg_type)
    for part in (header, fields):
        for tag, value in part:
            count = PyBytes_GET_SIZE(value)
            out = buffer.reserve(TAG_BYTES_MAX + count + 2)
            out += write_uint64(out, <int32_t>tag)
            out[0] = 61     # '='
            memcpy(out + 1, PyBytes_AS_STRING(value), count)
            out[count + 1] = SOH
            buffer.count = out + count + 2 - buffer.start
            soh += 1 + (0 if memchr(PyBytes_AS_STRING(value), SOH, count) is NULL else <int32_t>value.count(b"\x01"))
    return around.close(soh)


cdef Frame _clock = Frame(b"FIX.4.4")       # for its second's text


def utc_time(int64_t unix_ns, int digits=3):
    cdef char[TIME_BYTES_MAX] out
    cdef int count
    check_digits(digits)
    check_time(unix_ns)
    count = _clock.write_time(out, unix_ns, digits)
    return PyBytes_FromStringAndSize(out, count)


def frame(bytes body not None, bytes begin_string not None=b"FIX.4.4"):
    cdef Frame around = Frame(begin_string)
    around.buffer.append(PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body))
    return around.close(<int32_t>body.count(b"\x01"))


cdef int _append(FixWriter writer, int32_t tag, bytes value) except -1:
    cdef Py_ssize_t count = PyBytes_GET_SIZE(value)
    memcpy(writer._open_field(tag, count), PyBytes_AS_STRING(value), count)
    return writer._close_field(count)


cdef int _check_tag(int32_t tag) except -1:
    if tag <= 0:
        raise ValueError(f"{tag} is no tag")
    if tag == 8 or tag == 9 or tag == 10 or tag == 35:
        raise ValueError(f"tag {tag} is the writer's own")
    return 0


cdef int _check_value(int32_t tag, bytes value) except -1:
    cdef Py_ssize_t count = PyBytes_GET_SIZE(value)
    if count == 0:
        raise ValueError(f"tag {tag} has no value: leave it out")
    if memchr(PyBytes_AS_STRING(value), SOH, count) is not NULL:
        raise ValueError(f"tag {tag} holds SOH, which ends a field: {value!r}")
    return 0


cdef int check_digits(int digits) except -1:
    if digits != 0 and digits != 3 and digits != 6 and digits != 9:
        raise ValueError(f"a FIX time has 0, 3, 6 or 9 decimals: {digits} were asked for")
    return 0


cdef int check_time(int64_t unix_ns) except -1:
    if unix_ns < 0:
        raise ValueError(f"a FIX time before 1970: {unix_ns} ns")
    return 0
