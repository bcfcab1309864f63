"""What each row of `orders`, `orders_p` and `wo` says happened (phemex docs 2026, "Subscribe account-order-position").

A row counts as an execution only if `tradeType` is a trade or `execStatus` a fill: the row of a cancel also carries an
`execQty`, the cancelled quantity, and a new order's may carry `tradeType` Amend (*observed* 2022, 2025). `execID` must
be a real one, for without it nobody could tell a repeated row from a second execution, and `execQty` a quantity; else
only the totals are told.

All other rows become the event that `execStatus` names; where a word is new to us, STATUS with that word as its text.
Spot rows have no `execStatus`: an order row is a STATUS, a fill row a TRADE.
"""

from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t
from libc.string cimport memcmp, memset

from tidings.model.enums cimport (
    EXEC_CANCELED, EXEC_CANCEL_REJECTED, EXEC_EXPIRED, EXEC_NEW, EXEC_PENDING_CANCEL, EXEC_PENDING_NEW,
    EXEC_PENDING_REPLACE, EXEC_REJECTED, EXEC_REPLACED, EXEC_REPLACE_REJECTED, EXEC_STATUS, EXEC_TRADE, EXEC_TRIGGERED,
    EXEC_UNTRIGGERED, LINE_INVERSE, LINE_LINEAR, LINE_SPOT, SOURCE_STREAM, STATUS_EXPIRED,
)
from tidings.model.execution_report cimport UNSET, ExecutionReport, make_report
from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.order_values cimport (
    EXEC_WORD_CANCEL_REJECTED, EXEC_WORD_CREATE_REJECTED, EXEC_WORD_EXPIRED, EXEC_WORD_INIT, EXEC_WORD_MAKER_FILL,
    EXEC_WORD_NEW, EXEC_WORD_NEW_REJECTED, EXEC_WORD_PENDING_CANCEL, EXEC_WORD_PENDING_NEW, EXEC_WORD_PENDING_REPLACE,
    EXEC_WORD_REPLACED, EXEC_WORD_TAKER_FILL, EXEC_WORD_WAIT_TO_SEND_NEW, WORD_CANCELED, WORD_DEACTIVATED, WORD_NEW,
    WORD_REJECTED, WORD_TRIGGERED, WORD_UNTRIGGERED, copy_cl_ord_id, decimal_of, exec_word, int_of, is_word,
    price_ticks_of, qty_lots_of, side_of, status_of_word, status_word, unless_zero, uuid_of,
)
from tidings.wire.json_cursor cimport (
    JSON_ABSENT, JSON_END, JSON_OBJECT, JSON_STRING, JsonCursor, JsonValue, json_enter, json_pick_in_order, json_text,
    json_word,
)
from tidings.wire.json_keys cimport JsonKeyOrder, JsonKeys

cdef enum:
    CODE_MAX = 1 << 30

cdef enum:                      # slots of the three row tables
    ROW_ORDER_ID
    ROW_CL_ORD_ID
    ROW_SYMBOL
    ROW_SIDE
    ROW_ORD_STATUS
    ROW_EXEC_STATUS
    ROW_ACTION
    ROW_TRADE_TYPE
    ROW_MESSAGE
    ROW_CXL_REJ_REASON
    ROW_EXEC_ID
    ROW_EXEC_SEQ
    ROW_TRANSACT_TIME
    ROW_LIQUIDITY
    ROW_CODE
    ROW_ORDER_QTY
    ROW_CUM_QTY
    ROW_LEAVES_QTY
    ROW_EXEC_QTY
    ROW_PRICE
    ROW_STOP_PX
    ROW_EXEC_PRICE
    ROW_EXEC_FEE
    ROW_FEE_CURRENCY
    ROW_QTY_TYPE
    ROW_QUOTE_QTY
    ROW_SLOTS

_EVERY_LINE = (
    "orderID", "clOrdID", "symbol", "side", "ordStatus", "execStatus", "action", "tradeType", "message",
    "cxlRejReason", "execID", "execSeq", "transactTimeNs", "lastLiquidityInd",
)
_CONTRACTS = (*_EVERY_LINE, "code", "orderQty", "cumQty", "leavesQty", "execQty")
cdef JsonKeys INVERSE_ROW = JsonKeys(*_CONTRACTS, "priceEp", "stopPxEp", "execPriceEp", "execFeeEv")
cdef JsonKeys LINEAR_ROW = JsonKeys(*_CONTRACTS, "priceRp", "stopPxRp", "execPriceRp", "execFeeRv")
cdef JsonKeys SPOT_ROW = JsonKeys(
    *_EVERY_LINE, "bizError", "baseQtyEv", "cumBaseQtyEv", "leavesBaseQtyEv", "execBaseQtyEv", "priceEp", "stopPxEp",
    "execPriceEp", "execFeeEv", "feeCurrency", "qtyType", "quoteQtyEv",
)
cdef JsonKeys TRADE_TYPES = JsonKeys("Trade", "LiqTrade", "AdlTrade")     # TradeType, from 1 on


