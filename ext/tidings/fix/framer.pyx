"""Whole FIX messages off a byte stream, however it was split or merged on its way.

A message is found the way QuickFIX finds it, so that both see the same messages in damaged streams: from `8=`, over as
many bytes as field 9 says, to the end of the next field 10. A length that is too short still frames, one that is too
long swallows what follows. Every step remembers how far it has looked, so single bytes cost no more than large reads.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MAX, int32_t
from libc.string cimport memchr, memcmp

from tidings.fix.field_index cimport read_count
from tidings.wire.buffer cimport ByteBuffer

cdef enum:
    SEEKS_BEGIN
    SEEKS_LENGTH
    READS_LENGTH
    SEEKS_CHECKSUM
    SEEKS_END
    IS_WHOLE
    BUFFER_BYTES = 8192
    MAX_MESSAGE_BYTES = 64 * 1024


cdef class Framer:
    def __cinit__(self, Py_ssize_t max_message_bytes=MAX_MESSAGE_BYTES):
        if not 0 < max_message_bytes <= 1 << 30:
            raise ValueError(f"max_message_bytes must be 1 to {1 << 30}: was {max_message_bytes}")
        self._buffer = ByteBuffer(BUFFER_BYTES, INT64_MAX)     # the limit that counts is watched by next()
        self._stage = SEEKS_BEGIN
        self.max_message_bytes = max_message_bytes

    def feed(self, bytes data not None):
        """Take bytes as they were read; then call next() until it gives None."""
        if self.is_over_limit:
            return
        if self._start:
            self._buffer.discard(self._start)
            self._sought -= self._start
            self._length_start -= self._start
            self._start = 0
        self._buffer.append(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))

    def next(self):
        """The next whole message, or None until more bytes come."""
        while self._step():
            if self._stage == IS_WHOLE:
                return self._cut()
        return None

    @property
    def waiting_bytes(self):
        """Bytes fed that no message has taken yet."""
        return self._buffer.count - self._start

    cdef bint _step(self) noexcept:
        """One step towards a whole message; False if that needs more bytes."""
        cdef bint has_moved
        if self.is_over_limit:
            return False
        if self._stage == SEEKS_BEGIN:
            has_moved = self._seek_begin()
        elif self._stage == SEEKS_LENGTH:
            has_moved = self._seek(b"\x019=", 3, READS_LENGTH)
            self._length_start = self._sought
        elif self._stage == READS_LENGTH:
            has_moved = self._read_length()
        elif self._stage == SEEKS_CHECKSUM:
            has_moved = self._seek(b"\x0110=", 4, SEEKS_END)
        else:
            has_moved = self._seek(b"\x01", 1, IS_WHOLE)
        # The bytes of a message count up to where it is known to go, so that the limit knows no splits.
        if (self._sought if has_moved else self._buffer.count) - self._start > self.max_message_bytes:
            self.is_over_limit = True
        return has_moved and not self.is_over_limit

    cdef bint _seek(self, const char* text, Py_ssize_t text_bytes, int stage) noexcept:
        """Look for `text` from `_sought` on; once found `_sought` lies behind it, and `stage` is next."""
        cdef const char* start = self._buffer.start
        cdef const char* end = start + self._buffer.count
        cdef const char* at = start + self._sought
        while end - at >= text_bytes:
            at = <const char*>memchr(at, text[0], end - at - text_bytes + 1)
            if at is NULL:
                break
            if memcmp(at, text, text_bytes) == 0:
                self._sought = at - start + text_bytes
                self._stage = stage
                return True
            at += 1
        self._sought = max(self._sought, self._buffer.count - text_bytes + 1)
        return False

    cdef bint _seek_begin(self) noexcept:
        """Drop everything in front of `8=`."""
        self._sought = self._start
        if self._seek(b"8=", 2, SEEKS_LENGTH):
            self._drop_to(self._sought - 2)
            return True
        self._drop_to(self._sought)
        return False

    cdef bint _read_length(self) noexcept:
        """Field 9: skip as many bytes, less one for the SOH in front of field 10. What is no number is dropped."""
        cdef Py_ssize_t start = self._length_start
        cdef int32_t body_bytes
        if not self._seek(b"\x01", 1, SEEKS_CHECKSUM):
            return False
        if self._sought - self._start > self.max_message_bytes:
            self.is_over_limit = True
            return False
        body_bytes = read_count(self._buffer.start + start, <int32_t>(self._sought - start - 1))
        if body_bytes < 0:
            self.garbled_count += 1
            self._drop_to(self._sought)
            self._stage = SEEKS_BEGIN
        else:
            self._sought += body_bytes - 1
        return True

    cdef void _drop_to(self, Py_ssize_t start) noexcept:
        self.dropped_bytes += start - self._start
        self._start = start

    cdef bytes _cut(self):
        cdef bytes message = PyBytes_FromStringAndSize(self._buffer.start + self._start, self._sought - self._start)
        self._start = self._sought
        self._stage = SEEKS_BEGIN
        return message
