"""A digest of lines, taken in by the buffer: a book is written there without being an object in between."""

cimport cython

import hashlib

from cpython.buffer cimport PyBUF_READ
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from tidings.market.book cimport Book

cdef enum:
    FULL_BYTES = 64 * 1024          # then it is digested: what a processor's nearest caches hold
    TEXT_BYTES_MAX = 1024 * 1024
    BUFFER_BYTES = 2 * 1024 * 1024  # behind them, there is room for the longest text and the largest book


@cython.final
cdef class LineDigest:
    def __cinit__(self):
        self.sha256 = hashlib.sha256()
        self.buffer = <char*> PyMem_RawMalloc(BUFFER_BYTES)
        if self.buffer is NULL:
            raise MemoryError()

    def __dealloc__(self):
        PyMem_RawFree(self.buffer)

    def add(self, bytes line not None):
        self.check(line)
        self.put(PyBytes_AS_STRING(line), PyBytes_GET_SIZE(line))
        self.end_line()

    def add_book(self, bytes head not None, Book book not None, int64_t now_ns):
        """A line of a book that a callback is told: the head, the book as it is, the callback's time."""
        self.check(head)
        self.put(PyBytes_AS_STRING(head), PyBytes_GET_SIZE(head))
        book.write_bytes(self.buffer + self.used_bytes)
        self.used_bytes += book.byte_count()
        self.put(<const char*> &now_ns, sizeof(now_ns))
        self.end_line()

    def hexdigest(self):
        self.flush()
        return self.sha256.hexdigest()

    cdef int check(self, bytes text) except -1:
        if PyBytes_GET_SIZE(text) > TEXT_BYTES_MAX:
            raise ValueError(f"a line of {PyBytes_GET_SIZE(text)} bytes: up to {TEXT_BYTES_MAX} can be digested")
        return 0

    cdef int end_line(self) except -1:
        self.put(b"\n", 1)
        if self.used_bytes >= FULL_BYTES:
            self.flush()
        return 0

    cdef void put(self, const char* start, Py_ssize_t count) noexcept:
        memcpy(self.buffer + self.used_bytes, start, count)
        self.used_bytes += count

    cdef int flush(self) except -1:
        if self.used_bytes:
            self.sha256.update(PyMemoryView_FromMemory(self.buffer, self.used_bytes, PyBUF_READ))
            self.used_bytes = 0
        return 0
