"""WebSocket frames from a byte stream, and messages where they lie (RFC 6455, client side)."""

from libc.stdint cimport int64_t

from tidings.wire.buffer cimport ByteBuffer


cdef enum Opcode:                   # RFC 6455 §11.8
    OPCODE_CONTINUATION = 0
    OPCODE_TEXT = 1
    OPCODE_BINARY = 2
    OPCODE_CLOSE = 8
    OPCODE_PING = 9
    OPCODE_PONG = 10


ctypedef struct Message:
    int opcode                      # never CONTINUATION: fragments are put together
    const char* start               # borrowed: valid until the next call of the reader
    Py_ssize_t count


ctypedef struct FrameHead:
    int opcode
    bint is_final
    int head_bytes
    int64_t payload_bytes


cdef class MessageTaker:
    """What can read a message where it lies: a decoder of a stream."""
    # True: taken. False: not one of ours.
    cdef bint take_message(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1


cdef class FrameReader:
    cdef readonly int fault_code            # the close code that tells the peer what it broke; 0: nothing so far
    cdef readonly bint is_ended             # a close frame came: nothing counts after it
    cdef readonly Py_ssize_t message_bytes_max
    cdef const char* fault_text
    cdef const char* at                     # what was given and is not yet read
    cdef const char* end
    cdef ByteBuffer pending                 # the incomplete frame at the end of what was given before
    cdef ByteBuffer fragments               # of the message being put together
    cdef int message_opcode                 # its kind; 0: none is
    cdef bint is_told                       # the fragments are those of the message told last

    # Bytes that came. They stay in place until `next` returned False: what is incomplete is copied then.
    cdef void give(self, const char* start, Py_ssize_t count) noexcept
    # The next whole message or control frame. False: more must come, or there is a fault, or the end.
    cdef bint next(self, Message* message) except -1

    cdef bint _complete_pending(self, FrameHead* head) except -1
    cdef bint _read_head(self, const char* at, Py_ssize_t count, FrameHead* head) noexcept
    cdef bint _is_allowed(self, const FrameHead* head) noexcept
    cdef bint _fits(self, const FrameHead* head) noexcept
    cdef bint _take(self, const char* at, const FrameHead* head, Message* message) except -1
    cdef bint _take_control(self, const char* payload, const FrameHead* head, Message* message) noexcept
    cdef bint _fail(self, int code, const char* text) noexcept


cpdef bytes client_frame(int opcode, bytes payload, bytes mask)
