"""Whole FIX messages off a byte stream."""

from libc.stdint cimport int64_t

from tidings.wire.buffer cimport ByteBuffer


cdef class Framer:
    cdef ByteBuffer _buffer
    cdef Py_ssize_t _start          # of the message awaited, in the buffer
    cdef Py_ssize_t _sought         # what lies before it has been searched for what `_stage` seeks
    cdef Py_ssize_t _length_start   # of the value of field 9
    cdef int _stage
    cdef readonly Py_ssize_t max_message_bytes
    cdef readonly int64_t garbled_count
    cdef readonly int64_t dropped_bytes
    cdef readonly bint is_over_limit

    cdef bint _step(self) noexcept
    cdef bint _seek(self, const char* text, Py_ssize_t text_bytes, int stage) noexcept
    cdef bint _seek_begin(self) noexcept
    cdef bint _read_length(self) noexcept
    cdef void _drop_to(self, Py_ssize_t start) noexcept
    cdef bytes _cut(self)
