"""WebSocket frames from a byte stream, and messages where they lie (RFC 6455, client side).

A message that came whole, in one frame and one read, is told as it lies in the reader's input; only one that was cut is
put together in a block that is used again and again. What the peer does wrong is kept as a close code and a sentence:
everything that came before it is told first.

Extensions are never negotiated, so a reserved bit is a fault (§5.2). A length written longer than it needs to be is
read all the same, as other clients do: it has one meaning only.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

cimport cython

from tidings.errors import UsageError

cdef extern from "utf8.h" nogil:
    bint is_utf8(const char* at, const char* end)

cdef enum:
    FINAL_BIT = 0x80
    RESERVED_BITS = 0x70
    OPCODE_BITS = 0x0F
    MASK_BIT = 0x80
    LENGTH_BITS = 0x7F
    LENGTH_2_BYTES = 126
    LENGTH_8_BYTES = 127
    CONTROL_BYTES_MAX = 125
    HEAD_BYTES_MIN = 2
    HEAD_BYTES_MAX = 10
    BLOCK_BYTES = 16384         # first size of a block for what is cut: one TLS record
    MASK_BYTES = 4

cdef enum:                      # close codes (§7.4.1)
    CODE_PROTOCOL = 1002
    CODE_NOT_TEXT = 1007
    CODE_TOO_BIG = 1009


cdef class MessageTaker:
    cdef bint take_message(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        raise NotImplementedError

    def __call__(self, bytes message not None, int64_t now_ns):
        return self.take_message(PyBytes_AS_STRING(message), PyBytes_GET_SIZE(message), now_ns)


@cython.final
cdef class FrameReader:
    def __cinit__(self, *, Py_ssize_t message_bytes_max):
        if message_bytes_max < CONTROL_BYTES_MAX:
            raise UsageError(f"message_bytes_max must be {CONTROL_BYTES_MAX} or more: was {message_bytes_max}")
        self.message_bytes_max = message_bytes_max
        self.pending = ByteBuffer(BLOCK_BYTES, message_bytes_max + BLOCK_BYTES)
        self.fragments = ByteBuffer(BLOCK_BYTES, message_bytes_max + BLOCK_BYTES)

    cdef void give(self, const char* start, Py_ssize_t count) noexcept:
        self.at, self.end = start, start + count

    cdef bint next(self, Message* message) except -1:
        cdef FrameHead head
        cdef const char* start
        cdef Py_ssize_t left
        if self.is_told:
            self.fragments.clear()
            self.is_told = False
        while not self.fault_code and not self.is_ended:
            left = self.end - self.at
            if self.pending.count:
                if not self._complete_pending(&head):
                    return False
                start = self.pending.start
                self.pending.clear()        # its bytes stay as they are until the next call
            elif self._read_head(self.at, left, &head) and left - head.head_bytes >= head.payload_bytes:
                start = self.at
                self.at += head.head_bytes + head.payload_bytes
            else:
                if left and not self.fault_code:
                    self.pending.append(self.at, left)
                self.at = self.end
                return False
            if self._take(start, &head, message):
                return True
        return False

    cdef bint _complete_pending(self, FrameHead* head) except -1:
        """Add what the incomplete frame lacks, and no more; False if there is not enough."""
        cdef Py_ssize_t needed_bytes, more
        while not self.fault_code:
            needed_bytes = self.pending.count + 1
            if self._read_head(self.pending.start, self.pending.count, head):
                needed_bytes = head.head_bytes + head.payload_bytes
                if self.pending.count == needed_bytes:
                    return True
            more = min(needed_bytes - self.pending.count, self.end - self.at)
            if more == 0:
                return False
            self.pending.append(self.at, more)
            self.at += more
        return False

    cdef bint _read_head(self, const char* at, Py_ssize_t count, FrameHead* head) noexcept:
        """False: it is not all there, or not allowed (then there is a fault)."""
        cdef const unsigned char* byte = <const unsigned char*> at
        cdef int place, length
        if count < HEAD_BYTES_MIN:
            return False
        if byte[0] & RESERVED_BITS:
            return self._fail(CODE_PROTOCOL, b"a reserved bit is set")
        if byte[1] & MASK_BIT:
            return self._fail(CODE_PROTOCOL, b"a server's frame is masked")
        length = byte[1] & LENGTH_BITS
        head.opcode = byte[0] & OPCODE_BITS
        head.is_final = byte[0] & FINAL_BIT
        head.head_bytes = HEAD_BYTES_MIN + (2 if length == LENGTH_2_BYTES else 8 if length == LENGTH_8_BYTES else 0)
        head.payload_bytes = length
        if count >= head.head_bytes > HEAD_BYTES_MIN:
            head.payload_bytes = 0
            for place in range(HEAD_BYTES_MIN, head.head_bytes):
                head.payload_bytes = <int64_t> (<unsigned long long> head.payload_bytes << 8 | byte[place])
        return self._is_allowed(head) and count >= head.head_bytes and self._fits(head)

    cdef bint _is_allowed(self, const FrameHead* head) noexcept:
        """Whatever its length may be: all of it need not be there yet."""
        if head.opcode >= OPCODE_CLOSE:
            if head.opcode > OPCODE_PONG:
                return self._fail(CODE_PROTOCOL, b"an opcode that does not exist")
            if not head.is_final:
                return self._fail(CODE_PROTOCOL, b"a control frame in fragments")
            return True
        if head.opcode > OPCODE_BINARY:
            return self._fail(CODE_PROTOCOL, b"an opcode that does not exist")
        if (head.opcode == OPCODE_CONTINUATION) != (self.message_opcode != 0):
            return self._fail(CODE_PROTOCOL, b"a fragment of nothing, or a message inside another")
        return True

    cdef bint _fits(self, const FrameHead* head) noexcept:
        if head.payload_bytes < 0:
            return self._fail(CODE_PROTOCOL, b"a length of more than 63 bits")
        if head.opcode >= OPCODE_CLOSE:
            if head.payload_bytes > CONTROL_BYTES_MAX:
                return self._fail(CODE_PROTOCOL, b"a control frame of more than 125 bytes")
        elif head.payload_bytes > self.message_bytes_max - self.fragments.count:
            return self._fail(CODE_TOO_BIG, b"a message above the limit")
        return True

    cdef bint _take(self, const char* at, const FrameHead* head, Message* message) except -1:
        """A frame that is all there: True if it completes something to tell."""
        cdef const char* payload = at + head.head_bytes
        if head.opcode >= OPCODE_CLOSE:
            return self._take_control(payload, head, message)
        if head.opcode != OPCODE_CONTINUATION:
            self.message_opcode = head.opcode
        message.opcode, message.start, message.count = self.message_opcode, payload, head.payload_bytes
        if head.opcode == OPCODE_CONTINUATION or not head.is_final:
            self.fragments.append(payload, head.payload_bytes)
            message.start, message.count = self.fragments.start, self.fragments.count
        if not head.is_final:
            return False
        self.is_told = True
        self.message_opcode = 0
        if message.opcode == OPCODE_TEXT and not is_utf8(message.start, message.start + message.count):
            return self._fail(CODE_NOT_TEXT, b"a text that is no UTF-8")
        return True

    cdef bint _take_control(self, const char* payload, const FrameHead* head, Message* message) noexcept:
        cdef const unsigned char* byte = <const unsigned char*> payload
        message.opcode, message.start, message.count = head.opcode, payload, head.payload_bytes
        if head.opcode != OPCODE_CLOSE:
            return True
        if head.payload_bytes == 1:
            return self._fail(CODE_PROTOCOL, b"half a close code")
        if head.payload_bytes and not is_close_code(byte[0] << 8 | byte[1]):
            return self._fail(CODE_PROTOCOL, b"a close code that does not exist")
        if head.payload_bytes and not is_utf8(payload + 2, payload + head.payload_bytes):
            return self._fail(CODE_NOT_TEXT, b"a close reason that is no UTF-8")
        self.is_ended = True
        return True

    cdef bint _fail(self, int code, const char* text) noexcept:
        self.fault_code, self.fault_text = code, text
        self.at = self.end
        return False

    # ---- For Python ----------------------------------------------------------------------------------------------

    def feed(self, bytes received not None):
        cdef Message message
        cdef list told = []
        self.give(PyBytes_AS_STRING(received), PyBytes_GET_SIZE(received))
        while self.next(&message):
            told.append((message.opcode, message.start[:message.count]))
        return told

    @property
    def fault(self):
        return self.fault_text.decode() if self.fault_code else ""


cdef inline bint is_close_code(int code) noexcept nogil:
    """One that may be sent (§7.4): 1004 to 1006 and 1015 only name what was not said."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


cpdef bytes client_frame(int opcode, bytes payload, bytes mask):
    cdef Py_ssize_t count = PyBytes_GET_SIZE(payload), place
    cdef int length = count if count < LENGTH_2_BYTES else LENGTH_2_BYTES if count <= 0xFFFF else LENGTH_8_BYTES
    cdef bytes head = bytes((FINAL_BIT | opcode, MASK_BIT | length))
    cdef bytes body
    cdef const char* source = PyBytes_AS_STRING(payload)
    cdef const char* key = PyBytes_AS_STRING(mask)
    cdef char* target
    if PyBytes_GET_SIZE(mask) != MASK_BYTES:
        raise UsageError(f"a mask has {MASK_BYTES} bytes: was {len(mask)}")
    if length >= LENGTH_2_BYTES:
        head += count.to_bytes(2 if length == LENGTH_2_BYTES else 8, "big")
    body = PyBytes_FromStringAndSize(NULL, count)
    target = PyBytes_AS_STRING(body)
    for place in range(count):
        target[place] = source[place] ^ key[place & 3]
    return head + mask + body
