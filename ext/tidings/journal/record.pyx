"""Records of the order journal: what frames them, who appends them, who reads them back.

A record is a head, a payload and zeros up to the next multiple of eight. Its checksum covers head and payload, and
the head holds the checksum of the record before: so each stands for all before it, and a segment that is missing,
swapped, doubled or of another day does not fit. Nothing marks the end: a segment is zeros until it is written, and
zeros are no record (sequence numbers begin at 1).

Appending is stores into memory: payload first, then the head. A process killed in between leaves bytes whose checksum
does not fit, which is no record either.

What can be told of a record that does not fit depends on what was durable when it was damaged. Each head therefore
tells how many records before it were not: a later record that counts the damaged one as durable proves that it was
damaged afterwards, and not merely lost with the power (see journal/log_reader).
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from tidings.errors import UsageError


cdef extern from "crc32c.h" nogil:
    ctypedef uint32_t (*crc32c_fn)(uint32_t crc, const void* source, size_t count) noexcept nogil
    crc32c_fn crc32c
    crc32c_fn crc32c_tier_function(int tier) noexcept
    void crc32c_fill_tables() noexcept

cdef enum:
    CRC_OFFSET = 36             # of `crc` in the head: it covers what comes before it
    ALIGNMENT_BYTES = 8
    PAGE_BYTES = 4096           # the smallest there are
    TOUCHED_PAGES = 4           # some eighty records

# By the numbers of `enum crc32c_tier`, slowest first.
TIER_NAMES = ("table", "sse4.2", "armv8")
HEAD_BYTES = RECORD_HEAD_BYTES
SEGMENT_BYTES_BEFORE = SEGMENT_HEAD_BYTES


cdef inline Py_ssize_t _record_bytes(Py_ssize_t payload_bytes) noexcept nogil:
    return (RECORD_HEAD_BYTES + payload_bytes + ALIGNMENT_BYTES - 1) & ~<Py_ssize_t> (ALIGNMENT_BYTES - 1)


cdef inline uint32_t _checksum(const char* head, Py_ssize_t payload_bytes) noexcept nogil:
    cdef uint32_t crc = crc32c(0, head, CRC_OFFSET)
    return crc32c(crc, head + RECORD_HEAD_BYTES, payload_bytes)


cdef class RecordWriter:
    """Appends records; `last_seq` and `last_crc` of the record to go on from (0, 0: none yet), which is durable."""

    def __init__(self, int64_t last_seq=0, uint32_t last_crc=0):
        self.last_seq = self.synced_seq = last_seq
        self.last_crc = last_crc

    def __dealloc__(self):
        if self.is_open:
            PyBuffer_Release(&self.view)

    def open(self, buffer not None, Py_ssize_t used_bytes):
        """Go on in another segment's memory, behind its first `used_bytes`. It must be zeros from there on."""
        cdef Py_buffer view
        PyObject_GetBuffer(buffer, &view, PyBUF_SIMPLE | PyBUF_WRITABLE)
        if not 0 <= used_bytes <= view.len or used_bytes % ALIGNMENT_BYTES:
            PyBuffer_Release(&view)
            raise UsageError(f"used_bytes must be a multiple of {ALIGNMENT_BYTES} in the segment: was {used_bytes}")
        self.close()
        self.view, self.is_open = view, True
        self.memory, self.size_bytes, self.used_bytes = <char*>view.buf, view.len, used_bytes

    def close(self):
        """Give the memory back; whatever is appended from now on finds no room."""
        if self.is_open:
            PyBuffer_Release(&self.view)
        self.is_open, self.memory, self.size_bytes, self.used_bytes = False, NULL, 0, 0

    cdef char* payload_room(self, Py_ssize_t payload_bytes, Py_ssize_t spare_bytes) noexcept:
        if self.used_bytes + _record_bytes(payload_bytes) + spare_bytes > self.size_bytes:
            return NULL
        return self.memory + self.used_bytes + RECORD_HEAD_BYTES

    cdef void touch_ahead(self) noexcept nogil:
        # In the middle of a turn to the next segment these may be of two; all are of one size, and stay mapped until
        # this thread itself has closed them.
        cdef char* memory = self.memory
        cdef Py_ssize_t size_bytes = self.size_bytes
        cdef Py_ssize_t at = self.used_bytes & ~<Py_ssize_t> (PAGE_BYTES - 1)
        cdef Py_ssize_t end = min(at + TOUCHED_PAGES * PAGE_BYTES, size_bytes)
        if memory == NULL:
            return
        while at < end:
            touch(memory + at)
            at += PAGE_BYTES

    cdef int append(self, int kind, Py_ssize_t payload_bytes, int64_t mono_ns, int64_t wall_ns) noexcept:
        cdef char* at = self.memory + self.used_bytes
        cdef RecordHead head
        head.payload_bytes, head.kind = <uint16_t> payload_bytes, <uint16_t> kind
        head.seq, head.mono_ns, head.wall_ns = self.last_seq + 1, mono_ns, wall_ns
        head.unsynced_count = <uint32_t> min(<int64_t> 0xFFFFFFFF, self.last_seq - published(self.synced_seq))
        head.before_crc = self.last_crc
        memcpy(at, &head, CRC_OFFSET)
        head.crc = _checksum(at, payload_bytes)
        memcpy(at + CRC_OFFSET, &head.crc, sizeof(head.crc))
        self.last_crc = head.crc
        self.used_bytes += _record_bytes(payload_bytes)
        publish(self.last_seq, head.seq)
        return 0

    def append_bytes(self, int kind, bytes payload not None, int64_t mono_ns, int64_t wall_ns):
        """Append one record made on the cold side: its sequence number, 0 if there is no room."""
        cdef Py_ssize_t count = len(payload)
        cdef char* room
        if not 0 < kind <= 0xFFFF or count > PAYLOAD_BYTES_MAX:
            raise UsageError(f"a record has a kind up to 65535 and {PAYLOAD_BYTES_MAX} bytes: was {kind}, {count}")
        room = self.payload_room(count, 0)
        if room == NULL:
            return 0
        memcpy(room, <const char*>payload, count)
        self.append(kind, count, mono_ns, wall_ns)
        return self.last_seq

    def note_synced(self, int64_t seq):
        """Records up to `seq` are durable."""
        if seq > self.synced_seq:
            publish(self.synced_seq, seq)


