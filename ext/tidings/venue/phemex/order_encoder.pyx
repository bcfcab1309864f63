"""Orders → signed HTTP/1.1 requests, byte for byte what Phemex reads.

A request ends in its signature, so that everything before is written once, in order, into the caller's buffer:

    PUT /g-orders/create?<constant parameters>&clOrdID=<id>&orderQtyRq=<qty>&priceRp=<price> HTTP/1.1
    Host, extra fields, x-phemex-access-token, Content-Length       constant
    x-phemex-request-expiry: <10 digits>                            written once per expiry
    x-phemex-request-signature: <64 hex digits>                     over path + query + expiry + body

Creates go by PUT with all parameters in the query (what the venue recommends, and the cheapest to sign), or by POST
with a JSON body. Nothing is counted into the buffer before the last byte stands: a refused order leaves no trace.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.model.trigger_prices cimport TriggerPrices, are_set
from tidings.venue.phemex.order_template cimport (
    FIELD_ORDER_QTY, FIELD_PEG_OFFSET, FIELD_PRICE, FIELD_STOP_LOSS, FIELD_STOP_PX, FIELD_TAKE_PROFIT, NUMBER_BYTES_MAX,
    VALUES_BYTES_MAX, PhemexTemplate, check_cl_ord_id, lay_out_template,
)
from tidings.venue.phemex.signing cimport Credentials
from tidings.wire.buffer cimport ByteBuffer
from tidings.wire.digits cimport write_fixed, write_int64, write_uuid
from tidings.wire.hmac_sha256 cimport MacState, mac_update

import re

from tidings.errors import UsageError
from tidings.venue.phemex.order_fields import words_of

cdef enum:
    ID_BYTES_MAX = 60                   # "&origClOrdID=" and 40 characters
    LENGTH_BYTES_MAX = 80               # Content-Type and Content-Length
    REQUEST_LINE_BYTES_MAX = 8000       # RFC 9112 §3: what every server should take

cdef int64_t EXPIRY_S_MIN = 1_000_000_000       # ten digits: the request's layout rests on it, until the year 2286
cdef int64_t EXPIRY_S_MAX = 9_999_999_999

cdef bytes NO_LENGTH = b""
cdef bytes EMPTY_BODY = b"Content-Length: 0\r\n"        # RFC 9110 §8.6: sent when the method expects a body
cdef bytes JSON_BODY = b"Content-Type: application/json\r\nContent-Length: "
cdef bytes ENDING = b"x-phemex-request-expiry: 0000000000\r\nx-phemex-request-signature: " + b"0" * 64 + b"\r\n\r\n"

_METHODS_WITH_BODY = ("PUT", "POST")
_METHODS = ("GET", "DELETE", *_METHODS_WITH_BODY)
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")              # RFC 9110 §5.6.2: token
_HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_OWN_HEADERS = (
    "host", "content-length", "content-type", "transfer-encoding",
    "x-phemex-access-token", "x-phemex-request-expiry", "x-phemex-request-signature",
)
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")
_QUERY = re.compile(r"([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")      # RFC 3986 §3.4


cdef class OrderEncoder:
    def __init__(self, str host not None, Credentials credentials=None, *, bint create_by_post=False, extra_headers=()):
        if not _HOST.fullmatch(host):
            raise UsageError(f"host must be a name with an optional port: was {host!r}")
        self.host = host
        self.credentials = credentials
        self.create_by_post = create_by_post
        self.plain_fields = f" HTTP/1.1\r\nHost: {host}\r\n{_header_lines(extra_headers)}".encode()
        self.signed_fields = b""
        if credentials is not None:
            self.signed_fields = self.plain_fields + f"x-phemex-access-token: {credentials.api_key}\r\n".encode()
        assert len(ENDING) == ENDING_BYTES
        memcpy(self.ending, PyBytes_AS_STRING(ENDING), ENDING_BYTES)
        self.scratch = ByteBuffer()

    cdef int set_expiry(self, int64_t expiry_s) except -1:
        if expiry_s == self.expiry_in_ending_s:
            return 0
        if not EXPIRY_S_MIN <= expiry_s <= EXPIRY_S_MAX:
            raise UsageError(f"expiry_s must be Unix time in seconds, ten digits: was {expiry_s}")
        write_fixed(self.ending + EXPIRY_OFFSET, expiry_s, EXPIRY_DIGITS)
        self.expiry_in_ending_s = expiry_s
        return 0

    cpdef PhemexTemplate make_template(self, OrderTerms terms):
        if self.credentials is None:
            raise UsageError("this encoder has no credentials: it cannot sign orders")
        terms.template = lay_out_template(terms, self.credentials, self.create_by_post)
        return terms.template

    cdef int encode_new(self, Order order, ByteBuffer out) except -1:
        cdef PhemexTemplate template = self._template_of(order.terms)
        self._check_signing()
        template.check(order)
        return self._encode_post(template, order, out) if template.is_json else self._encode_put(template, order, out)

    cdef int _encode_put(self, PhemexTemplate template, Order order, ByteBuffer out) except -1:
        cdef MacState state = template.create_state
        cdef char* varying = _start(out, template.create_head, VALUES_BYTES_MAX + self._rest_bytes())
        return self._finish(out, template.write_values(varying, order), &state, varying, EMPTY_BODY)

    cdef int _encode_post(self, PhemexTemplate template, Order order, ByteBuffer out) except -1:
        cdef char[VALUES_BYTES_MAX] values      # aside, because Content-Length comes before the body
        cdef Py_ssize_t values_bytes = template.write_values(values, order) - values
        cdef Py_ssize_t head_bytes = PyBytes_GET_SIZE(template.create_head)
        cdef Py_ssize_t path_bytes = PyBytes_GET_SIZE(template.create_path)
        cdef MacState state
        cdef char* end
        if template.create_state_expiry_s != self.expiry_in_ending_s:
            template.refresh_create_state(self.expiry_in_ending_s, self.ending + EXPIRY_OFFSET, EXPIRY_DIGITS)
        state = template.create_state
        mac_update(&state, values, values_bytes)
        end = _start(out, b"POST ", path_bytes + head_bytes + values_bytes + self._rest_bytes())
        end = _put(_put(end, template.create_path), self.signed_fields)
        end = _write_json_length(end, head_bytes + values_bytes)
        end = _put(self._write_ending(end, &state), template.create_head)
        memcpy(end, values, values_bytes)
        out.count = end + values_bytes - out.start
        return 0

    cdef int encode_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, ByteBuffer out) except -1:
        cdef PhemexTemplate template = self._template_of(order.terms)
        cdef MacState state = template.amend_state
        cdef char* varying
        cdef char* end
        self._check_signing()
        if price_ticks == 0 and qty_lots == 0 and not are_set(&order.amend_triggers):
            raise UsageError(f"order {order.cl_ord_id} on {template.symbol}: an amend needs a new price or quantity")
        varying = _start(out, template.amend_head, ID_BYTES_MAX + 6 * NUMBER_BYTES_MAX + self._rest_bytes())
        if order.order_id_high:
            end = _write_order_id(_put(varying, b"orderID="), order)
        else:
            end = _write_cl_ord_id(_put(varying, b"origClOrdID="), order)
        if price_ticks:
            end = template.write_amended(end, FIELD_PRICE, price_ticks)
        if qty_lots:
            end = template.write_amended(end, FIELD_ORDER_QTY, qty_lots)
        if are_set(&order.amend_triggers):
            end = _write_triggers(template, end, &order.amend_triggers)
        return self._finish(out, end, &state, varying, EMPTY_BODY)

    cdef int encode_cancel(self, Order order, bint by_order_id, ByteBuffer out) except -1:
        cdef PhemexTemplate template = self._template_of(order.terms)
        cdef MacState state = template.cancel_state
        cdef char* varying
        cdef char* end
        self._check_signing()
        varying = _start(out, template.cancel_head, ID_BYTES_MAX + self._rest_bytes())
        if by_order_id:
            end = _write_order_id(_put(varying, b"orderID="), order)
        else:
            end = _write_cl_ord_id(_put(varying, b"clOrdID="), order)
        return self._finish(out, end, &state, varying, NO_LENGTH)

    cdef int encode_cancel_many(self, Instrument instrument, list orders, ByteBuffer out) except -1:
        cdef PhemexTemplate template
        cdef bint by_order_id = _check_together(instrument, orders)
        cdef MacState state
        cdef char* varying
        cdef char* end
        cdef Order order
        template = self._template_of((<Order>orders[0]).terms)
        self._check_signing()
        if template.cancel_many_head is None:
            raise UsageError(f"{instrument.symbol}: the venue has no bulk cancel for spot: cancel one by one, or all")
        if not by_order_id and not template.cancels_many_by_client_id:
            raise UsageError(f"{instrument.symbol}: bulk cancel needs the venue's id of every order: wait for its ack")
        state = template.cancel_many_state
        varying = _start(out, template.cancel_many_head, ID_BYTES_MAX * (len(orders) + 1) + self._rest_bytes())
        end = _put(varying, b"orderID=" if by_order_id else b"clOrdID=")
        for order in orders:
            end = _write_order_id(end, order) if by_order_id else _write_cl_ord_id(end, order)
            end[0] = c","
            end += 1
        return self._finish(out, end - 1, &state, varying, NO_LENGTH)

    cdef int encode_cancel_all(self, Instrument instrument, bint untriggered, ByteBuffer out) except -1:
        query = f"symbol={instrument.symbol}&untriggered={'true' if untriggered else 'false'}"
        return self.encode_request("DELETE", words_of(instrument).cancel_all_path, query, b"", True, out)

    cdef int encode_request(self, str method, str path, str query, bytes body, bint signed, ByteBuffer out) except -1:
        """Any request, for cold paths. `query` as sent, without its "?"; `body` is JSON text, or empty."""
        cdef bytes path_text, query_text, target
        cdef bytes fields = self.signed_fields if signed else self.plain_fields
        cdef MacState state
        cdef char* end
        _check_request(method, path, query, body)
        path_text, query_text = path.encode(), query.encode()
        target = method.encode() + b" " + path_text + (b"?" + query_text if query_text else b"")
        if signed:
            self._check_signing()
            self.credentials.key.start(&state)
            for part in (path_text, query_text, self.ending[EXPIRY_OFFSET:EXPIRY_OFFSET + EXPIRY_DIGITS], body):
                mac_update(&state, PyBytes_AS_STRING(part), PyBytes_GET_SIZE(part))
        end = _put(_start(out, target, self._rest_bytes() + PyBytes_GET_SIZE(body)), fields)
        if body:
            end = _write_json_length(end, PyBytes_GET_SIZE(body))
        elif method in _METHODS_WITH_BODY:
            end = _put(end, EMPTY_BODY)
        end = self._write_ending(end, &state) if signed else _put(end, b"\r\n")
        out.count = _put(end, body) - out.start
        return 0

    cdef int encode_ping(self, bint signed, ByteBuffer out) except -1:
        return self.encode_request("GET", "/public/time", "", b"", signed, out)

    cdef PhemexTemplate _template_of(self, OrderTerms terms):
        """The terms' own template, if it was made for this encoder's key and way to create."""
        cdef PhemexTemplate template
        if isinstance(terms.template, PhemexTemplate):
            template = <PhemexTemplate>terms.template
            if template.owner is self.credentials and template.is_json == self.create_by_post:
                return template
        return self.make_template(terms)

    cdef int _check_signing(self) except -1:
        if self.expiry_in_ending_s == 0:
            raise UsageError("the encoder has no expiry yet: set it before the first signed request")
        if self.credentials is None:
            raise UsageError("this encoder has no credentials: it cannot sign requests")
        return 0

    cdef Py_ssize_t _rest_bytes(self) noexcept:
        """Room for what follows the target of any request."""
        cdef Py_ssize_t fields_bytes = PyBytes_GET_SIZE(self.signed_fields) + PyBytes_GET_SIZE(self.plain_fields)
        return fields_bytes + LENGTH_BYTES_MAX + ENDING_BYTES

    cdef int _finish(
        self, ByteBuffer out, char* end, MacState* state, const char* varying, bytes length_field
    ) except -1:
        """Hash what a prepared head lacks, the target's bytes since `varying` and the expiry, and end the request."""
        mac_update(state, varying, end - varying)
        mac_update(state, self.ending + EXPIRY_OFFSET, EXPIRY_DIGITS)
        end = self._write_ending(_put(_put(end, self.signed_fields), length_field), state)
        out.count = end - out.start
        return 0

    cdef char* _write_ending(self, char* out, MacState* state) noexcept:
        """Expiry, signature and the blank line; uses `state` up."""
        memcpy(out, self.ending, ENDING_BYTES)
        self.credentials.key.finish_hex(state, out + SIGNATURE_OFFSET)
        return out + ENDING_BYTES

    @property
    def expiry_s(self):
        return self.expiry_in_ending_s

    @expiry_s.setter
    def expiry_s(self, int64_t expiry_s):
        self.set_expiry(expiry_s)

    def write_new(self, Order order not None, ByteBuffer out not None):
        self.encode_new(order, out)

    def new_request(self, Order order not None):
        self.scratch.clear()
        self.encode_new(order, self.scratch)
        return bytes(self.scratch)

    def amend_request(
        self, Order order not None, *, int64_t price_ticks=0, int64_t qty_lots=0, int64_t stop_px_ticks=0,
        int64_t take_profit_ticks=0, int64_t stop_loss_ticks=0, int64_t peg_offset_ticks=0,
    ):
        cdef TriggerPrices before = order.amend_triggers
        cdef TriggerPrices* asked = &order.amend_triggers
        self.scratch.clear()
        asked.stop_px_ticks, asked.take_profit_ticks = stop_px_ticks, take_profit_ticks
        asked.stop_loss_ticks, asked.peg_offset_ticks = stop_loss_ticks, peg_offset_ticks
        try:
            self.encode_amend(order, price_ticks, qty_lots, self.scratch)
        finally:
            order.amend_triggers = before
        return bytes(self.scratch)

    def cancel_request(self, Order order not None, *, bint by_order_id=False):
        self.scratch.clear()
        self.encode_cancel(order, by_order_id, self.scratch)
        return bytes(self.scratch)

    def cancel_many_request(self, Instrument instrument not None, list orders not None):
        self.scratch.clear()
        self.encode_cancel_many(instrument, orders, self.scratch)
        return bytes(self.scratch)

    def cancel_all_request(self, Instrument instrument not None, *, bint untriggered=False):
        self.scratch.clear()
        self.encode_cancel_all(instrument, untriggered, self.scratch)
        return bytes(self.scratch)

    def request(
        self, str method not None, str path not None, str query not None="", bytes body not None=b"", *,
        bint signed=True,
    ):
        self.scratch.clear()
        self.encode_request(method, path, query, body, signed, self.scratch)
        return bytes(self.scratch)

    def ping_request(self, *, bint signed=False):
        self.scratch.clear()
        self.encode_ping(signed, self.scratch)
        return bytes(self.scratch)


