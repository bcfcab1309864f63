"""HMAC-SHA-256 (RFC 2104, FIPS 180-4) for short messages under one long-lived key.

The key's two pads are hashed once, so a message costs its own blocks and one more. A message in the making is a plain
struct: a copy of it taken after a constant prefix is a place to resume from, which is how armed orders skip the
part of the request that never changes. The key itself is not kept, and its hashed pads are wiped with the object.
"""

import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from tidings.errors import ConfigError


cdef extern from "hmac_sha256.h" nogil:
    ctypedef void (*sha256_blocks_fn)(uint32_t* chain, const uint8_t* source, size_t block_count) noexcept nogil
    const uint32_t[8] SHA256_INITIAL
    sha256_blocks_fn sha256_blocks
    sha256_blocks_fn sha256_tier_function(int tier) noexcept
    void sha256_store_be32(uint8_t* target, uint32_t word) noexcept
    void sha256_write_hex8(char* hex_out, uint32_t word) noexcept
    void sha256_wipe(void* target, size_t count) noexcept


cdef enum:
    BLOCK_BYTES = 64
    DIGEST_BYTES = 32
    LENGTH_OFFSET = 56      # where the message length in bits stands in its last block

# By the numbers of `enum sha256_tier`, slowest first.
TIER_NAMES = ("generic", "sha-ni", "armv8")

cdef str _tier = "generic"


cdef class HmacSha256:
    def __cinit__(self, bytes key not None):
        _hash_key(self, PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key))

    def __dealloc__(self):
        sha256_wipe(self.inner, sizeof(self.inner))
        sha256_wipe(self.outer, sizeof(self.outer))

    cdef void start(self, MacState* state) noexcept nogil:
        memcpy(state.chain, self.inner, sizeof(self.inner))
        state.hashed_bytes = BLOCK_BYTES

    cdef void finish_hex(self, MacState* state, char* hex_out) noexcept nogil:
        cdef int index
        _finish_chain(state)
        for index in range(8):
            sha256_store_be32(state.block + 4 * index, state.chain[index])
        memcpy(state.chain, self.outer, sizeof(self.outer))
        state.hashed_bytes = BLOCK_BYTES + DIGEST_BYTES
        _finish_chain(state)
        for index in range(8):
            sha256_write_hex8(hex_out + 8 * index, state.chain[index])

    def hexdigest(self, bytes message not None):
        cdef MacState state
        self.start(&state)
        return _finish_text(self, &state, message)

    def after(self, bytes prefix not None):
        cdef HmacPrefix kept = HmacPrefix.__new__(HmacPrefix)
        kept.key = self
        self.start(&kept.state)
        mac_update(&kept.state, PyBytes_AS_STRING(prefix), PyBytes_GET_SIZE(prefix))
        return kept


cdef class HmacPrefix:
    def __init__(self):
        raise TypeError("made by HmacSha256.after(prefix)")

    def hexdigest(self, bytes rest not None):
        cdef MacState state = self.state
        return _finish_text(self.key, &state, rest)


cdef HmacSha256 make_hmac_sha256(const char* key, Py_ssize_t key_bytes):
    cdef HmacSha256 made = HmacSha256.__new__(HmacSha256, b"")
    _hash_key(made, key, key_bytes)
    return made


cdef void wipe(void* target, size_t count) noexcept nogil:
    sha256_wipe(target, count)


cdef void mac_update(MacState* state, const char* source, Py_ssize_t count) noexcept nogil:
    """Hash `count` more bytes of the message."""
    cdef Py_ssize_t used = state.hashed_bytes & (BLOCK_BYTES - 1)
    cdef Py_ssize_t taken
    state.hashed_bytes += count
    if used:
        taken = min(BLOCK_BYTES - used, count)
        memcpy(state.block + used, source, taken)
        if used + taken < BLOCK_BYTES:
            return
        sha256_blocks(state.chain, state.block, 1)
        source += taken
        count -= taken
    taken = count & ~<Py_ssize_t>(BLOCK_BYTES - 1)
    if taken:
        sha256_blocks(state.chain, <const uint8_t*>source, taken // BLOCK_BYTES)
    memcpy(state.block, source + taken, count - taken)


cdef void _finish_chain(MacState* state) noexcept nogil:
    """Pad the message (FIPS 180-4 §5.1.1) and hash what is left of it."""
    cdef int used = state.hashed_bytes & (BLOCK_BYTES - 1)
    cdef uint64_t message_bits = state.hashed_bytes * 8
    state.block[used] = 0x80
    used += 1
    memset(state.block + used, 0, BLOCK_BYTES - used)
    if used > LENGTH_OFFSET:
        sha256_blocks(state.chain, state.block, 1)
        memset(state.block, 0, BLOCK_BYTES)
    sha256_store_be32(state.block + LENGTH_OFFSET, <uint32_t>(message_bits >> 32))
    sha256_store_be32(state.block + LENGTH_OFFSET + 4, <uint32_t>message_bits)
    sha256_blocks(state.chain, state.block, 1)


cdef void _hash_key(HmacSha256 target, const char* key, Py_ssize_t key_bytes) noexcept:
    """Hash the key's inner and outer pads (RFC 2104 §2); a key longer than a block is hashed itself first."""
    cdef uint8_t[BLOCK_BYTES] pad
    cdef MacState long_key
    cdef int index
    memset(pad, 0, BLOCK_BYTES)
    if key_bytes <= BLOCK_BYTES:
        memcpy(pad, key, key_bytes)
    else:
        memcpy(long_key.chain, SHA256_INITIAL, sizeof(long_key.chain))
        long_key.hashed_bytes = 0
        mac_update(&long_key, key, key_bytes)
        _finish_chain(&long_key)
        for index in range(8):
            sha256_store_be32(pad + 4 * index, long_key.chain[index])
        sha256_wipe(&long_key, sizeof(long_key))
    _hash_pad(target.inner, pad, 0x36)
    _hash_pad(target.outer, pad, 0x36 ^ 0x5C)
    sha256_wipe(pad, BLOCK_BYTES)


cdef void _hash_pad(uint32_t* chain, uint8_t* pad, uint8_t flip) noexcept:
    cdef int index
    for index in range(BLOCK_BYTES):
        pad[index] ^= flip
    memcpy(chain, SHA256_INITIAL, sizeof(SHA256_INITIAL))
    sha256_blocks(chain, pad, 1)


cdef str _finish_text(HmacSha256 key, MacState* state, bytes rest):
    cdef char[SIGNATURE_HEX_BYTES] hex_out
    mac_update(state, PyBytes_AS_STRING(rest), PyBytes_GET_SIZE(rest))
    key.finish_hex(state, hex_out)
    return PyUnicode_DecodeASCII(hex_out, SIGNATURE_HEX_BYTES, NULL)


def available_tiers():
    return tuple(name for tier, name in enumerate(TIER_NAMES) if sha256_tier_function(tier) is not NULL)


def current_tier():
    return _tier


def use_tier(str name not None):
    global sha256_blocks, _tier
    if name not in available_tiers():
        raise ConfigError(f"SHA-256 tier {name!r} is not available here: choose one of {', '.join(available_tiers())}")
    sha256_blocks = sha256_tier_function(TIER_NAMES.index(name))
    _tier = name


use_tier(os.environ.get("TIDINGS_SHA256_TIER") or available_tiers()[-1])
