"""Records and header copies of a session's store, as bytes: what `store_files` reads. Little-endian, CRC-32."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from zlib import crc32

cdef enum:
    RECORD_HEAD_BYTES = 8
    RECORD_BODY_BYTES = 17
    NUMBERS_BYTES = 56
    COPY_BYTES = 60


cdef inline char* _put(char* out, uint64_t value, int count) noexcept nogil:
    """`count` bytes, the lowest first, whatever the machine."""
    cdef int place
    for place in range(count):
        out[place] = <char>(value >> (8 * place))
    return out + count


def packed(uint8_t kind, uint64_t seq, uint64_t wall_ns, bytes message not None):
    """Length and checksum of what follows; kind, number, Unix time, the message."""
    cdef Py_ssize_t count = PyBytes_GET_SIZE(message)
    cdef bytes made = PyBytes_FromStringAndSize(NULL, RECORD_HEAD_BYTES + RECORD_BODY_BYTES + count)
    cdef char* start = PyBytes_AS_STRING(made)
    cdef char* out = _put(start, <uint64_t>(RECORD_BODY_BYTES + count), 4) + 4
    out = _put(out, kind, 1)
    out = _put(out, seq, 8)
    out = _put(out, wall_ns, 8)
    memcpy(out, PyBytes_AS_STRING(message), count)
    _put(start + 4, <uint32_t>crc32(memoryview(made)[RECORD_HEAD_BYTES:]), 4)     # nobody else has these bytes yet
    return made


def write_copy(memory, Py_ssize_t place, bytes magic not None, uint64_t generation, numbers):
    """A header's copy into mapped memory, its checksum last."""
    cdef char[COPY_BYTES] text
    cdef char* out = text + 8
    cdef Py_buffer view
    if PyBytes_GET_SIZE(magic) != 8 or len(numbers) != 5:
        raise ValueError("a copy has eight bytes of magic and five numbers")
    memcpy(text, PyBytes_AS_STRING(magic), 8)
    out = _put(out, generation, 8)
    for number in numbers:
        out = _put(out, <uint64_t>number, 8)
    _put(out, <uint32_t>crc32(PyBytes_FromStringAndSize(text, NUMBERS_BYTES)), 4)
    PyObject_GetBuffer(memory, &view, PyBUF_SIMPLE | PyBUF_WRITABLE)
    try:
        if place < 0 or place + COPY_BYTES > view.len:
            raise ValueError(f"no room for a copy at {place}")
        memcpy(<char*>view.buf + place, text, COPY_BYTES)
    finally:
        PyBuffer_Release(&view)
