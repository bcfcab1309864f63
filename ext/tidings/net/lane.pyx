"""HTTP/1.1 pipelining with certainty: every request ends once, and no answer goes to the wrong one.

Answers come in the order of the requests (RFC 9112 §9.3.2), so a line of slots tells whose an answer is. What keeps the
line true:

* a slot leaves it by an answer or by the end of the connection, never by a deadline: the late answer needs its place;
* an answer that nobody can have asked for closes the lane: one that comes while nothing is in flight, or in bytes
  received before the only requests in flight were sent, or before their last byte has left; an idle lane is looked at
  for such bytes before it is used;
* a peer that announces the end ("Connection: close") gets no more requests; those behind are lost with the connection;
* a lost request is *not sent* exactly if the kernel never had its last byte, by Connection's account.

A lane outlives its connections: a connector attaches the next one.
"""

from tidings.errors import ConnectionLost, PeerError

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free

from tidings.wire.response_reader cimport copy_response

DEPTH_CAP = 4                           # as many orders are unknown when a lane dies
cdef int64_t STALL_NS = 5_000_000_000   # an answer this late stands in the way of all behind it: the lane is closed


cdef class LaneListener:
    cdef int on_answer(self, Lane lane, Request* request, Response* response, int64_t now_ns) except -1:
        raise NotImplementedError

    cdef int on_lost(self, Lane lane, Request* request, bint reached_kernel, object cause, int64_t now_ns) except -1:
        raise NotImplementedError

    cdef int on_overdue(self, Lane lane, Request* request, int64_t now_ns) except -1:
        return 0

    cdef int on_lane_up(self, Lane lane, int64_t now_ns) except -1:
        return 0

    cdef int on_lane_down(self, Lane lane, object cause, int64_t now_ns) except -1:
        return 0


cdef class AnswerTaker(ResponseListener):
    """The parser's listener: a Lane cannot be a ByteSink and a ResponseListener at once."""
    cdef Lane lane

    def __init__(self, Lane lane not None):
        self.lane = lane

    cdef int on_response(self, Response* response, int64_t now_ns) except -1:
        return self.lane.take_answer(response, now_ns)


