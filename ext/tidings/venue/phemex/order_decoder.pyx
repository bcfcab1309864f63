"""Order replies: `{"code":0,"msg":"","data":{…order…}}` (phemex docs 2026, "REST API", "Contract", "Spot").

A code-0 reply means that the trading engine took the request, nothing more: resting, fills and cancellation are told
by the account stream. So the request decides what a good reply means (PENDING_NEW, PENDING_REPLACE, PENDING_CANCEL),
and the order's own words only where they say more. `code` ≠ 0 (or `bizError`, the same number inside the order) is a
refusal.

What the cursor does not understand (a backslash in a key, say) is given to orjson and tried once more. What is still
not understood, belongs to another symbol or names no order gives None.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t
from libc.string cimport memcmp, memset

from tidings.model.enums cimport (
    EXEC_CANCELED, EXEC_CANCEL_REJECTED, EXEC_NEW, EXEC_PENDING_CANCEL, EXEC_PENDING_NEW, EXEC_PENDING_REPLACE,
    EXEC_REJECTED, EXEC_REPLACE_REJECTED, EXEC_STATUS, EXEC_TRIGGERED, EXEC_UNTRIGGERED, LINE_INVERSE, LINE_LINEAR,
    LINE_SPOT, REQUEST_AMEND, REQUEST_CANCEL, REQUEST_CANCEL_ALL, REQUEST_CANCEL_MANY, REQUEST_NEW, SOURCE_REPLY,
    STATUS_REJECTED,
)
from tidings.model.execution_report cimport UNSET, ExecutionReport, make_report
from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.order_values cimport (
    EXEC_WORD_PENDING_NEW, WORD_CANCELED, WORD_DEACTIVATED, WORD_FILLED, WORD_NEW, WORD_PARTIALLY_FILLED, WORD_REJECTED,
    WORD_TRIGGERED, WORD_UNTRIGGERED, copy_cl_ord_id, exec_word, int_of, is_word, price_ticks_of, qty_lots_of, side_of,
    status_of_word, status_word, unless_zero, uuid_of,
)
from tidings.wire.json_cursor cimport (
    FAULT_NONE, JSON_ABSENT, JSON_ARRAY, JSON_END, JSON_ESCAPED, JSON_OBJECT, JSON_STRING, JsonCursor, JsonValue,
    json_enter, json_is_at_end, json_next_element, json_pick, json_pick_in_order, json_plain, json_skip,
    json_start, json_text,
)
from tidings.wire.json_keys cimport JsonKeys

cdef enum:
    BULK_ORDERS_MAX = 1000      # orders in one bulk-cancel reply; the venue's own limit is not documented
    CODE_MAX = 1 << 30          # business codes are five digits
    HTTP_OK = 200

cdef enum:                      # slots of ENVELOPE
    TOP_CODE
    TOP_MSG
    TOP_DATA

cdef enum:                      # slots of the three order tables
    REPLY_BIZ_ERROR
    REPLY_ORDER_ID
    REPLY_CL_ORD_ID
    REPLY_SYMBOL
    REPLY_SIDE
    REPLY_TRANSACT_TIME
    REPLY_ACTION_TIME
    REPLY_EXEC_STATUS
    REPLY_ORD_STATUS
    REPLY_PRICE
    REPLY_STOP_PX
    REPLY_QTY
    REPLY_CUM_QTY
    REPLY_LEAVES_QTY
    REPLY_QTY_TYPE
    REPLY_QUOTE_QTY

cdef JsonKeys ENVELOPE, TOTAL, INVERSE_ORDER, LINEAR_ORDER, SPOT_ORDER
ENVELOPE = JsonKeys("code", "msg", "data")
TOTAL = JsonKeys("total")
_EVERY_LINE = (
    "bizError", "orderID", "clOrdID", "symbol", "side", "transactTimeNs", "actionTimeNs", "execStatus", "ordStatus"
)
INVERSE_ORDER = JsonKeys(*_EVERY_LINE, "priceEp", "stopPxEp", "orderQty", "cumQty", "leavesQty")
LINEAR_ORDER = JsonKeys(*_EVERY_LINE, "priceRp", "stopPxRp", "orderQtyRq", "cumQtyRq", "leavesQtyRq")
SPOT_ORDER = JsonKeys(
    *_EVERY_LINE, "priceEp", "stopPxEp", "baseQtyEv", "cumBaseQtyEv", "leavesBaseQtyEv", "qtyType", "quoteQtyEv"
)


cdef class OrderDecoder:
    cdef ExecutionReport decode_reply(self, int request_kind, Instrument instrument, int http_status,
                                      const char* body, Py_ssize_t body_bytes, int64_t now_ns):
        return self._decode(request_kind, instrument, http_status, None, body, body_bytes, now_ns)

    cdef list decode_bulk(self, Instrument instrument, int http_status,
                          const char* body, Py_ssize_t body_bytes, int64_t now_ns):
        cdef list orders = []
        if self._decode(REQUEST_CANCEL_MANY, instrument, http_status, orders, body, body_bytes, now_ns) is None:
            return None
        return orders

    cdef ExecutionReport _decode(self, int request_kind, Instrument instrument, int http_status, list orders,
                                 const char* body, Py_ssize_t body_bytes, int64_t now_ns):
        cdef JsonCursor cursor
        cdef Reply reply
        cdef bytes plain
        reply.key_orders = self.key_orders
        json_start(&cursor, body, body_bytes)
        if not scan_reply(&cursor, request_kind, instrument, &reply, orders, now_ns):
            if cursor.fault == FAULT_NONE:
                return None             # good JSON of another shape: orjson would see the same
            self.second_try_count += 1
            plain = json_plain(cursor.fault, body, body_bytes)
            if plain is None:
                return None
            json_start(&cursor, PyBytes_AS_STRING(plain), PyBytes_GET_SIZE(plain))
            if not scan_reply(&cursor, request_kind, instrument, &reply, orders, now_ns):
                return None
        return self._judge(request_kind, instrument, http_status, &reply, now_ns)

    cdef ExecutionReport _judge(self, int request_kind, Instrument instrument, int http_status, Reply* reply,
                                int64_t now_ns):
        """What a well-formed reply means for the request it answers."""
        cdef int64_t code = int_of(&reply.top[TOP_CODE], UNSET)
        if code == 0 and reply.has_order:
            code = int_of(&reply.order[REPLY_BIZ_ERROR], 0)
        if not -CODE_MAX < code < CODE_MAX:
            return None
        if code != 0:
            return refusal(request_kind, instrument, <int> code, reply, now_ns)
        if http_status != HTTP_OK:
            return None
        if request_kind == REQUEST_CANCEL_MANY or request_kind == REQUEST_CANCEL_ALL:
            # USD-M and COIN-M write the count itself, spot {"total":n} (*observed* 2025).
            self.cancelled_count = reply.total if reply.total >= 0 else int_of(&reply.top[TOP_DATA], -1)
            return make_report(EXEC_PENDING_CANCEL, SOURCE_REPLY, now_ns)
        return acceptance(request_kind, instrument, reply.order, now_ns) if reply.has_order else None

    def decode(self, int request_kind, Instrument instrument not None, int http_status, bytes body not None,
               int64_t now_ns=0):
        return self.decode_reply(request_kind, instrument, http_status, PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body),
                                 now_ns)

    def decode_cancelled(self, Instrument instrument not None, int http_status, bytes body not None, int64_t now_ns=0):
        return self.decode_bulk(instrument, http_status, PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body), now_ns)


cdef bint scan_reply(JsonCursor* cursor, int request_kind, Instrument instrument, Reply* reply, list orders,
                     int64_t now_ns) except -1:
    """Walk the whole body once; False if it is not one envelope. `orders`, if not None, gets those of a bulk cancel."""
    cdef int step
    memset(reply.top, 0, sizeof(reply.top))
    memset(reply.order, 0, sizeof(reply.order))
    reply.has_order = False
    reply.total = -1
    if not json_enter(cursor, JSON_OBJECT):
        return False
    step = json_pick(cursor, &ENVELOPE.table, reply.top)
    while step >= 0:
        if step != TOP_DATA:
            return False
        if orders is not None:
            orders.clear()
            if not scan_bulk(cursor, instrument, reply, orders, now_ns):
                return False
        elif not scan_data(cursor, request_kind, instrument, reply):
            return False
        step = json_pick(cursor, &ENVELOPE.table, reply.top)
    return step == JSON_END and json_is_at_end(cursor)


cdef bint scan_data(JsonCursor* cursor, int request_kind, Instrument instrument, Reply* reply) except -1:
    """`data` of one order call, or `{"total":n}` of the spot line's cancel-all."""
    cdef JsonValue total
    if request_kind == REQUEST_CANCEL_MANY or reply.top[TOP_DATA].kind == JSON_ARRAY:
        return json_skip(cursor)
    if request_kind == REQUEST_CANCEL_ALL:
        total.kind = JSON_ABSENT
        json_enter(cursor, JSON_OBJECT)
        if json_pick(cursor, &TOTAL.table, &total) != JSON_END:
            return False
        reply.total = int_of(&total, -1)
        return True
    reply.has_order = True
    return scan_order(cursor, instrument, reply)


