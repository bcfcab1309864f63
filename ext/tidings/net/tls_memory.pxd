"""TLS through `ssl.SSLObject`: the same channel where libssl cannot be called directly."""

from tidings.net.channel cimport Channel


cdef class MemoryTlsChannel(Channel):
    cdef object incoming
    cdef object outgoing
    cdef object tls
    cdef bytes unsent                   # ciphertext on its way to the kernel
    cdef Py_ssize_t unsent_at
    cdef Py_ssize_t sealed_bytes        # plaintext whose record is not yet wholly in the kernel, or not yet counted
    cdef Py_ssize_t record_left_bytes   # ciphertext up to the end of that record
    cdef bint is_unread
    cdef int _send_own(self) except -1
    cdef bint _flush(self) except -1
    cdef bint _receive(self) except -1
