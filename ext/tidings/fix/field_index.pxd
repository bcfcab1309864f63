"""The fields of a FIX message in place, found by tag: leaves shared by the reader and the writer."""

from libc.stdint cimport int32_t, int64_t, uint32_t


cdef extern from "field_index.h" nogil:
    ctypedef struct Field "fix_field":
        int32_t tag
        int32_t start           # of the value, from the message's first byte
        int32_t length
        int32_t next            # the next field of the same bucket, or -1

    ctypedef struct Bucket "fix_bucket":
        int32_t first
        int32_t last

    enum:
        BUCKETS "FIX_BUCKETS"
        FIELD_BYTES_MIN "FIX_FIELD_BYTES_MIN"

    # Split and check a whole message; a ReadResult. `fields` has room for count // FIELD_BYTES_MIN + 1.
    int read_message "fix_read"(const char* data, int32_t count, Field* fields, Bucket* buckets, int32_t* found)
    # The same for fields alone, without a frame around them; `data` ends in SOH.
    int split_fields "fix_split"(const char* data, int32_t count, Field* fields, Bucket* buckets, int32_t* found)
    # The `nth` (from 0) field with this tag, or -1.
    int32_t find_field "fix_find"(const Field* fields, int32_t count, const Bucket* buckets, int32_t tag, int64_t nth)
    # Digits only, zeros in front allowed; -1 for anything else, and for what is larger than any message.
    int32_t read_count "fix_read_count"(const char* text, int32_t length)
    # All bytes added up, and how many of them are SOH.
    uint32_t sum_bytes "fix_sum"(const char* at, const char* end, int32_t* soh)
    # memcpy for the few bytes that tags and values have; the end of what was written.
    char* copy_bytes "fix_copy"(char* out, const char* text, int64_t count)
    # The data field whose length this tag is, or 0.
    uint32_t data_tag_of "fix_data_tag_of"(int32_t tag)
