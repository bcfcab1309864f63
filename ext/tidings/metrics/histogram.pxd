"""A log-linear histogram: recording is a few instructions and allocates nothing."""

cimport cython
from libc.stdint cimport int64_t, uint64_t


cdef enum:
    LINEAR_BITS = 6
    LINEAR_COUNT = 64               # 2**LINEAR_BITS buckets to each power of two
    BUCKET_COUNT = 3712             # LINEAR_COUNT × (63 - LINEAR_BITS + 1): up to the largest int64


@cython.final
cdef class Histogram:
    cdef readonly int64_t count
    cdef readonly int64_t max               # 0 while empty
    cdef readonly int64_t total             # Σ of the values, wraps after 2**63
    cdef int64_t smallest
    cdef uint64_t[3712] buckets

    cdef void record(self, int64_t value) noexcept
    cdef int64_t _value_at(self, int64_t rank) noexcept
