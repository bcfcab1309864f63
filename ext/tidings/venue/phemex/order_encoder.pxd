"""Orders → signed HTTP/1.1 requests, byte for byte what Phemex reads. Every create goes through a template."""

from libc.stdint cimport int64_t

from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.venue.phemex.order_template cimport PhemexTemplate
from tidings.venue.phemex.signing cimport Credentials
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.hmac_sha256 cimport MacState


cdef enum:
    CANCEL_MANY_ORDERS_MAX = 150        # ids of 40 characters still fit a request line of 8,000 bytes (RFC 9112 §3)
    EXPIRY_OFFSET = 25                  # in `ending`: behind "x-phemex-request-expiry: "
    EXPIRY_DIGITS = 10
    SIGNATURE_OFFSET = 65               # behind "\r\nx-phemex-request-signature: "
    ENDING_BYTES = 133                  # with 64 hex digits and the blank line


cdef class OrderEncoder:
    # Every encode_… appends one whole request to `out`, or raises and leaves `out` as it was.
    # Signed requests need set_expiry first. Not for two threads at once.
    cdef readonly str host
    cdef readonly Credentials credentials       # None: unsigned requests only
    cdef readonly bint create_by_post
    # Header fields, from the end of the target: with the key id, without it; and the last two with their holes.
    cdef bytes signed_fields
    cdef bytes plain_fields
    cdef char[133] ending
    cdef int64_t expiry_in_ending_s             # 0: not set
    cdef ByteBuffer scratch                     # of the Python face

    # Unix time after which the venue refuses what is encoded from now on; setting the same again is free.
    cdef int set_expiry(self, int64_t expiry_s) except -1
    # Laid out and hashed for this encoder's key; kept in terms.template too.
    cpdef PhemexTemplate make_template(self, OrderTerms terms)
    # Uses terms.template, making it first if it is not this encoder's.
    cdef int encode_new(self, Order order, ByteBuffer out) except -1
    # 0 leaves price or quantity as it is. Names the order by the venue's id once known, else by ClOrdID.
    cdef int encode_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, ByteBuffer out) except -1
    cdef int encode_cancel(self, Order order, bint by_order_id, ByteBuffer out) except -1
    # One symbol and posSide, at most CANCEL_MANY_ORDERS_MAX orders. Contracts only: the venue has no bulk cancel for
    # spot (UsageError: cancel one by one). COIN-M takes venue ids only; USD-M takes ClOrdIDs if an order lacks its id.
    cdef int encode_cancel_many(self, Instrument instrument, list orders, ByteBuffer out) except -1
    # Half of it: False: active orders; True: conditional orders that wait for their trigger.
    cdef int encode_cancel_all(self, Instrument instrument, bint untriggered, ByteBuffer out) except -1
    cdef int encode_request(self, str method, str path, str query, bytes body, bint signed, ByteBuffer out) except -1
    # Keep-warm GET /public/time. The VIP host wants even this one signed.
    cdef int encode_ping(self, bint signed, ByteBuffer out) except -1

    cdef PhemexTemplate _template_of(self, OrderTerms terms)
    cdef int _check_signing(self) except -1
    cdef Py_ssize_t _rest_bytes(self) noexcept
    cdef int _encode_put(self, PhemexTemplate template, Order order, ByteBuffer out) except -1
    cdef int _encode_post(self, PhemexTemplate template, Order order, ByteBuffer out) except -1
    cdef int _finish(
        self, ByteBuffer out, char* end, MacState* state, const char* varying, bytes length_field
    ) except -1
    cdef char* _write_ending(self, char* out, MacState* state) noexcept