cdef bint scan_order(JsonCursor* cursor, Instrument instrument, Reply* reply) except -1:
    """One order object; False if one of its known keys holds an object or array."""
    cdef JsonKeys keys = LINEAR_ORDER
    if instrument.line != LINE_LINEAR:
        keys = INVERSE_ORDER if instrument.line == LINE_INVERSE else SPOT_ORDER
    return json_enter(cursor, JSON_OBJECT) and (
        json_pick_in_order(cursor, &keys.table, &reply.key_orders[instrument.line], reply.order) == JSON_END
    )


cdef bint scan_bulk(JsonCursor* cursor, Instrument instrument, Reply* reply, list orders, int64_t now_ns) except -1:
    """`data` of a bulk cancel: an array of orders, or one order where the docs of 2026 show one."""
    cdef int step
    if reply.top[TOP_DATA].kind == JSON_OBJECT:
        return append_order(cursor, instrument, reply, orders, now_ns)
    json_enter(cursor, JSON_ARRAY)
    step = json_next_element(cursor)
    while step > 0:
        if len(orders) == BULK_ORDERS_MAX or not append_order(cursor, instrument, reply, orders, now_ns):
            return False
        step = json_next_element(cursor)
    return step == JSON_END


cdef bint append_order(JsonCursor* cursor, Instrument instrument, Reply* reply, list orders, int64_t now_ns) except -1:
    cdef ExecutionReport report
    cdef int64_t code
    memset(reply.order, 0, sizeof(reply.order))
    if not scan_order(cursor, instrument, reply):
        return False
    code = int_of(&reply.order[REPLY_BIZ_ERROR], 0)
    if not -CODE_MAX < code < CODE_MAX:
        return False
    report = acceptance(REQUEST_CANCEL, instrument, reply.order, now_ns)
    if report is None:
        return False
    if code != 0:
        report.exec_type = EXEC_CANCEL_REJECTED
        report.code = <int> code
    orders.append(report)
    return True


