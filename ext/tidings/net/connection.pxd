"""A TLS (or plain, for loopback only) byte stream on the loop's reader and writer hooks."""

cimport cython
from libc.stdint cimport int64_t

from tidings.clock cimport Clock
from tidings.net.channel cimport Channel
from tidings.wire.buffer cimport ByteBuffer


cdef class ByteSink:
    """What a connection feeds. An exception from `on_bytes` closes the connection with that cause."""
    cdef int on_bytes(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1   # borrowed for the call
    cdef int on_taken(self, int64_t taken_bytes_total, int64_t now_ns) except -1    # more, after a partial write
    cdef int on_closed(self, object cause, int64_t now_ns) except -1        # once per connection; cause: an Exception


@cython.final
cdef class Connection:
    cdef ByteSink sink
    cdef Clock clock
    cdef readonly Channel channel
    # Byte accounting, in plaintext bytes since the connection opened: what "not sent" and "unknown" rest on.
    # A byte counts as taken only when the kernel has every byte of the TLS record that carries it.
    cdef readonly int64_t written_bytes_total   # handed to write()
    cdef readonly int64_t taken_bytes_total     # of these, taken by the kernel
    cdef readonly int64_t send_entered_ns       # just before the last send(2)
    cdef readonly int64_t send_returned_ns      # just after it
    cdef readonly bint is_open

    # Write now. 1: the kernel has the last byte; 0: the rest follows by the writer hook (the bytes are copied).
    # Raises ConnectionLost when closed, when it breaks before the last byte is taken, or when too much is held back:
    # then the last of these bytes has not left and never will. The sink hears of a break in the next loop pass.
    cdef int write(self, const char* start, Py_ssize_t count) except -1
    cpdef int cork(self) except -1              # hold writes back …
    cpdef int uncork(self) except -1            # … and send them as one record; 1 or 0. Only the sink hears of a break
    cpdef int poll(self) except -1              # one non-blocking read and dispatch (busy-poll); 1 if anything came
    # Whether nothing came from the peer. False: bytes nobody waits for, or its end; the sink hears in the next pass.
    cdef bint check_quiet(self) except -1
    cpdef int close(self, object cause) except -1

    # Private.
    cdef object loop
    cdef ByteBuffer held                # written, not yet taken: corked, or behind a partial write
    cdef int cork_depth
    cdef bint is_watching_writable
    cdef bint is_reading
    cdef bint is_finished               # the sink has heard on_closed
    cdef object break_cause
    cdef char* inbox
    cdef Py_ssize_t _offer(self, const char* start, Py_ssize_t count) except -1
    cdef int _flush(self) except -1
    cdef int _read(self) except -1
    cdef int _break(self, object cause) except -1
    cdef int _finish(self, object cause) except -1
    cdef int _watch_writable(self) except -1
