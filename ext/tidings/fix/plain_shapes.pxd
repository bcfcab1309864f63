"""The shapes of plain, sound messages, to be recognised in place."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from tidings.fix.field_index cimport Field
from tidings.fix.reader cimport FixReader


cdef struct FieldShape:
    uint64_t[4] letters         # of KIND_LETTER: a bit for each value
    int64_t seen                # the message that had it last
    uint8_t region              # 0: not in this message
    uint8_t kind
    bint is_required


cdef class Shape:
    """One message type's fields by tag."""
    cdef FieldShape* fields
    cdef dict values            # tag → frozenset, of those whose values have several letters
    cdef int32_t required_count


cdef class PlainShapes:
    cdef object _dictionary
    cdef dict _shapes           # message type → Shape; None: no such type
    cdef int64_t _reads

    cdef Shape _shape_of(self, bytes msg_type)
    cdef bint _has_shape(self, FixReader reader, Shape shape) except -1
    cdef bint _fits(self, FixReader reader, Field* field, FieldShape* wanted, Shape shape) except -1
