/* Find the byte that ends a run of text: sixteen bytes at a time with SSE2 (in every x86-64), else eight in a word.
 *
 * The word tests are the classic ones: a word without a hit is skipped whole, one with a hit is looked at byte by byte,
 * so byte order does not matter. Nothing is read at or behind `end`. Included by scan.pxd only; everything is static.
 */
#ifndef TIDINGS_SCAN_H
#define TIDINGS_SCAN_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
#include <emmintrin.h>
#define SCAN_HAS_SSE2 1
#endif

#define SCAN_EVERY_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t scan_word(const char *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t scan_has_zero(uint64_t word) {
    return (word - SCAN_EVERY_BYTE(0x01)) & ~word & SCAN_EVERY_BYTE(0x80);
}

static inline uint64_t scan_has_control(uint64_t word) {
    return (word - SCAN_EVERY_BYTE(0x20)) & ~word & SCAN_EVERY_BYTE(0x80);
}

/* First byte below 0x20 or equal to 0x7f, or `end`. */
static inline const char *find_control(const char *at, const char *end) {
#ifdef SCAN_HAS_SSE2
    while (end - at >= 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)at);
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
        const int hits = _mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f))));
        if (hits) return at + __builtin_ctz((unsigned)hits);
        at += 16;
    }
#else
    while (end - at >= 8) {
        const uint64_t word = scan_word(at);
        if (scan_has_control(word) | scan_has_zero(word ^ SCAN_EVERY_BYTE(0x7f))) break;
        at += 8;
    }
#endif
    while (at < end && (unsigned char)*at >= 0x20 && *at != 0x7f) at++;
    return at;
}

/* First quote, backslash or byte below 0x20 (what ends or interrupts a JSON string), or `end`. */
static inline const char *find_string_stop(const char *at, const char *end) {
#ifdef SCAN_HAS_SSE2
    while (end - at >= 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)at);
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
        const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
        const __m128i escape = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
        const int hits = _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, escape)));
        if (hits) return at + __builtin_ctz((unsigned)hits);
        at += 16;
    }
#else
    while (end - at >= 8) {
        const uint64_t word = scan_word(at);
        if (scan_has_control(word) | scan_has_zero(word ^ SCAN_EVERY_BYTE('"')) |
            scan_has_zero(word ^ SCAN_EVERY_BYTE('\\')))
            break;
        at += 8;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) at++;
    return at;
}

/* Whether `at` begins with the first `count` (at most 32) bytes of `expected`. Both must be readable for 32 bytes. */
static inline int scan_begins_with(const char *at, const char *expected, int count) {
#ifdef SCAN_HAS_SSE2
    const __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at),
                                       _mm_loadu_si128((const __m128i *)expected));
    const __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(at + 16)),
                                        _mm_loadu_si128((const __m128i *)(expected + 16)));
    const uint64_t same = (uint32_t)_mm_movemask_epi8(low) | (uint64_t)_mm_movemask_epi8(high) << 16;
    const uint64_t wanted = (UINT64_C(1) << count) - 1;
    return (same & wanted) == wanted;
#else
    return memcmp(at, expected, (size_t)count) == 0;
#endif
}

#endif
