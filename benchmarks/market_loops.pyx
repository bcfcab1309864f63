"""Loops in C around the frame reader and what it feeds. Compiled by benchmarks.compiled when asked for.

Each returns nanoseconds per message, one figure per batch; a batch costs two clock readings.
"""

from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID, clock_gettime, clockid_t, timespec

from tidings.venue.phemex.market_stream cimport MarketStream
from tidings.wire.frame_reader cimport FrameReader, Message


cdef inline int64_t clock_ns(clockid_t clock=CLOCK_MONOTONIC) noexcept:
    cdef timespec now
    clock_gettime(clock, &now)
    return now.tv_sec * 1000000000 + now.tv_nsec


cdef inline Py_ssize_t take(FrameReader reader, MarketStream stream, const char* start, Py_ssize_t count,
                            int64_t now_ns) except -1:
    """What a connection does with bytes that came: the messages in them. Without a stream they are only found."""
    cdef Message message
    cdef Py_ssize_t messages = 0
    reader.give(start, count)
    while reader.next(&message):
        messages += 1
        if stream is not None and not stream.take_message(message.start, message.count, now_ns):
            raise AssertionError("a message of the market was not taken")
    return messages


def frames(FrameReader reader, MarketStream stream, bytes first, bytes second, Py_ssize_t batches,
           Py_ssize_t batch_calls):
    """Samples of one frame from its bytes to its effect, two of them in turns."""
    cdef const char* texts[2]
    cdef Py_ssize_t[2] counts = [len(first), len(second)]
    cdef int64_t start_ns
    cdef Py_ssize_t call
    cdef list samples = []
    texts[0], texts[1] = first, second
    for _ in range(batches):
        start_ns = clock_ns()
        for call in range(batch_calls):
            if take(reader, stream, texts[call & 1], counts[call & 1], start_ns) != 1:
                raise AssertionError("a frame was not read")
        samples.append((clock_ns() - start_ns) / <double>batch_calls)
    return samples


def recording(FrameReader reader, MarketStream stream, list reads):
    """One sample of a recording, read by read: (nanoseconds of this thread per message, messages)."""
    cdef Py_ssize_t messages = 0
    cdef int64_t start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID)
    cdef bytes read
    for read in reads:
        messages += take(reader, stream, read, len(read), clock_ns())
    return (clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns) / <double>messages, messages
