"""HMAC-SHA-256 with the key hashed once, and half-finished messages that can be kept and resumed."""

cimport cython
from libc.stdint cimport uint8_t, uint32_t, uint64_t


cdef enum:
    SIGNATURE_HEX_BYTES = 64


ctypedef struct MacState:
    # A message hashed so far. Copying the struct keeps the place: resume from the copy as often as wanted.
    uint32_t chain[8]
    uint64_t hashed_bytes       # key block included
    uint8_t block[64]           # the last hashed_bytes % 64, not compressed yet


@cython.final
cdef class HmacSha256:
    cdef uint32_t inner[8]      # chain after the key's inner pad: as good as the key, wiped with the object
    cdef uint32_t outer[8]

    cdef void start(self, MacState* state) noexcept nogil
    # Ends the message and writes 64 lower-case hex digits at `hex_out`. `state` is used up: finish a copy to keep it.
    cdef void finish_hex(self, MacState* state, char* hex_out) noexcept nogil


@cython.final
cdef class HmacPrefix:
    cdef HmacSha256 key
    cdef MacState state


# A key from bytes the caller owns, and wipes if they are secret.
cdef HmacSha256 make_hmac_sha256(const char* key, Py_ssize_t key_bytes)
# Zeros that the compiler may not drop.
cdef void wipe(void* target, size_t count) noexcept nogil
cdef void mac_update(MacState* state, const char* source, Py_ssize_t count) noexcept nogil
