"""FIX messages into a buffer that is used again and again."""

from libc.stdint cimport int32_t, int64_t

from tidings.fix.values cimport SECOND_BYTES
from tidings.wire.buffer cimport ByteBuffer


cdef enum:
    FRAME_BYTES_MAX = 64            # room in front of a body for fields 8 and 9, and behind it for field 10
    BEGIN_STRING_BYTES_MAX = 32


cdef class Frame:
    """A buffer with room for 8 and 9 in front of the body; both are written last, where they end at the body."""
    cdef ByteBuffer buffer
    cdef bytes begin                # `8=FIX.4.4|9=`
    cdef int64_t second             # the second that `second_text` tells
    cdef char[SECOND_BYTES] second_text

    cdef void open(self) noexcept
    # `unix_ns` as text: at most TIME_BYTES_MAX; how many.
    cdef int write_time(self, char* out, int64_t unix_ns, int digits) noexcept
    # The whole message. `soh_wanted`: how many SOH the body must hold; None if it holds another number.
    cdef bytes close(self, int32_t soh_wanted)


cdef class FixWriter:
    cdef Frame _frame
    cdef int32_t _soh_wanted
    cdef bint _is_open

    # Room for `more` bytes of value behind `tag=`, already written.
    cdef char* _open_field(self, int32_t tag, Py_ssize_t more) except NULL
    cdef int _close_field(self, Py_ssize_t count) except -1


cdef int check_digits(int digits) except -1
cdef int check_time(int64_t unix_ns) except -1
