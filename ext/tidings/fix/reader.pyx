"""The fields of one FIX message, in place: split and indexed in one pass, made into values only when asked for.

The reader borrows the bytes object until the next read. Messages that are garbled are told apart by a ReadResult and
never raise; a field that is missing or not of its type raises FieldError, with the reason a Reject would give.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from libc.stdint cimport INT32_MAX, int32_t, int64_t

from tidings.fix.field_index cimport BUCKETS, FIELD_BYTES_MIN, Bucket, Field, find_field, read_message, split_fields
from tidings.fix.values cimport VALUE_OK, VALUE_TOO_LARGE, ValueResult, read_fixed, read_int, read_time

from decimal import Decimal
from enum import IntEnum

from tidings.errors import FieldError
from tidings.fix import framer, groups

Framer = framer.Framer      # a reader's other half, found in one place with it


class ReadResult(IntEnum):
    OK = 0
    NOT_FIRST_THREE = 1
    BAD_BODY_LENGTH = 2
    BAD_CHECKSUM = 3
    BAD_TAG = 4
    BAD_DATA_LENGTH = 5
    CHECKSUM_NOT_LAST = 6


cdef enum:
    FIELDS_AT_FIRST = 128
    MESSAGE_BYTES_MAX = 1 << 30

cdef tuple RESULTS = tuple(ReadResult)
# SessionRejectReason (tag 373) of a FieldError.
cdef int REQUIRED_TAG_MISSING = 1, NO_VALUE = 4, WRONG_VALUE = 5, WRONG_FORMAT = 6


cdef class FieldView:
    def get_bytes(self, int32_t tag):
        return self.value_of(self.wanted(tag))

    def get_int(self, int32_t tag):
        cdef Field* field = self.wanted(tag)
        cdef int64_t value = 0
        cdef ValueResult result = read_int(self._data + field.start, field.length, &value)
        if result != VALUE_OK:
            _refuse(tag, result, "a whole number")
        return value

    def get_fixed(self, int32_t tag):
        cdef Field* field = self.wanted(tag)
        cdef int64_t mantissa = 0
        cdef int decimals = 0
        cdef ValueResult result = read_fixed(self._data + field.start, field.length, &mantissa, &decimals)
        if result != VALUE_OK:
            _refuse(tag, result, "a decimal number")
        return mantissa, decimals

    def get_decimal(self, int32_t tag):
        cdef Field* field = self.wanted(tag)
        cdef int64_t mantissa = 0
        cdef int decimals = 0
        cdef ValueResult result = read_fixed(self._data + field.start, field.length, &mantissa, &decimals)
        if result != VALUE_OK and result != VALUE_TOO_LARGE:
            _refuse(tag, result, "a decimal number")
        return Decimal(self.value_of(field).decode("ascii"))

    def get_bool(self, int32_t tag):
        cdef Field* field = self.wanted(tag)
        cdef char letter = self._data[field.start]
        if field.length != 1 or (letter != 89 and letter != 78):
            raise FieldError(tag, "is neither Y nor N", WRONG_FORMAT)
        return letter == 89

    def get_char(self, int32_t tag):
        cdef Field* field = self.wanted(tag)
        if field.length != 1:
            raise FieldError(tag, "is not one character", WRONG_FORMAT)
        return self.value_of(field)

    def get_time_ns(self, int32_t tag):
        cdef Field* field = self.wanted(tag)
        cdef int64_t unix_ns = 0
        cdef ValueResult result = read_time(self._data + field.start, field.length, &unix_ns)
        if result != VALUE_OK:
            _refuse(tag, result, "a UTC time like 20260801-12:34:56.789")
        return unix_ns

    cdef Field* wanted(self, int32_t tag) except NULL:
        raise NotImplementedError

    cdef bytes value_of(self, Field* field):
        return PyBytes_FromStringAndSize(self._data + field.start, field.length)


cdef class FixReader(FieldView):
    def __cinit__(self):
        self._message = b""
        self._data = PyBytes_AS_STRING(self._message)
        self._buckets = <Bucket*>PyMem_Calloc(BUCKETS, sizeof(Bucket))
        if self._buckets is NULL:
            raise MemoryError("no memory for the index of a FIX reader")
        self._make_room(FIELDS_AT_FIRST)

    def __dealloc__(self):
        PyMem_Free(self._fields)
        PyMem_Free(self._buckets)

    cdef int _make_room(self, Py_ssize_t count) except -1:
        """Room for `count` fields; those there are lost."""
        cdef Field* fields
        if count <= self._room:
            return 0
        fields = <Field*>PyMem_Malloc(count * sizeof(Field))
        if fields is NULL:
            raise MemoryError(f"no memory for {count} fields of a FIX message")
        PyMem_Free(self._fields)
        self._fields = fields
        self._room = <int32_t>count
        self._count = 0
        return 0

    def read(self, bytes data not None):
        """Decode one whole message."""
        cdef int32_t count = self._take(data)
        return RESULTS[read_message(self._data, count, self._fields, self._buckets, &self._count)]

    def read_fields(self, bytes data not None):
        """Decode fields without a frame."""
        cdef int32_t count
        if not data.endswith(b"\x01"):
            data = data + b"\x01"
        count = self._take(data)
        return RESULTS[split_fields(self._data, count, self._fields, self._buckets, &self._count)]

    cdef int32_t _take(self, bytes data) except -1:
        """Hold `data` and have room for its fields: how many bytes it has."""
        cdef Py_ssize_t count = PyBytes_GET_SIZE(data)
        if count > MESSAGE_BYTES_MAX:
            raise ValueError(f"a FIX message of {count} bytes: at most {MESSAGE_BYTES_MAX} can be read")
        if count // FIELD_BYTES_MIN + 1 > self._room:
            self._make_room(count // FIELD_BYTES_MIN + 1)
        self._reads += 1
        self._message = data
        self._data = PyBytes_AS_STRING(data)
        return <int32_t>count

    @property
    def message(self):
        return self._message

    @property
    def msg_type(self):
        """Of a garbled message too, if field 35 can be found in it: a garbled Logon ends the connection."""
        cdef Py_ssize_t start, end
        if self._count > 2 and self._fields[2].tag == 35:
            return self.value_of(&self._fields[2])
        start = self._message.find(b"\x0135=")
        end = self._message.find(b"\x01", start + 4)
        return self._message[start + 4:end] if start >= 0 and end >= 0 else b""

    @property
    def field_count(self):
        return self._count

    def __len__(self):
        return self._count

    def tag_at(self, Py_ssize_t place):
        return self._fields[_checked(self, place)].tag

    def value_at(self, Py_ssize_t place):
        return self.value_of(&self._fields[_checked(self, place)])

    def index_of(self, int64_t tag, int64_t nth=0):
        if not -INT32_MAX <= tag <= INT32_MAX:
            return -1
        return find_field(self._fields, self._count, self._buckets, <int32_t>tag, nth)

    def find(self, int64_t tag, int64_t nth=0):
        cdef int32_t place
        if not -INT32_MAX <= tag <= INT32_MAX:
            return None
        place = find_field(self._fields, self._count, self._buckets, <int32_t>tag, nth)
        return None if place < 0 else self.value_of(&self._fields[place])

    def __contains__(self, int32_t tag):
        return find_field(self._fields, self._count, self._buckets, tag, 0) >= 0

    def fields(self):
        """Everything, in order: for cold code."""
        return [(self._fields[place].tag, self.value_of(&self._fields[place])) for place in range(self._count)]

    def groups(self, layout):
        """The entries of a repeating group of the body."""
        return groups.entries(self, layout)

    cdef Field* wanted(self, int32_t tag) except NULL:
        cdef int32_t place = find_field(self._fields, self._count, self._buckets, tag, 0)
        cdef Field* field = NULL if place < 0 else &self._fields[place]
        check_field(field, tag)
        return field


cdef int check_field(const Field* field, int32_t tag) except -1:
    if field is NULL:
        raise FieldError(tag, "is missing", REQUIRED_TAG_MISSING)
    if field.length == 0:
        raise FieldError(tag, "has no value", NO_VALUE)
    return 0


cdef int32_t _checked(FixReader reader, Py_ssize_t place) except -1:
    if not 0 <= place < reader._count:
        raise IndexError(f"field {place} of a message with {reader._count} fields")
    return <int32_t>place


cdef int _refuse(int32_t tag, ValueResult result, str kind) except -1:
    if result == VALUE_TOO_LARGE:
        raise FieldError(tag, "is too large for 64 bits", WRONG_VALUE)
    raise FieldError(tag, f"is not {kind}", WRONG_FORMAT)
