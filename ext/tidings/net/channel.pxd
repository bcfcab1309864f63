"""A connected, non-blocking socket: what `Connection` needs of TLS and of plain TCP, and nothing more."""

from libc.stdint cimport int64_t

from tidings.clock cimport Clock


cdef enum HandshakeState:
    READY = 0
    WANTS_READ = 1
    WANTS_WRITE = 2


cdef enum:
    WOULD_BLOCK = -1            # of to_kernel and from_kernel
    BROKEN = -2                 # likewise; errno is kept in error_number


cdef class Channel:
    cdef readonly str peer                      # "host:port", for messages
    cdef readonly object socket                 # socket.socket, owned: closed with the channel
    cdef int descriptor
    cdef int error_number                       # of the last BROKEN call
    cdef Clock clock
    cdef readonly bint wants_write              # reading cannot go on before something of TLS's own is written
    cdef readonly int64_t send_entered_ns       # just before the last send(2)
    cdef readonly int64_t send_returned_ns      # just after it
    cdef readonly int64_t received_ns           # just after the last recv(2) that brought bytes
    cdef readonly int64_t received_count        # how many did

    # One step of the handshake, a HandshakeState. Raises ConnectionLost; READY means: encrypted, and the peer verified.
    cdef int advance_handshake(self) except -1
    # Plaintext bytes of which the kernel has all (every byte of their TLS records); 0: would block. After 0 or a part,
    # the next call must begin with the bytes not yet taken. Raises ConnectionLost: no further byte will be taken.
    cdef Py_ssize_t write(self, const char* start, Py_ssize_t count) except -1
    # Plaintext bytes read; 0: nothing for now. `room` is at least INBOX_BYTES. Raises ConnectionLost at the end.
    cdef Py_ssize_t read(self, char* into, Py_ssize_t room) except -1
    cdef bint has_unread(self) noexcept         # bytes were received that no readable event will announce again
    cdef int say_goodbye(self) except -1        # close_notify, if the kernel takes it at once

    cdef Py_ssize_t to_kernel(self, const char* start, Py_ssize_t count) noexcept    # send(2), stamped
    cdef Py_ssize_t from_kernel(self, char* into, Py_ssize_t room) noexcept        # recv(2), stamped; 0: end of stream
    cdef Py_ssize_t failed(self) noexcept       # WOULD_BLOCK or BROKEN, by errno
    cdef object lost(self, str what)            # the ConnectionLost to raise, with errno's words if there are any


cdef enum:
    INBOX_BYTES = 65536         # one read; above the largest TLS record (16 KiB of plaintext, RFC 8446 §5.1)


cdef class PlainChannel(Channel):
    cdef bint filled_room
