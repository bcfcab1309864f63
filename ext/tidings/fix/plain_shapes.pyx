"""The shortest way through validation: most messages are plain and sound, and one pass over their fields in place
shows it.

What this lets pass, `validation.long_check` would let pass too; what it doubts may be sound all the same. Fields that
begin a group, large tags and rare types are doubted.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, int64_t, uint64_t

from tidings.fix.field_index cimport Field
from tidings.fix.reader cimport FixReader
from tidings.fix.values cimport VALUE_OK, read_fixed, read_int, read_time

from tidings.fix.dictionary import MULTIPLE

cdef enum:
    TAGS = 1200
    HEADER = 1, BODY, TRAILER
    KIND_TEXT = 0, KIND_COUNT, KIND_INTEGER, KIND_DECIMAL, KIND_TIME, KIND_LETTER, KIND_LETTERS, KIND_VALUES
    KIND_DOUBTED
    DIGITS_SURE = 18            # so many fit 64 bits for certain

cdef dict KINDS = {
    "SEQNUM": KIND_COUNT, "LENGTH": KIND_COUNT, "INT": KIND_INTEGER, "PRICE": KIND_DECIMAL, "QTY": KIND_DECIMAL,
    "AMT": KIND_DECIMAL, "FLOAT": KIND_DECIMAL, "PRICEOFFSET": KIND_DECIMAL, "PERCENTAGE": KIND_DECIMAL,
    "UTCTIMESTAMP": KIND_TIME, "STRING": KIND_TEXT, "EXCHANGE": KIND_TEXT, "CURRENCY": KIND_TEXT, "DATA": KIND_TEXT,
}


cdef class Shape:
    def __cinit__(self):
        self.values = {}
        self.fields = <FieldShape*>PyMem_Calloc(TAGS, sizeof(FieldShape))
        if self.fields is NULL:
            raise MemoryError("no memory for the shape of a FIX message")

    def __dealloc__(self):
        PyMem_Free(self.fields)


cdef class PlainShapes:
    def __init__(self, dictionary):
        self._dictionary = dictionary
        self._shapes = {}

    def lets_pass(self, FixReader reader not None):
        """Whether the message is sound for certain. False says nothing."""
        cdef Shape shape
        if reader._count < 4 or reader._fields[2].tag != 35:
            return False
        shape = self._shape_of(reader.value_of(&reader._fields[2]))
        return shape is not None and self._has_shape(reader, shape)

    cdef bint _has_shape(self, FixReader reader, Shape shape) except -1:
        cdef int32_t place, required = 0
        cdef int region = HEADER
        cdef Field* field
        cdef FieldShape* wanted
        self._reads += 1
        for place in range(reader._count):
            field = &reader._fields[place]
            if not 0 < field.tag < TAGS or field.length == 0:
                return False
            wanted = &shape.fields[field.tag]
            if wanted.region < region or wanted.seen == self._reads or not self._fits(reader, field, wanted, shape):
                return False
            region = wanted.region
            wanted.seen = self._reads
            required += wanted.is_required
        return required == shape.required_count

    cdef bint _fits(self, FixReader reader, Field* field, FieldShape* wanted, Shape shape) except -1:
        cdef const char* text = reader._data + field.start
        cdef int64_t number = 0
        cdef int decimals = 0
        if wanted.kind == KIND_TEXT:
            return True
        if wanted.kind == KIND_LETTER:
            return field.length == 1 and _has_letter(wanted, text[0])
        if wanted.kind == KIND_LETTERS:
            return _are_letters(wanted, text, field.length)
        if wanted.kind == KIND_TIME:
            return read_time(text, field.length, &number) == VALUE_OK
        if wanted.kind == KIND_VALUES:
            return reader.value_of(field) in <object>shape.values[field.tag]
        if field.length > DIGITS_SURE or wanted.kind == KIND_DOUBTED:
            return False
        if wanted.kind == KIND_DECIMAL:
            return read_fixed(text, field.length, &number, &decimals) == VALUE_OK
        return read_int(text, field.length, &number) == VALUE_OK and (wanted.kind == KIND_INTEGER or text[0] != c"-")

    cdef Shape _shape_of(self, bytes msg_type):
        found = self._shapes.get(msg_type, self)
        if found is not self:
            return found
        rule = self._dictionary.messages.get(msg_type)
        self._shapes[msg_type] = made = None if rule is None else _shape(self._dictionary, rule)
        return made


cdef inline bint _has_letter(const FieldShape* wanted, char value) noexcept nogil:
    cdef unsigned char letter = <unsigned char>value
    return (wanted.letters[letter >> 6] >> (letter & 63)) & 1


cdef bint _are_letters(const FieldShape* wanted, const char* text, int32_t length) noexcept nogil:
    """One or more, with one blank between two."""
    cdef int32_t place
    for place in range(length):
        if not (text[place] == c" " if place & 1 else _has_letter(wanted, text[place])):
            return False
    return length & 1


cdef Shape _shape(object dictionary, object rule):
    """Of the fields that begin no group, and have one place."""
    cdef Shape shape = Shape()
    cdef int32_t tag
    cdef int region
    layouts = ((HEADER, dictionary.header_layout), (BODY, dictionary.layouts[rule.msg_type]),
               (TRAILER, dictionary.trailer_layout))
    for region, layout in layouts:
        for member in layout:
            tag = member.tag
            if not member.members and 0 < tag < TAGS and tag not in dictionary.anywhere_tags:
                shape.fields[tag].region = region
                _set_kind(shape, dictionary.fields[tag])
    required = {*dictionary.header_required, *dictionary.trailer_required, *rule.required}
    shape.required_count = <int32_t>len(required)
    for tag in required:
        if 0 < tag < TAGS:
            shape.fields[tag].is_required = True
    return shape


cdef int _set_kind(Shape shape, object field) except -1:
    cdef FieldShape* wanted = &shape.fields[<int32_t>field.tag]
    cdef unsigned char letter
    letters = list(field.values)
    if not letters and field.type == "BOOLEAN":
        letters = [b"Y", b"N"]
    if not letters:
        wanted.kind = KINDS.get(field.type, KIND_DOUBTED)
    elif field.type == MULTIPLE or all(len(value) == 1 for value in letters):
        wanted.kind = KIND_LETTERS if field.type == MULTIPLE else KIND_LETTER
        for letter in [value[0] for value in letters if len(value) == 1]:   # a longer one is doubted
            wanted.letters[letter >> 6] |= <uint64_t>1 << (letter & 63)
    else:
        wanted.kind = KIND_VALUES
        shape.values[field.tag] = frozenset(letters)
    return 0
