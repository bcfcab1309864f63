"""An armed request: everything constant about a kind of order laid out and hashed ahead."""

from libc.stdint cimport int64_t

from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.wire.hmac_sha256 cimport MacState


cdef enum:
    SLOTS_MAX = 10                  # one per number of an Order, and its ClOrdID
    SLOT_NAME_BYTES_MAX = 31


ctypedef struct Slot:
    # One value that each order writes anew: `name` as it stands on the wire, then the number, then the quote if any.
    int field                       # OrderField
    int scale                       # decimals on the wire; 0: a scaled integer
    int64_t mantissa                # wire value = units × mantissa / 10**scale
    int64_t units_max               # beyond it the product leaves int64
    bint is_optional                # left out when 0
    int name_bytes
    char name[31]


cdef class PhemexTemplate:
    cdef OrderTerms terms
    cdef object owner               # the encoder whose key is in the mid-states
    cdef bint by_post
    # Create: the request line (PUT) or the JSON body (POST) up to the first value, and the hash up to there.
    cdef bytes create_path
    cdef bytes create_head
    cdef MacState create_state
    cdef int64_t create_state_expiry_s      # POST signs the expiry before the body: its state lasts one expiry
    cdef Slot slots[10]
    cdef int slot_count
    cdef int used_fields            # bit set of OrderField: a number outside it must be 0
    cdef Py_ssize_t values_bytes_max
    # Amend and cancel: the request line up to the id.
    cdef bytes amend_head
    cdef MacState amend_state
    cdef bytes cancel_head
    cdef MacState cancel_state