@cython.final
cdef class Lane(ByteSink):
    def __init__(self, LaneListener listener not None, *, int index=0, int depth_cap=DEPTH_CAP):
        if depth_cap < 1:
            raise ValueError(f"depth_cap must be at least 1: was {depth_cap}")
        self.listener = listener
        self.index = index
        self.depth_cap = depth_cap
        self.parser = ResponseParser(AnswerTaker(self))
        self.ring = <Request*> PyMem_Calloc(depth_cap, sizeof(Request))
        if self.ring is NULL:
            raise MemoryError("no memory for a lane")

    def __dealloc__(self):
        PyMem_Free(self.ring)

    def __repr__(self):
        return f"<Lane {self.index}, {'up' if self.is_up else 'down'}, {self.in_flight_count} in flight>"

    # --- Out

    cdef int send(self, const char* start, Py_ssize_t count, int64_t token, int kind,
                  int64_t deadline_ns, int64_t now_ns) except -1:
        cdef int result
        cdef Request* slot
        if not self.has_room():
            raise self._refusal()
        if self.in_flight_count == 0:
            if not self.connection.check_quiet():
                raise self._refusal()
            self.is_in_doubt, self.named_last = False, 0    # as many answers as requests
        result = self.connection.write(start, count)
        slot = self._slot(self.in_flight_count)
        slot.token = token
        slot.kind = kind
        slot.sent_ns = now_ns
        slot.deadline_ns = deadline_ns
        slot.last_byte = self.connection.written_bytes_total
        slot.is_overdue = False
        self.in_flight_count += 1
        if self.tap is not None:
            self._tell_request(start, count, now_ns)
        return result

    cpdef bint has_room(self) noexcept:
        return self.is_up and self.connection.is_open and self.in_flight_count < self.depth_cap

    def _refusal(self):
        if self.is_up and self.connection.is_open:
            return ConnectionLost(f"lane {self.index}: {self.depth_cap} requests in flight already; nothing was sent")
        return ConnectionLost(f"lane {self.index}: not connected; nothing was sent")

    # --- In

    cdef int on_bytes(self, const char* start, Py_ssize_t count, int64_t now_ns) except -1:
        cdef int64_t received_count = self.connection.channel.received_count
        if received_count != self.seen_received_count:
            # What is sent from now on, in answer to these very bytes, cannot be answered by them.
            self.seen_received_count = received_count
            self.answerable_count = self.in_flight_count
        if self.answerable_count == 0:
            raise PeerError(f"lane {self.index}: {count} bytes came that no request had asked for")
        self.parser.feed(start, count, now_ns)
        if self.is_up and self.answerable_count == 0 and self.parser.feed_eof():
            raise PeerError(f"lane {self.index}: more bytes behind the last answer")
        return 0

    cdef int take_answer(self, Response* response, int64_t now_ns) except -1:
        cdef Request request
        if self.answerable_count == 0:
            raise PeerError(f"lane {self.index}: an answer (HTTP {response.status}) that no request had asked for")
        if self.ring[self.first].last_byte > self.connection.taken_bytes_total:
            raise PeerError(f"lane {self.index}: an answer (HTTP {response.status}) to a request that has not left")
        self.answerable_count -= 1
        self.answer_count += 1
        request = self._take_first()    # a copy: the listener may send, and the slot be filled anew
        if not response.keep_alive:
            self.is_up = False
        if self.tap is not None:
            self._tell_answer(response, now_ns)
        self.listener.on_answer(self, &request, response, now_ns)
        if not response.keep_alive:
            self.connection.close(ConnectionLost(f"lane {self.index}: the peer announced the end of the connection"))
        return 0

    cdef Request* _slot(self, int position) noexcept:
        """The slot `position` places behind the oldest request in flight."""
        cdef int index = self.first + position
        return &self.ring[index if index < self.depth_cap else index - self.depth_cap]

    cdef Request _take_first(self) noexcept:
        cdef Request request = self.ring[self.first]
        self.first = self.first + 1 if self.first + 1 < self.depth_cap else 0
        self.in_flight_count -= 1
        self.overdue_count -= request.is_overdue
        return request

    # --- A recording: whatever it does, the request has left, and the answer is heard. What it raises is "unraisable".

    cdef void _tell_request(self, const char* start, Py_ssize_t count, int64_t now_ns) noexcept:
        self.tap.request_left(self.index, start[:count], now_ns)

    cdef void _tell_answer(self, Response* response, int64_t now_ns) noexcept:
        self.tap.answer_came(self.index, copy_response(response, now_ns), now_ns)

    # --- Time

    cpdef int check_deadlines(self, int64_t now_ns) except -1:
        cdef Request* slot
        cdef Request request
        cdef int position = 0
        while position < self.in_flight_count:      # the listener may close the lane
            slot = self._slot(position)
            position += 1
            if slot.deadline_ns and not slot.is_overdue and now_ns >= slot.deadline_ns:
                slot.is_overdue = True
                self.overdue_count += 1
                request = slot[0]
                self.listener.on_overdue(self, &request, now_ns)
        if self.overdue_count:
            self._check_stall(now_ns)
        return 0

    cdef int _check_stall(self, int64_t now_ns) except -1:
        cdef Request* oldest = &self.ring[self.first]
        if oldest.is_overdue and now_ns - oldest.deadline_ns >= STALL_NS:
            late_s = STALL_NS // 10**9
            self.connection.close(ConnectionLost(f"lane {self.index}: no answer {late_s} s past the deadline"))
        return 0

    # --- Up and down

    cpdef int attach(self, Connection connection, int64_t now_ns) except -1:
        """Begin with `connection`, which must have this lane as its sink."""
        if self.is_up or self.in_flight_count:
            raise ValueError(f"lane {self.index} has a connection already")
        self.connection = connection
        self.parser.reset()
        self.seen_received_count = connection.channel.received_count
        self.answerable_count = 0
        self.answer_count = 0
        self.is_in_doubt, self.named_last = False, 0
        self.is_up = True
        return self.listener.on_lane_up(self, now_ns)

    cpdef int close(self, object cause) except -1:
        """Close the connection; what is in flight is lost with it."""
        return self.connection.close(cause) if self.connection is not None else 0

    cdef int on_closed(self, object cause, int64_t now_ns) except -1:
        cdef Request request
        cdef object problem = None
        self.is_up = False
        self.parser.reset()
        while self.in_flight_count:
            request = self._take_first()
            try:
                self.listener.on_lost(
                    self, &request, request.last_byte <= self.connection.taken_bytes_total, cause, now_ns
                )
            except Exception as error:      # the others must hear their end too; raised below
                problem = problem or error
        try:
            self.listener.on_lane_down(self, cause, now_ns)
        finally:
            if self.on_down is not None:
                self.on_down(cause)
        if problem is not None:
            raise problem
        return 0

    # --- For Python

    def send_bytes(self, bytes request not None, int64_t token, int64_t now_ns, *, int kind=0, int64_t deadline_ns=0):
        return self.send(PyBytes_AS_STRING(request), PyBytes_GET_SIZE(request), token, kind, deadline_ns, now_ns)

    def when_down(self, on_down):
        """Call `on_down(cause)` each time the connection has ended and every request has heard it."""
        self.on_down = on_down


