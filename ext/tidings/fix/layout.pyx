"""Messages of one shape: tags and constants laid out once, so that a message writes nothing but its values.

A value of None leaves its field out. Values are checked as FixWriter checks them; the one expensive check, for SOH
inside a value, is a count over the finished message, made in the same pass as its checksum.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_Check, PyBytes_GET_SIZE
from cpython.long cimport PyLong_Check
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_Check
from libc.stdint cimport int32_t, int64_t

from tidings.fix.field_index cimport copy_bytes, data_tag_of
from tidings.fix.writer cimport Frame, check_digits, check_time
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.digits cimport SCALE_MAX, write_decimal, write_int64

from enum import IntEnum

cdef enum:
    SOH = 1
    BYTES = 0, INT, FIXED, CHAR, BOOL, TIME, DATA, CONSTANT     # FieldKind
    EACH_VALUE_SAYS = -1
    SLOT_BYTES = 64     # room for any value that is no text, and its SOH


class FieldKind(IntEnum):
    BYTES = 0
    INT = 1
    FIXED = 2
    CHAR = 3
    BOOL = 4
    TIME = 5
    DATA = 6
    CONSTANT = 7


cdef class MessageLayout:
    def __cinit__(self, bytes msg_type not None, fields, bytes begin_string not None=b"FIX.4.4"):
        self.msg_type = msg_type
        self._frame = Frame(begin_string)
        self._set_slots([_checked_slot(slot) for slot in fields])

    def __dealloc__(self):
        PyMem_Free(self._slots)

    cdef int _set_slots(self, list slots) except -1:
        cdef list texts = [_field(35, self.msg_type)]
        cdef Py_ssize_t start = 0, end = len(texts[0])
        cdef Slot* slot
        self._slots = <Slot*>PyMem_Malloc((len(slots) + 1) * sizeof(Slot))
        if self._slots is NULL:
            raise MemoryError(f"no memory for {len(slots)} fields of a FIX layout")
        self._constants = 1
        for tag, kind, detail in slots:
            if kind == CONSTANT:
                texts.append(_field(tag, detail))
                end += len(texts[-1])
                self._constants += 1
                continue
            texts.append(b"%d=" % tag)
            slot = &self._slots[self._count]
            slot.kind, slot.detail, slot.tag = kind, detail, tag
            slot.text_start, slot.tag_start = start, end
            end += len(texts[-1])
            slot.text_end = start = end
            self._count += 1
        self._tail_start = start
        self._text = b"".join(texts)
        self._room = len(self._text) + self._count * SLOT_BYTES
        return 0

    @property
    def value_count(self):
        """How many values encode() takes."""
        return self._count

    def encode(self, *values):
        """The whole message."""
        cdef bytes message
        self._write(values)
        message = self._frame.close(self._soh_wanted)
        if message is None:
            self._name_soh(values)
        return message

    cdef int _write(self, tuple values) except -1:
        cdef const char* text = PyBytes_AS_STRING(self._text)
        cdef ByteBuffer buffer = self._frame.buffer
        cdef Py_ssize_t index
        cdef Slot* slot = self._slots
        cdef object value
        cdef char* out
        if PyTuple_GET_SIZE(values) != self._count:
            raise TypeError(f"{self.msg_type!r} takes {self._count} values: {len(values)} were given")
        self._frame.open()
        self._soh_wanted = self._constants
        out = buffer.reserve(self._room)
        for index in range(self._count):
            value = <object>PyTuple_GET_ITEM(values, index)
            if value is None:
                out = copy_bytes(out, text + slot.text_start, slot.tag_start - slot.text_start)
            else:
                out = copy_bytes(out, text + slot.text_start, slot.text_end - slot.text_start)
                out = self._write_value(slot, value, out)
                out[0] = SOH
                out += 1
                self._soh_wanted += 1
            slot += 1
        out = copy_bytes(out, text + self._tail_start, PyBytes_GET_SIZE(self._text) - self._tail_start)
        buffer.count = out - buffer.start
        return 0

    cdef char* _write_value(self, Slot* slot, object value, char* out) except NULL:
        cdef int kind = slot.kind
        if kind == BYTES or kind == CHAR:
            return self._write_text(slot, value, out)
        if kind == FIXED:
            return _write_fixed(slot, value, out)
        if kind == DATA:
            return self._write_data(slot, value, out)
        if kind == BOOL:
            if value is not True and value is not False:
                raise TypeError(f"tag {slot.tag} takes a bool: was {value!r}")
            out[0] = 89 if value is True else 78
            return out + 1
        if kind == INT:
            return out + write_int64(out, _whole(slot.tag, value))
        return out + self._frame.write_time(out, _moment(slot.tag, value), slot.detail)

    cdef char* _write_text(self, Slot* slot, object value, char* out) except NULL:
        cdef Py_ssize_t count = 0
        cdef const char* text
        if PyBytes_Check(value):
            text, count = PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)
        elif PyUnicode_Check(value):
            text = PyUnicode_AsUTF8AndSize(value, &count)
        else:
            raise TypeError(f"tag {slot.tag} takes bytes or str: was {value!r}")
        if count == 0 or (slot.kind == CHAR and count != 1):
            raise ValueError(f"tag {slot.tag} takes {'one character' if slot.kind == CHAR else 'a value or None'}")
        if count >= SLOT_BYTES:
            out = self._grown(out, count)
        return copy_bytes(out, text, count)

    cdef char* _write_data(self, Slot* slot, object value, char* out) except NULL:
        """Length and data; the SOH of the length is written here."""
        cdef Py_ssize_t count
        if not PyBytes_Check(value) or not value:
            raise TypeError(f"tag {slot.tag} takes data as bytes, or None: was {value!r}")
        count = PyBytes_GET_SIZE(value)
        out = self._grown(out, count)
        out += write_int64(out, count)
        out[0] = SOH
        out += 1 + write_int64(out + 1, slot.detail)
        out[0] = 61     # '='
        self._soh_wanted += 1 + <int32_t>(<bytes>value).count(b"\x01")
        return copy_bytes(out + 1, PyBytes_AS_STRING(value), count)

    cdef char* _grown(self, char* out, Py_ssize_t more) except NULL:
        """`out`, with `more` bytes free beyond the room that the other fields need."""
        cdef ByteBuffer buffer = self._frame.buffer
        buffer.count = out - buffer.start
        return buffer.reserve(self._room + more)

    def _name_soh(self, values):
        """Raise for the first value that holds a SOH."""
        for index in range(self._count):
            value = values[index]
            text = value.encode() if isinstance(value, str) else value
            if self._slots[index].kind != DATA and isinstance(text, bytes) and b"\x01" in text:
                raise ValueError(f"tag {self._slots[index].tag} holds SOH, which ends a field: {value!r}")


cdef char* _write_fixed(Slot* slot, object value, char* out) except NULL:
    cdef int64_t scale = slot.detail
    if scale == EACH_VALUE_SAYS:
        if type(value) is not tuple or PyTuple_GET_SIZE(value) != 2:
            raise TypeError(f"tag {slot.tag} takes a pair (mantissa, scale): was {value!r}")
        scale = _whole(slot.tag, <object>PyTuple_GET_ITEM(value, 1))
        value = <object>PyTuple_GET_ITEM(value, 0)
    if not 0 <= scale <= SCALE_MAX:
        raise ValueError(f"tag {slot.tag}: scale must be 0 to {SCALE_MAX} decimals: was {scale}")
    return out + write_decimal(out, _whole(slot.tag, value), <int>scale)


cdef int64_t _whole(int32_t tag, object value) except? -1:
    """Integers only: anything else could run code of its own while the buffer is half written."""
    if not PyLong_Check(value):
        raise TypeError(f"tag {tag} takes an int: was {value!r}")
    return value


cdef int64_t _moment(int32_t tag, object value) except -1:
    cdef int64_t unix_ns = _whole(tag, value)
    check_time(unix_ns)
    return unix_ns


cdef bytes _field(int tag, bytes value):
    if not value or b"\x01" in value:
        raise ValueError(f"tag {tag} cannot always be {value!r}")
    return b"%d=%b\x01" % (tag, value)


cdef tuple _checked_slot(object slot):
    """(tag, kind, detail) of a slot as the user writes it."""
    cdef int32_t tag = slot[0]
    kind = FieldKind(slot[1])
    detail = slot[2] if len(slot) > 2 else None
    if tag <= 0 or tag in (8, 9, 10, 35):
        raise ValueError(f"tag {tag} cannot be laid out: 8, 9, 10 and 35 are the layout's own")
    if kind == CONSTANT:
        return tag, kind, detail
    if kind == DATA:
        detail = data_tag_of(tag)
        if detail == 0:
            raise ValueError(f"tag {tag} is not the length of a data field")
    elif kind == TIME:
        detail = 3 if detail is None else detail
        check_digits(detail)
    elif kind == FIXED and detail is not None:
        if not 0 <= detail <= SCALE_MAX:
            raise ValueError(f"tag {tag}: scale must be 0 to {SCALE_MAX} decimals: was {detail}")
    return tag, kind, EACH_VALUE_SAYS if detail is None else detail
