"""Loops in C around compiled calls that a Python call would drown. Compiled by benchmarks.compiled when asked for.

Each returns nanoseconds per call, one figure per batch; a batch costs two clock readings.
"""

from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from tidings.engine.throttle cimport Cost
from tidings.model.order cimport Order
from tidings.venue.phemex.order_encoder cimport OrderEncoder
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.http1 cimport Response, ResponseListener, ResponseParser


cdef inline int64_t clock_ns() noexcept:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000000000 + now.tv_nsec


cdef class CountingListener(ResponseListener):
    """Hears responses and keeps two numbers of each, so that nothing is optimised away."""
    cdef public int64_t response_count, body_bytes_total

    cdef int on_response(self, Response* response, int64_t now_ns) except -1:
        self.response_count += 1
        self.body_bytes_total += response.body_bytes
        return 0


def take(Cost cost, int64_t step_ns, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of Cost.take, time moving by `step_ns` per call; raises if one is refused."""
    cdef int64_t start_ns, now_ns = 0
    cdef Py_ssize_t _call
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            now_ns += step_ns
            if not cost.take(False, now_ns):
                raise AssertionError("the budget ran out: the step is too short")
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


def parse(bytes data, Py_ssize_t expected_body_bytes, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of ResponseParser.feed for one whole response per call."""
    cdef CountingListener listener = CountingListener()
    cdef ResponseParser parser = ResponseParser(listener)
    cdef const char* start = data
    cdef Py_ssize_t count = len(data), _call
    cdef int64_t start_ns
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for _call in range(batch_calls):
            parser.feed(start, count, start_ns)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    assert listener.response_count == batches * batch_calls
    assert listener.body_bytes_total == listener.response_count * expected_body_bytes
    return samples


def encode(OrderEncoder encoder, Order order, int64_t price_ticks, Py_ssize_t batches, Py_ssize_t batch_calls):
    """Samples of OrderEncoder.encode_new for an armed order whose price changes with each call."""
    cdef ByteBuffer out = ByteBuffer()
    cdef int64_t start_ns
    cdef Py_ssize_t call
    cdef list samples = []
    for _ in range(batches):
        start_ns = clock_ns()
        for call in range(batch_calls):
            order.price_ticks = price_ticks + call
            out.clear()
            encoder.encode_new(order, out)
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples
