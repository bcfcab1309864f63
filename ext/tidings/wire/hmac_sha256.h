/* SHA-256 compression (FIPS 180-4) in three tiers, chosen at run time: SHA-NI, ARMv8 crypto extensions, portable C.
 *
 * Each tier is one function over whole 64-byte blocks, compiled for its instructions by an attribute on that function
 * alone. The file must never be built with -march=native: AVX-512 moves beside SHA-NI made signing four times slower.
 * Included by hmac_sha256.pyx only; everything is static.
 */
#ifndef TIDINGS_HMAC_SHA256_H
#define TIDINGS_HMAC_SHA256_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
#define SHA256_HAS_SHA_NI 1
#include <cpuid.h>
#include <immintrin.h>
#endif

#if defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#define SHA256_HAS_ARMV8 1
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

typedef void (*sha256_blocks_fn)(uint32_t chain[8], const uint8_t *source, size_t block_count);

enum sha256_tier { SHA256_TIER_GENERIC = 0, SHA256_TIER_SHA_NI = 1, SHA256_TIER_ARMV8 = 2 };

/* FIPS 180-4 §5.3.3. */
static const uint32_t SHA256_INITIAL[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* FIPS 180-4 §4.2.2; aligned so that four constants load at once. */
static const uint32_t SHA256_K[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t sha256_load_be32(const uint8_t *source)
{
    return (uint32_t)source[0] << 24 | (uint32_t)source[1] << 16 | (uint32_t)source[2] << 8 | source[3];
}

static inline void sha256_store_be32(uint8_t *target, uint32_t word)
{
    target[0] = (uint8_t)(word >> 24);
    target[1] = (uint8_t)(word >> 16);
    target[2] = (uint8_t)(word >> 8);
    target[3] = (uint8_t)word;
}

/* Eight lower-case hex digits: the word's nibbles spread over eight bytes, each lifted to '0' or, above 9, to 'a'. */
static inline void sha256_write_hex8(char *hex_out, uint32_t word)
{
    uint64_t nibbles = word;
    nibbles = (nibbles | nibbles << 16) & 0x0000ffff0000ffffULL;
    nibbles = (nibbles | nibbles << 8) & 0x00ff00ff00ff00ffULL;
    nibbles = (nibbles | nibbles << 4) & 0x0f0f0f0f0f0f0f0fULL;
    uint64_t is_letter = (nibbles + 0x0606060606060606ULL) >> 4 & 0x0101010101010101ULL;
    uint64_t digits = nibbles + 0x3030303030303030ULL + is_letter * ('a' - '0' - 10);
    sha256_store_be32((uint8_t *)hex_out, (uint32_t)(digits >> 32));
    sha256_store_be32((uint8_t *)hex_out + 4, (uint32_t)digits);
}

/* Clears key material in a way the compiler may not drop as a dead store. */
static inline void sha256_wipe(void *target, size_t count)
{
    volatile uint8_t *byte = (volatile uint8_t *)target;
    while (count--)
        *byte++ = 0;
}

/* ---- portable C: FIPS 180-4 §6.2.2 as written, with the message schedule in a ring of sixteen words ---- */

#define SHA256_ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))

static void sha256_blocks_generic(uint32_t chain[8], const uint8_t *source, size_t block_count)
{
    uint32_t w[16], v[8];
    for (; block_count; block_count--, source += 64) {
        memcpy(v, chain, sizeof v);
        for (int t = 0; t < 64; t++) {
            if (t < 16) {
                w[t] = sha256_load_be32(source + 4 * t);
            } else {
                uint32_t w15 = w[(t + 1) & 15], w2 = w[(t + 14) & 15];
                w[t & 15] += (SHA256_ROTR(w15, 7) ^ SHA256_ROTR(w15, 18) ^ w15 >> 3) + w[(t + 9) & 15]
                             + (SHA256_ROTR(w2, 17) ^ SHA256_ROTR(w2, 19) ^ w2 >> 10);
            }
            uint32_t t1 = v[7] + (SHA256_ROTR(v[4], 6) ^ SHA256_ROTR(v[4], 11) ^ SHA256_ROTR(v[4], 25))
                          + (v[6] ^ (v[4] & (v[5] ^ v[6]))) + SHA256_K[t] + w[t & 15];
            uint32_t t2 = (SHA256_ROTR(v[0], 2) ^ SHA256_ROTR(v[0], 13) ^ SHA256_ROTR(v[0], 22))
                          + ((v[0] & v[1]) | (v[2] & (v[0] | v[1])));
            v[7] = v[6], v[6] = v[5], v[5] = v[4], v[4] = v[3] + t1;
            v[3] = v[2], v[2] = v[1], v[1] = v[0], v[0] = t1 + t2;
        }
        for (int i = 0; i < 8; i++)
            chain[i] += v[i];
    }
}

/* ---- x86: two rounds per instruction on the state split as ABEF and CDGH (Intel SDM vol. 2, SHA256RNDS2) ---- */

#ifdef SHA256_HAS_SHA_NI

#define SHA_NI_ROUNDS_4(words, k)                                                                                      \
    do {                                                                                                               \
        __m128i sum = _mm_add_epi32(words, _mm_load_si128((const __m128i *)(SHA256_K + (k))));                         \
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);                                                                 \
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));                                        \
    } while (0)

/* Turns the oldest four schedule words, w0, into the four that follow w3. */
#define SHA_NI_SCHEDULE_4(w0, w1, w2, w3)                                                                              \
    w0 = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4)), w3)

