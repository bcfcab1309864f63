"""Bytes out at once, bytes in as soon as they come, and an exact account of what the kernel took.

`write` hands its bytes to the kernel before it returns; only what the kernel refuses is copied and follows by the
loop's writer hook. So a caller knows of each request whether its last byte has left: `taken_bytes_total` is compared
with the offset at which the request ends. Of the loop it wants two hooks on a descriptor: asyncio and uvloop have them.

Two ways to end. `close` tells the sink within the call. A write that finds the connection broken must not call the sink
(its caller is in the middle of sending an order): it marks the connection, and the next loop pass first reads what the
peer had still answered and then tells the sink. Either way `on_closed` comes once, and nothing after it.
"""

from tidings.errors import ConnectionLost, PeerError

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc

from tidings.net.channel cimport INBOX_BYTES

cdef enum:
    HELD_BYTES_MAX = 1 << 20    # a peer that leaves this much unread is not a venue to trade on
    READS_PER_PASS_MAX = 16     # then the loop's other guests have their turn


cdef class ByteSink:
    cdef int on_bytes(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        raise NotImplementedError

    cdef int on_taken(self, int64_t taken_bytes_total, int64_t now_ns) except -1:
        return 0

    cdef int on_closed(self, object cause, int64_t now_ns) except -1:
        raise NotImplementedError


cdef class PythonSink(ByteSink):
    """A sink written in Python: subclass it and define these three methods. Costs one copy per read."""

    cdef int on_bytes(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        self.bytes_came(PyBytes_FromStringAndSize(start, count), now_ns)
        return 0

    cdef int on_taken(self, int64_t taken_bytes_total, int64_t now_ns) except -1:
        self.bytes_taken(taken_bytes_total, now_ns)
        return 0

    cdef int on_closed(self, object cause, int64_t now_ns) except -1:
        self.closed(cause, now_ns)
        return 0

    def bytes_came(self, data, now_ns):
        raise NotImplementedError

    def bytes_taken(self, taken_bytes_total, now_ns):
        pass

    def closed(self, cause, now_ns):
        raise NotImplementedError


@cython.final
cdef class Connection:
    def __init__(self, Channel channel not None, ByteSink sink not None, loop):
        """`channel` has finished its handshake. Reading begins in the next loop pass."""
        self.channel = channel
        self.sink = sink
        self.clock = channel.clock
        self.loop = loop
        self.held = ByteBuffer(limit_bytes=HELD_BYTES_MAX)
        self.inbox = <char*> PyMem_Malloc(INBOX_BYTES)
        if self.inbox is NULL:
            raise MemoryError("no memory for a connection")
        self.is_open = True
        loop.add_reader(channel.descriptor, self._on_readable)
        if channel.has_unread():    # came with the end of the handshake: the descriptor will not announce it
            loop.call_soon(self._on_readable)

    def __dealloc__(self):
        PyMem_Free(self.inbox)

    def __repr__(self):
        return f"<Connection to {self.channel.peer}, {'open' if self.is_open else 'closed'}>"

    # --- Out

    cdef int write(self, const char* start, Py_ssize_t count) except -1:
        cdef Py_ssize_t taken
        if not self.is_open:
            raise self.channel.lost("not connected; nothing was sent")
        if self.held.count + count > HELD_BYTES_MAX:
            raise self.channel.lost(f"the peer has not read {self.held.count} bytes; nothing was sent")
        self.written_bytes_total += count
        if self.cork_depth or self.held.count:
            self.held.append(start, count)
            return 0
        try:
            taken = self._offer(start, count)
        except ConnectionLost as error:
            self._break(error)
            raise
        if taken < count:
            self.held.append(start + taken, count - taken)
            self._watch_writable()
            return 0
        return 1

    cdef Py_ssize_t _offer(self, const char* start, Py_ssize_t count) except -1:
        """Give the kernel what it takes now. Counts each record as it goes: the account is true even if one fails."""
        cdef Py_ssize_t taken = 0
        cdef Py_ssize_t more = 1
        while more and taken < count:
            more = self.channel.write(start + taken, count - taken)
            taken += more
            self.taken_bytes_total += more
        self.send_entered_ns = self.channel.send_entered_ns
        self.send_returned_ns = self.channel.send_returned_ns
        return taken

    cpdef int cork(self) except -1:
        self.cork_depth += 1
        return 0

    cpdef int uncork(self) except -1:
        if self.cork_depth:
            self.cork_depth -= 1
        if self.cork_depth == 0 and self.held.count and self.is_open and not self.is_watching_writable:
            self._flush()
        return self.taken_bytes_total == self.written_bytes_total

    cdef int _flush(self) except -1:
        """Offer what is held. A break is the sink's to hear, in the next pass: whoever wrote it has gone on."""
        try:
            self.held.discard(self._offer(self.held.start, self.held.count))
        except ConnectionLost as error:
            return self._break(error)
        if self.held.count:
            self._watch_writable()
        return 0

    cdef int _watch_writable(self) except -1:
        if not self.is_watching_writable:
            self.loop.add_writer(self.channel.descriptor, self._on_writable)
            self.is_watching_writable = True
        return 0

    def _on_writable(self):
        cdef int64_t taken_before = self.taken_bytes_total
        self.loop.remove_writer(self.channel.descriptor)
        self.is_watching_writable = False
        if self.channel.wants_write:
            self._read()
        if self.is_open and self.held.count:
            self._flush()
        if self.is_open and self.taken_bytes_total > taken_before:
            self.sink.on_taken(self.taken_bytes_total, self.clock.now_ns())

    # --- In

    cpdef int poll(self) except -1:
        return self._read() if self.is_open else 0

    def _on_readable(self):
        if self.is_open:
            self._read()

    cdef int _read(self) except -1:
        """Dispatch what is there; 1 if anything was. An error of the peer's or the sink's closes the connection."""
        cdef Py_ssize_t count
        cdef int came = 0
        if self.is_reading:
            return 0
        self.is_reading = True
        try:
            for _ in range(READS_PER_PASS_MAX):
                count = self.channel.read(self.inbox, INBOX_BYTES)
                if count:
                    came = 1
                    self.sink.on_bytes(self.inbox, count, self.channel.received_ns)
                if self.is_finished or not self.channel.has_unread():
                    break
            else:
                self.loop.call_soon(self._on_readable)
            if self.channel.wants_write and self.is_open:
                self._watch_writable()
        except BaseException as error:
            self._finish(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self.is_reading = False
        return came

    cdef bint check_quiet(self) except -1:
        cdef Py_ssize_t count
        if not self.is_open:
            return False
        if self.is_reading:
            return True     # the inbox is in use; what came with it is the sink's to judge
        try:
            count = self.channel.read(self.inbox, INBOX_BYTES)
        except ConnectionLost as error:
            self._break(error)
            return False
        if count:
            self._break(PeerError(f"{self.channel.peer}: {count} bytes came that nobody had asked for"))
        return count == 0

    # --- The end

    cpdef int close(self, object cause) except -1:
        if self.is_open:
            self._finish(cause)
        return 0

    cdef int _break(self, object cause) except -1:
        """The connection is useless from now on; the sink hears it in the next loop pass."""
        self.is_open = False
        self.break_cause = cause
        self.loop.call_soon(self._finish_broken)
        return 0

    def _finish_broken(self):
        if self.is_finished:    # by what was being read as the write broke; the sink hears nothing behind that
            return
        # The peer may have answered before it went away: those answers are final, and read first.
        if not isinstance(self.break_cause, PeerError):
            self._read()
        self._finish(self.break_cause)

    cdef int _finish(self, object cause) except -1:
        if self.is_finished:
            return 0
        self.is_finished = True
        self.is_open = False
        self.loop.remove_reader(self.channel.descriptor)
        self.loop.remove_writer(self.channel.descriptor)
        if self.taken_bytes_total == self.written_bytes_total and not self.channel.error_number:
            self.channel.say_goodbye()      # never behind an incomplete record
        self.channel.close()
        self.held.clear()
        return self.sink.on_closed(cause, self.clock.now_ns())

    # --- For Python

    def write_bytes(self, bytes data not None):
        return self.write(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
