"""One owner of bytes: a block that grows up to a limit and is then used again and again.

Writers ask for room once, write with plain pointers, and add to `count`: a write that fails half-way leaves no trace.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.string cimport memcpy, memmove


cdef class ByteBuffer:
    def __cinit__(self, Py_ssize_t capacity_bytes=4096, Py_ssize_t limit_bytes=1 << 20):
        if not 0 < capacity_bytes <= limit_bytes:
            raise ValueError(f"capacity_bytes must be 1 to limit_bytes: was {capacity_bytes} of {limit_bytes}")
        self.start = <char*>PyMem_Malloc(capacity_bytes)
        if self.start is NULL:
            raise MemoryError(f"no memory for a buffer of {capacity_bytes} bytes")
        self.capacity = capacity_bytes
        self.limit_bytes = limit_bytes

    def __dealloc__(self):
        PyMem_Free(self.start)

    cdef char* reserve(self, Py_ssize_t more) except NULL:
        """Room for `more` bytes behind `count`. Older pointers into the block are void after it."""
        if more > self.capacity - self.count:
            _grow(self, more)
        return self.start + self.count

    cdef int append(self, const char* source, Py_ssize_t count) except -1:
        memcpy(self.reserve(count), source, count)
        self.count += count
        return 0

    cdef void discard(self, Py_ssize_t count) noexcept:
        """Drop up to `count` bytes from the front; moves what stays."""
        count = min(max(count, 0), self.count)
        self.count -= count
        if self.count and count:
            memmove(self.start, self.start + count, self.count)

    cdef void clear(self) noexcept:
        self.count = 0

    def __len__(self):
        return self.count

    def __bytes__(self):
        return PyBytes_FromStringAndSize(self.start, self.count)

    def write(self, bytes data not None):
        """Append a copy of `data`; BufferError if it would pass the limit."""
        self.append(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))

    def drop(self, Py_ssize_t count):
        """Drop up to `count` bytes from the front."""
        self.discard(count)

    def reset(self):
        """Forget all bytes, keep the block."""
        self.clear()

    @property
    def capacity_bytes(self):
        """Bytes allocated now."""
        return self.capacity


cdef int _grow(ByteBuffer buffer, Py_ssize_t more) except -1:
    """Double the block, or more if that is not enough, within the limit."""
    cdef Py_ssize_t capacity
    cdef char* block
    if more < 0 or more > buffer.limit_bytes - buffer.count:
        raise BufferError(f"{buffer.count} + {more} bytes do not fit a buffer limited to {buffer.limit_bytes} bytes")
    capacity = buffer.limit_bytes if buffer.capacity > buffer.limit_bytes // 2 else buffer.capacity * 2
    capacity = max(capacity, buffer.count + more)
    block = <char*>PyMem_Realloc(buffer.start, capacity)
    if block is NULL:
        raise MemoryError(f"no memory to grow a buffer to {capacity} bytes")
    buffer.start = block
    buffer.capacity = capacity
    return 0
