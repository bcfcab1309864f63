"""FIX messages off a stream, and their fields in place."""

from libc.stdint cimport int32_t

from tidings.fix.field_index cimport Bucket, Field


cdef class FixReader:
    cdef bytes _message             # borrowed until the next read: `_data` points into it
    cdef const char* _data
    cdef Field* _fields
    cdef int32_t _room              # in `_fields`
    cdef int32_t _count
    cdef Bucket* _buckets

    cdef int _make_room(self, Py_ssize_t count) except -1
    cdef int32_t _place_of(self, int32_t tag) except -1
    cdef bytes _value(self, int32_t place)
