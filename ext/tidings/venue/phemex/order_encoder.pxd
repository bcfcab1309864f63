"""Orders → signed HTTP/1.1 requests, byte for byte what Phemex reads. Every create goes through a template."""

from libc.stdint cimport int64_t

from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.venue.phemex.order_template cimport PhemexTemplate
from tidings.venue.phemex.signing cimport Credentials
from tidings.wire.buffer cimport ByteBuffer


cdef enum:
    CANCEL_MANY_ORDERS_MAX = 150        # ids of 40 characters still fit a request line of 8,000 bytes (RFC 9112 §3)


cdef class OrderEncoder:
    # Every encode_… appends one whole request to `out`, or raises and leaves `out` as it was.
    # Signed requests need set_expiry first. Not for two threads at once.
    cdef readonly str host
    cdef readonly Credentials credentials       # None: unsigned requests only
    cdef readonly bint create_by_post

    cdef int set_expiry(self, int64_t expiry_s) except -1
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
