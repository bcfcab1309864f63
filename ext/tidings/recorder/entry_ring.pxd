"""The memory between the engine's thread and the recorder's: slabs of framed entries, bounded."""

cimport cython
from libc.stdint cimport int64_t, uint16_t, uint8_t, uint32_t

cdef enum:
    ENTRY_HEAD_BYTES = 16

cdef packed struct EntryHead:       # in front of every payload, in memory as on disk
    uint32_t payload_bytes
    uint8_t kind
    uint8_t zero
    uint16_t source
    int64_t received_ns


@cython.final
cdef class Slab:
    """Entries one behind the other, as a block of a segment holds them."""
    cdef char* memory
    cdef readonly Py_ssize_t size_bytes, used_bytes
    cdef readonly int count             # of entries
    cdef readonly int64_t first_ns      # when its first entry was received
    cdef int append(self, int kind, int source, const char* payload, Py_ssize_t count, int64_t received_ns) noexcept


@cython.final
cdef class EntryRing:
    cdef readonly Py_ssize_t capacity_bytes, reserve_bytes, slab_bytes
    cdef readonly Py_ssize_t held_bytes         # of all slabs that wait or are being written
    cdef readonly int64_t taken_count           # entries
    cdef readonly int64_t message_count, message_bytes      # of them: what came or went on a connection
    cdef readonly int64_t dropped_count, dropped_bytes      # of the market's messages, for want of room
    cdef readonly int64_t lost_count            # of anything else: a recording that cannot be replayed
    cdef readonly bint is_open
    cdef Slab current
    cdef object full                            # deque of slabs, oldest first
    cdef list spare
    cdef int64_t gap_count, gap_bytes, gap_lost, gap_from_ns, gap_to_ns     # dropped since the last entry taken
    cdef Slab room_for(self, Py_ssize_t payload_bytes, bint is_market)
    cdef Slab begin_slab(self, Py_ssize_t size_bytes)
    cdef int note_gap(self, Py_ssize_t payload_bytes, bint is_market, int64_t received_ns) except -1
    cdef int tell_gap(self, int64_t received_ns) except -1