cdef class SymbolTable:
    def __init__(self, dict instruments not None):
        self.instruments = instruments
        self.latest = None

    cdef Instrument find(self, const JsonValue* symbol):
        cdef Py_ssize_t count
        cdef const char* text
        if symbol.kind != JSON_STRING:
            return None
        if self.latest is not None:
            text = PyUnicode_AsUTF8AndSize(self.latest.symbol, &count)
            if count == symbol.count and memcmp(text, symbol.start, count) == 0:
                return self.latest
        found = self.instruments.get(json_text(symbol))
        if found is not None:
            self.latest = <Instrument?> found
        return found


cdef class OrderEventReader:
    def __init__(self, SymbolTable symbols not None):
        self.symbols = symbols

    cdef ExecutionReport read(self, JsonCursor* cursor, RowKind kind, int line, int64_t now_ns, bint* is_good):
        cdef JsonValue[ROW_SLOTS] row
        cdef Instrument instrument
        cdef JsonKeys keys = SPOT_ROW
        cdef JsonKeyOrder* order = &self.spot_fill if kind == ROW_OF_SPOT_FILL else &self.spot_order
        if kind == ROW_OF_CONTRACT:
            keys = INVERSE_ROW if line == LINE_INVERSE else LINEAR_ROW
            order = &self.contract_orders[line]
        memset(row, 0, sizeof(row))
        is_good[0] = (
            json_enter(cursor, JSON_OBJECT) and json_pick_in_order(cursor, &keys.table, order, row) == JSON_END
        )
        if not is_good[0]:
            return None
        if is_word(&row[ROW_ACTION], b"SettleFundingFee", 16) or is_word(&row[ROW_TRADE_TYPE], b"Funding", 7):
            self.funding_count += 1
            return None
        instrument = self.symbols.find(&row[ROW_SYMBOL])
        if instrument is None or instrument.line != line:
            self.unknown_symbol_count += 1
            return None
        return self._report(row, kind, instrument, now_ns)

    cdef ExecutionReport _report(self, JsonValue* row, RowKind kind, Instrument instrument, int64_t now_ns):
        cdef ExecutionReport report = make_report(EXEC_STATUS, SOURCE_STREAM, now_ns)
        cdef bint is_scaled = instrument.line != LINE_LINEAR
        report.symbol = instrument.symbol
        copy_cl_ord_id(report, &row[ROW_CL_ORD_ID])
        uuid_of(&row[ROW_ORDER_ID], &report.order_id_high, &report.order_id_low)
        report.side = side_of(&row[ROW_SIDE])
        report.price_ticks = unless_zero(price_ticks_of(&row[ROW_PRICE], instrument, is_scaled))
        report.stop_px_ticks = unless_zero(price_ticks_of(&row[ROW_STOP_PX], instrument, is_scaled))
        report.cum_qty_lots = qty_lots_of(&row[ROW_CUM_QTY], instrument, is_scaled)
        if is_word(&row[ROW_QTY_TYPE], b"ByQuote", 7):
            report.order_qty_lots, report.qty_in_quote = int_of(&row[ROW_QUOTE_QTY], UNSET), True
        else:
            report.order_qty_lots = qty_lots_of(&row[ROW_ORDER_QTY], instrument, is_scaled)
            report.leaves_qty_lots = qty_lots_of(&row[ROW_LEAVES_QTY], instrument, is_scaled)
        report.exec_seq = int_of(&row[ROW_EXEC_SEQ], 0)
        report.transact_time_ns = int_of(&row[ROW_TRANSACT_TIME], 0)
        report.code = small_int_of(&row[ROW_CODE])
        report.cancel_reason = small_int_of(&row[ROW_CXL_REJ_REASON])
        if kind == ROW_OF_SPOT_FILL:
            return self._spot_fill(report, row, instrument)
        self._tell_event(report, row)
        if is_execution(row):
            self._tell_execution(report, row, instrument)
        return report

    cdef ExecutionReport _spot_fill(self, ExecutionReport report, JsonValue* row, Instrument instrument):
        """An entry of `fills` is an execution unless its own words deny it."""
        if row[ROW_TRADE_TYPE].kind != JSON_ABSENT and json_word(&row[ROW_TRADE_TYPE], &TRADE_TYPES.table) < 0:
            self.unknown_word_count += 1
            return None
        self._tell_execution(report, row, instrument)
        return report if report.exec_type == EXEC_TRADE else None

    cdef int _tell_event(self, ExecutionReport report, JsonValue* row) except -1:
        """Which event the words name, and the sentence that came with it."""
        cdef int word = status_word(&row[ROW_ORD_STATUS])
        cdef int execution = exec_word(&row[ROW_EXEC_STATUS])
        report.ord_status = status_of_word(word)
        if row[ROW_MESSAGE].kind >= JSON_STRING and not is_word(&row[ROW_MESSAGE], b"No error", 8):
            report.text = json_text(&row[ROW_MESSAGE])
        if word < 0 or (execution < 0 and row[ROW_EXEC_STATUS].kind != JSON_ABSENT):
            self.unknown_word_count += 1
            report.text = f"{json_text(&row[ROW_ORD_STATUS])}/{json_text(&row[ROW_EXEC_STATUS])}"
            return 0
        if row[ROW_EXEC_STATUS].kind == JSON_ABSENT:
            return 0                    # spot: the status says it all
        report.exec_type = event_of(word, execution, report.code != 0, &row[ROW_ACTION])
        if report.exec_type == EXEC_EXPIRED:
            report.ord_status = STATUS_EXPIRED
        return 0

    cdef int _tell_execution(self, ExecutionReport report, JsonValue* row, Instrument instrument) except -1:
        """Price, quantity and fee of this execution; none of it without a quantity, and an execID that tells it from
        others. By that id it would be taken for counted, and the list of executions could not tell it any more.
        """
        cdef bint is_scaled = instrument.line != LINE_LINEAR
        cdef int64_t qty_lots = qty_lots_of(&row[ROW_EXEC_QTY], instrument, is_scaled)
        if qty_lots <= 0 or not uuid_of(&row[ROW_EXEC_ID], &report.exec_id_high, &report.exec_id_low) or not (
            report.exec_id_high | report.exec_id_low
        ):
            self.unknown_word_count += 1
            report.exec_type = EXEC_STATUS
            return 0
        report.exec_type = EXEC_TRADE
        report.trade_type = max(0, json_word(&row[ROW_TRADE_TYPE], &TRADE_TYPES.table) + 1)
        report.last_px_ticks = price_ticks_of(&row[ROW_EXEC_PRICE], instrument, is_scaled)
        report.last_qty_lots = qty_lots
        report.is_maker = is_word(&row[ROW_LIQUIDITY], b"AddedLiquidity", 14) or (
            row[ROW_LIQUIDITY].kind == JSON_ABSENT and exec_word(&row[ROW_EXEC_STATUS]) == EXEC_WORD_MAKER_FILL
        )
        return self._tell_fee(report, row, instrument)

    cdef int _tell_fee(self, ExecutionReport report, JsonValue* row, Instrument instrument) except -1:
        if instrument.line == LINE_LINEAR:
            decimal_of(&row[ROW_EXEC_FEE], &report.fee_mantissa, &report.fee_scale)
            return 0
        report.fee_mantissa = int_of(&row[ROW_EXEC_FEE], 0)
        report.fee_scale = instrument.value_scale
        if instrument.line == LINE_SPOT:
            currency = json_text(&row[ROW_FEE_CURRENCY])
            if currency == instrument.base_currency:
                report.fee_scale = instrument.base_value_scale
            elif currency != instrument.quote_currency:
                # A third currency's scale is not ours to know.
                self.unknown_word_count += 1
                report.text = f"fee of {report.fee_mantissa} units in {currency}"
                report.fee_mantissa = report.fee_scale = 0
        return 0