cdef ExecutionReport refusal(int request_kind, Instrument instrument, int code, Reply* reply, int64_t now_ns):
    """The venue's no. The order in it, if any, is told as far as it goes: usually `data` is null (*observed* 2025)."""
    cdef ExecutionReport report = make_report(EXEC_CANCEL_REJECTED, SOURCE_REPLY, now_ns)
    if request_kind == REQUEST_NEW:
        report.exec_type = EXEC_REJECTED
        report.ord_status = STATUS_REJECTED
    elif request_kind == REQUEST_AMEND:
        report.exec_type = EXEC_REPLACE_REJECTED
    elif request_kind not in (REQUEST_CANCEL, REQUEST_CANCEL_MANY, REQUEST_CANCEL_ALL):
        return None
    report.code = code
    if reply.has_order:
        if is_foreign(&reply.order[REPLY_SYMBOL], instrument):
            return None
        copy_cl_ord_id(report, &reply.order[REPLY_CL_ORD_ID])
        uuid_of(&reply.order[REPLY_ORDER_ID], &report.order_id_high, &report.order_id_low)
    if reply.top[TOP_MSG].kind == JSON_STRING or reply.top[TOP_MSG].kind == JSON_ESCAPED:
        report.text = json_text(&reply.top[TOP_MSG])
    return report


