"""TLS that hands a record to the kernel before `write` returns, and knows whether the kernel took all of it.

libssl does the cryptography; the system calls are ours, behind a BIO of our own. So the stamps stand exactly around
send(2), a read that finds nothing costs one recv(2) and never enters libssl, and no write can raise SIGPIPE.

Accounting: with partial writes allowed, SSL_write returns only when every byte of a record is in the kernel, and says
how much plaintext that was. When the kernel takes part of a record, it reports *nothing* taken and must be called again
with the same bytes, and no more of them; a peer cannot read any of an incomplete record, because its authentication tag
comes last.

Always on: certificate and name verification, TLS 1.2 or newer. Never: compression, renegotiation, early data (it can be
replayed: RFC 8446 §8).
"""

import ipaddress
import os

from tidings.errors import ConfigError
from tidings.net.certificate import certificate_refused
from tidings.net.tls_memory import MemoryTlsChannel, make_ssl_context

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memcpy

from tidings.clock cimport Clock
from tidings.net.channel cimport INBOX_BYTES, READY, WANTS_READ, WANTS_WRITE, WOULD_BLOCK
from tidings.net.libssl cimport (
    BIO,
    BIO_CTRL_FLUSH,
    BIO_FLAGS_READ_RETRY,
    BIO_FLAGS_WRITE_RETRY,
    BIO_METHOD,
    BIO_TYPE_SOURCE_SINK,
    SSL_CTRL_MODE,
    SSL_CTRL_SET_MIN_PROTO_VERSION,
    SSL_CTRL_SET_TLSEXT_HOSTNAME,
    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
    SSL_MODE_AUTO_RETRY,
    SSL_MODE_ENABLE_PARTIAL_WRITE,
    SSL_OP_NO_COMPRESSION,
    SSL_OP_NO_RENEGOTIATION,
    SSL_RECEIVED_SHUTDOWN,
    SSL_VERIFY_PEER,
    TLS1_2_VERSION,
    TLSEXT_NAMETYPE_HOST_NAME,
    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
    X509_V_OK,
    LibSsl,
    libssl,
)

cdef enum:
    RECORD_BYTES_MAX = 16384    # plaintext of one TLS record (RFC 8446 §5.1)

cdef bytes ALPN = b"\x08http/1.1"
cdef const LibSsl* api = libssl()           # NULL: only `ssl` can be used
cdef BIO_METHOD* _socket_method = NULL      # one per process, never freed


cdef class TlsContext:
    """Whom to trust. Makes channels; one context serves any number of them."""

    def __init__(self, ca_file=None, *, bint use_libssl=True):
        if ca_file is not None and not os.path.isfile(ca_file):
            raise ConfigError(f"ca_file {os.fspath(ca_file)!r}: no such file")
        if use_libssl and api is not NULL:
            self._set_up(ca_file)
        else:
            self.ssl_context = make_ssl_context(ca_file)

    def __dealloc__(self):
        if self.context is not NULL:
            api.SSL_CTX_free(self.context)

    cdef int _set_up(self, ca_file) except -1:
        self.context = api.SSL_CTX_new(api.TLS_client_method())
        if self.context is NULL or _make_socket_method() is NULL:
            raise MemoryError("no memory for a TLS context")
        api.SSL_CTX_ctrl(self.context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL)
        api.SSL_CTX_ctrl(
            self.context, SSL_CTRL_MODE,
            SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY, NULL,
        )
        api.SSL_CTX_set_options(self.context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION)
        api.SSL_CTX_set_verify(self.context, SSL_VERIFY_PEER, NULL)
        api.SSL_CTX_set_alpn_protos(self.context, <const unsigned char*> <const char*> ALPN, len(ALPN))
        if ca_file is None:
            api.SSL_CTX_set_default_verify_paths(self.context)
        elif not api.SSL_CTX_load_verify_locations(self.context, os.fsencode(ca_file), NULL):
            api.ERR_clear_error()
            raise ConfigError(f"ca_file {os.fspath(ca_file)!r}: holds no certificate in PEM form")
        return 0

    @property
    def is_direct(self):
        """Whether libssl is called directly; False: through `ssl.SSLObject`, some microseconds slower."""
        return self.context is not NULL

    def make_channel(self, socket, str host not None, Clock clock not None, *, str peer=None):
        """A channel over the connected, non-blocking `socket` that trusts nobody but `host`, a name or an address."""
        peer = peer or host
        if self.context is not NULL:
            return LibsslChannel(socket, peer, clock, self, host)
        return MemoryTlsChannel(socket, peer, clock, self.ssl_context, host)


