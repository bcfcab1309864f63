"""One owner of bytes. Whoever wants to keep what lies in a buffer copies it."""


cdef class ByteBuffer:
    cdef char* start                # the block; moves when it grows
    cdef Py_ssize_t count           # bytes in use, from `start`
    cdef Py_ssize_t capacity        # bytes allocated
    cdef Py_ssize_t limit_bytes     # never grows beyond this: raises BufferError

    # Room for `more` bytes behind `count`; the caller writes there, then adds to `count`.
    cdef char* reserve(self, Py_ssize_t more) except NULL
    cdef int append(self, const char* source, Py_ssize_t count) except -1
    cdef void discard(self, Py_ssize_t count) noexcept      # drop bytes from the front
    cdef void clear(self) noexcept
