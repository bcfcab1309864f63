"""TLS by direct calls of libssl, and the context both kinds of TLS channel are made from."""

from tidings.net.channel cimport Channel
from tidings.net.libssl cimport SSL, SSL_CTX


cdef class TlsContext:
    cdef SSL_CTX* context           # NULL: `ssl_context` does the work
    cdef object ssl_context
    cdef int _set_up(self, ca_file) except -1


cdef class LibsslChannel(Channel):
    cdef SSL* ssl
    cdef bint is_ended              # the peer sent its FIN
    cdef Py_ssize_t sealed_bytes    # plaintext of the record that waits to leave; 0: none does
    # What our BIO last told libssl: READY, or what to wait for. Asked instead of SSL_get_error, which others' leftovers
    # in the thread's error queue mislead, and SSL_want, which stays at "reading" after a fatal error (seen in 3.0).
    cdef int blocked
    # Ciphertext received and not yet asked for by libssl: one recv(2) serves all the small reads it makes.
    cdef char* inbound
    cdef Py_ssize_t inbound_at
    cdef Py_ssize_t inbound_end
    cdef Py_ssize_t receive(self) noexcept
    cdef int _attach_socket(self) except -1
    cdef int _trust_only(self, str host) except -1
    cdef int _check_peer(self) except -1
    cdef bint _is_closed(self) noexcept
    cdef object _failed_with(self, str what)
    cdef object _refused(self)