cdef class LibsslChannel(Channel):
    """One TLS connection by libssl. Made by TlsContext."""

    def __init__(self, socket, peer, clock, TlsContext context not None, str host not None):
        Channel.__init__(self, socket, peer, clock)
        self.inbound = <char*> PyMem_Malloc(INBOX_BYTES)
        self.ssl = api.SSL_new(context.context)
        if self.inbound is NULL or self.ssl is NULL:
            raise MemoryError("no memory for a TLS connection")
        self._attach_socket()
        self._trust_only(host)
        api.SSL_set_connect_state(self.ssl)

    def __dealloc__(self):
        if self.ssl is not NULL:
            api.SSL_free(self.ssl)
        PyMem_Free(self.inbound)

    @property
    def version(self):
        """The protocol version agreed on: "TLSv1.3"."""
        return api.SSL_get_version(self.ssl).decode()

    cdef int _attach_socket(self) except -1:
        cdef BIO* bio = api.BIO_new(_socket_method)
        if bio is NULL:
            raise MemoryError("no memory for a TLS connection")
        api.BIO_set_data(bio, <void*> self)    # borrowed: the BIO lives in our SSL, which we free
        api.BIO_set_init(bio, 1)
        api.SSL_set_bio(self.ssl, bio, bio)
        return 0

    cdef int _trust_only(self, str host) except -1:
        cdef bytes name = host.encode("ascii")
        cdef bint is_set
        api.SSL_set_hostflags(
            self.ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
        )
        if _is_address(host):
            is_set = api.X509_VERIFY_PARAM_set1_ip_asc(api.SSL_get0_param(self.ssl), name)
        else:
            is_set = api.SSL_set1_host(self.ssl, name) and api.SSL_ctrl(
                self.ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_HOST_NAME, <char*> name
            )
        if not is_set:
            raise ConfigError(f"{host!r} cannot be verified: not a host name or an IP address")
        return 0

    cdef int advance_handshake(self) except -1:
        self.blocked = READY
        if api.SSL_do_handshake(self.ssl) == 1:
            self._check_peer()
            return READY
        if self.blocked:
            return self.blocked
        if api.SSL_get_verify_result(self.ssl) != X509_V_OK:
            raise self._refused()
        raise self._failed_with("TLS handshake failed")

    cdef int _check_peer(self) except -1:
        """Verified already inside the handshake; asked once more, because all else rests on it."""
        if api.SSL_get_verify_result(self.ssl) != X509_V_OK:
            raise self._refused()
        if api.SSL_get_peer_cert_chain(self.ssl) is NULL:
            raise self.lost("the peer showed no certificate; nothing was sent")
        return 0

    cdef Py_ssize_t write(self, const char* start, Py_ssize_t count) except -1:
        cdef int taken
        # Of a record that waits to leave, exactly its own bytes: with more, libssl begins the next record behind it,
        # and where that one cannot leave it reports nothing taken, though the first is in the kernel.
        if self.sealed_bytes == 0:
            self.sealed_bytes = min(count, <Py_ssize_t> RECORD_BYTES_MAX)
        self.blocked = READY
        taken = api.SSL_write(self.ssl, start, <int> self.sealed_bytes)
        if taken > 0:
            self.sealed_bytes = 0
            return taken
        if self.blocked == WANTS_WRITE:
            return 0
        raise self._failed_with("the connection went down while sending")

    cdef Py_ssize_t read(self, char* into, Py_ssize_t room) except -1:
        cdef int count
        if self.inbound_at == self.inbound_end and not self.wants_write and self.receive() == WOULD_BLOCK:
            return 0
        self.blocked = READY
        count = api.SSL_read(self.ssl, into, <int> room)
        self.wants_write = self.blocked == WANTS_WRITE
        if count > 0:
            return count
        if self.blocked:
            return 0
        raise self._failed_with("the peer closed the connection" if self._is_closed() else "the connection went down")

    cdef bint has_unread(self) noexcept:
        return self.inbound_at < self.inbound_end

    cdef int say_goodbye(self) except -1:
        api.SSL_shutdown(self.ssl)
        api.ERR_clear_error()
        return 0

    cdef Py_ssize_t receive(self) noexcept:
        """One recv(2) into the empty inbound buffer."""
        cdef Py_ssize_t count = self.from_kernel(self.inbound, INBOX_BYTES)
        self.inbound_at = 0
        self.inbound_end = max(count, 0)
        self.is_ended = self.is_ended or count == 0
        return count

    cdef bint _is_closed(self) noexcept:
        return self.is_ended or (api.SSL_get_shutdown(self.ssl) & SSL_RECEIVED_SHUTDOWN) != 0

    cdef object _failed_with(self, str what):
        """The ConnectionLost to raise; takes libssl's words and leaves its error queue clean for others."""
        cdef const char* reason = api.ERR_reason_error_string(api.ERR_peek_last_error())
        if reason is not NULL and not self.error_number and not self._is_closed():
            what += f": {reason.decode('ascii', 'replace')}"
        elif self._is_closed() and "closed" not in what:
            what += ": the peer closed the connection"
        api.ERR_clear_error()
        return self.lost(what)

    cdef object _refused(self):
        cdef long code = api.SSL_get_verify_result(self.ssl)
        api.ERR_clear_error()
        return certificate_refused(self.peer, code, api.X509_verify_cert_error_string(code).decode())


