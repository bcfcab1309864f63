"""A WebSocket on a connection of ours: messages go straight from the connection's input to who takes them."""

from libc.stdint cimport int64_t

from tidings.net.connection cimport ByteSink, Connection
from tidings.wire.frame_reader cimport FrameReader, Message, MessageTaker


cdef class WebSocketConnection(ByteSink):
    cdef MessageTaker taker             # asked first; None: everything goes to on_message
    cdef object tap                     # hears every message before anybody takes it, or None
    cdef object hear_message, hear_end    # callbacks
    cdef object opened                  # a future: the handshake
    cdef object handshake               # None once it is done
    cdef FrameReader reader
    cdef readonly Connection connection     # None before it stands
    cdef bint is_closed                 # by either side: nothing is sent any more
    cdef bint is_closed_by_us
    cdef readonly int64_t taken_ns      # when the last message came that the taker took; 0: none has
    cdef readonly int64_t message_count

    cdef int _read_frames(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1
    cdef int _tell(self, Message* message, int64_t now_ns) except -1
    cdef int _answer_close(self, bytes payload) except -1
    cdef int _send(self, int opcode, bytes payload) except -1
