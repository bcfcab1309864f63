"""An armed request: everything constant about a kind of order laid out and hashed ahead."""

from libc.stdint cimport int64_t

from tidings.model.execution_report cimport CL_ORD_ID_BYTES_MAX
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.venue.phemex.signing cimport Credentials
from tidings.wire.digits cimport DECIMAL_BYTES_MAX
from tidings.wire.hmac_sha256 cimport MacState


cdef enum:
    SLOTS_MAX = 9                   # the numbers of an Order
    SLOT_NAME_BYTES = 32            # copied whole, in two moves; what is too much is overwritten by the number
    NUMBER_BYTES_MAX = SLOT_NAME_BYTES + DECIMAL_BYTES_MAX + 1      # with its name and a quote
    VALUES_BYTES_MAX = CL_ORD_ID_BYTES_MAX + SLOTS_MAX * NUMBER_BYTES_MAX + 2


cdef enum OrderField:
    FIELD_PRICE = 0
    FIELD_ORDER_QTY = 1
    FIELD_STOP_PX = 2
    FIELD_TAKE_PROFIT = 3
    FIELD_TAKE_PROFIT_PX = 4
    FIELD_STOP_LOSS = 5
    FIELD_STOP_LOSS_PX = 6
    FIELD_PEG_OFFSET = 7
    FIELD_DISPLAY_QTY = 8


ctypedef struct Slot:
    # One number that each order writes anew, behind its name and punctuation.
    OrderField field
    int scale                       # decimals on the wire; 0: an integer
    int64_t mantissa                # wire value = units × mantissa / 10**scale
    int64_t units_min, units_max    # what may be sent; the product stays within int64
    bint is_optional                # left out when 0
    bint is_quoted                  # a JSON string
    int name_bytes
    char[32] name                   # in a create
    int amend_name_bytes
    char[32] amend_name


cdef class PhemexTemplate:
    cdef readonly str symbol
    cdef Credentials owner          # whose key is in the hashed prefixes
    cdef bint is_json               # create by POST
    # Create: the request line (PUT) or the JSON body (POST) up to the ClOrdID's value, and the hash up to there.
    cdef bytes create_path
    cdef bytes create_head
    cdef MacState create_state
    cdef int64_t create_state_expiry_s      # POST signs the expiry before the body: its state lasts one expiry
    cdef Slot[9] slots
    cdef int slot_count
    cdef int used_fields            # bit set of OrderField: a number outside it must be 0
    # Amend and cancel: the request line up to the first changing parameter.
    cdef bytes amend_head
    cdef MacState amend_state
    cdef bytes cancel_head
    cdef MacState cancel_state
    cdef bytes cancel_many_head     # None: the line has no bulk cancel
    cdef MacState cancel_many_state
    cdef bint cancels_many_by_client_id

    # Refuse an order with a number missing, out of range, or without a place in these terms; or with an unfit ClOrdID.
    cdef int check(self, Order order) except -1
    # ClOrdID and numbers at `out`, which has VALUES_BYTES_MAX bytes; the end of what was written. Only after `check`.
    cdef char* write_values(self, char* out, Order order) noexcept
    # One amended number, "&name=value"; `out` has NUMBER_BYTES_MAX bytes.
    cdef char* write_amended(self, char* out, OrderField field, int64_t units) except NULL
    cdef int refresh_create_state(self, int64_t expiry_s, const char* expiry_digits, int digit_count) except -1


cdef PhemexTemplate lay_out_template(OrderTerms terms, Credentials owner, bint is_json)
cdef int check_cl_ord_id(Order order) except -1
