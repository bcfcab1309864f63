"""Repeating groups, in place."""

from libc.stdint cimport int32_t, int64_t

from tidings.fix.field_index cimport Field
from tidings.fix.reader cimport FieldView, FixReader


cdef class GroupEntry(FieldView):
    cdef FixReader _reader
    cdef object _layout
    cdef int32_t _first             # the fields of this entry, those of nested groups among them
    cdef int32_t _end
    cdef int64_t _reads             # of the reader, when this entry was found

    cdef int _check(self) except -1
    cdef Field* _find(self, int32_t tag, int64_t nth) except? NULL
