"""An armed request: everything constant about a kind of order laid out and hashed ahead.

Constant parameters come first (the venue takes them in any order), so the hash of the path and of all of them is taken
once. Firing copies that state, writes the ClOrdID and the numbers, and hashes only those and the expiry.

Values are written without escaping: every text that reaches a request is checked here against an alphabet that means
nothing in a query or in JSON.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MAX, int64_t
from libc.string cimport memcpy

from tidings.model.execution_report cimport CL_ORD_ID_BYTES_MAX
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.venue.phemex.signing cimport Credentials
from tidings.wire.digits cimport write_decimal
from tidings.wire.hmac_sha256 cimport MacState, mac_update

import re

from tidings.errors import UsageError
from tidings.venue.phemex.order_fields import POS_SIDES, constant_fields, number_fields, words_of

_FIELDS = {
    "price_ticks": FIELD_PRICE,
    "order_qty_lots": FIELD_ORDER_QTY,
    "stop_px_ticks": FIELD_STOP_PX,
    "take_profit_ticks": FIELD_TAKE_PROFIT,
    "take_profit_px_ticks": FIELD_TAKE_PROFIT_PX,
    "stop_loss_ticks": FIELD_STOP_LOSS,
    "stop_loss_px_ticks": FIELD_STOP_LOSS_PX,
    "peg_offset_ticks": FIELD_PEG_OFFSET,
    "display_qty_lots": FIELD_DISPLAY_QTY,
}
_FIELD_NAMES = {code: name for name, code in _FIELDS.items()}

_PLAIN = re.compile(r"[A-Za-z0-9._~-]{1,40}")       # RFC 3986 §2.3: unreserved, needs no encoding anywhere

cdef bint[256] CL_ORD_ID_BYTES
for _byte in range(256):
    CL_ORD_ID_BYTES[_byte] = re.fullmatch(r"[A-Za-z0-9._-]", chr(_byte)) is not None


cdef class PhemexTemplate:
    def __init__(self):
        raise TypeError("made by OrderEncoder.make_template(terms)")

    cdef int check(self, Order order) except -1:
        cdef int index
        cdef int64_t units
        cdef Slot* slot
        check_cl_ord_id(order)
        if _set_fields(order) & ~self.used_fields:
            _refuse_unused(self, order)
        for index in range(self.slot_count):
            slot = &self.slots[index]
            units = _units(order, slot.field)
            if units < slot.units_min or units > slot.units_max or (units == 0 and slot.units_min < 0):
                _refuse_units(self, order, slot, units)
        return 0

    cdef char* write_values(self, char* out, Order order) noexcept:
        cdef int index
        cdef int64_t units
        cdef Slot* slot
        memcpy(out, order.cl_ord_id_text, order.cl_ord_id_bytes)
        out += order.cl_ord_id_bytes
        if self.is_json:
            out[0] = c'"'
            out += 1
        for index in range(self.slot_count):
            slot = &self.slots[index]
            units = _units(order, slot.field)
            if units or not slot.is_optional:
                memcpy(out, slot.name, SLOT_NAME_BYTES)
                out += slot.name_bytes
                out += write_decimal(out, units * slot.mantissa, slot.scale)
                out[0] = c'"'           # overwritten by what follows unless it belongs there
                out += slot.is_quoted
        if self.is_json:
            out[0] = c"}"
            out += 1
        return out

    cdef char* write_amended(self, char* out, OrderField field, int64_t units) except NULL:
        cdef int index
        cdef Slot* slot
        for index in range(self.slot_count):
            slot = &self.slots[index]
            if slot.field == field:
                if units == 0 or units < slot.units_min or units > slot.units_max or (units < 0 <= slot.units_min):
                    raise UsageError(f"{self.symbol}: {_FIELD_NAMES[field]} must be 1 to {slot.units_max}: was {units}")
                memcpy(out, slot.amend_name, SLOT_NAME_BYTES)
                out += slot.amend_name_bytes
                return out + write_decimal(out, units * slot.mantissa, slot.scale)
        raise UsageError(f"{self.symbol}: an order of this type has no {_FIELD_NAMES[field]} to amend")

    cdef int refresh_create_state(self, int64_t expiry_s, const char* expiry_digits, int digit_count) except -1:
        """Hash path, expiry and the constant part of the JSON body, once per expiry."""
        _hash_text(self.owner, &self.create_state, self.create_path)
        mac_update(&self.create_state, expiry_digits, digit_count)
        mac_update(&self.create_state, PyBytes_AS_STRING(self.create_head), PyBytes_GET_SIZE(self.create_head))
        self.create_state_expiry_s = expiry_s
        return 0


cdef inline int64_t _units(Order order, OrderField field) noexcept:
    if field == FIELD_PRICE:
        return order.price_ticks
    if field == FIELD_ORDER_QTY:
        return order.order_qty_lots
    if field == FIELD_STOP_PX:
        return order.stop_px_ticks
    if field == FIELD_TAKE_PROFIT:
        return order.take_profit_ticks
    if field == FIELD_TAKE_PROFIT_PX:
        return order.take_profit_px_ticks
    if field == FIELD_STOP_LOSS:
        return order.stop_loss_ticks
    if field == FIELD_STOP_LOSS_PX:
        return order.stop_loss_px_ticks
    if field == FIELD_PEG_OFFSET:
        return order.peg_offset_ticks
    return order.display_qty_lots


cdef inline int _set_fields(Order order) noexcept:
    """Bit set of the fields that are not 0."""
    return (
        (order.price_ticks != 0) << FIELD_PRICE | (order.order_qty_lots != 0) << FIELD_ORDER_QTY
        | (order.stop_px_ticks != 0) << FIELD_STOP_PX | (order.take_profit_ticks != 0) << FIELD_TAKE_PROFIT
        | (order.take_profit_px_ticks != 0) << FIELD_TAKE_PROFIT_PX | (order.stop_loss_ticks != 0) << FIELD_STOP_LOSS
        | (order.stop_loss_px_ticks != 0) << FIELD_STOP_LOSS_PX | (order.peg_offset_ticks != 0) << FIELD_PEG_OFFSET
        | (order.display_qty_lots != 0) << FIELD_DISPLAY_QTY
    )


cdef int check_cl_ord_id(Order order) except -1:
    """Refuse a ClOrdID that is empty, too long, or could end a parameter."""
    cdef int index
    cdef bint is_fit = 0 < order.cl_ord_id_bytes <= CL_ORD_ID_BYTES_MAX
    for index in range(order.cl_ord_id_bytes if is_fit else 0):
        is_fit &= CL_ORD_ID_BYTES[<unsigned char>order.cl_ord_id_text[index]]
    if not is_fit:
        raise UsageError(
            f"ClOrdID must be 1 to {CL_ORD_ID_BYTES_MAX} letters, digits, '.', '_' or '-': was {order.cl_ord_id!r}"
        )
    return 0


cdef int _refuse_unused(PhemexTemplate template, Order order) except -1:
    cdef int unused = _set_fields(order) & ~template.used_fields
    names = ", ".join(name for name, code in _FIELDS.items() if unused >> code & 1)
    raise UsageError(f"order {order.cl_ord_id} on {template.symbol}: its terms have no place for {names}: leave it 0")


cdef int _refuse_units(PhemexTemplate template, Order order, Slot* slot, int64_t units) except -1:
    range_text = f"{slot.units_min} to {slot.units_max}{' and not 0' if slot.units_min < 0 else ''}"
    name = _FIELD_NAMES[slot.field]
    raise UsageError(f"order {order.cl_ord_id} on {template.symbol}: {name} must be {range_text}: was {units}")


cdef PhemexTemplate lay_out_template(OrderTerms terms, Credentials owner, bint is_json):
    """Lay out and hash what `terms` fix. UsageError for terms that the venue has no words for."""
    cdef PhemexTemplate template = PhemexTemplate.__new__(PhemexTemplate)
    words = words_of(terms.instrument)
    fields = constant_fields(terms)
    for _, value in fields:
        if not isinstance(value, bool) and not _PLAIN.fullmatch(value):
            raise UsageError(f"{terms.instrument.symbol}: only letters, digits and . _ ~ - can be sent: was {value!r}")
    template.symbol = terms.instrument.symbol
    template.owner = owner
    template.is_json = is_json
    _lay_out_create(template, words.create_by_post_path if is_json else words.create_by_put_path, fields)
    for field in number_fields(terms):
        _add_slot(template, field, words.writes_decimals)
    _lay_out_changes(template, terms, words)
    return template


cdef int _lay_out_create(PhemexTemplate template, str path, list fields) except -1:
    """The constant part, up to the ClOrdID. A POST is hashed later: the expiry comes before its body."""
    template.create_path = path.encode()
    if template.is_json:
        members = "".join(f'"{key}":true,' if value is True else f'"{key}":"{value}",' for key, value in fields)
        template.create_head = ("{" + members + '"clOrdID":"').encode()
        return 0
    parameters = "".join(f"{key}=true&" if value is True else f"{key}={value}&" for key, value in fields)
    query = f"{parameters}clOrdID=".encode()
    template.create_head = b"PUT " + template.create_path + b"?" + query
    _hash_text(template.owner, &template.create_state, template.create_path + query)
    return 0


cdef int _add_slot(PhemexTemplate template, object field, bint writes_decimals) except -1:
    cdef Slot* slot = &template.slots[template.slot_count]
    slot.field = _FIELDS[field.field]
    slot.scale = field.scale
    slot.mantissa = field.mantissa
    slot.units_max = INT64_MAX // slot.mantissa
    slot.is_optional = field.is_optional
    slot.units_min = -slot.units_max if field.is_signed else 0 if field.is_optional or field.may_be_zero else 1
    slot.is_quoted = template.is_json and writes_decimals
    name = f',"{field.name}":' if template.is_json else f"&{field.name}="
    slot.name_bytes = _copy_name(slot.name, name + '"' if slot.is_quoted else name)
    slot.amend_name_bytes = _copy_name(slot.amend_name, f"&{field.name}=")
    template.slot_count += 1
    template.used_fields |= 1 << slot.field
    return 0


cdef int _copy_name(char* target, str name) except -1:
    cdef bytes text = name.encode()
    if PyBytes_GET_SIZE(text) > SLOT_NAME_BYTES:
        raise UsageError(f"parameter {name} is longer than the {SLOT_NAME_BYTES} bytes of a slot")
    memcpy(target, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    return <int>PyBytes_GET_SIZE(text)


cdef int _lay_out_changes(PhemexTemplate template, OrderTerms terms, object words) except -1:
    """Amend and cancel up to where the order, or a list of them, is named."""
    query = f"symbol={terms.instrument.symbol}&"
    if words.has_pos_side:
        query += f"posSide={POS_SIDES[terms.pos_side]}&"
    template.amend_head = f"PUT {words.amend_path}?{query}".encode()
    template.cancel_head = f"DELETE {words.cancel_path}?{query}".encode()
    _hash_text(template.owner, &template.amend_state, (words.amend_path + query).encode())
    _hash_text(template.owner, &template.cancel_state, (words.cancel_path + query).encode())
    template.cancels_many_by_client_id = words.cancels_many_by_client_id
    if words.cancel_many_path is not None:
        template.cancel_many_head = f"DELETE {words.cancel_many_path}?{query}".encode()
        _hash_text(template.owner, &template.cancel_many_state, (words.cancel_many_path + query).encode())
    return 0


cdef int _hash_text(Credentials owner, MacState* state, bytes text) except -1:
    owner.key.start(state)
    mac_update(state, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    return 0
