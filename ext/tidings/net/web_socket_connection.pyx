"""A WebSocket on a connection of ours: messages go straight from the connection's input to who takes them.

A message that came whole is read where TLS put it; a bytes object is made only for whoever wants one. Pings are
answered and closes echoed before anything else that came with them is looked at again.
"""

from os import urandom

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from tidings.wire.frame_reader cimport (
    OPCODE_BINARY, OPCODE_CLOSE, OPCODE_PING, OPCODE_PONG, OPCODE_TEXT, client_frame,
)

from tidings.errors import ConnectionLost, PeerError

cdef enum:
    MESSAGE_BYTES_MAX = 8 * 1024 * 1024
    MASK_BYTES = 4
    REASON_CHARACTERS_MAX = 100

NORMAL_CLOSURE = (1000).to_bytes(2, "big")


cdef class WebSocketConnection(ByteSink):
    def __init__(self, handshake not None, opened not None, on_message not None, on_closed not None,
                 MessageTaker taker=None, tap=None, *, Py_ssize_t message_bytes_max=MESSAGE_BYTES_MAX):
        self.handshake, self.opened = handshake, opened
        self.hear_message, self.hear_end = on_message, on_closed
        self.taker, self.tap = taker, tap
        self.reader = FrameReader(message_bytes_max=message_bytes_max)

    @property
    def is_open(self):
        return self.handshake is None and not self.is_closed

    def start(self, Connection connection not None):
        """The connection stands: ask for the upgrade."""
        self.connection = connection
        if self.handshake is not None:
            connection.write_bytes(self.handshake.request)

    def send_text(self, str text not None):
        if not self.is_open:
            raise ConnectionLost("the WebSocket is not open; nothing was sent")
        self._send(OPCODE_TEXT, text.encode())

    def ping(self, bytes payload not None):
        if not self.is_open:
            raise ConnectionLost("the WebSocket is not open; nothing was sent")
        self._send(OPCODE_PING, payload)

    def close(self):
        self.is_closed_by_us = True
        self.opened.cancel()
        if self.connection is None or not self.connection.is_open:
            return
        if self.is_open:
            self._answer_close(NORMAL_CLOSURE)
        self.connection.close(ConnectionLost("closed by us"))

    # ---- ByteSink ------------------------------------------------------------------------------------------------

    cdef int on_bytes(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        cdef bytes behind
        if self.handshake is None:
            return self._read_frames(start, count, now_ns)
        behind = self.handshake.feed(start[:count])
        if behind is None:
            return 0
        self.handshake = None
        if not self.opened.done():
            self.opened.set_result(None)
        return self._read_frames(PyBytes_AS_STRING(behind), PyBytes_GET_SIZE(behind), now_ns)

    cdef int on_closed(self, object cause, int64_t now_ns) except -1:
        self.is_closed = True
        if not self.opened.done():
            self.opened.set_exception(
                cause if isinstance(cause, (ConnectionLost, PeerError)) else ConnectionLost(str(cause))
            )
        elif not self.is_closed_by_us:
            self.hear_end(cause)
        return 0

    # ---- Inside --------------------------------------------------------------------------------------------------

    cdef int _read_frames(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        cdef Message message
        self.reader.give(start, count)
        while not self.is_closed_by_us and self.reader.next(&message):
            if message.opcode <= OPCODE_BINARY:
                self._tell(&message, now_ns)
            elif message.opcode == OPCODE_PING:
                self._send(OPCODE_PONG, message.start[:message.count])
            elif message.opcode == OPCODE_CLOSE:
                self._answer_close(message.start[:message.count])
                raise PeerError(close_text(message.start[:message.count]))
        if self.reader.fault_code:
            self._answer_close(self.reader.fault_code.to_bytes(2, "big"))
            raise PeerError(f"the peer broke the WebSocket protocol: {self.reader.fault}")
        return 0

    cdef int _tell(self, Message* message, int64_t now_ns) except -1:
        cdef bytes copied = None
        self.message_count += 1
        if self.tap is not None:
            copied = message.start[:message.count]
            self.tap(copied, now_ns)
        if self.taker is not None and self.taker.take_message(message.start, message.count, now_ns):
            self.taken_ns = now_ns
            return 0
        self.hear_message(message.start[:message.count] if copied is None else copied, now_ns)
        return 0

    cdef int _answer_close(self, bytes payload) except -1:
        """Nothing follows a close frame (RFC 6455 §5.5.1)."""
        if not self.is_closed:
            self.is_closed = True
            self._send(OPCODE_CLOSE, payload)
        return 0

    cdef int _send(self, int opcode, bytes payload) except -1:
        """A break of the connection is told by `on_closed`, unless somebody waits for the words to leave."""
        cdef bytes frame = client_frame(opcode, payload, urandom(MASK_BYTES))
        try:
            self.connection.write_bytes(frame)
        except ConnectionLost:
            if opcode == OPCODE_TEXT or opcode == OPCODE_PING:
                raise
        return 0


cdef str close_text(bytes payload):
    code = int.from_bytes(payload[:2], "big") if payload else 1005
    return f"the peer closed the WebSocket: {code} {payload[2:].decode()[:REASON_CHARACTERS_MAX]!r}"
