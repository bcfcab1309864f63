/* One pass over a FIX message: where every field lies, found again by its tag. Nothing is copied, nothing allocated.
 *
 * The end of each field is looked for 64 bytes at a time with SSE2 (in every x86-64), else byte by byte. The index is
 * two arrays: fields in order, and for each bucket of tags its first and last field. A bucket's entry counts only while
 * the field it names lies in that bucket, so nothing has to be cleared between messages.
 * Nothing is read at or behind `data + count`. Included by field_index.pxd only; everything is static.
 */
#ifndef TIDINGS_FIX_FIELD_INDEX_H
#define TIDINGS_FIX_FIELD_INDEX_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
#include <emmintrin.h>
#define FIX_HAS_SSE2 1
#endif

#define FIX_SOH '\x01'
#define FIX_DIRECT_TAGS 1200u /* all of FIX 4.4 and what we take of later versions has a bucket of its own */
#define FIX_HASHED_BUCKETS 256u
#define FIX_BUCKETS (FIX_DIRECT_TAGS + FIX_HASHED_BUCKETS)
#define FIX_FIELD_BYTES_MIN 3 /* a digit, the equals sign and the end */

enum fix_result {
    FIX_OK = 0,
    FIX_NOT_FIRST_THREE = 1,
    FIX_BAD_BODY_LENGTH = 2,
    FIX_BAD_CHECKSUM = 3,
    FIX_BAD_TAG = 4,
    FIX_BAD_DATA_LENGTH = 5,
    FIX_CHECKSUM_NOT_LAST = 6
};

typedef struct {
    int32_t tag;
    int32_t start; /* of the value */
    int32_t length;
    int32_t next; /* the next field of the same bucket, or -1 */
} fix_field;

typedef struct {
    int32_t first, last;
} fix_bucket;

typedef struct {
    const char *block, *end; /* `hits` has a bit for every SOH of the 64 bytes from `block` */
    uint64_t hits;
} fix_scan;

/* The data field that belongs to a length field, 0 for all other tags. */
static const uint16_t fix_data_tag[622] = {
    [90] = 91,   [93] = 89,   [95] = 96,   [212] = 213, [348] = 349, [350] = 351, [352] = 353, [354] = 355, [356] = 357,
    [358] = 359, [360] = 361, [362] = 363, [364] = 365, [445] = 446, [618] = 619, [621] = 622,
};

static inline uint32_t fix_data_tag_of(int32_t tag) { return (uint32_t)tag < 622u ? fix_data_tag[tag] : 0; }

static inline uint32_t fix_bucket_of(int32_t tag) {
    const uint32_t number = (uint32_t)tag; /* negative tags become large ones */
    return number < FIX_DIRECT_TAGS ? number : FIX_DIRECT_TAGS + (number * UINT32_C(2654435761) >> 24);
}

static inline uint64_t fix_block_hits(const char *at, const char *end) {
#ifdef FIX_HAS_SSE2
    char last[64];
    const __m128i soh = _mm_set1_epi8(FIX_SOH);
    if (end - at < 64) {
        memset(last, 0, sizeof last);
        memcpy(last, at, (size_t)(end - at));
        at = last;
    }
    const __m128i *part = (const __m128i *)at;
    const uint64_t a = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(part), soh));
    const uint64_t b = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(part + 1), soh));
    const uint64_t c = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(part + 2), soh));
    const uint64_t d = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(part + 3), soh));
    return a | b << 16 | c << 32 | d << 48;
#else
    uint64_t hits = 0;
    for (int place = 0; place < 64 && at + place < end; place++) hits |= (uint64_t)(at[place] == FIX_SOH) << place;
    return hits;
#endif
}

static inline int fix_lowest_bit(uint64_t word) {
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_ctzll(word);
#else
    int bit = 0;
    while (!(word >> bit & 1)) bit++;
    return bit;
#endif
}