@cython.freelist(64)
cdef class Record:
    def __init__(self):
        raise TypeError("records are read by read_record() or scan()")

    def __repr__(self):
        return f"<Record {self.seq} kind {self.kind} at {self.offset}, {len(self.payload)} bytes>"


def read_record(const uint8_t[::1] data not None, Py_ssize_t offset):
    """The record at `offset`, or None: any bytes may stand there."""
    return _read(&data[0], len(data), offset) if 0 <= offset <= len(data) - RECORD_HEAD_BYTES else None


def scan(const uint8_t[::1] data not None, Py_ssize_t offset):
    """All records from `offset` up to the first bytes that are none."""
    cdef list records = []
    cdef Record record
    while 0 <= offset <= len(data) - RECORD_HEAD_BYTES:
        record = _read(&data[0], len(data), offset)
        if record is None:
            break
        records.append(record)
        offset = record.end_offset
    return records


def next_record(const uint8_t[::1] data not None, Py_ssize_t offset, int64_t last_seq):
    """The first whole record at or behind `offset`, wherever it begins, that is newer than `last_seq`; or None."""
    cdef Py_ssize_t last_offset = len(data) - RECORD_HEAD_BYTES
    cdef RecordHead head
    while 0 <= offset <= last_offset:
        memcpy(&head, &data[offset], RECORD_HEAD_BYTES)
        if head.seq > last_seq:
            record = _read(&data[0], len(data), offset)
            if record is not None:
                return record
        offset += 1
    return None


cdef bint _is_zero(const char* at, Py_ssize_t count) noexcept:
    cdef Py_ssize_t i
    for i in range(count):
        if at[i]:
            return False
    return True


cdef Record _read(const uint8_t* data, Py_ssize_t count, Py_ssize_t offset):
    cdef const char* at = <const char*>data + offset
    cdef RecordHead head
    cdef Record record
    memcpy(&head, at, RECORD_HEAD_BYTES)
    if head.seq <= 0 or head.kind == 0 or head.payload_bytes > PAYLOAD_BYTES_MAX:
        return None
    if offset + RECORD_HEAD_BYTES + head.payload_bytes > count or _checksum(at, head.payload_bytes) != head.crc:
        return None
    if not _is_zero(at + RECORD_HEAD_BYTES + head.payload_bytes, min(
        _record_bytes(head.payload_bytes), count - offset
    ) - RECORD_HEAD_BYTES - head.payload_bytes):
        return None                 # padding: a flipped bit there is damage too
    record = Record.__new__(Record)
    record.kind, record.seq, record.mono_ns, record.wall_ns = head.kind, head.seq, head.mono_ns, head.wall_ns
    record.unsynced_count, record.before_crc, record.crc = head.unsynced_count, head.before_crc, head.crc
    record.offset, record.end_offset = offset, offset + _record_bytes(head.payload_bytes)
    record.payload = at[RECORD_HEAD_BYTES:RECORD_HEAD_BYTES + head.payload_bytes]
    return record


def checksum(bytes data not None, uint32_t before=0, str tier=None):
    """CRC-32C of `data`, going on from `before`; by another tier than the fastest if named."""
    function = crc32c
    if tier is not None:
        function = crc32c_tier_function(TIER_NAMES.index(tier))
        if function == NULL:
            raise UsageError(f"this machine has no {tier} checksum")
    return function(before, <const char*>data, len(data))


def tiers():
    """Ways to compute the checksum that work on this machine, slowest first."""
    return [name for number, name in enumerate(TIER_NAMES) if crc32c_tier_function(number) != NULL]


cdef int _choose_tier() except -1:
    global crc32c
    crc32c_fill_tables()
    for number in range(len(TIER_NAMES)):
        if crc32c_tier_function(number) != NULL:
            crc32c = crc32c_tier_function(number)
    return 0


_choose_tier()
