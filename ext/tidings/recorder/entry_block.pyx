"""The entries of one block of a recording, where they lie: made one by one, or the market's fed on without being made.

A block is looked through when it is taken, so that what comes later can trust it: heads that fit, kinds that are known,
clocks that tell a time.
"""

cimport cython

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from tidings.clock cimport ManualClock
from tidings.recorder.entry_ring cimport ENTRY_HEAD_BYTES, EntryHead
from tidings.wire.frame_reader cimport MessageTaker

cdef enum:                          # as in recorder/entries
    KIND_SESSION = 1
    KIND_MARKET = 3
    KIND_CLOCK = 9


@cython.final
cdef class EntryBlock:
    def __cinit__(self, bytes content not None, int64_t first_number, int64_t count, int64_t wall_offset_ns, entry_type,
                  tuple kinds not None, wall_offset_of):
        if count < 0:
            raise ValueError(f"a block of {count} entries")
        self.content, self.number, self.left = content, first_number, count
        self.at = PyBytes_AS_STRING(content)
        self.entry_type, self.kinds, self.wall_offset_of = entry_type, kinds, wall_offset_of
        self.wall_offset_ns = self.wall_offset_behind_ns = wall_offset_ns
        self.look_through(self.at + PyBytes_GET_SIZE(content))

    cdef int look_through(self, const char* end) except -1:
        cdef const char* at = self.at
        cdef EntryHead head
        cdef int64_t index
        for index in range(self.left):
            if end - at < ENTRY_HEAD_BYTES:
                raise ValueError(f"entry {self.number + index} is cut off")
            memcpy(&head, at, ENTRY_HEAD_BYTES)
            at += ENTRY_HEAD_BYTES
            if <Py_ssize_t> head.payload_bytes > end - at:
                raise ValueError(f"entry {self.number + index} is cut off")
            if head.zero or head.kind >= len(self.kinds) or self.kinds[head.kind] is None:
                raise ValueError(
                    f"entry {self.number + index} is of kind {head.kind}, which this version does not know"
                )
            if tells_time(head.kind):
                self.wall_offset_behind_ns = self.wall_offset_of(at[:head.payload_bytes])
            at += head.payload_bytes
        if at != end:
            raise ValueError(f"{end - at} bytes lie behind the last entry")
        return 0

    def next_kind(self):
        """The number of the next entry's kind; 0: none is left."""
        return kind_at(self.at) if self.left else 0

    def take(self):
        """The next entry; None: none is left."""
        cdef EntryHead head
        cdef bytes payload
        if self.left == 0:
            return None
        memcpy(&head, self.at, ENTRY_HEAD_BYTES)
        payload = PyBytes_FromStringAndSize(self.at + ENTRY_HEAD_BYTES, head.payload_bytes)
        if tells_time(head.kind):
            self.wall_offset_ns = self.wall_offset_of(payload)
        self.pass_by(&head)
        return tuple.__new__(self.entry_type, (
            self.number - 1, head.received_ns, head.received_ns + self.wall_offset_ns, self.kinds[head.kind],
            head.source, payload,
        ))

    def rest(self):
        """All entries that are left."""
        cdef int64_t _index
        return [self.take() for _index in range(self.left)]

    def feed_market(self, dict takers not None, ManualClock clock not None, int64_t before_ns):
        """Market messages that came before `before_ns`, each to its connection's taker at its time; how many.

        Ends before a message of a connection without taker, and before one with anything but the market behind it:
        what a callback does may be the next entry.
        """
        cdef EntryHead head
        cdef const char* payload
        cdef MessageTaker taker = None
        cdef int source = -1, count = 0
        while self.left > 1:
            memcpy(&head, self.at, ENTRY_HEAD_BYTES)
            payload = self.at + ENTRY_HEAD_BYTES
            if head.kind != KIND_MARKET or kind_at(payload + head.payload_bytes) != KIND_MARKET:
                break
            if head.source != source:
                source, taker = head.source, takers.get(head.source)
            if taker is None or head.received_ns >= before_ns:
                break
            clock.manual_now_ns, clock.manual_wall_ns = head.received_ns, head.received_ns + self.wall_offset_ns
            self.pass_by(&head)
            count += 1
            taker.take_message(payload, head.payload_bytes, head.received_ns)
        return count

    cdef void pass_by(self, const EntryHead* head) noexcept:
        self.at += ENTRY_HEAD_BYTES + head.payload_bytes
        self.number += 1
        self.left -= 1


cdef inline int kind_at(const char* at) noexcept:
    return (<const EntryHead*> at).kind         # one byte: no alignment is asked for


cdef inline bint tells_time(int kind) noexcept:
    return kind == KIND_SESSION or kind == KIND_CLOCK
