"""The memory between the engine's thread and the recorder's.

The engine's side stores an entry into a slab and is done: no lock, no system call, no waking of anybody; both sides
hold the interpreter's lock, which makes each call here whole. The recorder's thread comes by itself, takes slabs off
and gives them back. Memory is bounded: where there is no room, the market's messages are dropped, and the next entry
that finds room has one before it that says how many. Whatever else there is (account, orders, the strategy's calls)
has a reserve of its own, because a replay can do without a book update and not without a fill.
"""

cimport cython
from collections import deque

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from tidings.errors import UsageError

cdef enum:                          # as in recorder/entries
    KIND_MARKET = 3
    KIND_LANE_CAME = 6
    KIND_DROPPED = 8
    KIND_MAX = 255
    SOURCE_MAX = 0xFFFF
    GAP_BYTES = 256                 # more than the entry that tells of a gap takes
    SPARE_SLABS_MAX = 8             # kept warm for the next burst

ENTRY_BYTES_BEFORE = ENTRY_HEAD_BYTES


@cython.final
cdef class Slab:
    def __cinit__(self, Py_ssize_t size_bytes):
        self.memory = <char*> PyMem_RawMalloc(size_bytes)
        if self.memory is NULL:
            raise MemoryError("no memory for a recording's slab")
        self.size_bytes = size_bytes

    def __dealloc__(self):
        PyMem_RawFree(self.memory)

    cdef int append(self, int kind, int source, const char* payload, Py_ssize_t count, int64_t received_ns) noexcept:
        cdef EntryHead head
        head.payload_bytes, head.kind, head.zero, head.source = <uint32_t> count, <uint8_t> kind, 0, <uint16_t> source
        head.received_ns = received_ns
        if self.count == 0:
            self.first_ns = received_ns
        memcpy(self.memory + self.used_bytes, &head, ENTRY_HEAD_BYTES)
        memcpy(self.memory + self.used_bytes + ENTRY_HEAD_BYTES, payload, count)
        self.used_bytes += ENTRY_HEAD_BYTES + count
        self.count += 1
        return 0

    def content(self):
        """A copy of its entries."""
        return PyBytes_FromStringAndSize(self.memory, self.used_bytes)


@cython.final
cdef class EntryRing:
    def __init__(self, Py_ssize_t capacity_bytes, Py_ssize_t slab_bytes, Py_ssize_t reserve_bytes):
        if not 1024 <= slab_bytes <= capacity_bytes or reserve_bytes < 0:
            raise UsageError(f"a ring of {capacity_bytes} bytes cannot be made of slabs of {slab_bytes}")
        self.capacity_bytes, self.slab_bytes, self.reserve_bytes = capacity_bytes, slab_bytes, reserve_bytes
        self.full = deque()
        self.spare = []
        self.is_open = True

    def take(self, int kind, int source, bytes payload not None, int64_t received_ns):
        """Take an entry over, or drop it where there is no room. Never waits and never raises."""
        cdef Py_ssize_t count = PyBytes_GET_SIZE(payload)
        cdef bint is_market = kind == KIND_MARKET
        cdef Slab slab
        if not self.is_open:
            return
        slab = self.room_for(count + (GAP_BYTES if self.gap_count else 0), is_market)
        if slab is None or not 0 < kind <= KIND_MAX or not 0 <= source <= SOURCE_MAX:
            self.note_gap(count, is_market, received_ns)
            return
        if self.gap_count:
            self.tell_gap(received_ns)
        slab.append(kind, source, PyBytes_AS_STRING(payload), count, received_ns)
        self.taken_count += 1
        if KIND_MARKET <= kind <= KIND_LANE_CAME:
            self.message_count += 1
            self.message_bytes += count

    cdef Slab room_for(self, Py_ssize_t payload_bytes, bint is_market):
        """The slab with room for an entry, a new one if need be; None where the ring is full."""
        cdef Py_ssize_t needed_bytes = ENTRY_HEAD_BYTES + payload_bytes
        cdef Py_ssize_t limit_bytes = self.capacity_bytes + (0 if is_market else self.reserve_bytes)
        cdef Slab slab = self.current
        if is_market and self.held_bytes > self.capacity_bytes:
            return None                 # the present slab is of the reserve
        if slab is not None and slab.used_bytes + needed_bytes <= slab.size_bytes:
            return slab
        if self.held_bytes + max(needed_bytes, self.slab_bytes) > limit_bytes:
            return None
        try:
            return self.begin_slab(max(needed_bytes, self.slab_bytes))
        except MemoryError:
            return None

    cdef Slab begin_slab(self, Py_ssize_t size_bytes):
        cdef bint is_usual = size_bytes == self.slab_bytes
        cdef Slab slab = self.spare.pop() if is_usual and self.spare else Slab(size_bytes)
        if self.current is not None:
            self.full.append(self.current)
        self.held_bytes += size_bytes
        self.current = slab
        return slab

    cdef int note_gap(self, Py_ssize_t payload_bytes, bint is_market, int64_t received_ns) except -1:
        if self.gap_count == 0:
            self.gap_from_ns = received_ns
        self.gap_count += 1
        self.gap_bytes += payload_bytes
        self.gap_to_ns = received_ns
        if is_market:
            self.dropped_count += 1
            self.dropped_bytes += payload_bytes
        else:
            self.gap_lost += 1
            self.lost_count += 1
        return 0

    cdef int tell_gap(self, int64_t received_ns) except -1:
        """Say in the recording what is missing here. There is room in the present slab."""
        cdef bytes text = (
            f'{{"messages":{self.gap_count},"bytes":{self.gap_bytes},"beside_market":{self.gap_lost},'
            f'"from_ns":{self.gap_from_ns},"to_ns":{self.gap_to_ns}}}'
        ).encode()
        self.current.append(KIND_DROPPED, 0, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), received_ns)
        self.gap_count = self.gap_bytes = self.gap_lost = 0
        return 0

    # --- The recorder's thread

    def next_slab(self):
        """The oldest slab with entries, or None; it is held until it is given back."""
        cdef Slab slab
        if self.full:
            return self.full.popleft()
        if self.gap_count:
            if self.room_for(GAP_BYTES, False) is None:
                self.begin_slab(self.slab_bytes)        # one more than is allowed, for as long as it takes to write it
            self.tell_gap(self.gap_to_ns)
            if self.full:
                return self.full.popleft()
        slab, self.current = self.current, None
        return slab

    def give_back(self, Slab slab not None):
        """Its entries are on disk, or never will be."""
        self.held_bytes -= slab.size_bytes
        if slab.size_bytes == self.slab_bytes and len(self.spare) < SPARE_SLABS_MAX:
            slab.used_bytes = slab.count = 0
            self.spare.append(slab)

    def waiting_count(self):
        """Full slabs that wait to be taken off."""
        return len(self.full)

    def has_waiting(self):
        """Whether there is anything to be taken off."""
        return self.current is not None or self.gap_count > 0 or len(self.full) > 0

    def oldest_ns(self):
        """When the oldest entry that waits was received; 0: none waits."""
        cdef Slab slab = self.full[0] if self.full else self.current
        return slab.first_ns if slab is not None else 0

    def close(self):
        """Take nothing more; what waits can still be taken off."""
        self.is_open = False
