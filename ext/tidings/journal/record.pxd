"""Records of the order journal: what frames them, who appends them, who reads them back."""

cimport cython
from libc.stdint cimport int64_t, uint16_t, uint32_t


cdef extern from *:
    """
    /* The journal's thread reads while the engine's appends: what it sees published is complete. */
    #define publish(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)
    /* A store that changes nothing, whatever another thread stores there meanwhile. */
    #define touch(at) ((void)__atomic_fetch_or((at), 0, __ATOMIC_RELAXED))
    #define published(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
    """
    void touch(char* at) noexcept nogil
    void publish(int64_t field, int64_t value) noexcept nogil
    int64_t published(int64_t field) noexcept nogil

cdef enum:
    SEGMENT_HEAD_BYTES = 40         # of a segment, before its first record (journal/segments)
    RECORD_HEAD_BYTES = 40
    PAYLOAD_BYTES_MAX = 1024        # more than any record has: what claims to be longer is none

# Eight-byte aligned; behind it the payload, then zeros up to the next multiple of eight.
cdef struct RecordHead:
    uint16_t payload_bytes
    uint16_t kind
    uint32_t unsynced_count         # records before this one not known to be durable when it was appended
    int64_t seq                     # 1, 2, … over all segments of a journal
    int64_t mono_ns
    int64_t wall_ns
    uint32_t before_crc             # `crc` of the record before: each stands for all that came before it
    uint32_t crc                    # of the head up to here, then the payload


cdef class Record:
    # One record read back.
    cdef readonly int kind
    cdef readonly int64_t seq, mono_ns, wall_ns, unsynced_count
    cdef readonly uint32_t before_crc, crc
    cdef readonly Py_ssize_t offset, end_offset     # in its segment; end: where the next one begins
    cdef readonly bytes payload


@cython.final
cdef class RecordWriter:
    """Appends to one segment's memory after the other. Borrows the memory from open() until the next, or close()."""
    cdef Py_buffer view
    cdef bint is_open
    cdef char* memory
    cdef readonly Py_ssize_t used_bytes, size_bytes
    cdef readonly int64_t last_seq      # published last: who sees it sees the record
    cdef readonly uint32_t last_crc
    cdef readonly int64_t synced_seq    # set by whoever syncs; only grows

    # Where the next record's payload goes, or NULL when it would leave less than `spare_bytes` of the segment free.
    cdef char* payload_room(self, Py_ssize_t payload_bytes, Py_ssize_t spare_bytes) noexcept
    # Takes the page faults that stores into the next few pages would take. From another thread than append's.
    cdef void touch_ahead(self) noexcept nogil
    # Frames the payload written there: from now on it is in the journal.
    cdef int append(self, int kind, Py_ssize_t payload_bytes, int64_t mono_ns, int64_t wall_ns) noexcept