@cython.final
cdef class LanePool:
    def __init__(self, LaneListener listener not None, *, int lane_count=4, int depth_cap=DEPTH_CAP):
        self.lanes = [Lane(listener, index=index, depth_cap=depth_cap) for index in range(lane_count)]

    cpdef Lane pick(self):
        cdef Lane lane
        cdef Lane best = None
        cdef int load
        cdef int best_load = 0
        for lane in self.lanes:
            if not lane.has_room():
                continue
            if lane.in_flight_count == 0:
                return lane
            # Behind an overdue answer nothing is quick: such a lane comes last.
            load = lane.in_flight_count + (lane.depth_cap if lane.overdue_count else 0)
            if best is None or load < best_load:
                best = lane
                best_load = load
        return best

    cpdef int cork(self) except -1:
        cdef Lane lane
        for lane in self.lanes:
            if lane.is_up:
                lane.connection.cork()
        return 0

    cpdef int uncork(self) except -1:
        cdef Lane lane
        for lane in self.lanes:
            if lane.connection is not None:
                lane.connection.uncork()
        return 0

    cpdef int poll(self) except -1:
        cdef Lane lane
        cdef int came = 0
        for lane in self.lanes:
            if lane.is_up:
                came += lane.connection.poll()
        return came

    cpdef int check_deadlines(self, int64_t now_ns) except -1:
        cdef Lane lane
        for lane in self.lanes:
            lane.check_deadlines(now_ns)
        return 0

    cpdef int up_count(self) noexcept:
        cdef Lane lane
        cdef int count = 0
        for lane in self.lanes:
            count += lane.is_up and lane.connection.is_open
        return count

    cpdef int in_flight_total(self) noexcept:
        cdef Lane lane
        cdef int count = 0
        for lane in self.lanes:
            count += lane.in_flight_count
        return count

    def __len__(self):
        return len(self.lanes)

    def __iter__(self):
        return iter(self.lanes)


cdef class PythonLaneListener(LaneListener):
    """A listener written in Python: subclass it and define these methods. Answers are copied."""

    cdef int on_answer(self, Lane lane, Request* request, Response* response, int64_t now_ns) except -1:
        self.answered(lane, request[0], copy_response(response, now_ns), now_ns)
        return 0

    cdef int on_lost(self, Lane lane, Request* request, bint reached_kernel, object cause, int64_t now_ns) except -1:
        self.lost(lane, request[0], reached_kernel, cause, now_ns)
        return 0

    cdef int on_overdue(self, Lane lane, Request* request, int64_t now_ns) except -1:
        self.overdue(lane, request[0], now_ns)
        return 0

    cdef int on_lane_up(self, Lane lane, int64_t now_ns) except -1:
        self.lane_up(lane, now_ns)
        return 0

    cdef int on_lane_down(self, Lane lane, object cause, int64_t now_ns) except -1:
        self.lane_down(lane, cause, now_ns)
        return 0

    def answered(self, lane, request, response, now_ns):
        raise NotImplementedError

    def lost(self, lane, request, reached_kernel, cause, now_ns):
        raise NotImplementedError

    def overdue(self, lane, request, now_ns):
        pass

    def lane_up(self, lane, now_ns):
        pass

    def lane_down(self, lane, cause, now_ns):
        pass
