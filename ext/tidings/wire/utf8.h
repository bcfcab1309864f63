/* Whether bytes are UTF-8 (RFC 3629 §4: no overlong form, no surrogate, nothing above U+10FFFF).
 *
 * The texts of a market are ASCII: those are passed over thirty-two bytes at a time. Nothing is read behind the end.
 */
#ifndef TIDINGS_UTF8_H
#define TIDINGS_UTF8_H

#include <stdint.h>
#include <string.h>

#define UTF8_HIGH_BITS UINT64_C(0x8080808080808080)

static inline const char *utf8_skip_ascii(const char *at, const char *end) {
    while (end - at >= 32) {
        uint64_t words[4];
        memcpy(words, at, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & UTF8_HIGH_BITS) break;
        at += 32;
    }
    while (at < end && !(*at & 0x80)) at++;
    return at;
}

/* Bytes of the character at `at`, which is not ASCII; 0: none begins like this, or it is cut. */
static inline int utf8_wide(const char *at, const char *end) {
    const unsigned char *byte = (const unsigned char *)at;
    const int64_t left = end - at;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte: the first one narrows them */
    int count;
    if (byte[0] < 0xc2 || byte[0] > 0xf4) return 0;
    count = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (byte[0] == 0xe0) low = 0xa0;
    if (byte[0] == 0xed) high = 0x9f;
    if (byte[0] == 0xf0) low = 0x90;
    if (byte[0] == 0xf4) high = 0x8f;
    if (left < count || byte[1] < low || byte[1] > high) return 0;
    for (int place = 2; place < count; place++)
        if ((byte[place] & 0xc0) != 0x80) return 0;
    return count;
}

static inline int is_utf8(const char *at, const char *end) {
    while ((at = utf8_skip_ascii(at, end)) < end) {
        const int count = utf8_wide(at, end);
        if (!count) return 0;
        at += count;
    }
    return 1;
}

#endif