cdef bint is_execution(const JsonValue* row) noexcept:
    cdef int execution = exec_word(&row[ROW_EXEC_STATUS])
    if execution == EXEC_WORD_MAKER_FILL or execution == EXEC_WORD_TAKER_FILL:
        return True
    # A spot order row carries tradeType Trade too, but the execution itself is in `fills`: it has no execID here.
    return row[ROW_EXEC_ID].kind != JSON_ABSENT and json_word(&row[ROW_TRADE_TYPE], &TRADE_TYPES.table) >= 0


cdef int event_of(int word, int execution, bint has_code, const JsonValue* action) noexcept:
    """The event that ordStatus and execStatus name together; STATUS if they name none."""
    if word == WORD_REJECTED or execution == EXEC_WORD_CREATE_REJECTED or execution == EXEC_WORD_NEW_REJECTED:
        return EXEC_REJECTED
    if word == WORD_CANCELED or word == WORD_DEACTIVATED:
        return EXEC_EXPIRED if execution == EXEC_WORD_EXPIRED else EXEC_CANCELED
    if execution == EXEC_WORD_CANCEL_REJECTED or has_code:
        # How a refused amend or cancel is told is not documented; the action names the request that was refused.
        if is_word(action, b"Replace", 7):
            return EXEC_REPLACE_REJECTED
        return EXEC_CANCEL_REJECTED if is_word(action, b"Cancel", 6) else EXEC_STATUS
    if execution == EXEC_WORD_REPLACED:
        return EXEC_REPLACED
    if execution == EXEC_WORD_PENDING_CANCEL:
        return EXEC_PENDING_CANCEL
    if execution == EXEC_WORD_PENDING_REPLACE:
        return EXEC_PENDING_REPLACE
    if word == WORD_TRIGGERED:
        return EXEC_TRIGGERED
    if word == WORD_UNTRIGGERED:
        return EXEC_UNTRIGGERED
    if execution == EXEC_WORD_PENDING_NEW or execution == EXEC_WORD_WAIT_TO_SEND_NEW or execution == EXEC_WORD_INIT:
        return EXEC_PENDING_NEW
    return EXEC_NEW if word == WORD_NEW and execution == EXEC_WORD_NEW else EXEC_STATUS


cdef inline int small_int_of(const JsonValue* value) noexcept:
    cdef int64_t number = int_of(value, 0)
    return <int> number if -CODE_MAX < number < CODE_MAX else 0