cdef ExecutionReport acceptance(int request_kind, Instrument instrument, JsonValue* order, int64_t now_ns):
    """A code-0 reply with an order in it; None if it names no order or one of another symbol."""
    cdef ExecutionReport report = make_report(EXEC_STATUS, SOURCE_REPLY, now_ns)
    cdef int word = status_word(&order[REPLY_ORD_STATUS])
    cdef bint is_scaled = instrument.line != LINE_LINEAR
    copy_cl_ord_id(report, &order[REPLY_CL_ORD_ID])
    uuid_of(&order[REPLY_ORDER_ID], &report.order_id_high, &report.order_id_low)
    if is_foreign(&order[REPLY_SYMBOL], instrument) or not (report.cl_ord_id_bytes or report.order_id_high):
        return None
    report.exec_type = accepted_exec_type(request_kind, word, exec_word(&order[REPLY_EXEC_STATUS]))
    if report.exec_type < 0:
        return None
    report.ord_status = status_of_word(word)
    report.side = side_of(&order[REPLY_SIDE])
    report.price_ticks = unless_zero(price_ticks_of(&order[REPLY_PRICE], instrument, is_scaled))
    report.stop_px_ticks = unless_zero(price_ticks_of(&order[REPLY_STOP_PX], instrument, is_scaled))
    report.cum_qty_lots = qty_lots_of(&order[REPLY_CUM_QTY], instrument, is_scaled)
    if instrument.line == LINE_SPOT and is_word(&order[REPLY_QTY_TYPE], b"ByQuote", 7):
        # Money to spend, in the quote currency's smallest unit; what of it is left cannot be said in lots.
        report.order_qty_lots, report.qty_in_quote = int_of(&order[REPLY_QUOTE_QTY], UNSET), True
    else:
        report.order_qty_lots = qty_lots_of(&order[REPLY_QTY], instrument, is_scaled)
        report.leaves_qty_lots = qty_lots_of(&order[REPLY_LEAVES_QTY], instrument, is_scaled)
    report.transact_time_ns = int_of(&order[REPLY_TRANSACT_TIME], 0) or int_of(&order[REPLY_ACTION_TIME], 0)
    if word < 0 and order[REPLY_ORD_STATUS].kind == JSON_STRING:
        report.text = json_text(&order[REPLY_ORD_STATUS])
    return report


cdef int accepted_exec_type(int request_kind, int word, int execution) noexcept:
    """The request decides; the order's status where it says more. -1: not an order call, or not the answer to this one.

    An amend is answered PendingReplace (captured 2025); PendingNew is the create's answer come once more.
    """
    if request_kind == REQUEST_AMEND:
        return -1 if execution == EXEC_WORD_PENDING_NEW else EXEC_PENDING_REPLACE
    if request_kind == REQUEST_CANCEL:
        return EXEC_CANCELED if word == WORD_CANCELED or word == WORD_DEACTIVATED else EXEC_PENDING_CANCEL
    if request_kind != REQUEST_NEW:
        return -1
    if word == WORD_UNTRIGGERED:
        return EXEC_UNTRIGGERED
    if word == WORD_NEW and execution != EXEC_WORD_PENDING_NEW:
        return EXEC_NEW
    if word == WORD_TRIGGERED:
        return EXEC_TRIGGERED
    if word == WORD_PARTIALLY_FILLED or word == WORD_FILLED:
        return EXEC_STATUS              # how much: cum_qty_lots; each execution comes by the stream
    if word == WORD_CANCELED or word == WORD_DEACTIVATED:
        return EXEC_CANCELED
    return EXEC_REJECTED if word == WORD_REJECTED else EXEC_PENDING_NEW


cdef bint is_foreign(const JsonValue* symbol, Instrument instrument) except -1:
    """The reply names another symbol than the request did: answers have shifted."""
    cdef Py_ssize_t count
    cdef const char* text = PyUnicode_AsUTF8AndSize(instrument.symbol, &count)
    if symbol.kind == JSON_ABSENT:
        return False
    return symbol.kind != JSON_STRING or symbol.count != count or memcmp(symbol.start, text, count) != 0
