"""Where an order's time goes: four histograms, all measured from the decision.

Nobody else on the order path measures. The stages of one order, in the order they pass: *encode* until its bytes are
complete and signed, *write* until the kernel has them, *reply* until the venue's answer is parsed, *stream* until the
account stream first speaks of it. All in nanoseconds.
"""

cimport cython
from libc.stdint cimport int64_t

from tidings.metrics.histogram cimport Histogram

NAMES = ("encode", "write", "reply", "stream")
MARKS = ("p50", "p99", "p99.9", "max")


@cython.final
cdef class Stages:
    """The latencies of one engine."""

    def __cinit__(self):
        self.encode = Histogram()
        self.write = Histogram()
        self.reply = Histogram()
        self.stream = Histogram()

    cdef void record_encode(self, int64_t elapsed_ns) noexcept:
        self.encode.record(elapsed_ns)

    cdef void record_write(self, int64_t elapsed_ns) noexcept:
        self.write.record(elapsed_ns)

    cdef void record_reply(self, int64_t elapsed_ns) noexcept:
        self.reply.record(elapsed_ns)

    cdef void record_stream(self, int64_t elapsed_ns) noexcept:
        self.stream.record(elapsed_ns)

    def add(self, str stage not None, int64_t elapsed_ns):
        if stage == "encode":
            self.record_encode(elapsed_ns)
        elif stage == "write":
            self.record_write(elapsed_ns)
        elif stage == "reply":
            self.record_reply(elapsed_ns)
        elif stage == "stream":
            self.record_stream(elapsed_ns)
        else:
            raise ValueError(f"an order's stages are {', '.join(NAMES)}: was {stage!r}")

    def histograms(self):
        return {name: getattr(self, name) for name in NAMES}

    def latency_us(self):
        return {
            name: {mark: value_ns / 1000 for mark, value_ns in histogram.summary().items() if mark in MARKS}
            for name, histogram in self.histograms().items()
        }

    def merge(self, Stages other not None):
        for name, histogram in self.histograms().items():
            histogram.merge(getattr(other, name))

    def clear(self):
        for histogram in self.histograms().values():
            histogram.clear()
