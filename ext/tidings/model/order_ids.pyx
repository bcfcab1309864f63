"""ClOrdIDs (tag 11): `T`, nine base-32 digits of the session's start in milliseconds, ten decimal digits of a counter.

The counter is the order's handle, so an id that comes back from the venue finds its order without a lookup of text. The
width never changes, so a request template can be patched in place; the prefix never changes within a session, so it can
be hashed ahead. Two sessions differ unless they start in the same millisecond. Ids sort by session, then by counter.
"""

from libc.stdint cimport int64_t
from libc.string cimport memcmp, memcpy

from tidings.errors import UsageError

# Crockford's base 32: no I, L, O, U, so that an id read aloud is typed right, and in ASCII order, so that ids sort.
cdef const char* DIGITS = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"

cdef enum:
    PREFIX_LETTER = 84                          # "T", for tidings
    TIME_DIGITS = 9

cdef int64_t COUNTER_MAX = 9_999_999_999


cdef class ClOrdIDMaker:
    """Gives out the ids of one session."""

    def __init__(self, *, int64_t wall_ns):
        cdef int64_t rest
        cdef int i
        if wall_ns < 0:
            raise UsageError(f"wall_ns must be a Unix time in nanoseconds, was {wall_ns}")
        self.session_wall_ms = wall_ns // 1_000_000     # 43 bits at most; nine digits hold 45
        self.last_counter = 0
        self.prefix_text[0] = PREFIX_LETTER
        rest = self.session_wall_ms
        for i in range(TIME_DIGITS, 0, -1):
            self.prefix_text[i] = DIGITS[rest & 31]
            rest >>= 5

    def __repr__(self):
        return f"<ClOrdIDMaker {self.prefix} last {self.last_counter}>"

    @property
    def prefix(self):
        return self.prefix_text[:PREFIX_BYTES].decode("ascii")

    def next(self):
        cdef int64_t counter = self.take()
        if counter == 0:
            raise OverflowError(f"session {self.prefix} has used its {COUNTER_MAX} order ids: start a new one")
        return counter

    def text(self, int64_t counter):
        cdef char[CL_ORD_ID_BYTES] out
        if not 0 < counter <= COUNTER_MAX:
            raise UsageError(f"an order handle is 1 to {COUNTER_MAX}, was {counter}")
        self.write(counter, out)
        return out[:CL_ORD_ID_BYTES].decode("ascii")

    def counter(self, str text not None):
        data = text.encode("utf-8", "replace")
        return self.parse(data, len(data))

    cdef int64_t take(self) noexcept nogil:
        if self.last_counter == COUNTER_MAX:
            return 0
        self.last_counter += 1
        return self.last_counter

    cdef int write(self, int64_t counter, char* out) noexcept nogil:
        cdef int i
        memcpy(out, self.prefix_text, PREFIX_BYTES)
        for i in range(CL_ORD_ID_BYTES - 1, PREFIX_BYTES - 1, -1):
            out[i] = <char> (c"0" + counter % 10)
            counter //= 10
        return CL_ORD_ID_BYTES

    cdef int64_t parse(self, const char* text, Py_ssize_t count) noexcept nogil:
        cdef int64_t counter = 0
        cdef int i
        if count != CL_ORD_ID_BYTES or memcmp(text, self.prefix_text, PREFIX_BYTES) != 0:
            return 0
        for i in range(PREFIX_BYTES, CL_ORD_ID_BYTES):
            if not c"0" <= text[i] <= c"9":
                return 0
            counter = counter * 10 + (text[i] - c"0")
        return counter


def session_wall_ms_of(str text not None):
    """When the session began that made `text`, or None if tidings did not make it."""
    if len(text) != CL_ORD_ID_BYTES or text[0] != "T" or not text.isascii():
        return None
    if not text[PREFIX_BYTES:].isdigit():
        return None
    digits = DIGITS.decode("ascii")
    wall_ms = 0
    for digit in text[1:PREFIX_BYTES]:
        value = digits.find(digit)
        if value < 0:
            return None
        wall_ms = wall_ms * 32 + value
    return wall_ms


def check_cl_ord_id(str text not None):
    """`text` itself if it may be a caller's own ClOrdID. Raises UsageError otherwise.

    Ids of the form made here are refused: they would be taken for a handle.
    """
    data = text.encode("utf-8", "replace")
    if not is_cl_ord_id(data, len(data)):
        raise UsageError(f"a ClOrdID is 1 to {USER_CL_ORD_ID_BYTES_MAX} of A-Z a-z 0-9 . _ -, was {text[:60]!r}")
    if session_wall_ms_of(text) is not None:
        raise UsageError(f"ClOrdID {text!r} has the form tidings keeps for itself: choose another")
    return text
