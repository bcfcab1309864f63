"""An HTTP/1.1 lane: one connection, its pipeline of requests in flight, and which answer belongs to which request."""

cimport cython
from libc.stdint cimport int64_t

from tidings.clock cimport Clock
from tidings.net.connection cimport ByteSink, Connection
from tidings.wire.http1 cimport Response, ResponseListener, ResponseParser


ctypedef struct Request:
    int64_t token               # the listener's own: an order handle, a query number
    int kind                    # the listener's own
    int64_t sent_ns
    int64_t deadline_ns         # 0: none
    int64_t last_byte           # connection.written_bytes_total after this request
    bint is_overdue             # its deadline passed and the listener was told; it keeps its place in the line


cdef class LaneListener:
    """Hears each request's one end: an answer, or its loss. Never called inside Lane.send."""
    cdef int on_answer(self, Lane lane, Request* request, Response* response, int64_t now_ns) except -1
    # reached_kernel False: its last byte was never taken by the kernel, so it cannot have been executed.
    cdef int on_lost(self, Lane lane, Request* request, bint reached_kernel, object cause, int64_t now_ns) except -1
    # The deadline passed without an answer; a later answer still comes to on_answer with is_overdue set.
    cdef int on_overdue(self, Lane lane, Request* request, int64_t now_ns) except -1
    cdef int on_lane_up(self, Lane lane, int64_t now_ns) except -1
    cdef int on_lane_down(self, Lane lane, object cause, int64_t now_ns) except -1


@cython.final
cdef class Lane(ByteSink):
    cdef LaneListener listener
    cdef readonly Connection connection     # the last one, open or not; None before the first
    cdef readonly int index                 # in its pool
    cdef readonly int depth_cap
    cdef readonly int in_flight_count
    cdef readonly bint is_up                # connected, verified, and not told to close
    cdef readonly int64_t answer_count      # since it came up
    cdef public object tap                  # a recording's: hears every request and answer first; None: nobody
    # The listener's mark: an answer may have been another request's. Gone when a request leaves on a quiet, idle lane.
    cdef public bint is_in_doubt
    cdef int64_t named_last                 # likewise: the order that an answer named last, by its token; 0: none

    # Write one whole request; 1 or 0 as Connection.write. Raises ConnectionLost when down, full or not taken: the
    # request cannot have been executed, and the listener will not hear of it.
    cdef int send(self, const char* start, Py_ssize_t count, int64_t token, int kind,
                  int64_t deadline_ns, int64_t now_ns) except -1
    cpdef int check_deadlines(self, int64_t now_ns) except -1
    cpdef bint has_room(self) noexcept      # up, and below its depth cap
    cpdef int attach(self, Connection connection, int64_t now_ns) except -1     # the lane is up
    cpdef int close(self, object cause) except -1

    # Private.
    cdef Request* ring                      # depth_cap slots, preallocated
    cdef int first                          # slot of the oldest request in flight
    cdef int overdue_count
    cdef int answerable_count               # in flight when the bytes now parsed were received
    cdef int64_t seen_received_count
    cdef ResponseParser parser
    cdef readonly object on_down            # for the connector: called with the cause, last of all
    cdef int take_answer(self, Response* response, int64_t now_ns) except -1
    cdef Request* _slot(self, int position) noexcept
    cdef Request _take_first(self) noexcept
    cdef void _tell_request(self, const char* start, Py_ssize_t count, int64_t now_ns) noexcept
    cdef void _tell_answer(self, Response* response, int64_t now_ns) noexcept
    cdef int _check_stall(self, int64_t now_ns) except -1


@cython.final
cdef class LanePool:
    cdef readonly list lanes
    # The least busy lane that is up and has room (idle ones first), or None.
    cpdef Lane pick(self)
    cpdef int cork(self) except -1          # batch: orders of one lane leave in one record
    cpdef int uncork(self) except -1
    cpdef int poll(self) except -1          # busy-poll every lane once; how many had something
    cpdef int check_deadlines(self, int64_t now_ns) except -1
    cpdef int up_count(self) noexcept
    cpdef int in_flight_total(self) noexcept