cdef BIO_METHOD* _make_socket_method() except? NULL:
    """The BIO between libssl and a LibsslChannel, made once."""
    global _socket_method
    if _socket_method is NULL:
        _socket_method = api.BIO_meth_new(api.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, b"tidings channel")
        if _socket_method is not NULL:
            api.BIO_meth_set_write(_socket_method, _bio_write)
            api.BIO_meth_set_read(_socket_method, _bio_read)
            api.BIO_meth_set_ctrl(_socket_method, _bio_control)
    return _socket_method


# Called by libssl inside our own calls of it, hence with the GIL held.

cdef int _bio_write(BIO* bio, const char* start, int count) noexcept:
    cdef LibsslChannel channel = <LibsslChannel> api.BIO_get_data(bio)
    cdef Py_ssize_t taken = channel.to_kernel(start, count)
    api.BIO_clear_flags(bio, BIO_FLAGS_READ_RETRY | BIO_FLAGS_WRITE_RETRY)
    channel.blocked = WANTS_WRITE if taken == WOULD_BLOCK else READY
    if taken == WOULD_BLOCK:
        api.BIO_set_flags(bio, BIO_FLAGS_WRITE_RETRY)
    return <int> taken if taken > 0 else -1


cdef int _bio_read(BIO* bio, char* into, int room) noexcept:
    cdef LibsslChannel channel = <LibsslChannel> api.BIO_get_data(bio)
    cdef Py_ssize_t count = channel.inbound_end - channel.inbound_at
    api.BIO_clear_flags(bio, BIO_FLAGS_READ_RETRY | BIO_FLAGS_WRITE_RETRY)
    if count == 0:
        count = channel.receive()
    channel.blocked = WANTS_READ if count == WOULD_BLOCK else READY
    if count == WOULD_BLOCK:
        api.BIO_set_flags(bio, BIO_FLAGS_READ_RETRY)
    if count <= 0:
        return 0 if count == 0 else -1
    count = min(count, <Py_ssize_t> room)
    memcpy(into, channel.inbound + channel.inbound_at, count)
    channel.inbound_at += count
    return <int> count


cdef long _bio_control(BIO* bio, int command, long number, void* pointer) noexcept:
    return 1 if command == BIO_CTRL_FLUSH else 0


def _is_address(str host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