/* Go on at `at`, which lies in the text or at its end. */
static inline void fix_scan_from(fix_scan *scan, const char *at) {
    scan->block = at;
    scan->hits = at < scan->end ? fix_block_hits(at, scan->end) : 0;
}

/* The next SOH, taken off the scan; NULL if there is none. */
static inline const char *fix_next_soh(fix_scan *scan) {
    while (scan->hits == 0) {
        if (scan->end - scan->block <= 64) return NULL;
        fix_scan_from(scan, scan->block + 64);
    }
    const char *soh = scan->block + fix_lowest_bit(scan->hits);
    scan->hits &= scan->hits - 1;
    return soh;
}

/* Behind a tag's digits, or NULL. `0` and negative ones are numbers (rejected by name later); `011`, `-0` are not. */
static inline const char *fix_read_tag(const char *at, int32_t *tag) {
    const int is_negative = *at == '-';
    int64_t number = 0;
    at += is_negative;
    const char *first = at;
    for (; (unsigned char)(*at - '0') <= 9; at++) {
        number = number * 10 + (*at - '0');
        if (number > INT32_MAX) return NULL;
    }
    if (*at != '=' || at == first || (*first == '0' && (is_negative || at - first > 1))) return NULL;
    *tag = (int32_t)(is_negative ? -number : number);
    return at;
}

static inline void fix_add(fix_field *fields, fix_bucket *buckets, int32_t place) {
    const uint32_t number = fix_bucket_of(fields[place].tag);
    fix_bucket *bucket = &buckets[number];
    fields[place].next = -1;
    if (bucket->first < place && fix_bucket_of(fields[bucket->first].tag) == number) {
        fields[bucket->last].next = place;
        bucket->last = place;
    } else {
        bucket->first = bucket->last = place;
    }
}

/* The `nth` (from 0) field with this tag, or -1. */
static inline int32_t fix_find(const fix_field *fields, int32_t count, const fix_bucket *buckets, int32_t tag,
                               int64_t nth) {
    const uint32_t number = fix_bucket_of(tag);
    int32_t place = buckets[number].first;
    if (nth < 0 || place >= count || fix_bucket_of(fields[place].tag) != number) return -1;
    for (; place >= 0; place = fields[place].next)
        if (fields[place].tag == tag && nth-- == 0) return place;
    return -1;
}

/* Digits only, zeros in front allowed; -1 if it is anything else or larger than any message. */
static inline int32_t fix_read_count(const char *text, int32_t length) {
    int32_t number = 0;
    if (length <= 0) return -1;
    for (int32_t place = 0; place < length; place++) {
        if ((unsigned char)(text[place] - '0') > 9 || number > 99999999) return -1;
        number = number * 10 + (text[place] - '0');
    }
    return number;
}

/* All bytes added up, and in `*soh` how many of them are SOH. */
static inline uint32_t fix_sum(const char *at, const char *end, int32_t *soh) {
    uint32_t sum = 0;
    int32_t count = 0;
#ifdef FIX_HAS_SSE2
    const __m128i zero = _mm_setzero_si128(), one = _mm_set1_epi8(FIX_SOH);
    __m128i sums = zero, ends = zero;
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)at);
        sums = _mm_add_epi64(sums, _mm_sad_epu8(block, zero));
        ends = _mm_add_epi64(ends, _mm_sad_epu8(_mm_and_si128(_mm_cmpeq_epi8(block, one), one), zero));
    }
    sum = (uint32_t)(_mm_cvtsi128_si32(sums) + _mm_cvtsi128_si32(_mm_srli_si128(sums, 8)));
    count = _mm_cvtsi128_si32(ends) + _mm_cvtsi128_si32(_mm_srli_si128(ends, 8));
#endif
    for (; at < end; at++) {
        sum += (unsigned char)*at;
        count += *at == FIX_SOH;
    }
    *soh = count;
    return sum;
}

