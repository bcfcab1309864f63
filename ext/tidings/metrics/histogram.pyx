"""A log-linear histogram: recording is a few instructions and allocates nothing.

Values below 64 have a bucket each. Above, every power of two is cut into 64 equal buckets, so that a bucket is never
wider than 1/64 of the values in it, and a percentile, told as its bucket's last value, is at most 1.6 % too high and
never too low. The whole range of int64 needs 3,712 buckets (30 kB), which are part of the object: no limit has to be
chosen ahead, and nothing is cut off. Count, smallest, largest and sum are exact.

It knows no unit; here it mostly holds nanoseconds.
"""

cimport cython
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

cdef extern from *:
    int leading_zeros "__builtin_clzll"(unsigned long long number) nogil

PERCENT_SCALE = 1_000_000           # percentiles are asked for in steps of 0.000001 %


cdef inline int _bucket_of(int64_t value) noexcept nogil:
    cdef int shift
    if value < LINEAR_COUNT:
        return <int> value
    shift = 63 - leading_zeros(<unsigned long long> value) - LINEAR_BITS
    return shift * LINEAR_COUNT + <int> (value >> shift)


cdef inline int64_t _last_value_of(int bucket) noexcept nogil:
    """The largest value that falls into a bucket."""
    cdef int shift
    cdef uint64_t first
    if bucket < LINEAR_COUNT:
        return bucket
    shift = bucket // LINEAR_COUNT - 1
    first = <uint64_t> (bucket - shift * LINEAR_COUNT) << shift
    return <int64_t> (first + ((<uint64_t> 1 << shift) - 1))


@cython.final
cdef class Histogram:
    """Counts values of 0 and above."""

    def __cinit__(self):
        self.smallest = INT64_MAX

    cdef void record(self, int64_t value) noexcept:
        """Count one value. A negative one counts as 0: it can only be a stamp taken out of order."""
        if value < 0:
            value = 0
        self.buckets[_bucket_of(value)] += 1
        self.count += 1
        self.total = <int64_t> (<uint64_t> self.total + <uint64_t> value)
        if value > self.max:
            self.max = value
        if value < self.smallest:
            self.smallest = value

    cdef int64_t _value_at(self, int64_t rank) noexcept:
        """The `rank`-th smallest value (from 1), rounded up to its bucket's last, but never above the largest seen."""
        cdef int64_t seen_count = 0
        cdef int bucket
        for bucket in range(BUCKET_COUNT):
            seen_count += self.buckets[bucket]
            if seen_count >= rank:
                return min(_last_value_of(bucket), self.max)
        return self.max

    @property
    def min(self):
        return self.smallest if self.count else 0

    @property
    def mean(self):
        return self.total / <double> self.count if self.count else 0.0

    def add(self, int64_t value):
        self.record(value)

    def percentile(self, percent):
        if not 0 <= percent <= 100:
            raise ValueError(f"a percentile lies between 0 and 100: was {percent!r}")
        # In integers: 99.9 is no exact float, and the rank must not depend on how it is rounded.
        share = round(percent * PERCENT_SCALE)
        rank = -(-self.count * share // (100 * PERCENT_SCALE))
        return self._value_at(max(1, rank)) if self.count else 0

    def summary(self):
        return {
            "count": self.count,
            "p50": self.percentile(50),
            "p90": self.percentile(90),
            "p99": self.percentile(99),
            "p99.9": self.percentile(99.9),
            "max": self.max,
        }

    def merge(self, Histogram other not None):
        cdef int bucket
        for bucket in range(BUCKET_COUNT):
            self.buckets[bucket] += other.buckets[bucket]
        self.count += other.count
        self.total = <int64_t> (<uint64_t> self.total + <uint64_t> other.total)
        self.max = max(self.max, other.max)
        self.smallest = min(self.smallest, other.smallest)

    def clear(self):
        cdef int bucket
        for bucket in range(BUCKET_COUNT):
            self.buckets[bucket] = 0
        self.count = self.max = self.total = 0
        self.smallest = INT64_MAX

    def __len__(self):
        return self.count

    def __repr__(self):
        return f"<Histogram {self.summary()}>"