cdef inline char* _put(char* out, bytes text) noexcept:
    memcpy(out, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    return out + PyBytes_GET_SIZE(text)


cdef char* _start(ByteBuffer out, bytes head, Py_ssize_t more) except NULL:
    """`head` at the end of `out`, with room for `more` bytes behind it; nothing counted yet."""
    return _put(out.reserve(PyBytes_GET_SIZE(head) + more), head)


cdef char* _write_triggers(PhemexTemplate template, char* out, TriggerPrices* asked) except NULL:
    """What an amend asks for beside price and quantity."""
    if asked.stop_px_ticks:
        out = template.write_amended(out, FIELD_STOP_PX, asked.stop_px_ticks)
    if asked.take_profit_ticks:
        out = template.write_amended(out, FIELD_TAKE_PROFIT, asked.take_profit_ticks)
    if asked.stop_loss_ticks:
        out = template.write_amended(out, FIELD_STOP_LOSS, asked.stop_loss_ticks)
    if asked.peg_offset_ticks:
        out = template.write_amended(out, FIELD_PEG_OFFSET, asked.peg_offset_ticks)
    return out


cdef char* _write_json_length(char* out, Py_ssize_t body_bytes) noexcept:
    out = _put(out, JSON_BODY)
    out += write_int64(out, body_bytes)
    return _put(out, b"\r\n")


cdef char* _write_order_id(char* out, Order order) except NULL:
    if order.order_id_high == 0:
        raise UsageError(f"order {order.cl_ord_id}: the venue's id is not known yet: name it by ClOrdID")
    return write_uuid(out, order.order_id_high, order.order_id_low)


cdef char* _write_cl_ord_id(char* out, Order order) except NULL:
    check_cl_ord_id(order)
    memcpy(out, order.cl_ord_id_text, order.cl_ord_id_bytes)
    return out + order.cl_ord_id_bytes


cdef bint _check_together(Instrument instrument, list orders) except -1:
    """Refuse orders that one bulk cancel cannot name; answers whether the venue's ids are known for all."""
    cdef Order order
    cdef bint has_order_ids = True
    if not 0 < len(orders) <= CANCEL_MANY_ORDERS_MAX:
        raise UsageError(f"a bulk cancel takes 1 to {CANCEL_MANY_ORDERS_MAX} orders: was {len(orders)}")
    for item in orders:
        order = <Order?>item
        if order.terms.instrument.symbol != instrument.symbol:
            other = order.terms.instrument.symbol
            raise UsageError(f"a bulk cancel is for one symbol: was {instrument.symbol} and {other}")
        if order.terms.pos_side != (<Order>orders[0]).terms.pos_side:
            raise UsageError(f"{instrument.symbol}: a bulk cancel is for one position side: split the orders by it")
        has_order_ids &= order.order_id_high != 0
    return has_order_ids


cdef int _check_request(str method, str path, str query, bytes body) except -1:
    if method not in _METHODS:
        raise UsageError(f"method must be one of {', '.join(_METHODS)}: was {method!r}")
    if not _PATH.fullmatch(path):
        raise UsageError(f"path must begin with '/' and hold letters, digits or any of . _ ~ - /: was {path!r}")
    if not _QUERY.fullmatch(query) or query.startswith("?"):
        raise UsageError(f"query must be percent-encoded and without its '?': was {query!r}")
    if len(path) + len(query) > REQUEST_LINE_BYTES_MAX:
        raise UsageError(f"path and query are longer than {REQUEST_LINE_BYTES_MAX} bytes: split the request")
    if body and method not in _METHODS_WITH_BODY:
        raise UsageError(f"{method} takes its parameters in the query, not in a body")
    return 0


cdef str _header_lines(object headers):
    """Extra header fields as text; refuses any that could break the head or repeat what the encoder writes."""
    lines = ""
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise UsageError(f"extra header {name!r} is no header name, or one the encoder writes itself")
        if not _HEADER_VALUE.fullmatch(value):
            raise UsageError(f"extra header {name}: its value must be printable ASCII without spaces at its ends")
        lines += f"{name}: {value}\r\n"
    return lines