/* memcpy for the few bytes that tags and values have, without a call. */
static inline char *fix_copy(char *out, const char *text, int64_t count) {
    if (count >= 16) {
        memcpy(out, text, (size_t)count);
    } else if (count >= 8) {
        uint64_t head, tail;
        memcpy(&head, text, 8);
        memcpy(&tail, text + count - 8, 8);
        memcpy(out, &head, 8);
        memcpy(out + count - 8, &tail, 8);
    } else if (count >= 4) {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + count - 4, 4);
        memcpy(out, &head, 4);
        memcpy(out + count - 4, &tail, 4);
    } else {
        for (int64_t place = 0; place < count; place++) out[place] = text[place];
    }
    return out + count;
}

/* Fill `fields` (room for count / FIX_FIELD_BYTES_MIN + 1) from a text that ends in SOH; `*found` counts them. */
static inline int fix_split(const char *data, int32_t count, fix_field *fields, fix_bucket *buckets, int32_t *found) {
    const char *at = data, *end = data + count, *soh;
    uint32_t awaited_tag = 0; /* the data field that must come next for its length to mean anything */
    int32_t place = 0;
    fix_scan scan = {data, end, 0};
    *found = 0;
    fix_scan_from(&scan, data);
    while (at < end) {
        const char *value = fix_read_tag(at, &fields[place].tag);
        if (value == NULL) return FIX_BAD_TAG;
        value++;
        if (awaited_tag != 0 && (uint32_t)fields[place].tag == awaited_tag) {
            const fix_field *before = &fields[place - 1];
            const int32_t length = fix_read_count(data + before->start, before->length);
            if (length < 0 || length >= end - value || value[length] != FIX_SOH) return FIX_BAD_DATA_LENGTH;
            soh = value + length;
            fix_scan_from(&scan, soh + 1);
        } else if ((soh = fix_next_soh(&scan)) == NULL) {
            return FIX_BAD_TAG; /* unreachable while the text ends in SOH */
        }
        fields[place].start = (int32_t)(value - data);
        fields[place].length = (int32_t)(soh - value);
        fix_add(fields, buckets, place);
        awaited_tag = fix_data_tag_of(fields[place].tag);
        *found = ++place;
        at = soh + 1;
    }
    return FIX_OK;
}

/* What is wrong with the frame of fields already split, if anything. */
static inline int fix_check_frame(const char *data, const fix_field *fields, int32_t count) {
    int32_t soh;
    if (count < 3 || fields[0].tag != 8 || fields[1].tag != 9 || fields[2].tag != 35) return FIX_NOT_FIRST_THREE;
    const fix_field *last = &fields[count - 1];
    if (last->tag != 10) return FIX_CHECKSUM_NOT_LAST;
    const int32_t body = fields[1].start + fields[1].length + 1, trailer = last->start - 3;
    if (fix_read_count(data + fields[1].start, fields[1].length) != trailer - body) return FIX_BAD_BODY_LENGTH;
    if (last->length != 3) return FIX_BAD_CHECKSUM;
    const int32_t sum = fix_read_count(data + last->start, 3);
    return sum == (int32_t)(fix_sum(data, data + trailer, &soh) & 255) ? FIX_OK : FIX_BAD_CHECKSUM;
}

/* Split and check a whole message. */
static inline int fix_read(const char *data, int32_t count, fix_field *fields, fix_bucket *buckets, int32_t *found) {
    *found = 0;
    if (count == 0 || data[count - 1] != FIX_SOH) {
        return count >= 2 && data[0] == '8' && data[1] == '=' ? FIX_CHECKSUM_NOT_LAST : FIX_NOT_FIRST_THREE;
    }
    const int result = fix_split(data, count, fields, buckets, found);
    if (result != FIX_OK) return *found < 3 ? FIX_NOT_FIRST_THREE : result;
    return fix_check_frame(data, fields, *found);
}

#endif
