"""Where an order's time goes: four histograms, all measured from the decision."""

cimport cython
from libc.stdint cimport int64_t

from tidings.metrics.histogram cimport Histogram


@cython.final
cdef class Stages:
    cdef readonly Histogram encode, write, reply, stream
    cdef void record_encode(self, int64_t elapsed_ns) noexcept
    cdef void record_write(self, int64_t elapsed_ns) noexcept
    cdef void record_reply(self, int64_t elapsed_ns) noexcept
    cdef void record_stream(self, int64_t elapsed_ns) noexcept
