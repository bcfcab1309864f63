"""A digest of lines, taken in by the buffer: a book is written there without being an object in between."""

cimport cython


@cython.final
cdef class LineDigest:
    cdef object sha256
    cdef char* buffer
    cdef Py_ssize_t used_bytes      # written, and not yet digested
    cdef int check(self, bytes text) except -1
    cdef void put(self, const char* start, Py_ssize_t count) noexcept
    cdef int end_line(self) except -1
    cdef int flush(self) except -1
