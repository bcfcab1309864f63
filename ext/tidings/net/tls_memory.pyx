"""TLS through `ssl.SSLObject`, for a Python whose libssl cannot be reached.

Same promises as tls.LibsslChannel, more microseconds: ciphertext passes through two MemoryBIOs, the system calls are
still ours. One `SSLObject.write` of at most 16 KiB makes one record; its plaintext counts as taken once the kernel has
the record's last byte.
"""

import ssl

from tidings.errors import ConfigError, ConnectionLost
from tidings.net.certificate import certificate_refused

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

from tidings.net.channel cimport BROKEN, READY, WANTS_READ, WANTS_WRITE, WOULD_BLOCK

cdef enum:
    RECORD_BYTES_MAX = 16384


def make_ssl_context(ca_file):
    """An SSLContext with the rules of tls.TlsContext."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)   # verifies certificate and name; heeds no SSLKEYLOGFILE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(ca_file)
    except ssl.SSLError as error:
        raise ConfigError(f"ca_file {str(ca_file)!r}: holds no certificate in PEM form") from error
    return context


cdef class MemoryTlsChannel(Channel):
    """One TLS connection by SSLObject. Made by TlsContext."""

    def __init__(self, socket, peer, clock, ssl_context, str host not None):
        Channel.__init__(self, socket, peer, clock)
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = ssl_context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)
        self.unsent = b""

    @property
    def version(self):
        """The protocol version agreed on: "TLSv1.3"."""
        return self.tls.version()

    cdef int advance_handshake(self) except -1:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                if not self._flush():
                    return WANTS_WRITE
                if not self._receive():
                    return WANTS_READ
            except ssl.SSLCertVerificationError as error:
                raise certificate_refused(self.peer, error.verify_code, error.verify_message) from None
            except ssl.SSLError as error:
                raise self.lost(f"TLS handshake failed: {_words(error)}") from None
            else:
                self.is_unread = self.incoming.pending > 0
                return READY if self._flush() else WANTS_WRITE

    cdef Py_ssize_t write(self, const char* start, Py_ssize_t count) except -1:
        cdef Py_ssize_t taken
        if self.sealed_bytes == 0:
            count = min(count, <Py_ssize_t> RECORD_BYTES_MAX)
            try:
                self.tls.write(PyBytes_FromStringAndSize(start, count))
            except ssl.SSLError as error:
                raise self.lost(f"the connection went down while sending: {_words(error)}") from None
            self.sealed_bytes = count
            self.unsent = self.unsent[self.unsent_at:] + self.outgoing.read()
            self.unsent_at = 0
            self.record_left_bytes = PyBytes_GET_SIZE(self.unsent)
        self._flush()
        if self.record_left_bytes:
            return 0
        taken = self.sealed_bytes
        self.sealed_bytes = 0
        return taken

    cdef Py_ssize_t read(self, char* into, Py_ssize_t room) except -1:
        cdef bytes data
        if self.wants_write:
            self._send_own()
        if not self.is_unread and not self._receive():
            return 0
        try:
            data = self.tls.read(room)
        except ssl.SSLWantReadError:
            data = None
        except ssl.SSLError as error:
            raise self.lost(f"the connection went down: {_words(error)}") from None
        self.is_unread = self.incoming.pending > 0
        self._send_own()
        if data is None:
            return 0
        if not data:
            raise self.lost("the peer closed the connection")
        memcpy(into, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        return PyBytes_GET_SIZE(data)

    cdef bint has_unread(self) noexcept:
        return self.is_unread

    cdef int say_goodbye(self) except -1:
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass    # the peer's own goodbye is not waited for
        try:
            self._flush()
        except ConnectionLost:
            pass    # it went first
        return 0

    cdef int _send_own(self) except -1:
        """Send what TLS answers by itself: a key update. Never the rest of a record, which only `write` may count."""
        if self.sealed_bytes:
            self.wants_write = self.outgoing.pending > 0
            return 0
        self.wants_write = False
        if not self.error_number:
            try:
                self.wants_write = not self._flush()
            except ConnectionLost:
                pass    # a broken sending side does not keep us from reading what had come
        return 0

    cdef bint _flush(self) except -1:
        """Hand ciphertext to the kernel; whether all of it was taken."""
        cdef Py_ssize_t taken
        while True:
            if self.unsent_at == PyBytes_GET_SIZE(self.unsent):
                self.unsent = self.outgoing.read()
                self.unsent_at = 0
                if not self.unsent:
                    return True
            taken = self.to_kernel(
                PyBytes_AS_STRING(self.unsent) + self.unsent_at, PyBytes_GET_SIZE(self.unsent) - self.unsent_at
            )
            if taken == WOULD_BLOCK:
                return False
            if taken == BROKEN:
                raise self.lost("the connection went down while sending")
            self.unsent_at += taken
            self.record_left_bytes = max(0, self.record_left_bytes - taken)

    cdef bint _receive(self) except -1:
        """Feed one recv(2) to TLS; False if nothing came."""
        cdef char[16384] block
        cdef Py_ssize_t count = self.from_kernel(block, sizeof(block))
        if count == WOULD_BLOCK:
            return False
        if count == BROKEN:
            raise self.lost("the connection went down")
        if count == 0:
            raise self.lost("the peer closed the connection")
        self.incoming.write(PyBytes_FromStringAndSize(block, count))
        self.is_unread = True
        return True


def _words(error):
    """OpenSSL's reason in lower case, without its file and line."""
    return (error.reason or str(error)).lower().replace("_", " ")
