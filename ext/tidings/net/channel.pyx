"""Sockets without a handshake, and the two system calls that every kind of channel ends in.

A channel never waits and never retries by itself; `Connection` decides when to call. Plain TCP carries signed orders in
the clear, so it is for loopback only: the constructor looks at the address the socket is really connected to.
"""

import ipaddress
import os

from tidings.errors import ConfigError, ConnectionLost

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.errno cimport EAGAIN, EINTR, errno
from libc.string cimport memcpy


cdef extern from *:
    """
    #include <sys/socket.h>
    #ifndef MSG_NOSIGNAL
    #define MSG_NOSIGNAL 0      /* macOS: CPython ignores SIGPIPE from its start */
    #endif
    """
    enum:
        MSG_NOSIGNAL
    Py_ssize_t send(int descriptor, const void* start, size_t count, int flags) nogil
    Py_ssize_t recv(int descriptor, void* into, size_t room, int flags) nogil


cdef class Channel:
    """Abstract: see the declarations for the contract of each method."""

    def __init__(self, socket not None, str peer not None, Clock clock not None):
        if socket.getblocking():
            raise ValueError(f"{peer}: the socket must be non-blocking")
        self.socket = socket
        self.descriptor = socket.fileno()
        self.peer = peer
        self.clock = clock

    cdef int advance_handshake(self) except -1:
        raise NotImplementedError

    cdef Py_ssize_t write(self, const char* start, Py_ssize_t count) except -1:
        raise NotImplementedError

    cdef Py_ssize_t read(self, char* into, Py_ssize_t room) except -1:
        raise NotImplementedError

    cdef bint has_unread(self) noexcept:
        return False

    cdef int say_goodbye(self) except -1:
        return 0

    cdef Py_ssize_t to_kernel(self, const char* start, Py_ssize_t count) noexcept:
        cdef Py_ssize_t taken
        self.send_entered_ns = self.clock.now_ns()
        taken = send(self.descriptor, start, count, MSG_NOSIGNAL)
        while taken < 0 and errno == EINTR:
            taken = send(self.descriptor, start, count, MSG_NOSIGNAL)
        self.send_returned_ns = self.clock.now_ns()
        return taken if taken >= 0 else self.failed()

    cdef Py_ssize_t from_kernel(self, char* into, Py_ssize_t room) noexcept:
        cdef Py_ssize_t count = recv(self.descriptor, into, room, 0)
        while count < 0 and errno == EINTR:
            count = recv(self.descriptor, into, room, 0)
        if count > 0:
            self.received_ns = self.clock.now_ns()
            self.received_count += 1
        return count if count >= 0 else self.failed()

    cdef Py_ssize_t failed(self) noexcept:
        if errno == EAGAIN:     # also EWOULDBLOCK: the same number on Linux and macOS
            return WOULD_BLOCK
        self.error_number = errno
        return BROKEN

    cdef object lost(self, str what):
        reason = f": {os.strerror(self.error_number)}" if self.error_number else ""
        return ConnectionLost(f"{self.peer}: {what}{reason}")

    def handshake(self):
        """One step: "" when ready, else "read" or "write", what to wait for before the next. Raises ConnectionLost."""
        return ("", "read", "write")[self.advance_handshake()]

    def close(self):
        """Close the socket at once, without a goodbye."""
        self.descriptor = -1
        self.socket.close()


cdef class PythonChannel(Channel):
    """A channel written in Python, for simulators: `pipe` stands for socket and kernel.

    `pipe` has fileno(), getblocking() → False, close(), send(data) → how many bytes the kernel took (0: none now) and
    recv(room) → bytes (b"": nothing now); both raise ConnectionLost at the end. `fileno()` is what the loop's hooks
    are given. The handshake is over before it begins, and no byte is encrypted.
    """

    cdef int advance_handshake(self) except -1:
        return READY

    cdef Py_ssize_t write(self, const char* start, Py_ssize_t count) except -1:
        cdef Py_ssize_t taken
        self.send_entered_ns = self.clock.now_ns()
        taken = self.socket.send(PyBytes_FromStringAndSize(start, count))
        self.send_returned_ns = self.clock.now_ns()
        if not 0 <= taken <= count:
            raise ValueError(f"{self.peer}: the pipe took {taken} of {count} bytes")
        return taken

    cdef Py_ssize_t read(self, char* into, Py_ssize_t room) except -1:
        cdef bytes data = self.socket.recv(room)
        cdef Py_ssize_t count = len(data)
        if count > room:
            raise ValueError(f"{self.peer}: the pipe gave {count} bytes for a room of {room}")
        if count:
            memcpy(into, PyBytes_AS_STRING(data), count)
            self.received_ns = self.clock.now_ns()
            self.received_count += 1
        return count


cdef class PlainChannel(Channel):
    """Plain TCP to this very machine."""

    def __init__(self, socket not None, str peer not None, Clock clock not None):
        Channel.__init__(self, socket, peer, clock)
        try:
            address = socket.getpeername()[0]
        except OSError as error:    # reset as soon as it stood
            raise ConnectionLost(f"{peer}: the connection went down: {os.strerror(error.errno)}") from error
        if not ipaddress.ip_address(address).is_loopback:
            raise ConfigError(f"{peer} is {address}, not this machine: plain TCP would show orders; use https/wss")

    cdef int advance_handshake(self) except -1:
        return READY

    cdef Py_ssize_t write(self, const char* start, Py_ssize_t count) except -1:
        cdef Py_ssize_t taken = self.to_kernel(start, count)
        if taken == BROKEN:
            raise self.lost("the connection went down while sending")
        return 0 if taken == WOULD_BLOCK else taken

    cdef Py_ssize_t read(self, char* into, Py_ssize_t room) except -1:
        cdef Py_ssize_t count = self.from_kernel(into, room)
        self.filled_room = count == room
        if count > 0:
            return count
        if count == WOULD_BLOCK:
            return 0
        raise self.lost("the connection went down" if count == BROKEN else "the peer closed the connection")

    cdef bint has_unread(self) noexcept:
        return self.filled_room
