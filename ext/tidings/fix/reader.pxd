"""FIX messages off a stream, and their fields in place."""

from libc.stdint cimport int32_t, int64_t

from tidings.fix.field_index cimport Bucket, Field


cdef class FieldView:
    """Typed fields of a message, or of a part of it."""
    cdef bytes _message             # borrowed: `_data` points into it
    cdef const char* _data

    # The first field with this tag; FieldError if it is missing or empty.
    cdef Field* wanted(self, int32_t tag) except NULL
    cdef bytes value_of(self, Field* field)


cdef class FixReader(FieldView):
    cdef Field* _fields
    cdef int32_t _room              # in `_fields`
    cdef int32_t _count
    cdef int64_t _reads             # so that views of an earlier message can tell
    cdef Bucket* _buckets

    cdef int _make_room(self, Py_ssize_t count) except -1
    cdef int32_t _take(self, bytes data) except -1


cdef int check_field(const Field* field, int32_t tag) except -1
