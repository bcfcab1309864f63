"""Messages of one shape, laid out once."""

from libc.stdint cimport int32_t

from tidings.fix.writer cimport Frame


ctypedef struct Slot:
    int kind
    int detail                  # decimals of FIXED and TIME, -1 if each value says; the data field of DATA
    int32_t tag
    Py_ssize_t text_start       # what stands in front of the value: constants, always written …
    Py_ssize_t tag_start        # … and from here `tag=`, written with a value only
    Py_ssize_t text_end


cdef class MessageLayout:
    cdef readonly bytes msg_type
    cdef Frame _frame
    cdef bytes _text                # of all slots, end to end
    cdef Slot* _slots
    cdef Py_ssize_t _count
    cdef Py_ssize_t _room           # bytes for all slots, whatever their values, but long texts
    cdef Py_ssize_t _tail_start     # constants behind the last value
    cdef int32_t _constants         # fields that are always there, 35 among them
    cdef int32_t _soh_wanted

    cdef int _set_slots(self, list slots) except -1
    cdef int _write(self, tuple values) except -1
    # Each writes a value at `out`, where SLOT_BYTES are free, and gives its end.
    cdef char* _write_value(self, Slot* slot, object value, char* out) except NULL
    cdef char* _write_text(self, Slot* slot, object value, char* out) except NULL
    cdef char* _grown(self, char* out, Py_ssize_t more) except NULL
    cdef char* _write_data(self, Slot* slot, object value, char* out) except NULL
