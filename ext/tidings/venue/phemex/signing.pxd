"""What Phemex wants signed, and by whom."""

from libc.stdint cimport int64_t

from tidings.wire.hmac_sha256 cimport HmacSha256


cdef class Credentials:
    cdef readonly str api_key       # the key's id: public, goes into a header
    cdef HmacSha256 key             # the secret, as key states only