__attribute__((target("sha,sse4.1,ssse3")))
static void sha256_blocks_sha_ni(uint32_t chain[8], const uint8_t *source, size_t block_count)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i dcba = _mm_loadu_si128((const __m128i *)chain), hgfe = _mm_loadu_si128((const __m128i *)(chain + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);

    for (; block_count; block_count--, source += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh, *words = (const __m128i *)source;
        __m128i w0 = _mm_shuffle_epi8(_mm_loadu_si128(words), big_endian);
        __m128i w1 = _mm_shuffle_epi8(_mm_loadu_si128(words + 1), big_endian);
        __m128i w2 = _mm_shuffle_epi8(_mm_loadu_si128(words + 2), big_endian);
        __m128i w3 = _mm_shuffle_epi8(_mm_loadu_si128(words + 3), big_endian);
        for (int k = 0; k < 48; k += 16) {
            SHA_NI_ROUNDS_4(w0, k);
            SHA_NI_SCHEDULE_4(w0, w1, w2, w3);
            SHA_NI_ROUNDS_4(w1, k + 4);
            SHA_NI_SCHEDULE_4(w1, w2, w3, w0);
            SHA_NI_ROUNDS_4(w2, k + 8);
            SHA_NI_SCHEDULE_4(w2, w3, w0, w1);
            SHA_NI_ROUNDS_4(w3, k + 12);
            SHA_NI_SCHEDULE_4(w3, w0, w1, w2);
        }
        SHA_NI_ROUNDS_4(w0, 48);
        SHA_NI_ROUNDS_4(w1, 52);
        SHA_NI_ROUNDS_4(w2, 56);
        SHA_NI_ROUNDS_4(w3, 60);
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)chain, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(chain + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Leaf 7 EBX bit 29 is SHA; leaf 1 ECX bits 9 and 19 are SSSE3 and SSE4.1. Every 64-bit system saves SSE registers. */
static int sha256_cpu_has_sha_ni(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & (1u << 9)) || !(ecx & (1u << 19)))
        return 0;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & (1u << 29));
}
#endif

/* ---- ARMv8: four rounds per pair of instructions (Arm ARM, SHA256H and SHA256H2) ---- */

#ifdef SHA256_HAS_ARMV8

#define ARMV8_ROUNDS_4(words, k)                                                                                       \
    do {                                                                                                               \
        uint32x4_t sum = vaddq_u32(words, vld1q_u32(SHA256_K + (k))), abcd_before = abcd;                              \
        abcd = vsha256hq_u32(abcd, efgh, sum);                                                                         \
        efgh = vsha256h2q_u32(efgh, abcd_before, sum);                                                                 \
    } while (0)

#define ARMV8_SCHEDULE_4(w0, w1, w2, w3) w0 = vsha256su1q_u32(vsha256su0q_u32(w0, w1), w2, w3)

#if defined(__clang__)
__attribute__((target("sha2")))
#else
__attribute__((target("+crypto")))
#endif
static void sha256_blocks_armv8(uint32_t chain[8], const uint8_t *source, size_t block_count)
{
    uint32x4_t abcd = vld1q_u32(chain), efgh = vld1q_u32(chain + 4);
    for (; block_count; block_count--, source += 64) {
        const uint32x4_t abcd_old = abcd, efgh_old = efgh;
        uint32x4_t w0 = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(source)));
        uint32x4_t w1 = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(source + 16)));
        uint32x4_t w2 = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(source + 32)));
        uint32x4_t w3 = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(source + 48)));
        for (int k = 0; k < 48; k += 16) {
            ARMV8_ROUNDS_4(w0, k);
            ARMV8_SCHEDULE_4(w0, w1, w2, w3);
            ARMV8_ROUNDS_4(w1, k + 4);
            ARMV8_SCHEDULE_4(w1, w2, w3, w0);
            ARMV8_ROUNDS_4(w2, k + 8);
            ARMV8_SCHEDULE_4(w2, w3, w0, w1);
            ARMV8_ROUNDS_4(w3, k + 12);
            ARMV8_SCHEDULE_4(w3, w0, w1, w2);
        }
        ARMV8_ROUNDS_4(w0, 48);
        ARMV8_ROUNDS_4(w1, 52);
        ARMV8_ROUNDS_4(w2, 56);
        ARMV8_ROUNDS_4(w3, 60);
        abcd = vaddq_u32(abcd, abcd_old);
        efgh = vaddq_u32(efgh, efgh_old);
    }
    vst1q_u32(chain, abcd);
    vst1q_u32(chain + 4, efgh);
}

static int sha256_cpu_has_armv8(void)
{
#if defined(__APPLE__)
    return 1; /* every Apple processor with a 64-bit Mac has them */
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & (1u << 6)) != 0; /* HWCAP_SHA2, linux/arch/arm64/include/uapi/asm/hwcap.h */
#else
    return 0;
#endif
}
#endif

/* ---- choice ---- */

/* The tier's function, or NULL if this build or this processor lacks it. */
static sha256_blocks_fn sha256_tier_function(int tier)
{
    if (tier == SHA256_TIER_GENERIC)
        return sha256_blocks_generic;
#ifdef SHA256_HAS_SHA_NI
    if (tier == SHA256_TIER_SHA_NI && sha256_cpu_has_sha_ni())
        return sha256_blocks_sha_ni;
#endif
#ifdef SHA256_HAS_ARMV8
    if (tier == SHA256_TIER_ARMV8 && sha256_cpu_has_armv8())
        return sha256_blocks_armv8;
#endif
    return NULL;
}

static sha256_blocks_fn sha256_blocks = sha256_blocks_generic;

#endif
