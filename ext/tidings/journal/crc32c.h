/* CRC-32C (Castagnoli; RFC 3720 appendix B.4 has vectors) in three tiers, chosen at run time: the SSE4.2 instruction,
 * the ARMv8 one, and eight tables for whoever has neither.
 *
 * Included by record.pyx only; everything is static. `crc` is the checksum of what came before, 0 at the start.
 */
#ifndef TIDINGS_CRC32C_H
#define TIDINGS_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "journal records are little-endian structs: this machine would write another format"
#endif

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define CRC32C_HAS_SSE42 1
#include <nmmintrin.h>
#endif

#if defined(__aarch64__) && defined(__linux__) && (defined(__GNUC__) || defined(__clang__))
#define CRC32C_HAS_ARMV8 1
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

typedef uint32_t (*crc32c_fn)(uint32_t crc, const void *source, size_t count);

enum crc32c_tier { CRC32C_TIER_TABLE = 0, CRC32C_TIER_SSE42 = 1, CRC32C_TIER_ARMV8 = 2 };

#define CRC32C_POLYNOMIAL 0x82f63b78u /* 0x1EDC6F41 with its bits reversed */

static uint32_t crc32c_tables[8][256];

static void crc32c_fill_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ CRC32C_POLYNOMIAL : crc >> 1;
        crc32c_tables[0][byte] = crc;
    }
    for (int table = 1; table < 8; table++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = crc32c_tables[table - 1][byte];
            crc32c_tables[table][byte] = before >> 8 ^ crc32c_tables[0][before & 255];
        }
}

static uint32_t crc32c_table(uint32_t crc, const void *source, size_t count)
{
    const uint8_t *at = (const uint8_t *)source;
    crc = ~crc;
    for (; count >= 8; at += 8, count -= 8) {
        uint32_t low, high;
        memcpy(&low, at, 4);
        memcpy(&high, at + 4, 4);
        low ^= crc;
        crc = crc32c_tables[7][low & 255] ^ crc32c_tables[6][low >> 8 & 255] ^ crc32c_tables[5][low >> 16 & 255]
            ^ crc32c_tables[4][low >> 24] ^ crc32c_tables[3][high & 255] ^ crc32c_tables[2][high >> 8 & 255]
            ^ crc32c_tables[1][high >> 16 & 255] ^ crc32c_tables[0][high >> 24];
    }
    for (; count; at++, count--)
        crc = crc >> 8 ^ crc32c_tables[0][(crc ^ *at) & 255];
    return ~crc;
}

#ifdef CRC32C_HAS_SSE42
__attribute__((target("sse4.2")))
static uint32_t crc32c_sse42(uint32_t crc, const void *source, size_t count)
{
    const uint8_t *at = (const uint8_t *)source;
    uint64_t state = (uint32_t)~crc, word;
    for (; count >= 8; at += 8, count -= 8) {
        memcpy(&word, at, 8);
        state = _mm_crc32_u64(state, word);
    }
    for (; count; at++, count--)
        state = _mm_crc32_u8((uint32_t)state, *at);
    return ~(uint32_t)state;
}
#endif

#ifdef CRC32C_HAS_ARMV8
__attribute__((target("+crc")))
static uint32_t crc32c_armv8(uint32_t crc, const void *source, size_t count)
{
    const uint8_t *at = (const uint8_t *)source;
    uint64_t word;
    crc = ~crc;
    for (; count >= 8; at += 8, count -= 8) {
        memcpy(&word, at, 8);
        crc = __crc32cd(crc, word);
    }
    for (; count; at++, count--)
        crc = __crc32cb(crc, *at);
    return ~crc;
}
#endif

static crc32c_fn crc32c = crc32c_table;

/* The function of a tier, or NULL if this machine has no such instruction. */
static crc32c_fn crc32c_tier_function(int tier)
{
    if (tier == CRC32C_TIER_TABLE)
        return crc32c_table;
#ifdef CRC32C_HAS_SSE42
    if (tier == CRC32C_TIER_SSE42 && __builtin_cpu_supports("sse4.2"))
        return crc32c_sse42;
#endif
#ifdef CRC32C_HAS_ARMV8
    if (tier == CRC32C_TIER_ARMV8 && (getauxval(AT_HWCAP) & HWCAP_CRC32))
        return crc32c_armv8;
#endif
    return NULL;
}

#endif
